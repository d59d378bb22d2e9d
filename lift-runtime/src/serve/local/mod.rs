//! The local server: HTTP/1.1 and h2c, bounded in what a client can make it hold.

mod ahead;
mod chunked;
mod connection;
mod flight;
mod linger;
mod refusal;
mod requests;
mod socket;
mod streams;
mod workers;

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::{http1, http2};
use hyper_util::rt::TokioTimer;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use self::connection::{Common, serve};
#[cfg(feature = "websocket")]
pub(crate) use self::linger::linger;
use self::streams::Streams;
#[cfg(feature = "websocket")]
pub(crate) use self::streams::Upgraded;
use self::workers::Workers;
use super::startup;
use crate::app::App;
use crate::error::Result;

/// How long open requests may go on after the server was told to stop.
const GRACE: Duration = Duration::from_secs(10);
/// How long a client may take to send a request's head, or wait before it sends the next.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// What a request's head may hold, what is kept of requests behind an open stream, and what hyper buffers of a response
/// that a client does not read.
const HEAD: usize = 16 * 1024;
/// What h2 itself lets through, which would refuse with an empty answer; what is over [`HEAD`] is refused here.
const H2_HEAD: u32 = 64 * 1024;
/// How much of an answer waits in the kernel until it can be sent; there is room again when half of it has been.
#[cfg(target_os = "linux")]
const UNSENT: u32 = 64 * 1024;
/// How long accepting rests where the process has no file descriptor left.
const PAUSE: Duration = Duration::from_millis(100);

/// An app that is ready to be served.
pub(super) struct Server {
    common: Arc<Common>,
    /// Where it is served, if not on the caller's runtime.
    workers: Option<Workers>,
}

impl Server {
    pub(super) fn new<S: Clone + Send + Sync + 'static>(app: App<S>) -> Result<Self> {
        let write_timeout = app.serving.write_timeout;
        let workers = NonZeroUsize::new(app.serving.workers);
        let (router, shared) = app.into_service()?;
        let mut http1 = http1::Builder::new();
        http1.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_buf_size(HEAD);
        let mut http2 = http2::Builder::new(Streams { patience: write_timeout });
        http2
            .timer(TokioTimer::new())
            .max_header_list_size(H2_HEAD)
            .max_concurrent_streams(256)
            .enable_connect_protocol()
            .keep_alive_interval(Duration::from_secs(30))
            .keep_alive_timeout(Duration::from_secs(20));
        let shutdown = shared.shutdown.clone();
        let common = Common {
            router,
            http1,
            http2,
            shutdown,
            write_timeout,
            #[cfg(feature = "websocket")]
            connections: shared.connections.clone(),
        };
        let workers = workers.map(Workers::start).transpose();
        let workers = workers.map_err(|error| startup(format!("cannot start the workers: {error}")))?;
        Ok(Self { common: Arc::new(common), workers })
    }

    /// Serves until `until` ends, then lets open requests finish.
    pub(super) async fn run(self, listener: TcpListener, until: impl Future<Output = ()>) {
        // Each connection holds a sender, so that the receiver tells when all have ended.
        let (open, mut all_ended) = mpsc::channel(1);
        let mut until = std::pin::pin!(until);
        loop {
            tokio::select! {
                () = &mut until => break,
                (stream, peer) = accept(&listener) => self.connect(stream, peer, open.clone()),
            }
        }
        drop((listener, open));
        // Connections wait for this, and so do streams, which end with their format's ending.
        self.common.shutdown.begin();
        let ended = async {
            #[cfg(feature = "websocket")]
            self.common.connections.network.shut_down().await;
            all_ended.recv().await;
        };
        if tokio::time::timeout(GRACE, ended).await.is_err() {
            tracing::warn!("stopped with requests open, after {} s", GRACE.as_secs());
        }
        if let Some(workers) = self.workers {
            workers.stop().await;
        }
    }

    fn connect(&self, stream: TcpStream, peer: SocketAddr, open: mpsc::Sender<Infallible>) {
        // Without it an event of a stream would wait for the acknowledgement of the one before.
        let _ = stream.set_nodelay(true);
        bound_unsent(&stream);
        let common = Arc::clone(&self.common);
        match &self.workers {
            Some(workers) => {
                workers.spawn(stream, |stream, of_worker| serve((open, of_worker), stream, peer, common));
            }
            None => drop(tokio::spawn(serve(open, stream, peer, common))),
        }
    }
}

/// Bounds what of an answer waits in the kernel, which would take megabytes for a client that does not read, and would let
/// nothing be written for minutes while one that reads slowly takes them.
#[cfg(target_os = "linux")]
fn bound_unsent(stream: &TcpStream) {
    // Without it everything is served as well.
    let _ = socket2::SockRef::from(stream).set_tcp_notsent_lowat(UNSENT);
}

#[cfg(not(target_os = "linux"))]
fn bound_unsent(_: &TcpStream) {}

/// The next connection. An error is the client's, who has gone, or ours for a while (no file descriptor left).
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if is_of_client(&error) => {}
            Err(error) => {
                tracing::error!(%error, "cannot accept connections");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

fn is_of_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Listens at an address.
pub(super) async fn bind(addr: &str) -> Result<TcpListener> {
    TcpListener::bind(addr).await.map_err(|error| startup(format!("cannot listen on {addr}: {error}")))
}

/// Ends at SIGTERM or ctrl-c; listens for them from now on.
#[cfg(unix)]
pub(super) fn signals() -> Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Ends at ctrl-c.
#[cfg(not(unix))]
pub(super) fn signals() -> Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}
