//! W1: what an idle WebSocket holds, and how many messages come back, beside axum's. The servers are processes of their
//! own; this one is their client.
//!
//! `cargo bench -p benches --bench websocket -- 10000` for so many idle connections; without, as many as the limit of open
//! files lets this process have.

use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant};

use benches::{Program, next_line};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

const SPEAKERS: usize = 64;
const ROUNDS: usize = 9;
const ROUND: Duration = Duration::from_secs(1);
const TEXT: usize = 32;

const HANDSHAKE: &str = "GET /echo HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
    sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nuser-agent: bench\r\n\
    accept-language: en\r\norigin: http://localhost\r\n\r\n";

struct Server {
    process: Program,
    address: SocketAddr,
}

impl Server {
    fn start(program: &str) -> Self {
        let (process, mut lines) =
            Program::spawn(Command::new(program).env("PORT", "0").env("LIFT_LOG", "warn"))
                .expect("it starts");
        let line = next_line(&mut lines).expect("a line");
        let address =
            line.strip_prefix("listening on http://").expect("an address").parse().expect("an address");
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, address }
    }

    async fn open(&self) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.expect("it listens");
        stream.set_nodelay(true).expect("an option");
        stream.write_all(HANDSHAKE.as_bytes()).await.expect("written");
        let (mut head, mut byte) = (Vec::new(), [0]);
        while !head.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte).await.expect("an answer");
            head.push(byte[0]);
        }
        assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
        stream
    }

    /// What each of so many silent connections holds, in KiB.
    async fn idle(&self, count: usize) -> f64 {
        let before = self.process.resident().expect("it runs");
        let mut open = Vec::with_capacity(count);
        while open.len() < count {
            open.push(self.open().await);
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
        let held = (self.process.resident().expect("it runs") - before) / 1024.0 / count as f64;
        drop(open);
        tokio::time::sleep(Duration::from_secs(2)).await;
        held
    }

    /// How many messages come back in a second.
    async fn echoes(&self) -> f64 {
        let mut speakers = JoinSet::new();
        for _ in 0..SPEAKERS {
            let mut stream = self.open().await;
            speakers.spawn(async move {
                let mut frame = vec![0x81, 0x80 | TEXT as u8, 0, 0, 0, 0];
                frame.extend_from_slice(&[b'x'; TEXT]);
                let mut answer = [0; TEXT + 2];
                let (began, mut count) = (Instant::now(), 0_u64);
                while began.elapsed() < ROUND {
                    stream.write_all(&frame).await.expect("written");
                    stream.read_exact(&mut answer).await.expect("an echo");
                    assert!(answer[0] == 0x81 && answer[2] == b'x');
                    count += 1;
                }
                count as f64 / began.elapsed().as_secs_f64()
            });
        }
        speakers.join_all().await.into_iter().sum()
    }
}

fn median(all: &mut [f64]) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

#[tokio::main]
async fn main() {
    let wanted = std::env::args().skip(1).find_map(|argument| argument.parse().ok());
    let count: usize = wanted.unwrap_or(10_000);
    let [axum, lift] = [env!("CARGO_BIN_EXE_ws_axum"), env!("CARGO_BIN_EXE_ws_lift")].map(Server::start);

    let (mut axums, mut lifts) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        axums.push(axum.echoes().await);
        lifts.push(lift.echoes().await);
    }
    let (axum_rate, lift_rate) = (median(&mut axums), median(&mut lifts));
    let verdict = |is_reached: bool| if is_reached { "reached" } else { "MISSED" };
    let ratio = lift_rate / axum_rate;
    println!(
        "W1   echoes a second, {SPEAKERS} connections       axum {axum_rate:>9.0}   lift {lift_rate:>9.0}   ratio {ratio:>6.3}  (bound 0.95, {})",
        verdict(ratio >= 0.95)
    );

    let [axum, lift] = [env!("CARGO_BIN_EXE_ws_axum"), env!("CARGO_BIN_EXE_ws_lift")].map(Server::start);
    let (axum_held, lift_held) = (axum.idle(count).await, lift.idle(count).await);
    let ratio = lift_held / axum_held;
    println!(
        "W1   KiB resident a connection, {count} idle   axum {axum_held:>9.2}   lift {lift_held:>9.2}   ratio {ratio:>6.3}  (bound 1, {})",
        verdict(ratio <= 1.0)
    );
}
