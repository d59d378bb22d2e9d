//! A client's socket: what was read ahead of its time is read again, and who takes nothing is not waited for.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use pin_project_lite::pin_project;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

pin_project! {
    /// A socket that fails with `TimedOut` once nothing could be written for as long as it is patient.
    pub(super) struct Socket<T> {
        #[pin]
        io: T,
        ahead: Bytes,
        patience: Duration,
        // There only while a write waits: most never do.
        waiting: Option<Pin<Box<Sleep>>>,
    }
}

impl<T> Socket<T> {
    pub(super) fn new(io: T, patience: Duration) -> Self {
        Self { io, ahead: Bytes::new(), patience, waiting: None }
    }

    /// Puts back what was read too early; it is read before anything else. It is copied: what hyper has left of its
    /// buffer, even if that is nothing, would keep the whole of it alive.
    pub(super) fn unread(&mut self, bytes: &[u8]) {
        self.ahead = [bytes, &self.ahead].concat().into();
    }
}

impl<T: AsyncWrite> Socket<T> {
    /// Writes, and looks at the clock where that has to wait.
    fn write<R>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut T>, &mut Context<'_>) -> Poll<io::Result<R>>,
    ) -> Poll<io::Result<R>> {
        let this = self.project();
        let written = write(this.io, cx);
        if written.is_ready() {
            *this.waiting = None;
            return written;
        }
        let waiting = this.waiting.get_or_insert_with(|| Box::pin(sleep(*this.patience)));
        waiting.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<T: AsyncRead> AsyncRead for Socket<T> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.project();
        if this.ahead.is_empty() {
            return this.io.poll_read(cx, buf);
        }
        let ready = this.ahead.len().min(buf.remaining());
        buf.put_slice(&this.ahead[..ready]);
        this.ahead.advance(ready);
        if this.ahead.is_empty() {
            // Of which nothing is left, it would keep all of its memory.
            *this.ahead = Bytes::new();
        }
        // What follows comes with it: hyper doubles a buffer into which two reads go. An error, or the end, is
        // found again by the next read.
        if buf.remaining() > 0 {
            let _ = this.io.poll_read(cx, buf);
        }
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite> AsyncWrite for Socket<T> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.write(cx, |io, cx| io.poll_write(cx, buf))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.write(cx, |io, cx| io.poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().io.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().io.poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::time::Instant;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);

    #[tokio::test]
    async fn what_was_read_ahead_comes_first() {
        let (io, mut client) = tokio::io::duplex(64);
        let mut socket = Socket::new(io, PATIENCE);
        client.write_all(b"three").await.expect("written");
        socket.unread(b"two ");
        socket.unread(b"one ");
        let mut buf = [0; 64];
        let read = socket.read(&mut buf).await.expect("read");
        assert_eq!(&buf[..read], b"one two three");
        drop(client);
        assert_eq!(socket.read(&mut buf).await.expect("the end"), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_nothing_is_given_up_and_who_takes_little_is_not() {
        let (io, mut client) = tokio::io::duplex(4);
        let mut socket = Socket::new(io, PATIENCE);
        socket.write_all(b"1234").await.expect("there is room");
        let reading = async {
            for _ in 0..3 {
                tokio::time::sleep(PATIENCE - Duration::from_secs(1)).await;
                client.read_u8().await.expect("a byte");
            }
        };
        let (written, ()) = tokio::join!(socket.write_all(b"567"), reading);
        written.expect("somebody reads");
        let start = Instant::now();
        let error = socket.write_all(b"8").await.expect_err("nobody reads");
        assert_eq!((error.kind(), start.elapsed()), (io::ErrorKind::TimedOut, PATIENCE));
    }
}
