//! What passes over a socket's connection: how much is taken of what is written, and where in a frame what was read ends.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A connection.
///
/// That a socket's buffer has room says little of its client, and that it is empty more than can be asked of a busy one;
/// what tells is whether anything of it is taken.
pub(super) struct Counted<Io> {
    /// `None` once it has been handed over.
    io: Option<Io>,
    written: u64,
    read: Frames,
}

impl<Io> Counted<Io> {
    pub(super) fn new(io: Io) -> Self {
        Self { io: Some(io), written: 0, read: Frames::default() }
    }

    /// In bytes.
    pub(super) fn written(&self) -> u64 {
        self.written
    }

    /// Whether all that was read is whole messages.
    pub(super) fn is_between_messages(&self) -> bool {
        self.read.is_between_messages()
    }

    /// Gives it to another socket; this one is at its end then.
    pub(super) fn hand_over(&mut self) -> Self {
        Self { io: self.io.take(), written: self.written, read: std::mem::take(&mut self.read) }
    }

    fn io(&mut self) -> io::Result<&mut Io> {
        self.io.as_mut().ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl<Io: AsyncRead + Unpin> AsyncRead for Counted<Io> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(self.io()?).poll_read(cx, buf))?;
        self.read.pass(&buf.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl<Io: AsyncWrite + Unpin> AsyncWrite for Counted<Io> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(self.io()?).poll_write(cx, buf))?;
        self.written += written as u64;
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.io()?).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.io()?).poll_shutdown(cx)
    }
}

/// Where in a client's frames its bytes have come to
/// ([RFC 6455 §5.2](https://www.rfc-editor.org/rfc/rfc6455#section-5.2)). Whether the frames are right is not its matter.
#[derive(Debug, Default)]
struct Frames {
    /// What has come of a frame's header: never all of it.
    header: [u8; 14],
    come: usize,
    /// What is to come of a payload.
    payload: u64,
    /// A message has begun that a later frame ends.
    is_fragmented: bool,
}

impl Frames {
    fn is_between_messages(&self) -> bool {
        self.come == 0 && self.payload == 0 && !self.is_fragmented
    }

    fn pass(&mut self, mut bytes: &[u8]) {
        while let Some((byte, rest)) = bytes.split_first() {
            if self.payload > 0 {
                let passed = bytes.len().min(usize::try_from(self.payload).unwrap_or(usize::MAX));
                self.payload -= passed as u64;
                bytes = &bytes[passed..];
                continue;
            }
            self.header[self.come] = *byte;
            self.come += 1;
            bytes = rest;
            if self.come >= 2 {
                self.begin();
            }
        }
    }

    /// Begins the payload, if its header has come.
    fn begin(&mut self) {
        let (first, second) = (self.header[0], self.header[1]);
        let (extended, short) = match second & 0x7f {
            126 => (2, 0),
            127 => (8, 0),
            length => (0, length),
        };
        let mask = if second & 0x80 == 0 { 0 } else { 4 };
        if self.come < 2 + extended + mask {
            return;
        }
        let long = self.header[2..2 + extended].iter().fold(0, |length, byte| length << 8 | u64::from(*byte));
        self.payload = long + u64::from(short);
        self.come = 0;
        let is_control = first & 0x08 != 0;
        if !is_control {
            self.is_fragmented = first & 0x80 == 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether each of so many bytes ends a message.
    fn ends(frames: &[u8], step: usize) -> Vec<usize> {
        let mut all = Frames::default();
        let mut ends = Vec::new();
        for (n, bytes) in frames.chunks(step).enumerate() {
            all.pass(bytes);
            if all.is_between_messages() {
                ends.push(n * step + bytes.len());
            }
        }
        ends
    }

    #[test]
    fn it_knows_where_messages_end_however_their_bytes_come() {
        let mut frames = vec![0x81, 0x80, 1, 2, 3, 4];
        frames.extend([0x82, 0x83, 1, 2, 3, 4, 5, 6, 7]);
        // In pieces, with a ping between them.
        frames.extend([0x01, 0x81, 1, 2, 3, 4, 5]);
        frames.extend([0x89, 0x80, 1, 2, 3, 4]);
        frames.extend([0x80, 0x80, 1, 2, 3, 4]);
        let after = frames.len();
        frames.extend([0x82, 0xfe, 0, 200, 1, 2, 3, 4]);
        frames.extend([7; 200]);
        let long = frames.len();
        frames.extend([0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 1, 2, 3, 4]);
        frames.resize(frames.len() + 65_536, 7);
        let whole = [6, 15, after, long, frames.len()];
        assert_eq!(ends(&frames, 1), whole);
        assert_eq!(ends(&frames, frames.len()), [frames.len()]);
        for step in [3, 5, 1000] {
            let expected: Vec<_> =
                whole.into_iter().filter(|end| end % step == 0 || *end == frames.len()).collect();
            assert_eq!(ends(&frames, step), expected, "{step}");
        }
    }
}
