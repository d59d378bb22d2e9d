//! What an open stream holds.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use allocation_counter::measure;
use tokio::runtime;
use tokio::time::{Instant, sleep};

use crate::app::{FORMATS, serve};

const LONG: Duration = Duration::from_secs(600);

/// Asks for a stream and waits for its first item, by a socket that holds nothing in this process's heap.
async fn open(address: SocketAddr, path: &str) -> TcpStream {
    let mut client = TcpStream::connect(address).expect("connected");
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nx-note: {}\r\n\r\n", "n".repeat(64));
    client.write_all(request.as_bytes()).expect("written");
    client.set_nonblocking(true).expect("a socket");
    let (mut answer, mut read) = ([0; 1024], 0);
    let until = Instant::now() + Duration::from_secs(60);
    // The item is one letter, in a chunk of its own behind the head.
    while !answer[..read].ends_with(b"\n\r\n") && !answer[..read].ends_with(b"1\r\nx\r\n") {
        assert!(Instant::now() < until, "{}", String::from_utf8_lossy(&answer[..read]));
        match client.read(&mut answer[read..]) {
            Ok(more) => read += more,
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
        sleep(Duration::from_millis(1)).await;
    }
    client
}

/// hyper's read buffer alone is 8 KiB, of which a stream must keep nothing alive, not even the request's headers.
#[test]
fn an_open_stream_keeps_no_buffer() {
    const STREAMS: usize = 64;
    let runtime = runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let server = runtime.block_on(serve(LONG));
    for format in FORMATS {
        let path = format!("/{format}/silent");
        // What a first request brings with it is not a stream's.
        let mut clients = vec![runtime.block_on(open(server.address, &path))];
        clients.reserve(STREAMS);
        // The server is on this thread too, which is the one that is counted.
        let counted = measure(|| {
            runtime.block_on(async {
                for _ in 0..STREAMS {
                    clients.push(open(server.address, &path).await);
                }
            });
        });
        assert_eq!(server.producers.running() % (STREAMS + 1), 0);
        let held = counted.bytes_current / STREAMS as i64;
        eprintln!("{format}: {held} bytes a stream");
        assert!((500..4 * 1024).contains(&held), "{format}: {held} bytes a stream");
        drop(clients);
        runtime.block_on(server.producers.until_running(0));
    }
}
