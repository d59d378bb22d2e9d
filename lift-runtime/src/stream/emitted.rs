//! What a function becomes that says `emit!`: a generator in safe code.
//!
//! The producer is a future that holds an [`Emitter`]; the two share a [`Channel`]. As a plain [`Stream`] an item is
//! handed over as it is. Behind an endpoint the channel is given an encoder, and while the producer is polled the thread
//! has the chunk that is being filled: an item goes straight into it, without a lock, a queue or a wake-up.

use std::collections::VecDeque;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};

use futures_core::{FusedStream, Stream};
use pin_project_lite::pin_project;

use crate::error::{Error, Result};
use crate::observe;
use crate::stream::chunk::Chunk;
use crate::stream::filling::{self, Filling};
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
    generator: Pin<Box<dyn Generate<R>>>,
    /// What the producer ended with, while items are still to be taken.
    outcome: Option<R::Error>,
    channel: Arc<Channel<R::Item>>,
}

impl<R: StreamResult> Emitted<R> {
    /// The stream of what `producer` gives to its [`Emitter`].
    pub fn new<F, P>(producer: F) -> Self
    where
        F: FnOnce(Emitter<R::Item>) -> P,
        P: Future<Output = Result<(), R::Error>> + Send + 'static,
        R: 'static,
    {
        let channel = Arc::new(Channel::default());
        let producer = producer(Emitter { channel: Arc::clone(&channel) });
        let generator = Generator::<R, P> {
            waker: None,
            channel: Arc::clone(&channel),
            fail: None,
            producer: Some(producer),
            outcome: None,
        };
        Self { generator: Box::pin(generator), outcome: None, channel }
    }

    /// The same behind an endpoint.
    pub(crate) fn into_source(
        mut self,
        encode: fn(R::Item, Wire, &mut Chunk) -> Result<()>,
        wire: Wire,
    ) -> Pin<Box<dyn Source>>
    where
        R::Error: Into<Error>,
    {
        let _ = self.channel.encoding.set(Encoding { encode, wire });
        self.generator.as_mut().fail_with(Into::into);
        self.generator
    }
}

impl<R: StreamResult> Unpin for Emitted<R> {}

impl<R: StreamResult> std::fmt::Debug for Emitted<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Emitted").field("ended", &self.generator.is_ended()).finish_non_exhaustive()
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
            if self.generator.is_ended() {
                return Poll::Ready(self.outcome.take().map(Err));
            }
            if asked {
                return Poll::Pending;
            }
            asked = true;
            self.channel.lock().consumer.clone_from_if_other(cx.waker());
            if let Poll::Ready(result) = self.generator.as_mut().run(cx) {
                self.outcome = result.err();
            }
        }
    }
}

impl<T: Send, E> FusedStream for Emitted<Result<T, E>> {
    fn is_terminated(&self) -> bool {
        self.generator.is_ended() && self.outcome.is_none() && self.channel.lock().queue.is_empty()
    }
}

/// A producer of whatever type.
trait Generate<R: StreamResult>: Source {
    /// Polls the producer once, if it has not ended.
    fn run(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), R::Error>>;

    fn is_ended(&self) -> bool;

    /// Puts it behind an endpoint, of which this makes its error one.
    fn fail_with(self: Pin<&mut Self>, fail: fn(R::Error) -> Error);
}

pin_project! {
    /// A producer, and what an endpoint knows of it: in one piece of memory, in the order in which an event reads it.
    #[repr(C)]
    struct Generator<R: StreamResult, P> {
        // Whom the channel knows as its consumer.
        waker: Option<Waker>,
        channel: Arc<Channel<R::Item>>,
        // There behind an endpoint.
        fail: Option<fn(R::Error) -> Error>,
        // `None` once it has ended.
        #[pin]
        producer: Option<P>,
        // What it failed with, while items are still to be taken.
        outcome: Option<Error>,
    }
}

impl<R, P> Generate<R> for Generator<R, P>
where
    R: StreamResult,
    P: Future<Output = Result<(), R::Error>> + Send,
{
    fn run(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), R::Error>> {
        run(self.project().producer, cx)
    }

    fn is_ended(&self) -> bool {
        self.producer.is_none()
    }

    fn fail_with(self: Pin<&mut Self>, fail: fn(R::Error) -> Error) {
        *self.project().fail = Some(fail);
    }
}

impl<R, P> Source for Generator<R, P>
where
    R: StreamResult,
    P: Future<Output = Result<(), R::Error>> + Send,
{
    fn poll_fill(self: Pin<&mut Self>, cx: &mut Context<'_>, chunk: &mut Chunk) -> Filled {
        let mut this = self.project();
        let Some(fail) = *this.fail else { return Filled::Ended(Ok(())) };
        let channel = &**this.channel;
        let is_known = this.waker.as_ref().is_some_and(|known| known.will_wake(cx.waker()));
        let mut filling = Filling::new(channel, std::mem::replace(chunk, Chunk::EMPTY));
        let polled = catch_unwind(AssertUnwindSafe(|| {
            if !is_known || channel.is_awaited() {
                channel.open(cx.waker(), &mut filling);
            }
            filling::scope(&mut filling, || run(this.producer.as_mut(), cx).map_err(fail))
        }));
        if !is_known {
            *this.waker = Some(cx.waker().clone());
        }
        let failure = filling.take_failure();
        *chunk = filling.into_chunk();
        if let Some(error) = failure {
            return Filled::Ended(Err(error));
        }
        match polled {
            Ok(Poll::Ready(Err(error))) => *this.outcome = Some(error),
            Ok(_) => {}
            Err(panic) => return Filled::Ended(Err(Error::internal(observe::panic_text(&*panic)))),
        }
        match (&*this.producer, chunk.is_full() || channel.has_more()) {
            (None, false) => Filled::Ended(this.outcome.take().map_or(Ok(()), Err)),
            (_, true) => Filled::More,
            (Some(_), false) => Filled::Paused,
        }
    }
}

/// Polls a producer once. When it has ended it is gone; also if it panics, so that nothing is polled again after that.
fn run<P, E>(producer: Pin<&mut Option<P>>, cx: &mut Context<'_>) -> Poll<Result<(), E>>
where
    P: Future<Output = Result<(), E>>,
{
    struct Polled<'a, P> {
        producer: Pin<&'a mut Option<P>>,
        goes_on: bool,
    }

    impl<P> Drop for Polled<'_, P> {
        fn drop(&mut self) {
            if !self.goes_on {
                self.producer.set(None);
            }
        }
    }

    let mut polled = Polled { producer, goes_on: false };
    let Some(producer) = polled.producer.as_mut().as_pin_mut() else { return Poll::Pending };
    let result = producer.poll(cx);
    polled.goes_on = result.is_pending();
    result
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
        let ticket = match std::mem::replace(&mut self.state, SendState::Sent) {
            SendState::New(item) => match self.channel.offer(item) {
                Some(ticket) => ticket,
                None => return Poll::Ready(()),
            },
            SendState::Waiting(ticket) => ticket,
            SendState::Sent => return Poll::Ready(()),
        };
        let mut state = self.channel.lock();
        if ticket < state.released {
            return Poll::Ready(());
        }
        let is_filled = filling::is_of(self.channel);
        state.wait(cx.waker(), is_filled);
        drop(state);
        self.state = SendState::Waiting(ticket);
        Poll::Pending
    }
}

/// What a stream and its emitter share.
///
/// In the order of its fields: what each item needs stands in front, so that the rest is not even read.
#[repr(C)]
struct Channel<T> {
    /// How items become bytes, behind an endpoint.
    encoding: OnceLock<Encoding<T>>,
    /// Somebody waits: the consumer has to look at the state.
    is_awaited: AtomicBool,
    state: Mutex<State<T>>,
}

struct Encoding<T> {
    encode: fn(T, Wire, &mut Chunk) -> Result<()>,
    wire: Wire,
}

struct State<T> {
    /// Items that wait for the consumer with their tickets, in order: as many as `send`s are under way at most.
    queue: VecDeque<(u64, T)>,
    /// The next ticket, for whoever has to wait.
    next: u64,
    /// Tickets below this one need not wait any longer.
    released: u64,
    /// Who polls the stream.
    consumer: Consumer,
    /// `send`s that were polled by somebody else, such as a `FuturesUnordered` or another task.
    others: Vec<Waker>,
}

/// The waker of whoever polls the stream and, of a plain stream, whether that is happening.
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
        let state = State {
            queue: VecDeque::new(),
            next: 0,
            released: 0,
            consumer: Consumer::default(),
            others: Vec::new(),
        };
        Self { encoding: OnceLock::new(), is_awaited: AtomicBool::new(false), state: Mutex::new(state) }
    }
}

impl<T> Channel<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an item: `None` if its sender may go on at once, or else the ticket with which it waits.
    #[inline]
    fn offer(&self, item: T) -> Option<u64> {
        // Behind an item that waits, all others do.
        let item = match self.encoding.get().filter(|_| !self.is_awaited()) {
            Some(Encoding { encode, wire }) => {
                match filling::write(self, item, |item, chunk| encode(item, *wire, chunk)) {
                    Ok(filling::Room::Left) => return None,
                    Ok(filling::Room::None) => return Some(self.wait_with(None)),
                    Err(item) => item,
                }
            }
            None => item,
        };
        Some(self.wait_with(Some(item)))
    }

    /// The ticket of a sender that waits, with its item if that waits too.
    fn wait_with(&self, item: Option<T>) -> u64 {
        let mut state = self.lock();
        let ticket = state.next;
        state.next += 1;
        state.queue.extend(item.map(|item| (ticket, item)));
        self.is_awaited.store(true, Ordering::Release);
        ticket
    }

    fn is_awaited(&self) -> bool {
        self.is_awaited.load(Ordering::Acquire)
    }

    /// The next item of a plain stream.
    fn take(&self) -> Option<T> {
        let mut state = self.lock();
        state.consumer.polling = false;
        let (_, item) = state.queue.pop_front()?;
        state.release();
        Some(item)
    }

    /// The producer is about to be polled, and everything in the last chunk was taken.
    fn open(&self, waker: &Waker, filling: &mut Filling) {
        let mut state = self.lock();
        state.consumer.waker = Some(waker.clone());
        state.release();
        let Some(Encoding { encode, wire }) = self.encoding.get() else { return };
        while filling.has_room()
            && let Some((_, item)) = state.queue.pop_front()
        {
            filling.write(item, |item, chunk| encode(item, *wire, chunk));
        }
        if filling.has_room() {
            state.release();
        }
        self.is_awaited.store(state.released < state.next, Ordering::Release);
    }

    /// Whether there are items that found no room.
    fn has_more(&self) -> bool {
        self.is_awaited() && !self.lock().queue.is_empty()
    }
}

impl<T> State<T> {
    /// All items but those in the queue were taken: their senders go on.
    fn release(&mut self) {
        self.released = self.queue.front().map_or(self.next, |(ticket, _)| *ticket);
        for waker in self.others.drain(..) {
            waker.wake();
        }
    }

    /// A sender has to wait. A consumer that is polling the producer does so again by itself, as soon as it has room.
    fn wait(&mut self, waker: &Waker, is_filled: bool) {
        let is_polled = is_filled || self.consumer.polling;
        if self.consumer.is(waker) && is_polled {
            return;
        }
        if !self.others.iter().any(|other| other.will_wake(waker)) {
            self.others.push(waker.clone());
        }
        if !is_polled && let Some(consumer) = &self.consumer.waker {
            consumer.wake_by_ref();
        }
    }
}
