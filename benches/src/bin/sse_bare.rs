//! What S1 and S3 stand beside: an event a second by one `write` each, and nothing else. It prints the address it listens at.
//!
//! A stream of `/hub` gets the events that all get at once, any other its own, a second after the one before. One thread
//! writes them all; there is no HTTP but a head, no task, no timer and no buffer for each stream. What is left is what
//! the kernel takes for a small write to a socket on loopback.

use std::collections::VecDeque;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use benches::tick::micros;

const SECOND: Duration = Duration::from_secs(1);
/// Due times are those of a timer of milliseconds, as tokio's are.
const TICK: Duration = Duration::from_millis(1);

struct Stream {
    socket: TcpStream,
    due: Instant,
    n: u64,
}

impl Stream {
    fn write_event(&mut self, text: &mut Vec<u8>) -> std::io::Result<()> {
        text.clear();
        let at = micros().saturating_sub(u64::try_from(self.due.elapsed().as_micros()).unwrap_or(0));
        let data = format!("id: {n}\ndata: {{\"n\":{n},\"at\":{at}}}\n\n", n = self.n);
        write!(text, "{:x}\r\n{data}\r\n", data.len())?;
        self.socket.write_all(text)?;
        self.due += SECOND;
        self.n += 1;
        Ok(())
    }
}

fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    println!("{}", listener.local_addr()?);
    let (sender, opened) = channel();
    std::thread::spawn(move || write_all(&opened));
    loop {
        let (mut socket, _) = listener.accept()?;
        let mut head = [0; 512];
        let read = socket.read(&mut head)?;
        socket.set_nodelay(true)?;
        socket.write_all(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
        )?;
        socket.set_nonblocking(true)?;
        let mut stream = Stream { socket, due: Instant::now(), n: 1 };
        stream.write_event(&mut Vec::new())?;
        if sender.send((stream, head[..read].starts_with(b"GET /hub "))).is_err() {
            return Ok(());
        }
    }
}

/// Writes each stream's events when they are due. One that has had its event is due behind all others.
fn write_all(opened: &Receiver<(Stream, bool)>) {
    let mut streams = VecDeque::<Stream>::new();
    let mut text = Vec::with_capacity(128);
    loop {
        while let Ok((mut stream, all_at_once)) = opened.try_recv() {
            if let Some(last) = streams.back().filter(|_| all_at_once) {
                stream.due = last.due;
            }
            streams.push_back(stream);
        }
        let now = Instant::now();
        while let Some(mut stream) = streams.pop_front_if(|stream| stream.due <= now) {
            if stream.write_event(&mut text).is_ok() {
                streams.push_back(stream);
            }
        }
        std::thread::sleep(TICK);
    }
}
