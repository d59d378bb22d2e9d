//! The local server: HTTP/1.1 and h2c, bounded in what a client can make it hold.

mod flight;
mod refusal;

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tower_service::Service as _;

use self::flight::{Flight, Tracked};
use self::refusal::Refusals;
use super::startup;
use crate::app::{App, Shared};
use crate::error::Result;

/// How long open requests may go on after the server was told to stop.
const GRACE: Duration = Duration::from_secs(10);
/// How long a client may take to send a request's head, or wait before it sends the next.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// What a request's head may hold, and what hyper buffers of a response that a client does not read.
const HEAD: usize = 16 * 1024;
/// What h2 itself lets through, which would refuse with an empty answer; what is over [`HEAD`] is refused here.
const H2_HEAD: u32 = 64 * 1024;
/// How long accepting rests where the process has no file descriptor left.
const PAUSE: Duration = Duration::from_millis(100);

/// An app that is ready to be served.
pub(super) struct Server {
    router: Router,
    shared: Arc<Shared>,
    http: Builder<TokioExecutor>,
}

impl Server {
    pub(super) fn new<S: Clone + Send + Sync + 'static>(app: App<S>) -> Result<Self> {
        let (router, shared) = app.into_service()?;
        let mut http = Builder::new(TokioExecutor::new());
        http.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_buf_size(HEAD);
        http.http2()
            .timer(TokioTimer::new())
            .max_header_list_size(H2_HEAD)
            .max_concurrent_streams(256)
            .keep_alive_interval(Duration::from_secs(30))
            .keep_alive_timeout(Duration::from_secs(20));
        Ok(Self { router, shared, http })
    }

    /// Serves until `until` ends, then lets open requests finish.
    pub(super) async fn run(self, listener: TcpListener, until: impl Future<Output = ()>) {
        let connections = GracefulShutdown::new();
        let mut until = std::pin::pin!(until);
        loop {
            tokio::select! {
                () = &mut until => break,
                (stream, peer) = accept(&listener) => self.connect(stream, peer, &connections),
            }
        }
        drop(listener);
        // Streams wait for this, and end with their format's ending.
        self.shared.shutdown.begin();
        let ended = async {
            #[cfg(feature = "websocket")]
            self.shared.connections.network.shut_down().await;
            connections.shutdown().await;
        };
        if tokio::time::timeout(GRACE, ended).await.is_err() {
            tracing::warn!("stopped with requests open, after {} s", GRACE.as_secs());
        }
    }

    fn connect(&self, stream: TcpStream, peer: SocketAddr, connections: &GracefulShutdown) {
        // Without it an event of a stream would wait for the acknowledgement of the one before.
        let _ = stream.set_nodelay(true);
        let flight = Flight::default();
        let io = TokioIo::new(Refusals::new(stream, flight.clone()));
        let service = Connection { router: self.router.clone(), peer, flight };
        let connection = self.http.serve_connection_with_upgrades(io, service).into_owned();
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%peer, %error, "connection ended early");
            }
        });
    }
}

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

/// One connection's requests.
struct Connection {
    router: Router,
    peer: SocketAddr,
    flight: Flight,
}

impl Service<hyper::Request<Incoming>> for Connection {
    type Response = http::Response<Tracked>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: hyper::Request<Incoming>) -> Self::Future {
        let in_flight = self.flight.begin();
        if head_len(&request) > HEAD {
            let response = refusal::too_large();
            return Box::pin(async { Ok(response.map(|body| Tracked::new(body, in_flight, false))) });
        }
        let connects = request.method() == http::Method::CONNECT;
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(self.peer));
        // A router is always ready.
        let answer = self.router.clone().call(request);
        Box::pin(async move {
            let response = answer.await?;
            // What is written after this is the app's own protocol.
            let upgraded = connects || response.status() == http::StatusCode::SWITCHING_PROTOCOLS;
            Ok(response.map(|body| Tracked::new(body, in_flight, upgraded)))
        })
    }
}

/// The length of a request's target and headers as HTTP/1.1 writes them, so that no head that fits there is refused.
fn head_len<T>(request: &hyper::Request<T>) -> usize {
    let headers = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4);
    request.uri().path_and_query().map_or(0, |target| target.as_str().len()) + headers.sum::<usize>()
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
