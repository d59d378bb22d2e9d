//! Sockets that are streams of one connection: RFC 8441, by HTTP/2 without TLS.

use std::net::Shutdown;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper::ext::Protocol;
use hyper::upgrade::Upgraded;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use crate::client::{BINARY, CLOSE, Client, FIN, Server, TEXT, frame};
use crate::protocol::{Open, app, echoes, is};

/// A connection, of which each socket is a stream.
struct Connection {
    requests: SendRequest<Empty<Bytes>>,
    tcp: std::net::TcpStream,
    authority: String,
}

impl Connection {
    /// With so many bytes that a stream takes before it is read.
    async fn to(server: &Server, window: u32) -> Self {
        let tcp = std::net::TcpStream::connect(server.address).expect("it listens");
        tcp.set_nonblocking(true).expect("it is one of tokio's");
        let io = TcpStream::from_std(tcp.try_clone().expect("a descriptor")).expect("a socket");
        let mut builder = Builder::new(TokioExecutor::new());
        builder.initial_stream_window_size(window);
        let (requests, connection) = builder.handshake(TokioIo::new(io)).await.expect("it speaks HTTP/2");
        tokio::spawn(connection);
        let mut new = Self { requests, tcp, authority: server.address.to_string() };
        // From the first answer on it is known that the server takes such a CONNECT.
        assert_eq!(new.get("/nowhere").await, 404);
        new
    }

    async fn get(&mut self, path: &str) -> u16 {
        let request = self.request(Method::GET, path).body(Empty::new()).expect("a request");
        self.requests.send_request(request).await.expect("an answer").status().as_u16()
    }

    fn request(&self, method: Method, path: &str) -> http::request::Builder {
        Request::builder().method(method).uri(format!("http://{}{path}", self.authority))
    }

    async fn ask(
        &mut self,
        protocol: &'static str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Response<Incoming> {
        let mut request = self.request(Method::CONNECT, path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.extension(Protocol::from_static(protocol));
        let request = request.body(Empty::new()).expect("a request");
        self.requests.send_request(request).await.expect("an answer")
    }

    /// Ends it without a word.
    fn cut(&self) {
        self.tcp.shutdown(Shutdown::Both).expect("it was open");
    }

    async fn open(&mut self, path: &str) -> Client<TokioIo<Upgraded>> {
        let answer = self.ask("websocket", path, &[("sec-websocket-version", "13")]).await;
        assert_eq!(answer.status(), 200);
        assert!(!answer.headers().contains_key("sec-websocket-accept"), "there is no key to be answered");
        Client(TokioIo::new(hyper::upgrade::on(answer).await.expect("a stream")))
    }
}

const WINDOW: u32 = 65_535;

async fn server() -> (Server, Open) {
    let open = Open::default();
    (Server::start(app(&open).write_timeout(Duration::from_secs(1))).await, open)
}

#[tokio::test]
async fn sockets_and_requests_share_a_connection() {
    let (server, open) = server().await;
    let mut connection = Connection::to(&server, WINDOW).await;
    let (mut one, mut other) = (connection.open("/echo").await, connection.open("/echo").await);
    is(&open, 2).await;
    let large = vec![7; 100 * 1024];
    one.send(FIN | BINARY, &large).await;
    echoes(&mut other).await;
    assert_eq!(connection.get("/nowhere").await, 404);
    assert_eq!(one.next().await, Some((FIN | BINARY, large)));
    one.send(FIN | CLOSE, &1000_u16.to_be_bytes()).await;
    assert_eq!(one.closed().await, Some(1000));
    is(&open, 1).await;
    echoes(&mut other).await;
    server.stop().await;
}

#[tokio::test]
async fn what_is_no_handshake_is_answered_as_a_request() {
    let (server, open) = server().await;
    let mut connection = Connection::to(&server, WINDOW).await;
    assert_eq!(connection.get("/echo").await, 426);
    let version = ("sec-websocket-version", "13");
    let own = format!("http://{}", server.address);
    for (protocol, path, headers, status) in [
        ("websocket", "/echo", &[][..], 426),
        ("websocket", "/echo", &[("sec-websocket-version", "8")], 426),
        ("connect-udp", "/echo", &[version], 426),
        ("websocket", "/nowhere", &[version], 404),
        ("websocket", "/echo", &[version, ("origin", "https://evil.example")], 403),
        ("websocket", "/echo", &[version, ("origin", &own)], 200),
    ] {
        let answer = connection.ask(protocol, path, headers).await;
        assert_eq!(answer.status(), status, "{protocol} {path} {headers:?}");
    }
    is(&open, 0).await;
    server.stop().await;
}

#[tokio::test]
async fn what_a_client_does_wrong_closes_its_stream_with_the_same_codes() {
    let (server, open) = server().await;
    let mut connection = Connection::to(&server, WINDOW).await;
    let mut client = connection.open("/small").await;
    client.send(FIN | BINARY, &[0; 20 * 1024]).await;
    assert_eq!(client.closed().await, Some(1009));
    let mut client = connection.open("/echo").await;
    client.send(FIN | TEXT, b"\xff").await;
    assert_eq!(client.closed().await, Some(1007));
    let mut client = connection.open("/echo").await;
    client.write(&[FIN | TEXT, 1, b'x']).await;
    assert_eq!(client.closed().await, Some(1002), "it was not masked");
    is(&open, 0).await;
    let mut client = connection.open("/echo").await;
    echoes(&mut client).await;
    server.stop().await;
}

#[tokio::test]
async fn who_does_not_read_is_not_listened_to_and_its_stream_is_reset() {
    let (server, open) = server().await;
    let mut connection = Connection::to(&server, 32 * 1024).await;
    let (mut client, mut other) = (connection.open("/small").await, connection.open("/echo").await);
    let message = frame(FIN | BINARY, &[0; 16 * 1024]);
    let mut taken = 0;
    let pushed = async {
        while client.try_write(&message).await {
            taken += 1;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), pushed).await.expect("it is reset");
    assert!(taken * 16 < 4 * 1024, "{taken} messages were taken of a client that reads nothing");
    is(&open, 1).await;
    echoes(&mut other).await;
    let began = Instant::now();
    server.stop().await;
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "it waits for no stream that is left: {:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn who_leaves_has_left() {
    let (server, open) = server().await;
    let mut connection = Connection::to(&server, WINDOW).await;
    let (left, mut stays) = (connection.open("/echo").await, connection.open("/echo").await);
    is(&open, 2).await;
    drop(left);
    is(&open, 1).await;
    // What has come is handled even so.
    let mut slow = connection.open("/slow").await;
    slow.send(FIN | TEXT, b"x").await;
    slow.send(FIN | CLOSE, b"").await;
    is(&open, 101).await;
    echoes(&mut stays).await;
    connection.cut();
    is(&open, 100).await;
    server.stop().await;
}

#[tokio::test]
async fn a_server_that_goes_down_says_so() {
    let (server, open) = server().await;
    let mut connection = Connection::to(&server, WINDOW).await;
    let mut clients = [connection.open("/echo").await, connection.open("/echo").await];
    is(&open, 2).await;
    let stopped = tokio::spawn(server.stop());
    for client in &mut clients {
        let (first, payload) = client.next().await.expect("it is told");
        assert_eq!((first, &payload[..2]), (FIN | CLOSE, &1001_u16.to_be_bytes()[..]));
        client.send(FIN | CLOSE, &payload[..2]).await;
    }
    stopped.await.expect("it ends");
    is(&open, 0).await;
}
