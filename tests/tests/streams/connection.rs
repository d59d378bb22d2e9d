//! What HTTP/1.1 says about a connection on which there was a stream.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::sleep;

use crate::app::serve;

const LONG: Duration = Duration::from_secs(600);

/// Sends text at once, and reads until the server closes.
async fn exchange(address: SocketAddr, text: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("connected");
    let (mut reader, mut writer) = stream.split();
    let mut all = Vec::new();
    let (read, written) = tokio::join!(reader.read_to_end(&mut all), writer.write_all(text.as_bytes()));
    written.expect("written");
    read.expect("read");
    String::from_utf8_lossy(&all).into_owned()
}

fn request(path: &str, more: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{more}\r\n")
}

#[tokio::test]
async fn it_serves_further_requests_after_a_stream() {
    let server = serve(LONG).await;
    let asked = [
        request("/ndjson/2", ""),
        request("/nowhere", ""),
        request("/sse/1", ""),
        request("/ndjson/3", "connection: close\r\n"),
        request("/ndjson/4", ""),
    ];
    let all = exchange(server.address, &asked.concat()).await;
    let statuses: Vec<&str> = all.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect();
    assert_eq!(statuses, ["200", "404", "200", "200"], "{all}");
    for streamed in [
        "8\r\n\"x\"\n\"x\"\n\r\n0\r\n\r\n",
        "b\r\ndata: \"x\"\n\n\r\n0\r\n\r\n",
        "c\r\n\"x\"\n\"x\"\n\"x\"\n\r\n0\r\n\r\n",
    ] {
        assert!(all.contains(streamed), "{streamed:?} is not in {all}");
    }
    assert!(all.contains("connection: close"), "{all}");
}

#[tokio::test]
async fn one_request_after_another_is_served_on_it_too() {
    let server = serve(LONG).await;
    let mut stream = TcpStream::connect(server.address).await.expect("connected");
    for _ in 0..3 {
        stream.write_all(request("/ndjson/1", "").as_bytes()).await.expect("written");
        let mut all = Vec::new();
        while !all.ends_with(b"0\r\n\r\n") {
            assert!(stream.read_buf(&mut all).await.expect("read") > 0);
        }
        assert!(all.starts_with(b"HTTP/1.1 200 OK\r\n"));
    }
}

fn post(path: &str, headers: &str, body: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n{headers}\r\n{body}")
}

#[tokio::test]
async fn a_stream_that_answers_a_body_is_followed_by_others() {
    let server = serve(LONG).await;
    let asked = [
        post("/echo", "content-length: 5\r\n", "\"one\""),
        post("/echo", "transfer-encoding: chunked\r\n", "2\r\n\"t\r\n3\r\nwo\"\r\n0\r\n\r\n"),
        post("/echo", "transfer-encoding: chunked\r\n", "7\r\n\"three\"\r\n0\r\na: b\r\n\r\n"),
        post("/echo", "content-length: 6\r\nconnection: close\r\n", "\"four\""),
    ];
    let all = exchange(server.address, &asked.concat()).await;
    assert_eq!(all.matches("HTTP/1.1 200 OK\r\n").count(), 4, "{all}");
    for line in ["6\r\n\"one\"\n", "6\r\n\"two\"\n", "8\r\n\"three\"\n", "7\r\n\"four\"\n"] {
        assert!(all.contains(&format!("{line}\r\n0\r\n\r\n")), "{line:?} is not in {all}");
    }
}

/// It would be another request for whoever goes by the length, or by the rest of a body that is none.
#[tokio::test]
async fn what_stands_behind_a_body_whose_end_is_unsure_is_no_request() {
    let server = serve(LONG).await;
    let behind = request("/ndjson/1", "");
    for headers in [
        "content-length: 4\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 4\r\n",
    ] {
        let both = post("/echo", headers, "5\r\n\"one\"\r\n0\r\n\r\n");
        let all = exchange(server.address, &(both + &behind)).await;
        assert!(all.contains("connection: close") && all.contains("6\r\n\"one\"\n"), "{all}");
        assert_eq!(all.matches("HTTP/1.1").count(), 1, "{all}");
    }
    let wrong = post("/careless", "transfer-encoding: chunked\r\n", "1\r\nt\r\nno size\r\n");
    let all = exchange(server.address, &(wrong + &behind)).await;
    assert!(all.starts_with("HTTP/1.1 200 OK\r\n") && all.contains("\r\n6\r\nfalse\n\r\n"), "{all}");
    assert_eq!(all.matches("HTTP/1.1").count(), 1, "{all}");
}

#[tokio::test]
async fn what_a_client_sends_ahead_waits_for_streams_that_end_soon() {
    let server = serve(LONG).await;
    let echo = post("/echo", "content-length: 5\r\n", "\"one\"");
    let asked = (request("/ndjson/1", "") + &echo + &request("/nowhere", "")).repeat(1_000);
    let all = exchange(server.address, &(asked + &request("/ndjson/1", "connection: close\r\n"))).await;
    assert_eq!(all.matches("HTTP/1.1 200 OK\r\n").count(), 2_001);
    assert_eq!(all.matches("HTTP/1.1 404 Not Found\r\n").count(), 1_000);
    assert!(all.ends_with("4\r\n\"x\"\n\r\n0\r\n\r\n"), "{all}");
}

#[tokio::test]
async fn a_client_that_sends_too_much_ahead_has_its_stream_and_nothing_else() {
    let server = serve(LONG).await;
    let next = request("/ndjson/1", "");
    let fits = 16 * 1024 / next.len() - 2;
    // The second is more than both sockets hold, so that it is read before all of it is written; which takes a second.
    for (count, answers) in [(fits, fits + 1), (8_000_000 / next.len(), 0)] {
        let mut stream = TcpStream::connect(server.address).await.expect("connected");
        stream.write_all(request("/waiting", "").as_bytes()).await.expect("written");
        let mut all = Vec::new();
        while !all.ends_with(b"\"first\"\n\r\n") {
            assert!(stream.read_buf(&mut all).await.expect("read") > 0);
        }
        let ahead = next.repeat(count) + &request("/ndjson/1", "connection: close\r\n");
        stream.write_all(ahead.as_bytes()).await.expect("it is read");
        server.producers.go_on();
        stream.read_to_end(&mut all).await.expect("it is not reset");
        let all = String::from_utf8_lossy(&all);
        assert!(all.contains("\"last\"\n\r\n0\r\n\r\n"), "{all}");
        assert_eq!(all.matches("HTTP/1.1 200 OK\r\n").count(), 1 + answers);
    }
}

/// Asks for a stream with so many bytes behind it, and holds little of the answer while it does not read.
async fn ask_and_wait(address: SocketAddr, asked: &str, behind: usize) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4096).expect("a small buffer");
    let mut stream = socket.connect(address).await.expect("connected");
    stream.write_all((asked.to_owned() + &"x".repeat(behind)).as_bytes()).await.expect("written");
    sleep(Duration::from_millis(300)).await;
    stream
}

#[tokio::test]
async fn what_stands_unread_behind_the_last_stream_does_not_cut_it() {
    let server = serve(LONG).await;
    for count in [1, 5_000, 50_000] {
        let asked = request(&format!("/ndjson/{count}"), "connection: close\r\n");
        let mut stream = ask_and_wait(server.address, &asked, 60_000).await;
        let mut all = String::new();
        stream.read_to_string(&mut all).await.expect("it is not reset");
        assert_eq!(all.matches("\"x\"").count(), count);
        assert!(all.ends_with("\r\n0\r\n\r\n"), "{count}");
    }

    // It is the last one as well where the server stops meanwhile.
    let mut stream = ask_and_wait(server.address, &request("/sse/endless", ""), 60_000).await;
    let stopping = tokio::spawn(server.stop());
    let mut all = Vec::new();
    while !all.ends_with(b"retry: 1000\n\n\r\n0\r\n\r\n") {
        sleep(Duration::from_millis(1)).await;
        assert!(stream.read_buf(&mut all).await.expect("it is not reset") > 0);
    }
    stopping.await.expect("no panic");
}

#[tokio::test]
async fn what_comes_behind_the_end_of_the_last_stream_does_not_cut_it() {
    let server = serve(LONG).await;
    // More than the client has by then, and no more than waits in the server's kernel.
    let asked = request("/ndjson/5000", "connection: close\r\n");
    let mut stream = ask_and_wait(server.address, &asked, 0).await;
    stream.write_all(b"x").await.expect("it is still read");
    sleep(Duration::from_millis(100)).await;
    let mut all = String::new();
    stream.read_to_string(&mut all).await.expect("it is not reset");
    assert_eq!(all.matches("\"x\"").count(), 5000);
    assert!(all.ends_with("\r\n0\r\n\r\n"));
}

#[tokio::test]
async fn whoever_knows_no_chunks_gets_none() {
    let server = serve(LONG).await;
    let old = exchange(server.address, "GET /ndjson/2 HTTP/1.0\r\n\r\n").await;
    assert!(old.ends_with("\r\n\r\n\"x\"\n\"x\"\n") && !old.contains("chunked"), "{old}");
    let head =
        exchange(server.address, "HEAD /ndjson/2 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.ends_with("\r\n\r\n"), "{head}");
    // A body that nobody has asked for is left to hyper, and read past.
    let body = "POST /ndjson/2 HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc";
    let get = request("/ndjson/1", "content-length: 3\r\n") + "abc";
    let all =
        exchange(server.address, &[body, &get, &request("/ndjson/2", "connection: close\r\n")].concat())
            .await;
    assert!(all.starts_with("HTTP/1.1 405 ") && all.ends_with("8\r\n\"x\"\n\"x\"\n\r\n0\r\n\r\n"), "{all}");
    assert!(all.contains("4\r\n\"x\"\n\r\n0\r\n\r\n"), "{all}");
}
