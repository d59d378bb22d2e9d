//! What a socket's bytes come by.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::request::Parts;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::context::random_id;
use crate::serve::Upgraded;

/// What will be a socket when the handshake has been answered.
pub(super) enum Upgrade {
    Http(OnUpgrade, Stream),
    #[cfg(feature = "test")]
    Pipe(Arc<str>, tokio::io::DuplexStream),
}

impl Upgrade {
    /// Takes it from the request, where its connection can be one.
    pub(super) fn take(parts: &mut Parts) -> Option<Self> {
        #[cfg(feature = "test")]
        if let Some(pipe) = parts.extensions.remove::<Pipe>() {
            return pipe.take().map(|stream| Self::Pipe(pipe.id, stream));
        }
        let stream = Stream(parts.extensions.remove::<Upgraded>());
        parts.extensions.remove::<OnUpgrade>().map(|upgrade| Self::Http(upgrade, stream))
    }

    /// What the connection will be called.
    pub(super) fn id(&self) -> Arc<str> {
        match self {
            Self::Http(..) => random_id().into(),
            #[cfg(feature = "test")]
            Self::Pipe(id, _) => Arc::clone(id),
        }
    }

    pub(super) async fn io(self) -> Result<Io, hyper::Error> {
        match self {
            Self::Http(upgrade, stream) => {
                upgrade.await.map(|upgraded| Io::Http(TokioIo::new(upgraded), stream))
            }
            #[cfg(feature = "test")]
            Self::Pipe(_, pipe) => Ok(Io::Pipe(pipe)),
        }
    }
}

/// The stream of HTTP/2 that a socket is, if it is one. The server is told when the socket has gone.
pub(super) struct Stream(Option<Upgraded>);

impl Drop for Stream {
    fn drop(&mut self) {
        if let Some(upgraded) = &self.0 {
            upgraded.leave();
        }
    }
}

/// The server's end of a socket in-process, on its way to the endpoint in a request's extensions.
#[cfg(feature = "test")]
#[derive(Clone)]
pub(crate) struct Pipe {
    /// Known to the client before it connects.
    id: Arc<str>,
    stream: Arc<std::sync::Mutex<Option<tokio::io::DuplexStream>>>,
}

#[cfg(feature = "test")]
impl Pipe {
    pub(crate) fn new(id: Arc<str>, stream: tokio::io::DuplexStream) -> Self {
        Self { id, stream: Arc::new(std::sync::Mutex::new(Some(stream))) }
    }

    fn take(&self) -> Option<tokio::io::DuplexStream> {
        self.stream.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take()
    }
}

pub(super) enum Io {
    Http(TokioIo<hyper::upgrade::Upgraded>, #[expect(dead_code, reason = "it is dropped")] Stream),
    #[cfg(feature = "test")]
    Pipe(tokio::io::DuplexStream),
}

/// One method of whichever it is.
macro_rules! either {
    ($self:ident, $io:ident => $call:expr) => {
        match $self.get_mut() {
            Self::Http(io, _) => {
                let $io = Pin::new(io);
                $call
            }
            #[cfg(feature = "test")]
            Self::Pipe(io) => {
                let $io = Pin::new(io);
                $call
            }
        }
    };
}

impl AsyncRead for Io {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        either!(self, io => io.poll_read(cx, buf))
    }
}

impl AsyncWrite for Io {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        either!(self, io => io.poll_write(cx, buf))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, io => io.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, io => io.poll_shutdown(cx))
    }
}
