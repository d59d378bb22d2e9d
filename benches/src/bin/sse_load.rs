//! S1's clients: some thousand event streams, read by a process of its own.
//!
//! ```text
//! sse_load ADDRESS PATH STREAMS SECONDS
//! ```
//!
//! Prints `open` when all streams have had an event, and after so many seconds a line of what has come since:
//! `events=… late_p50_us=… late_p99_us=… late_max_us=… broken=…`. A stream is broken if it ends, or if the numbers of
//! its events are not consecutive. They stay open until this is killed.

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use benches::tick::micros;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::sleep;

/// Streams that are opened a second, so that their events are spread over one. Two such programs and two servers open theirs
/// at the same time, beside the events of those that are open: at twice the pace two cores have not time for all, and a
/// server's backlog overflows.
const PACE: usize = 1_200;
/// Connections from one source address.
const A_SOURCE: usize = 4_000;

type Failure = Box<dyn Error + Send + Sync>;

#[derive(Default)]
struct Seen {
    open: AtomicUsize,
    broken: AtomicUsize,
    /// How the first of them broke.
    why: OnceLock<String>,
    measuring: AtomicBool,
    late: Mutex<Vec<u32>>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, path, streams, seconds] = &arguments[..] else {
        return Err("sse_load ADDRESS PATH STREAMS SECONDS".into());
    };
    let address: SocketAddr = address.parse()?;
    let (streams, seconds): (usize, u64) = (streams.parse()?, seconds.parse()?);
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n\r\n");
    let (request, seen): (Arc<str>, _) = (request.into(), Arc::new(Seen::default()));
    let mut clients = JoinSet::new();
    for n in 0..streams {
        let (request, seen) = (Arc::clone(&request), Arc::clone(&seen));
        clients.spawn(async move {
            let ended = client(address, n, &request, &seen).await;
            seen.why.get_or_init(|| ended.map_or_else(|error| error.to_string(), |()| "it ended".into()));
            seen.broken.fetch_add(1, Ordering::Relaxed);
        });
        if n % (PACE / 100) == 0 {
            sleep(Duration::from_millis(10)).await;
        }
    }
    while seen.open.load(Ordering::Relaxed) < streams {
        if seen.broken.load(Ordering::Relaxed) > 0 {
            let (open, why) = (seen.open.load(Ordering::Relaxed), seen.why.get());
            return Err(format!("with {open} open a stream has broken: {}", why.map_or("", |why| why)).into());
        }
        sleep(Duration::from_millis(50)).await;
    }
    sleep(Duration::from_secs(2)).await;
    println!("open");
    seen.measuring.store(true, Ordering::Relaxed);
    sleep(Duration::from_secs(seconds)).await;
    seen.measuring.store(false, Ordering::Relaxed);
    let broken = seen.broken.load(Ordering::Relaxed);
    let mut late = std::mem::take(&mut *seen.late.lock().unwrap_or_else(PoisonError::into_inner));
    late.sort_unstable();
    let at = |share: usize| late.get((late.len() * share / 1000).min(late.len().saturating_sub(1)));
    println!(
        "events={} late_p50_us={} late_p99_us={} late_max_us={} broken={broken}",
        late.len(),
        at(500).unwrap_or(&0),
        at(990).unwrap_or(&0),
        at(1000).unwrap_or(&0),
    );
    std::future::pending().await
}

/// Reads one stream until it ends or is not as it should be.
async fn client(address: SocketAddr, n: usize, request: &str, seen: &Seen) -> Result<(), Failure> {
    let mut stream = connect(address, n).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut text = Vec::with_capacity(512);
    let mut last: Option<u64> = None;
    while stream.read_buf(&mut text).await? > 0 {
        let mut read = 0;
        while let Some(end) = find(&text[read..], b"\n\n") {
            if let Some((number, at)) = event(&text[read..read + end]) {
                match last.replace(number) {
                    None => drop(seen.open.fetch_add(1, Ordering::Relaxed)),
                    Some(last) if number == last + 1 => {}
                    Some(last) => return Err(format!("{number} comes after {last}").into()),
                }
                if seen.measuring.load(Ordering::Relaxed) {
                    let late = u32::try_from(micros().saturating_sub(at)).unwrap_or(u32::MAX);
                    seen.late.lock().unwrap_or_else(PoisonError::into_inner).push(late);
                }
            }
            read += end + 2;
        }
        text.drain(..read);
    }
    Ok(())
}

async fn connect(address: SocketAddr, n: usize) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    let source = 2 + u8::try_from(n / A_SOURCE).unwrap_or(u8::MAX - 2);
    socket.bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, source)), 0))?;
    socket.connect(address).await
}

/// `"n":7,"at":123` of an event, if it has both.
fn event(text: &[u8]) -> Option<(u64, u64)> {
    Some((number(text, b"\"n\":")?, number(text, b"\"at\":")?))
}

fn number(text: &[u8], name: &[u8]) -> Option<u64> {
    let digits = text[find(text, name)? + name.len()..].iter().take_while(|byte| byte.is_ascii_digit());
    Some(digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}
