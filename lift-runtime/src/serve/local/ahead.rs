//! What a client sends while it is answered by a stream: its next requests, or that it leaves.

use std::convert::Infallible;
use std::future::Future as _;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::HEAD;

/// How long more than is kept waits for the stream to end. A client's leaving stands behind all that it has sent, so then
/// that has to be read.
const PATIENCE: Duration = Duration::from_secs(1);

/// What has been read, up to [`HEAD`].
pub(super) enum Ahead {
    Kept(Vec<u8>),
    /// There is no room for more, for so long.
    Full(Vec<u8>, Pin<Box<Sleep>>),
    /// There was more, and it is lost: what would follow is the middle of something.
    Lost,
}

impl Ahead {
    pub(super) fn new() -> Self {
        Self::Kept(Vec::new())
    }

    /// What is read before anything else, unless it is lost.
    pub(super) fn into_kept(self) -> Option<Vec<u8>> {
        match self {
            Self::Kept(kept) | Self::Full(kept, _) => Some(kept),
            Self::Lost => None,
        }
    }

    /// Reads until the client leaves, which is an error.
    pub(super) fn poll<T: AsyncRead>(
        &mut self,
        mut io: Pin<&mut T>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Infallible>> {
        loop {
            match self {
                Self::Kept(kept) if kept.len() < HEAD => {
                    let room = HEAD - kept.len();
                    ready!(read::<256, _>(io.as_mut(), cx, room, |read| keep(kept, read)))?;
                }
                Self::Kept(kept) => *self = Self::Full(std::mem::take(kept), Box::pin(sleep(PATIENCE))),
                Self::Full(..) | Self::Lost => {
                    if let Self::Full(_, patience) = self {
                        ready!(patience.as_mut().poll(cx));
                    }
                    ready!(lose(io.as_mut(), cx))?;
                    *self = Self::Lost;
                }
            }
        }
    }
}

/// Grows as a vector does, and not beyond the bound.
fn keep(kept: &mut Vec<u8>, read: &[u8]) {
    if kept.capacity() - kept.len() < read.len() {
        kept.reserve_exact(read.len().max(kept.len().min(HEAD - kept.len())));
    }
    kept.extend_from_slice(read);
}

/// Reads what is kept nowhere, much at once. It is cold, and out of the way of a stream's events.
#[cold]
#[inline(never)]
fn lose<T: AsyncRead>(io: Pin<&mut T>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
    read::<{ 16 * 1024 }, _>(io, cx, usize::MAX, |_| {})
}

/// Reads at most `most` bytes of a client that is there.
fn read<const N: usize, T: AsyncRead>(
    io: Pin<&mut T>,
    cx: &mut Context<'_>,
    most: usize,
    take: impl FnOnce(&[u8]),
) -> Poll<io::Result<()>> {
    let mut buf = [MaybeUninit::uninit(); N];
    let mut buf = ReadBuf::uninit(&mut buf[..most.min(N)]);
    ready!(io.poll_read(cx, &mut buf))?;
    if buf.filled().is_empty() {
        return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
    }
    take(buf.filled());
    Poll::Ready(Ok(()))
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::io::{AsyncWriteExt as _, DuplexStream, duplex};
    use tokio::time::{Instant, timeout};

    use super::*;

    async fn until_left(ahead: &mut Ahead, io: &mut DuplexStream) -> io::Error {
        poll_fn(|cx| ahead.poll(Pin::new(io), cx)).await.expect_err("it leaves")
    }

    /// What becomes of so many bytes in a stream that lasts so long.
    async fn kept(len: usize, lasts: Duration) -> Option<usize> {
        let (mut io, mut client) = duplex(1 << 20);
        client.write_all(&vec![b'r'; len]).await.expect("written");
        let mut ahead = Ahead::new();
        timeout(lasts, until_left(&mut ahead, &mut io)).await.expect_err("it is there");
        ahead.into_kept().map(|kept| kept.len())
    }

    #[test]
    fn it_takes_no_more_memory_than_is_kept() {
        for piece in [1, 130, 256] {
            let mut kept = Vec::new();
            while kept.len() < HEAD {
                let piece = vec![b'r'; piece.min(HEAD - kept.len())];
                keep(&mut kept, &piece);
            }
            assert_eq!((kept.len(), kept.capacity()), (HEAD, HEAD), "{piece}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_kept_up_to_a_bound_and_waits_behind_that_for_a_while() {
        for (len, shortly, long) in [
            (0, Some(0), Some(0)),
            (700, Some(700), Some(700)),
            (HEAD, Some(HEAD), Some(HEAD)),
            (HEAD + 1, Some(HEAD), None),
            (1_000_000, Some(HEAD), None),
        ] {
            assert_eq!(kept(len, PATIENCE / 2).await, shortly, "{len}");
            assert_eq!(kept(len, PATIENCE * 2).await, long, "{len}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_leaves_is_noticed_whatever_it_has_sent() {
        for (len, late) in [(0, false), (HEAD - 1, false), (HEAD, true), (HEAD + 1, true), (1_000_000, true)]
        {
            let (mut io, mut client) = duplex(1 << 20);
            client.write_all(&vec![b'r'; len]).await.expect("written");
            drop(client);
            let start = Instant::now();
            let error = until_left(&mut Ahead::new(), &mut io).await;
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
            // A timer is exact to the millisecond.
            let waited = start.elapsed().as_millis() / 2;
            assert_eq!(waited, if late { PATIENCE.as_millis() / 2 } else { 0 }, "{len}");
        }
    }
}
