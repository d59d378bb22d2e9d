//! What a function becomes that says `emit!`: a generator in safe code.
//!
//! The producer is a future that holds an [`Emitter`]; the two share a [`Channel`]. As a plain [`Stream`] an item is
//! handed over as it is. Behind an endpoint the channel is given an encoder and, while the producer is polled, the
//! chunk that is being filled: an item goes straight into it, without a queue and without a wake-up.

use std::collections::VecDeque;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use futures_core::{FusedStream, Stream};

use crate::error::{Error, Result};
use crate::observe;
use crate::stream::chunk::Chunk;
use crate::stream::options::Wire;
use crate::stream::source::{Filled, Source};

/// The return type of a handler that emits: a `Result`, as `Item` and `Error`.
#[diagnostic::on_unimplemented(
    message = "a function that emits returns a `Result`, not `{Self}`",
    label = "the type of its items and of the error that may end it",
    note = "write `-> Result<Item>`"
)]
pub trait StreamResult {
    /// What is emitted.
    type Item: Send;
    /// What ends the stream.
    type Error;
}

// No `'static` here: whether a future is `Send` is asked with all lifetimes erased, and a `&'static str` would fail.
impl<T: Send, E> StreamResult for Result<T, E> {
    type Item = T;
    type Error = E;
}

type Producer<E> = Pin<Box<dyn Future<Output = Result<(), E>> + Send>>;

/// The stream of what a producer emits, then of the error it ended with, if it did. It runs only while it is polled,
/// and never ahead of the item that was asked for.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use futures_util::StreamExt as _;
/// use lift_runtime::{Result, stream::Emitted};
///
/// let countdown = Emitted::<Result<u32>>::new(|emitter| async move {
///     for n in (1..=3).rev() {
///         emitter.send(n).await;
///     }
///     Ok(())
/// });
/// let items: Vec<u32> = countdown.filter_map(|item| async { item.ok() }).collect().await;
/// assert_eq!(items, [3, 2, 1]);
/// # }
/// ```
///
/// It owns what the producer holds: a handler's arguments are values, so that the stream may outlive the call.
#[must_use = "a stream does nothing unless it is polled"]
pub struct Emitted<R: StreamResult> {
    /// `None` once it has ended.
    producer: Option<Producer<R::Error>>,
    /// What it ended with, while items are still to be taken.
    outcome: Option<R::Error>,
    channel: Arc<Channel<R::Item>>,
}

impl<R: StreamResult> Emitted<R> {
    /// The stream of what `producer` gives to its [`Emitter`].
    pub fn new<F, P>(producer: F) -> Self
    where
        F: FnOnce(Emitter<R::Item>) -> P,
        P: Future<Output = Result<(), R::Error>> + Send + 'static,
    {
        let channel = Arc::new(Channel::default());
        let emitter = Emitter { channel: Arc::clone(&channel) };
        Self { producer: Some(Box::pin(producer(emitter))), outcome: None, channel }
    }

    /// Polls the producer once. If it panics it is gone, and so nothing is polled again after its panic.
    fn run(&mut self, cx: &mut Context<'_>) {
        let Some(mut producer) = self.producer.take() else { return };
        match producer.as_mut().poll(cx) {
            Poll::Ready(result) => self.outcome = result.err(),
            Poll::Pending => self.producer = Some(producer),
        }
    }
}

impl<R: StreamResult> Unpin for Emitted<R> {}

impl<R: StreamResult> std::fmt::Debug for Emitted<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Emitted").field("ended", &self.producer.is_none()).finish_non_exhaustive()
    }
}

impl<T: Send, E> Stream for Emitted<Result<T, E>> {
    type Item = Result<T, E>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut asked = false;
        loop {
            if let Some(item) = self.channel.take() {
                return Poll::Ready(Some(Ok(item)));
            }
            if self.producer.is_none() {
                return Poll::Ready(self.outcome.take().map(Err));
            }
            if asked {
                return Poll::Pending;
            }
            asked = true;
            self.channel.lock().consumer.clone_from_if_other(cx.waker());
            self.run(cx);
        }
    }
}

impl<T: Send, E> FusedStream for Emitted<Result<T, E>> {
    fn is_terminated(&self) -> bool {
        self.producer.is_none() && self.outcome.is_none() && self.channel.lock().queue.is_empty()
    }
}

/// Where a producer puts its items.
pub struct Emitter<T> {
    channel: Arc<Channel<T>>,
}

impl<T> Emitter<T> {
    /// Emits an item, and waits until the stream may go on: until the item was taken or, behind an endpoint, until
    /// the chunk it went into has room for another. An item counts as emitted as soon as this was polled once.
    ///
    /// It may be awaited anywhere in the producer: in loops, `select!`, `join!`, nested async blocks. In a task of its
    /// own it waits for ever once the stream has ended.
    pub fn send(&self, item: T) -> Sending<'_, T> {
        Sending { channel: &self.channel, state: SendState::New(item) }
    }
}

impl<T> std::fmt::Debug for Emitter<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Emitter").finish_non_exhaustive()
    }
}

/// An item on its way, made by [`Emitter::send`].
#[must_use = "an item is emitted when this is awaited"]
pub struct Sending<'a, T> {
    channel: &'a Channel<T>,
    state: SendState<T>,
}

enum SendState<T> {
    New(T),
    Waiting(u64),
    Sent,
}

impl<T> Unpin for Sending<'_, T> {}

impl<T> std::fmt::Debug for Sending<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sending").finish_non_exhaustive()
    }
}

impl<T> Future for Sending<'_, T> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.channel.lock();
        let ticket = match std::mem::replace(&mut self.state, SendState::Sent) {
            SendState::New(item) => match state.offer(item) {
                Some(ticket) => ticket,
                None => return Poll::Ready(()),
            },
            SendState::Waiting(ticket) => ticket,
            SendState::Sent => return Poll::Ready(()),
        };
        if ticket < state.released {
            return Poll::Ready(());
        }
        state.wait(cx.waker());
        drop(state);
        self.state = SendState::Waiting(ticket);
        Poll::Pending
    }
}

/// What a stream and its emitter share.
struct Channel<T>(Mutex<State<T>>);

struct State<T> {
    /// Items that wait for the consumer, in order: as many as `send`s are under way at most.
    queue: VecDeque<T>,
    /// How many items were emitted.
    sent: u64,
    /// How many of them need not wait any longer.
    released: u64,
    /// Who polls the stream.
    consumer: Consumer,
    /// `send`s that were polled by somebody else, such as a `FuturesUnordered` or another task.
    others: Vec<Waker>,
    encoding: Option<Encoding<T>>,
}

/// How items become bytes behind an endpoint.
struct Encoding<T> {
    encode: fn(T, Wire, &mut Chunk) -> Result<()>,
    wire: Wire,
    /// The chunk that is being filled; one that is always full while the producer is not polled.
    chunk: Chunk,
    failure: Option<Error>,
}

/// The waker of whoever polls the stream, and whether that is happening.
#[derive(Default)]
struct Consumer {
    waker: Option<Waker>,
    polling: bool,
}

impl Consumer {
    fn clone_from_if_other(&mut self, waker: &Waker) {
        if !self.is(waker) {
            self.waker = Some(waker.clone());
        }
        self.polling = true;
    }

    fn is(&self, waker: &Waker) -> bool {
        self.waker.as_ref().is_some_and(|own| own.will_wake(waker))
    }
}

impl<T> Default for Channel<T> {
    fn default() -> Self {
        Self(Mutex::new(State {
            queue: VecDeque::new(),
            sent: 0,
            released: 0,
            consumer: Consumer::default(),
            others: Vec::new(),
            encoding: None,
        }))
    }
}

impl<T> Channel<T> {
    /// The state, also after an item's `Serialize` has panicked: what it left is behind the chunk's last whole item.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next item of a plain stream.
    fn take(&self) -> Option<T> {
        let mut state = self.lock();
        state.consumer.polling = false;
        let item = state.queue.pop_front()?;
        state.release();
        Some(item)
    }
}

impl<T> State<T> {
    /// Takes an item: `None` if its sender may go on at once, or else the ticket with which it waits.
    fn offer(&mut self, item: T) -> Option<u64> {
        let ticket = self.sent;
        self.sent += 1;
        match &mut self.encoding {
            Some(encoding) if self.queue.is_empty() && encoding.has_room() => {
                encoding.write(item);
                if encoding.has_room() {
                    return None;
                }
            }
            _ => self.queue.push_back(item),
        }
        Some(ticket)
    }

    /// All items but those in the queue were taken: their senders go on.
    fn release(&mut self) {
        self.released = self.sent - self.queue.len() as u64;
        for waker in self.others.drain(..) {
            waker.wake();
        }
    }

    /// A sender has to wait. The consumer polls the producer again by itself, as soon as it has room.
    fn wait(&mut self, waker: &Waker) {
        if self.consumer.is(waker) && self.consumer.polling {
            return;
        }
        if !self.others.iter().any(|other| other.will_wake(waker)) {
            self.others.push(waker.clone());
        }
        if !self.consumer.polling
            && let Some(consumer) = &self.consumer.waker
        {
            consumer.wake_by_ref();
        }
    }

    /// The producer is about to be polled, and everything in the last chunk was taken.
    fn open(&mut self, chunk: &mut Chunk, waker: &Waker) {
        self.consumer.clone_from_if_other(waker);
        if let Some(encoding) = &mut self.encoding {
            std::mem::swap(&mut encoding.chunk, chunk);
        }
        self.release();
        self.encode_queue();
        let room = self.encoding.as_ref().is_some_and(Encoding::has_room);
        if room {
            self.release();
        }
    }

    fn encode_queue(&mut self) {
        let Some(encoding) = &mut self.encoding else { return };
        while encoding.has_room()
            && let Some(item) = self.queue.pop_front()
        {
            encoding.write(item);
        }
    }

    /// The producer has been polled. Whether there is more, which found no room, and what an item failed with.
    fn close(&mut self, chunk: &mut Chunk) -> (bool, Option<Error>) {
        self.consumer.polling = false;
        let Some(encoding) = &mut self.encoding else { return (false, None) };
        std::mem::swap(&mut encoding.chunk, chunk);
        (chunk.is_full() || !self.queue.is_empty(), encoding.failure.take())
    }
}

impl<T> Encoding<T> {
    fn has_room(&self) -> bool {
        !self.chunk.is_full() && self.failure.is_none()
    }

    fn write(&mut self, item: T) {
        self.failure = (self.encode)(item, self.wire, &mut self.chunk).err();
    }
}

/// An [`Emitted`] behind an endpoint.
pub(crate) struct EmittedSource<R: StreamResult>(Emitted<R>);

impl<R: StreamResult> EmittedSource<R> {
    pub(crate) fn new(
        emitted: Emitted<R>,
        encode: fn(R::Item, Wire, &mut Chunk) -> Result<()>,
        wire: Wire,
    ) -> Self {
        let encoding = Encoding { encode, wire, chunk: Chunk::default(), failure: None };
        emitted.channel.lock().encoding = Some(encoding);
        Self(emitted)
    }
}

impl<R: StreamResult> Source for EmittedSource<R>
where
    R::Error: Into<Error> + Send,
{
    fn poll_fill(mut self: Pin<&mut Self>, cx: &mut Context<'_>, chunk: &mut Chunk) -> Filled {
        let emitted = &mut self.0;
        emitted.channel.lock().open(chunk, cx.waker());
        let panic = catch_unwind(AssertUnwindSafe(|| emitted.run(cx))).err();
        let (more, failure) = emitted.channel.lock().close(chunk);
        if let Some(error) = failure {
            return Filled::Ended(Err(error));
        }
        if let Some(panic) = panic {
            return Filled::Ended(Err(Error::internal(observe::panic_text(&*panic))));
        }
        match (&emitted.producer, more) {
            (None, false) => Filled::Ended(emitted.outcome.take().map_or(Ok(()), |error| Err(error.into()))),
            (_, true) => Filled::More,
            (Some(_), false) => Filled::Paused,
        }
    }
}
