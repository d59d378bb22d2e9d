//! What HTTP/1.1 says about a connection on which there was a stream.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::app::serve;

const LONG: Duration = Duration::from_secs(600);

/// Sends text at once, and reads until the server closes.
async fn exchange(address: SocketAddr, text: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("connected");
    stream.write_all(text.as_bytes()).await.expect("written");
    let mut all = Vec::new();
    stream.read_to_end(&mut all).await.expect("read");
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
