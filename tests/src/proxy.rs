//! A TCP proxy that stands before a server and harms what passes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What happens to bytes on their way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Harm {
    /// They pass.
    None,
    /// They pass later, in both directions.
    Delay(Duration),
    /// They are swallowed, and nobody is told: as after a freeze.
    Silence,
    /// Connections are closed, and new ones as soon as they are made.
    Cut,
    /// One byte in each read of the server's answers is changed.
    Corrupt,
}

/// A proxy on a port of its own, gone when dropped.
pub struct Proxy {
    address: SocketAddr,
    harm: watch::Sender<Harm>,
    reads: Arc<AtomicU64>,
    task: tokio::task::JoinHandle<()>,
}

impl Proxy {
    /// A proxy before a port of the loopback interface.
    ///
    /// # Panics
    /// If there is no free port.
    pub async fn before(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (harm, harms) = watch::channel(Harm::None);
        let reads = Arc::<AtomicU64>::default();
        let counted = Arc::clone(&reads);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (harms, counted) = (harms.clone(), Arc::clone(&counted));
                tokio::spawn(async move {
                    if let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await {
                        join(client, server, harms, counted).await;
                    }
                });
            }
        });
        Self { address, harm, reads, task }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// What happens from now on, to open connections as well.
    pub fn harm(&self, harm: Harm) {
        self.harm.send_replace(harm);
    }

    /// How often something came from the clients: a request that is sent at once counts one.
    pub fn reads(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn join(client: TcpStream, server: TcpStream, harms: watch::Receiver<Harm>, reads: Arc<AtomicU64>) {
    // Small packets are sent as they come, or the proxy itself would delay them.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let mut cut = harms.clone();
    let there = async {
        let mut buffer = vec![0; 64 << 10];
        while let Ok(read @ 1..) = from_client.read(&mut buffer).await {
            reads.fetch_add(1, Ordering::Relaxed);
            if !pass(&buffer[..read], &harms, &mut to_server).await {
                break;
            }
        }
    };
    let back = async {
        let mut buffer = vec![0; 64 << 10];
        while let Ok(read @ 1..) = from_server.read(&mut buffer).await {
            if *harms.borrow() == Harm::Corrupt {
                buffer[read / 2] ^= 0x55;
            }
            if !pass(&buffer[..read], &harms, &mut to_client).await {
                break;
            }
        }
    };
    tokio::select! {
        () = there => {}
        () = back => {}
        _ = cut.wait_for(|harm| *harm == Harm::Cut) => {}
    }
}

async fn pass(
    bytes: &[u8],
    harms: &watch::Receiver<Harm>,
    to: &mut (impl tokio::io::AsyncWrite + Unpin),
) -> bool {
    let harm = *harms.borrow();
    match harm {
        Harm::Silence => return true,
        Harm::Delay(delay) => tokio::time::sleep(delay).await,
        Harm::None | Harm::Cut | Harm::Corrupt => {}
    }
    to.write_all(bytes).await.is_ok()
}
