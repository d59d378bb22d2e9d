//! The life of one connection: which HTTP it speaks, its requests by hyper, and its streams without hyper.

use std::future::{Future as _, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::{http1, http2};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio::time::timeout;

use super::HEAD_TIMEOUT;
use super::chunked::Sending;
use super::flight::{Flight, KeptBack};
use super::linger::linger;
use super::refusal::Refusals;
use super::requests::Requests;
use super::socket::Socket;
use super::streams::Streams;
use crate::stream::Shutdown;

/// What the connections of a server share.
pub(super) struct Common {
    pub(super) router: Router,
    pub(super) http1: http1::Builder,
    pub(super) http2: http2::Builder<Streams>,
    pub(super) shutdown: Shutdown,
    pub(super) write_timeout: Duration,
    #[cfg(feature = "websocket")]
    pub(super) connections: crate::websocket::Connections,
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What a client begins with that speaks HTTP/2 without having asked
/// ([RFC 9113 §3.4](https://www.rfc-editor.org/rfc/rfc9113#section-3.4)).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Serves a client until one of both ends the connection. The first argument is held until then, and dropped last.
///
/// What the connection holds while a stream is open is this function's own, in one future: each future within another is
/// one more line of memory that an event reads. The phases that need more are in boxes.
pub(super) async fn serve<T>(_open: impl Send, io: T, peer: SocketAddr, common: Arc<Common>)
where
    T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let mut socket = Socket::new(io, common.write_timeout);
    let ended: Result<(), Failure> = 'ended: {
        match Box::pin(version(&mut socket, &common.shutdown)).await {
            Ok(Some(Version::Http1)) => {}
            Ok(Some(Version::Http2)) => break 'ended Box::pin(http2(socket, peer, common)).await,
            Ok(None) => break 'ended Ok(()),
            Err(error) => break 'ended Err(error.into()),
        }
        loop {
            let kept_back = match Box::pin(http1(socket, peer, Arc::clone(&common))).await {
                Ok(Some((taken, kept_back))) => {
                    socket = taken;
                    kept_back
                }
                Ok(None) => break 'ended Ok(()),
                Err(error) => break 'ended Err(error),
            };
            let mut sending = Sending::new(kept_back.body);
            if let Err(error) = poll_fn(|cx| sending.poll(Pin::new(&mut socket), cx)).await {
                break 'ended Err(error.into());
            }
            {
                let goes_on = kept_back.goes_on && !common.shutdown.has_begun();
                if let Some(kept) = sending.into_ahead().into_kept().filter(|_| goes_on) {
                    socket.unread(&kept);
                    continue;
                }
            }
            break 'ended Box::pin(async move { linger(&mut socket).await }).await.map_err(Into::into);
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "connection ended early");
    }
}

enum Version {
    Http1,
    Http2,
}

/// Reads until it is known which HTTP the client speaks; `None` if it leaves or the server stops before that.
async fn version<T: AsyncRead + Unpin>(
    socket: &mut Socket<T>,
    shutdown: &Shutdown,
) -> io::Result<Option<Version>> {
    let stopped = shutdown.notified();
    if shutdown.has_begun() {
        return Ok(None);
    }
    let mut begun = [0; PREFACE.len()];
    let mut read = 0;
    let found = async {
        while PREFACE.starts_with(&begun[..read]) && read < PREFACE.len() {
            match socket.read(&mut begun[read..]).await? {
                0 => return Ok(None),
                more => read += more,
            }
        }
        Ok(Some(if begun == *PREFACE { Version::Http2 } else { Version::Http1 }))
    };
    let found = tokio::select! {
        found = timeout(HEAD_TIMEOUT, found) => found.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())),
        () = stopped => Ok(None),
    };
    socket.unread(&begun[..read]);
    found
}

/// Serves requests until the connection ends, or until one is answered by a stream: the socket, of which hyper has
/// written and read all that it has, and the stream's body.
async fn http1<T>(
    socket: Socket<T>,
    peer: SocketAddr,
    common: Arc<Common>,
) -> Result<Option<(Socket<T>, KeptBack)>, Failure>
where
    T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let flight = Flight::default();
    let io = TokioIo::new(Refusals::new(socket, flight.clone()));
    let requests = Requests { router: common.router.clone(), peer, flight: flight.clone() };
    let mut connection = common.http1.serve_connection(io, requests).with_upgrades();
    let mut stopped = pin!(common.shutdown.notified());
    let mut stopping = common.shutdown.has_begun();
    if stopping {
        Pin::new(&mut connection).graceful_shutdown();
    }
    let kept_back = poll_fn(|cx| {
        if !stopping && stopped.as_mut().poll(cx).is_ready() {
            stopping = true;
            Pin::new(&mut connection).graceful_shutdown();
        }
        if let Poll::Ready(ended) = Pin::new(&mut connection).poll(cx) {
            return Poll::Ready(ended.map(|()| None));
        }
        flight.take_kept_back().map_or(Poll::Pending, |kept_back| Poll::Ready(Ok(Some(kept_back))))
    })
    .await?;
    let Some((kept_back, parts)) = kept_back.zip(connection.into_parts()) else { return Ok(None) };
    let mut socket = parts.io.into_inner().into_inner();
    socket.unread(&parts.read_buf);
    Ok(Some((socket, kept_back)))
}

async fn http2<T>(socket: Socket<T>, peer: SocketAddr, common: Arc<Common>) -> Result<(), Failure>
where
    T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let requests = Requests { router: common.router.clone(), peer, flight: Flight::default() };
    let mut connection = pin!(common.http2.serve_connection(TokioIo::new(socket), requests));
    let mut stopped = pin!(common.shutdown.notified());
    let mut stopping = common.shutdown.has_begun();
    if stopping {
        connection.as_mut().graceful_shutdown();
    }
    poll_fn(|cx| {
        if !stopping && stopped.as_mut().poll(cx).is_ready() {
            stopping = true;
            connection.as_mut().graceful_shutdown();
        }
        connection.as_mut().poll(cx)
    })
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Weak;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::super::Server;
    use super::*;
    use crate::app::App;

    /// Notes when it is dropped whether the app has gone by then.
    struct Open(Weak<Common>, Arc<AtomicBool>);

    impl Drop for Open {
        fn drop(&mut self) {
            self.1.store(self.0.strong_count() == 0, Ordering::Relaxed);
        }
    }

    #[tokio::test]
    async fn a_connection_is_open_until_all_that_it_holds_is_dropped() {
        let Ok(Server { common, .. }) = Server::new(App::new()) else { panic!("an app of nothing") };
        let (io, client) = tokio::io::duplex(64);
        drop(client);
        let was_last = Arc::new(AtomicBool::new(false));
        let open = Open(Arc::downgrade(&common), Arc::clone(&was_last));
        serve(open, io, SocketAddr::from(([127, 0, 0, 1], 1)), common).await;
        assert!(was_last.load(Ordering::Relaxed));
    }
}
