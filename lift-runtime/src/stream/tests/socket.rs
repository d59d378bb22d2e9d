//! Over a real connection: what only a transport can show.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use super::*;
use crate::error::Error;
use crate::stream::expansion::Format;

static SSE: Options = Options::new(Format::Sse);
static LINES: Options = Options::new(Format::Ndjson);

/// A client whose request for `/probe` is on its way to an app.
async fn connected(script: Script) -> std::io::Result<TcpStream> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (router, _) = app(script);
    tokio::spawn(async move { axum::serve(listener, router).await });
    let mut client = TcpStream::connect(address).await?;
    client.write_all(b"GET /probe HTTP/1.1\r\nhost: localhost\r\n\r\n").await?;
    Ok(client)
}

/// Reads until some text has come, or the connection ends.
async fn read_until(client: &mut TcpStream, text: &str) -> std::io::Result<String> {
    let mut all = Vec::new();
    while !String::from_utf8_lossy(&all).contains(text) && client.read_buf(&mut all).await? > 0 {}
    Ok(String::from_utf8_lossy(&all).into_owned())
}

#[tokio::test]
async fn the_error_line_arrives_before_the_connection_is_aborted() -> std::io::Result<()> {
    let fails = script(&LINES, |emitter| async move {
        emitter.send(item(1)).await;
        tokio::task::yield_now().await;
        Err(Error::conflict("it was moved"))
    });
    let mut client = connected(fails).await?;
    let all = read_until(&mut client, "never").await?;
    assert!(all.contains("it was moved") && all.contains("transfer-encoding: chunked"), "{all}");
    assert!(!all.ends_with("0\r\n\r\n"), "the last chunk would say that all is well: {all}");
    Ok(())
}

#[tokio::test]
async fn a_client_that_leaves_cancels_the_producer() -> std::io::Result<()> {
    struct Guard(Arc<(AtomicBool, Notify)>);
    impl Drop for Guard {
        fn drop(&mut self) {
            self.0.0.store(true, Ordering::SeqCst);
            self.0.1.notify_one();
        }
    }
    let gone = Arc::new((AtomicBool::new(false), Notify::new()));
    let mark = Arc::clone(&gone);
    let waits = script(&SSE, move |emitter| {
        let guard = Guard(Arc::clone(&mark));
        async move {
            let _guard = guard;
            emitter.send(item(1)).await;
            std::future::pending().await
        }
    });
    let mut client = connected(waits).await?;
    assert!(read_until(&mut client, "data: 1\n\n").await?.contains("data: 1\n\n"));
    assert!(!gone.0.load(Ordering::SeqCst));
    drop(client);
    assert!(tokio::time::timeout(millis(10_000), gone.1.notified()).await.is_ok());
    Ok(())
}

#[tokio::test]
async fn a_client_that_does_not_read_stops_the_producer() -> std::io::Result<()> {
    let made = Arc::new(std::sync::atomic::AtomicU64::new(0));
    let count = Arc::clone(&made);
    let endless = script(&LINES, move |emitter| {
        let count = Arc::clone(&count);
        async move {
            let line = "x".repeat(64 * 1024);
            loop {
                count.fetch_add(1, Ordering::Relaxed);
                emitter.send(Event::new(json!(line))).await;
            }
        }
    });
    let mut client = connected(endless).await?;
    read_until(&mut client, "xxx").await?;
    // It comes to rest once the buffers of both sockets and hyper's own are full.
    let mut before = u64::MAX;
    while before != made.load(Ordering::Relaxed) {
        before = made.load(Ordering::Relaxed);
        tokio::time::sleep(millis(200)).await;
    }
    assert!(before < 2_000, "{before} lines of 64 KiB");
    assert!(client.read(&mut vec![0; 1 << 20]).await? > 0);
    Ok(())
}
