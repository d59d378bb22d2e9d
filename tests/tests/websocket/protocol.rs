//! What clients do wrong, and what they are told: RFC 6455 over TCP.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use lift::App;
use lift::prelude::*;
use lift::test::TestApp;
use lift::websocket::Message;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::client::{BINARY, CLOSE, CONTINUATION, Client, FIN, PING, PONG, Server, TEXT, frame, handshake};

/// How many connections are open.
#[derive(Clone, Default)]
pub(crate) struct Open(pub(crate) Arc<AtomicUsize>);

#[connect]
async fn opened(State(open): State<Open>) {
    open.0.fetch_add(1, Ordering::SeqCst);
}

#[disconnect]
async fn closed(State(open): State<Open>) {
    open.0.fetch_sub(1, Ordering::SeqCst);
}

#[websocket("/echo", connect = opened, disconnect = closed)]
async fn echo(message: Message) -> Message {
    message
}

#[websocket("/quick", connect = opened, disconnect = closed, ping = "200ms", idle_timeout = "2s")]
async fn quick(message: Message) -> Message {
    message
}

#[websocket("/rated", rate = "5/m")]
async fn rated(message: Message) -> Message {
    message
}

#[websocket(
    "/small", connect = opened, disconnect = closed,
    max_message = "16KiB", buffer = 4, buffer_bytes = "32KiB", write_timeout = "500ms"
)]
async fn small(message: Message) -> Message {
    message
}

#[websocket("/impatient", connect = opened, disconnect = closed, write_timeout = "500ms")]
async fn impatient(message: Message) -> Message {
    message
}

#[websocket("/slow", connect = opened, disconnect = closed)]
async fn slow(message: Message, State(open): State<Open>) -> Message {
    tokio::time::sleep(Duration::from_millis(200)).await;
    // It was handled to its end.
    open.0.fetch_add(100, Ordering::SeqCst);
    message
}

pub(crate) fn app(open: &Open) -> App<Open> {
    App::new().state(open.clone()).routes(routes![echo, quick, rated, small, impatient, slow])
}

async fn server() -> (Server, Open) {
    let open = Open::default();
    (Server::start(app(&open)).await, open)
}

pub(crate) async fn is(open: &Open, expected: usize) {
    let began = Instant::now();
    while open.0.load(Ordering::SeqCst) != expected {
        assert!(began.elapsed() < Duration::from_secs(20), "{} are open", open.0.load(Ordering::SeqCst));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

pub(crate) async fn echoes<Io: AsyncRead + AsyncWrite + Unpin>(client: &mut Client<Io>) {
    client.send(FIN | TEXT, b"still there").await;
    assert_eq!(client.next().await, Some((FIN | TEXT, b"still there".to_vec())));
}

#[tokio::test]
async fn a_handshake_that_is_none_is_answered_as_a_request() {
    let (server, _) = server().await;
    let check = async |request: &str, expected: &[&str]| {
        let mut client = server.connect().await;
        client.write(request.as_bytes()).await;
        let head = client.head().await;
        for part in expected {
            assert!(head.contains(part), "{request}\n{head}");
        }
    };
    let upgrade = "HTTP/1.1 426 Upgrade Required";
    let plain = "GET /echo HTTP/1.1\r\nhost: localhost\r\n\r\n";
    check(plain, &[upgrade, "upgrade: websocket\r\n", "content-type: application/problem+json"]).await;
    let right = handshake("/echo", &[]);
    check(&right.replace("version: 13", "version: 8"), &[upgrade, "sec-websocket-version: 13\r\n"]).await;
    check(&right.replace("dGhl", ""), &["HTTP/1.1 400 Bad Request"]).await;
    check(&right.replace("GET", "POST"), &["HTTP/1.1 405 Method Not Allowed"]).await;
    check(&right.replace("HTTP/1.1", "HTTP/1.0"), &["HTTP/1.0 426 Upgrade Required"]).await;
    check(&handshake("/echo", &["origin: https://evil.example"]), &["HTTP/1.1 403 Forbidden"]).await;
    check(&handshake("/echo", &["origin: http://localhost"]), &["HTTP/1.1 101"]).await;
    check(&handshake("/nowhere", &[]), &["HTTP/1.1 404 Not Found"]).await;
    server.stop().await;
}

#[tokio::test]
async fn frames_are_read_however_they_come() {
    let (server, open) = server().await;
    // With the handshake, before its answer.
    let mut client = server.connect().await;
    let early = [handshake("/echo", &[]).into_bytes(), frame(FIN | TEXT, b"early")].concat();
    client.write(&early).await;
    client.head().await;
    assert_eq!(client.next().await, Some((FIN | TEXT, b"early".to_vec())));
    is(&open, 1).await;

    // A byte at a time.
    for byte in frame(FIN | BINARY, &[7; 200]) {
        client.write(&[byte]).await;
    }
    assert_eq!(client.next().await, Some((FIN | BINARY, vec![7; 200])));

    // In pieces, with a ping in between, and a character split in two.
    client.send(TEXT, b"a\xc3").await;
    client.send(FIN | PING, b"here?").await;
    client.send(CONTINUATION, b"").await;
    client.send(FIN | CONTINUATION, b"\xbcb").await;
    assert_eq!(client.next().await, Some((FIN | PONG, b"here?".to_vec())));
    assert_eq!(client.next().await, Some((FIN | TEXT, "aüb".as_bytes().to_vec())));

    // The largest, and an unasked-for pong.
    client.send(FIN | PONG, b"x").await;
    let largest = vec![b'x'; 128 * 1024];
    client.send(FIN | TEXT, &largest).await;
    assert_eq!(client.next().await, Some((FIN | TEXT, largest)));
    client.send(FIN | CLOSE, &[0x0f, 0xa1, b'b']).await;
    assert_eq!(client.next().await, Some((FIN | CLOSE, vec![0x0f, 0xa1, b'b'])));
    assert_eq!(client.next().await, None, "and the server ends the connection");
    is(&open, 0).await;
    server.stop().await;
}

#[tokio::test]
async fn what_breaks_the_protocol_closes_with_the_code_for_it() {
    let (server, open) = server().await;
    let long_header = |first: u8, length: u64| [&[first, 0xff][..], &length.to_be_bytes(), &[0; 4]].concat();
    let too_many =
        [frame(BINARY, &[0; 65_536]), frame(CONTINUATION, &[0; 65_536]), frame(CONTINUATION, &[0])];
    for (name, bytes, code) in [
        ("no mask", vec![FIN | TEXT, 1, b'x'], 1002),
        ("a reserved bit", frame(FIN | 0x40 | TEXT, b"x"), 1002),
        ("a reserved opcode", frame(FIN | 3, b"x"), 1002),
        ("a reserved control opcode", frame(FIN | 11, b"x"), 1002),
        ("a ping in pieces", frame(PING, b"x"), 1002),
        ("a ping that is too large", frame(FIN | PING, &[0; 126]), 1002),
        ("a piece of nothing", frame(FIN | CONTINUATION, b"x"), 1002),
        ("a message within a message", [frame(TEXT, b"x"), frame(FIN | TEXT, b"y")].concat(), 1002),
        ("a close of one byte", frame(FIN | CLOSE, b"x"), 1002),
        ("a close with a code that is none", frame(FIN | CLOSE, &[0x03, 0xed]), 1002),
        ("no UTF-8", frame(FIN | TEXT, b"\xff"), 1007),
        ("half a character", frame(FIN | TEXT, b"\xc3"), 1007),
        ("no UTF-8 in pieces", [frame(TEXT, b"\xf0\x9f"), frame(FIN | CONTINUATION, b"x")].concat(), 1007),
        ("too large", frame(FIN | BINARY, &vec![0; 128 * 1024 + 1]), 1009),
        ("said to be huge", long_header(FIN | BINARY, 1 << 40), 1009),
        ("said to be larger than anything", long_header(FIN | BINARY, u64::MAX), 1009),
        ("too large in pieces", too_many.concat(), 1009),
    ] {
        let mut client = server.open("/echo").await;
        client.write(&bytes).await;
        assert_eq!(client.closed().await, Some(code), "{name}");
    }
    is(&open, 0).await;
    server.stop().await;
}

#[tokio::test]
async fn endless_pieces_end() {
    let (server, open) = server().await;
    let mut client = server.open("/echo").await;
    client.send(TEXT, b"x").await;
    let piece = frame(CONTINUATION, &[b'x'; 1000]);
    let mut sent = 0;
    while sent < 10_000 && client.try_write(&piece).await {
        sent += 1;
    }
    assert_eq!(client.closed().await.unwrap_or(1009), 1009);
    is(&open, 0).await;
    server.stop().await;
}

#[tokio::test]
async fn who_is_silent_is_asked_and_who_does_not_answer_has_gone() {
    let (server, open) = server().await;
    let mut client = server.open("/quick").await;
    let began = Instant::now();
    assert_eq!(client.next().await, Some((FIN | PING, vec![])));
    client.send(FIN | PONG, b"").await;
    assert_eq!(client.next().await, Some((FIN | PING, vec![])), "again, for it answered");
    echoes(&mut client).await;
    // Half a frame is no answer.
    client.write(&frame(FIN | BINARY, &[0; 10])[..5]).await;
    assert_eq!(client.closed().await, None, "nobody is there to be told");
    assert!(began.elapsed() < Duration::from_secs(2), "before it is idle: {:?}", began.elapsed());
    is(&open, 0).await;
    server.stop().await;
}

#[tokio::test]
async fn who_says_nothing_for_too_long_is_closed() {
    let (server, open) = server().await;
    let mut client = server.open("/quick").await;
    let began = Instant::now();
    loop {
        match client.next().await {
            Some((first, _)) if first == FIN | PING => client.send(FIN | PONG, b"").await,
            Some((first, payload)) => {
                assert_eq!((first, &payload[..2]), (FIN | CLOSE, &1001_u16.to_be_bytes()[..]));
                break;
            }
            None => panic!("it is told why"),
        }
    }
    assert!(began.elapsed() >= Duration::from_secs(2), "{:?}", began.elapsed());
    is(&open, 0).await;
    server.stop().await;
}

#[tokio::test]
async fn who_says_too_much_is_closed() {
    let (server, _) = server().await;
    let mut client = server.open("/rated").await;
    for _ in 0..5 {
        echoes(&mut client).await;
    }
    client.send(FIN | TEXT, b"one more").await;
    assert_eq!(client.closed().await, Some(1008));
    server.stop().await;
}

#[tokio::test]
async fn who_does_not_read_is_not_listened_to_and_then_dropped() {
    let (server, open) = server().await;
    let mut client = server.open("/small").await;
    let message = frame(FIN | BINARY, &[0; 16 * 1024]);
    let began = Instant::now();
    // Buffers on the way take some megabytes; all the rest is never taken.
    let mut taken = 0;
    let pushed = async {
        while client.try_write(&message).await {
            taken += 1;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), pushed).await.expect("it is dropped");
    assert!(taken * 16 < 64 * 1024, "{taken} messages were taken of a client that reads nothing");
    assert!(began.elapsed() >= Duration::from_millis(500));
    is(&open, 0).await;
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn who_does_not_take_the_last_bytes_is_dropped_as_well() {
    let open = Open::default();
    let app = TestApp::new(app(&open));
    let mut client = app.socket("/impatient").await;
    // The first fills what lies between the two to the byte, so that the second has no room at all.
    client.send_message(vec![0; 64 * 1024 - 4]).await;
    client.send_message("x").await;
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(open.0.load(Ordering::SeqCst), 1);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(open.0.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn what_has_come_is_handled_even_if_the_client_goes() {
    let (server, open) = server().await;
    let mut client = server.open("/slow").await;
    client.send(FIN | TEXT, b"x").await;
    client.send(FIN | CLOSE, b"").await;
    is(&open, 100).await;
    let mut client = server.open("/slow").await;
    client.send(FIN | TEXT, b"x").await;
    drop(client);
    is(&open, 200).await;
    server.stop().await;
}

#[tokio::test]
async fn a_server_that_goes_down_says_so_and_waits_for_disconnect() {
    let (server, open) = server().await;
    let mut clients = Vec::new();
    for _ in 0..20 {
        let mut client = server.open("/echo").await;
        echoes(&mut client).await;
        clients.push(client);
    }
    is(&open, 20).await;
    let stopped = tokio::spawn(server.stop());
    for client in &mut clients {
        let (first, payload) = client.next().await.expect("it is told");
        assert_eq!((first, &payload[..2]), (FIN | CLOSE, &1001_u16.to_be_bytes()[..]));
        client.send(FIN | CLOSE, &payload[..2]).await;
    }
    stopped.await.expect("it ends");
    assert_eq!(open.0.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn connections_that_are_reset_leave_nothing() {
    let (server, open) = server().await;
    for n in 0..300 {
        let mut client = server.connect().await;
        client.write(handshake("/echo", &[]).as_bytes()).await;
        if n % 3 == 0 {
            // Before the answer.
            continue;
        }
        client.head().await;
        if n % 3 == 1 {
            client.write(&frame(FIN | TEXT, b"half")[..4]).await;
        }
    }
    is(&open, 0).await;
    let mut client = server.open("/echo").await;
    echoes(&mut client).await;
    is(&open, 1).await;
    server.stop().await;
}
