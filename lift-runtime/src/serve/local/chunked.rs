//! A stream on HTTP/1.1, without hyper: its head was sent by hyper, which would hold 20 KiB of buffers for as long
//! as the stream is open. Here a stream that is silent has no buffer, an event is one write, and what comes in bulk is
//! written in large pieces.
//!
//! The body leaves in chunks ([RFC 9112 §7.1](https://www.rfc-editor.org/rfc/rfc9112#section-7.1)).

use std::cell::Cell;
use std::collections::VecDeque;
use std::future::Future as _;
use std::io::{self, Cursor, IoSlice};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use axum::body::Body;
use bytes::buf::Chain;
use bytes::{Buf, Bytes};
use http_body::Body as _;
use tokio::io::{AsyncRead, AsyncWrite};

use super::ahead::Ahead;
use crate::stream;

thread_local! {
    /// Where a thread joins a chunk that is written at once, as most are.
    static JOINED: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Up to this size a frame is copied between its chunk's head and end, and written at once; a larger one is written from
/// where it is, and with it what follows.
const SMALL: usize = 4 * 1024;

/// Large frames are gathered for one write, which wakes the client once: so much at first, then twice as much each time,
/// until the body or the client pauses.
const AT_FIRST: usize = 16 * 1024;
/// Up to which they are gathered.
const GATHERED: usize = 256 * 1024;

/// After so much that a client has taken at once, the thread looks at its sockets and timers, and other tasks run.
const SHARE: usize = GATHERED;

const CRLF: &[u8] = b"\r\n";
const LAST: &[u8] = b"0\r\n\r\n";
/// The line break behind a chunk that is the last but one, and the last.
const END: &[u8] = b"\r\n0\r\n\r\n";

/// The pieces of a chunk: its frames, each but one larger than [`SMALL`], between its size and what stands behind them.
const SLICES: usize = GATHERED / SMALL + 3;

/// A body on its way.
///
/// While it is silent it has no chunk, and an event goes out without one being put here: it is written from where its
/// thread joins it.
pub(super) struct Sending {
    body: Body,
    /// What of a chunk the client has not taken yet.
    left: Option<Box<Chunk>>,
    /// How the body has ended, behind that chunk.
    end: Option<Result<(), axum::Error>>,
    /// How much is gathered for the next one.
    gathers: usize,
    ahead: Ahead,
}

impl Sending {
    pub(super) fn new(body: Body) -> Self {
        Self { body, left: None, end: None, gathers: AT_FIRST, ahead: Ahead::new() }
    }

    /// What the client has sent meanwhile.
    pub(super) fn into_ahead(self) -> Ahead {
        self.ahead
    }

    /// Sends the body to its end.
    ///
    /// # Errors
    /// If the client leaves or takes nothing, or if the body fails: without the last chunk, the client can tell.
    pub(super) fn poll<T: AsyncRead + AsyncWrite>(
        &mut self,
        io: Pin<&mut T>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        stream::turn(cx, |cx| self.poll_turn(io, cx))
    }

    fn poll_turn<T: AsyncRead + AsyncWrite>(
        &mut self,
        mut io: Pin<&mut T>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let mut written = 0;
        let mut next = self.left.take().map(|left| *left);
        loop {
            // The producer is not asked for more before everything has been taken.
            if let Some(mut chunk) = next.take() {
                written += chunk.remaining();
                if chunk.poll_write(io.as_mut(), cx)?.is_pending() {
                    self.gathers = AT_FIRST;
                    self.left = Some(Box::new(chunk));
                    return Poll::Pending;
                }
                chunk.release();
            }
            match self.end.take_if(|end| end.is_err()) {
                Some(Err(error)) => return Poll::Ready(Err(io::Error::other(error))),
                _ if self.end.is_some() => return io.poll_flush(cx),
                _ => {}
            }
            if written >= SHARE {
                // Woken at once, it would be ready always, and a runtime that has tasks which are ready looks at its sockets
                // and timers only behind some sixty of them: with as many such clients as threads, after seconds.
                let _ = pin!(tokio::task::yield_now()).poll(cx);
                return Poll::Pending;
            }
            match self.gather(cx) {
                Poll::Ready(chunk) => next = Some(chunk),
                Poll::Pending => return self.ahead.poll(io, cx).map_ok(|never| match never {}),
            }
        }
    }

    /// The next chunk: what the body has at once of large frames, or one that is small.
    fn gather(&mut self, cx: &mut Context<'_>) -> Poll<Chunk> {
        let mut frames = Frames::default();
        let most = std::mem::replace(&mut self.gathers, AT_FIRST);
        while frames.remaining() < most && self.end.is_none() {
            match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    let data = frame.into_data().unwrap_or_default();
                    let is_small = data.len() <= SMALL;
                    if is_small && !data.is_empty() && frames.all.is_empty() {
                        return Poll::Ready(Chunk::small(&data));
                    }
                    // A chunk of no bytes would be the last one.
                    frames.push(data);
                    // Behind it, others may be long in coming.
                    if is_small && frames.has_remaining() {
                        break;
                    }
                }
                Poll::Ready(Some(Err(error))) => self.end = Some(Err(error)),
                Poll::Ready(None) => self.end = Some(Ok(())),
                Poll::Pending if frames.all.is_empty() => return Poll::Pending,
                Poll::Pending => break,
            }
        }
        if frames.remaining() >= most {
            self.gathers = (most * 2).min(GATHERED);
        }
        Poll::Ready(Chunk::large(frames, matches!(self.end, Some(Ok(())))))
    }
}

/// What of a chunk is not written yet.
enum Chunk {
    /// A small one: its size, its data and its end.
    Small(Cursor<Vec<u8>>),
    /// A large one: its size; its data; what stands behind them.
    Large(Chain<Chain<Cursor<Vec<u8>>, Frames>, &'static [u8]>),
}

impl Chunk {
    fn small(data: &[u8]) -> Self {
        let mut joined = size_line(data.len());
        joined.extend_from_slice(data);
        joined.extend_from_slice(CRLF);
        Self::Small(Cursor::new(joined))
    }

    /// These frames, and the last chunk behind them if the body has ended.
    fn large(frames: Frames, ended: bool) -> Self {
        let (size, end) = match (frames.remaining(), ended) {
            (0, true) => (Vec::new(), LAST),
            (0, false) => (Vec::new(), &[][..]),
            (len, true) => (size_line(len), END),
            (len, false) => (size_line(len), CRLF),
        };
        Self::Large(Cursor::new(size).chain(frames).chain(end))
    }

    fn remaining(&self) -> usize {
        match self {
            Self::Small(chunk) => chunk.remaining(),
            Self::Large(chunk) => chunk.remaining(),
        }
    }

    fn poll_write<T: AsyncWrite>(&mut self, io: Pin<&mut T>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Small(chunk) => poll_write(chunk, io, cx),
            Self::Large(chunk) => poll_write(chunk, io, cx),
        }
    }

    /// It is written: the thread has its memory back.
    fn release(self) {
        let joined = match self {
            Self::Small(chunk) => chunk,
            Self::Large(chunk) => chunk.into_inner().0.into_inner().0,
        };
        let joined = joined.into_inner();
        if joined.capacity() > 0 {
            JOINED.set(joined);
        }
    }
}

fn poll_write<T: AsyncWrite>(
    chunk: &mut impl Buf,
    mut io: Pin<&mut T>,
    cx: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    while chunk.has_remaining() {
        let first = chunk.chunk();
        let written = if first.len() == chunk.remaining() {
            io.as_mut().poll_write(cx, first)
        } else {
            let mut slices = [IoSlice::new(&[]); SLICES];
            let count = chunk.chunks_vectored(&mut slices);
            io.as_mut().poll_write_vectored(cx, &slices[..count])
        };
        match ready!(written)? {
            0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            written => chunk.advance(written),
        }
    }
    Poll::Ready(Ok(()))
}

/// The line that begins a chunk, where a thread joins it.
fn size_line(len: usize) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut joined = JOINED.take();
    joined.clear();
    let digits = (usize::BITS - len.leading_zeros()).div_ceil(4);
    joined.extend((0..digits).rev().map(|digit| DIGITS[(len >> (4 * digit)) % 16]));
    joined.extend_from_slice(CRLF);
    joined
}

/// Data of a body, as it gave them.
#[derive(Default)]
struct Frames {
    all: VecDeque<Bytes>,
    len: usize,
}

impl Frames {
    fn push(&mut self, data: Bytes) {
        if !data.is_empty() {
            self.len += data.len();
            self.all.push_back(data);
        }
    }
}

impl Buf for Frames {
    fn remaining(&self) -> usize {
        self.len
    }

    fn chunk(&self) -> &[u8] {
        self.all.front().map_or(&[], |data| data)
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let pairs = slices.iter_mut().zip(&self.all);
        pairs.map(|(slice, data)| *slice = IoSlice::new(data)).count()
    }

    fn advance(&mut self, mut count: usize) {
        self.len -= count;
        while let Some(first) = self.all.front_mut() {
            if count < first.len() {
                return first.advance(count);
            }
            count -= first.len();
            if let Some(written) = self.all.pop_front() {
                stream::recycle(written);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use futures_util::stream;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// Sends a body to its end, and returns what the client has sent meanwhile.
    async fn send<T: AsyncRead + AsyncWrite + Unpin>(io: &mut T, body: Body) -> io::Result<Option<Vec<u8>>> {
        let mut sending = Sending::new(body);
        poll_fn(|cx| sending.poll(Pin::new(io), cx)).await?;
        Ok(sending.into_ahead().into_kept())
    }

    /// What a client reads of a body that is sent through a pipe of so many bytes, and what sending it returned.
    async fn sent(
        pipe: usize,
        frames: Vec<Result<&'static [u8], &'static str>>,
    ) -> (Vec<u8>, io::Result<Option<Vec<u8>>>) {
        let (mut io, mut client) = tokio::io::duplex(pipe);
        let body = Body::from_stream(stream::iter(frames));
        let sending = async move { send(&mut io, body).await };
        let mut all = Vec::new();
        let (result, read) = tokio::join!(sending, client.read_to_end(&mut all));
        read.expect("read");
        (all, result)
    }

    #[tokio::test]
    async fn frames_are_chunks_whatever_a_write_takes() {
        static LARGE: [u8; 5000] = [b'x'; 5000];
        let expected = [b"5\r\nthree\r\n1388\r\n", &LARGE[..], b"\r\n0\r\n\r\n"].concat();
        for pipe in [1, 7, 1 << 16] {
            let (all, result) = sent(pipe, vec![Ok(b"three"), Ok(b""), Ok(&LARGE)]).await;
            assert_eq!(all, expected);
            assert_eq!(result.expect("sent"), Some(Vec::new()));
        }
    }

    /// The data of chunks, and whether the last one is there.
    fn decoded(mut text: &[u8]) -> (Vec<u8>, bool) {
        let mut data = Vec::new();
        while let Some(at) = text.windows(2).position(|window| window == CRLF) {
            let size = std::str::from_utf8(&text[..at]).expect("a size");
            let size = usize::from_str_radix(size, 16).expect("hexadecimal");
            data.extend_from_slice(&text[at + 2..at + 2 + size]);
            assert_eq!(&text[at + 2 + size..at + 4 + size], CRLF);
            text = &text[at + 4 + size..];
            if size == 0 {
                assert!(text.is_empty());
                return (data, true);
            }
        }
        (data, false)
    }

    #[tokio::test]
    async fn whatever_the_frames_and_the_pipe_all_of_them_arrive() {
        static BYTES: [u8; 40_000] = [b'x'; 40_000];
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..60 {
            let sizes = [0, 1, SMALL, SMALL + 1, 16_400, 40_000];
            let frames: Vec<_> =
                (0..random.usize(..40)).map(|_| &BYTES[..sizes[random.usize(..6)]]).collect();
            let fails = random.bool();
            let mut results: Vec<_> = frames.iter().copied().map(Ok).collect();
            results.extend(fails.then_some(Err("no more")));
            let (all, result) = sent([300, 5_000, 1 << 20][random.usize(..3)], results).await;
            assert_eq!((decoded(&all), result.is_err()), ((frames.concat(), !fails), fails));
        }
    }

    #[tokio::test]
    async fn large_frames_are_gathered_until_the_body_pauses() {
        static LARGE: [u8; 16_384] = [b'x'; 16_384];
        let (mut io, mut client) = tokio::io::duplex(1 << 20);
        let (sender, more) = tokio::sync::oneshot::channel::<io::Result<&[u8]>>();
        let at_once = stream::iter((0..64).map(|_| Ok(&LARGE[..])));
        let later = stream::once(async { more.await.unwrap_or(Ok(b"")) });
        let body = Body::from_stream(futures_util::StreamExt::chain(at_once, later));
        let sending = tokio::spawn(async move { send(&mut io, body).await });
        // One, two, four, eight and as many as are gathered at most, and those that are left: none waits for what is late.
        let mut all = vec![0; 64 * LARGE.len() + 3 * 8 + 5 * 9];
        client.read_exact(&mut all).await.expect("all that there is");
        let size =
            |at: usize| all[at..].iter().take_while(|byte| **byte != b'\r').map(|byte| char::from(*byte));
        assert_eq!(size(0).collect::<String>(), "4000");
        assert_eq!(size(LARGE.len() + 8).collect::<String>(), "8000");
        sender.send(Ok(&LARGE)).expect("it waits");
        sending.await.expect("no panic").expect("sent");
        client.read_to_end(&mut all).await.expect("the rest");
        let (data, ended) = decoded(&all);
        assert_eq!((data.len(), ended), (65 * LARGE.len(), true));
    }

    #[tokio::test]
    async fn a_client_that_takes_everything_leaves_others_their_share() {
        static LARGE: [u8; 16_384] = [b'x'; 16_384];
        let body = Body::from_stream(stream::repeat_with(|| Ok::<_, io::Error>(&LARGE[..])));
        let mut io = tokio::io::join(tokio::io::empty(), tokio::io::sink());
        let others = async {
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            ended = send(&mut io, body) => panic!("{ended:?}"),
            () = others => {}
        }
    }

    #[tokio::test]
    async fn a_client_that_takes_everything_leaves_sockets_their_turn() {
        static LARGE: [u8; 16_384] = [b'x'; 16_384];
        let frames = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let count = std::sync::Arc::clone(&frames);
        let body = Body::from_stream(stream::repeat_with(move || {
            count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            Ok::<_, io::Error>(&LARGE[..])
        }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let address = listener.local_addr().expect("an address");
        let mut near = tokio::net::TcpStream::connect(address).await.expect("connected");
        let (mut far, _) = listener.accept().await.expect("accepted");
        let mut io = tokio::io::join(tokio::io::empty(), tokio::io::sink());
        let sending = tokio::spawn(async move { send(&mut io, body).await });
        for n in 0..5 {
            let write = async {
                tokio::task::yield_now().await;
                near.write_u8(n).await
            };
            let (read, written) = tokio::join!(far.read_u8(), write);
            assert_eq!((read.expect("read"), written.is_ok()), (n, true));
        }
        sending.abort();
        let sent = frames.load(std::sync::atomic::Ordering::Relaxed);
        assert!((1..1000).contains(&sent), "{sent} frames were sent during five round trips");
    }

    #[tokio::test]
    async fn only_what_the_client_has_not_taken_is_held() {
        static LARGE: [u8; 16_384] = [b'x'; 16_384];
        let frames: [io::Result<&[u8]>; 2] = [Ok(&LARGE), Ok(b"small")];
        let body = Body::from_stream(futures_util::StreamExt::chain(stream::iter(frames), stream::pending()));
        let (mut io, mut client) = tokio::io::duplex(1024);
        let (mut sending, mut cx) = (Sending::new(body), Context::from_waker(std::task::Waker::noop()));
        let mut read = [0; 1024];
        for _ in 0..16 {
            assert!(sending.poll(Pin::new(&mut io), &mut cx).is_pending());
            assert!(sending.left.is_some());
            client.read_exact(&mut read).await.expect("read");
        }
        assert!(sending.poll(Pin::new(&mut io), &mut cx).is_pending());
        assert!(sending.left.is_none());
    }

    #[tokio::test]
    async fn a_body_that_fails_has_no_last_chunk() {
        let (all, result) = sent(64, vec![Ok(b"one"), Err("no more")]).await;
        assert_eq!(all, b"3\r\none\r\n");
        assert!(result.is_err());
    }

    #[tokio::test]
    async fn what_a_client_sends_ahead_is_kept_and_its_leaving_noticed() {
        let (mut io, mut client) = tokio::io::duplex(1 << 16);
        client.write_all(&[b'r'; 700]).await.expect("written");
        let (sender, frames) = tokio::sync::oneshot::channel::<Result<&str, io::Error>>();
        let body = Body::from_stream(stream::once(async { frames.await.unwrap_or(Ok("")) }));
        let sending = tokio::spawn(async move { send(&mut io, body).await });
        tokio::task::yield_now().await;
        sender.send(Ok("done")).expect("it waits");
        assert_eq!(sending.await.expect("no panic").expect("sent"), Some(vec![b'r'; 700]));

        let (mut io, client) = tokio::io::duplex(64);
        drop(client);
        let never = Body::from_stream(stream::pending::<Result<&str, io::Error>>());
        let error = send(&mut io, never).await.expect_err("nobody is there");
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }
}
