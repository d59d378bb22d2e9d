//! What an open stream holds.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use allocation_counter::measure;
use axum::extract::OriginalUri;
use http::{HeaderMap, Uri};
use lift::prelude::*;
use tokio::runtime::{self, Runtime};
use tokio::time::{Instant, sleep};

use crate::app::{FORMATS, serve, serve_app};

const LONG: Duration = Duration::from_secs(600);
const STREAMS: usize = 64;

/// The server is on the thread of the test, which is the one that is counted.
fn runtime() -> Runtime {
    runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Asks for a stream and waits for its first item, by a socket that holds nothing in this process's heap.
async fn open(address: SocketAddr, (target, body): (&str, &str)) -> TcpStream {
    let mut client = TcpStream::connect(address).expect("connected");
    let (note, len) = ("n".repeat(64), body.len());
    let head =
        format!("{target} HTTP/1.1\r\nhost: localhost\r\nx-note: {note}\r\ncontent-type: application/json");
    let request = format!("{head}\r\ncontent-length: {len}\r\n\r\n{body}");
    client.write_all(request.as_bytes()).expect("written");
    client.set_nonblocking(true).expect("a socket");
    let mut answer = String::new();
    let until = Instant::now() + Duration::from_secs(60);
    let has_item =
        |answer: &str| answer.split_once("\r\n\r\n").is_some_and(|(_, body)| body.ends_with("\r\n"));
    while !has_item(&answer) {
        assert!(Instant::now() < until, "{answer}");
        let mut piece = [0; 1024];
        match client.read(&mut piece) {
            Ok(read) => answer.push_str(str::from_utf8(&piece[..read]).expect("text")),
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
        sleep(Duration::from_millis(1)).await;
    }
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    client
}

/// Bytes of the heap that each of so many open streams holds, and the clients whose they are.
fn held(runtime: &Runtime, address: SocketAddr, asked: (&str, &str)) -> (usize, Vec<TcpStream>) {
    // What a first request brings with it is not a stream's.
    let mut clients = vec![runtime.block_on(open(address, asked))];
    clients.reserve(STREAMS);
    let counted = measure(|| {
        for _ in 0..STREAMS {
            clients.push(runtime.block_on(open(address, asked)));
        }
    });
    let held = usize::try_from(counted.bytes_current).expect("more than before") / STREAMS;
    (held, clients)
}

/// hyper's read buffer alone is 8 KiB.
#[test]
fn an_open_stream_keeps_no_buffer() {
    let runtime = runtime();
    let server = runtime.block_on(serve(LONG));
    let targets = FORMATS.map(|format| format!("GET /{format}/silent"));
    let asked = targets.iter().map(|target| (&**target, ""));
    for asked in asked.chain([("POST /echo", "\"silent\"")]) {
        let (held, clients) = held(&runtime, server.address, asked);
        assert_eq!(server.producers.running(), STREAMS + 1);
        assert!((500..4 * 1024).contains(&held), "{asked:?}: {held} bytes a stream");
        drop(clients);
        runtime.block_on(server.producers.until_running(0));
    }
}

#[get("/head")]
#[stream(sse)]
async fn head(headers: HeaderMap, uri: Uri, original: OriginalUri) -> Result<usize> {
    emit!(1);
    std::future::pending::<()>().await;
    drop((headers, uri, original));
}

#[test]
fn a_handler_may_keep_the_head_without_the_buffer_it_came_in() {
    let runtime = runtime();
    let (address, _stop, _task) = runtime.block_on(serve_app(App::new().routes(routes![head])));
    let (held, _clients) = held(&runtime, address, ("GET /head", ""));
    assert!((500..5 * 1024).contains(&held), "{held} bytes a stream");
}
