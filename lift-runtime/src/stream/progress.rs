//! One stream under way: its producer, what it has made, and how far it may go.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{self, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::app::Shared;
use crate::context::{Context, Lent};
use crate::stream::chunk::Chunk;
use crate::stream::ending::{Cut, End, Farewell, item_timeout};
use crate::stream::options::{Options, Wire};
use crate::stream::source::{Filled, Source};

/// What a stream on Lambda leaves of its invocation's time, to end by itself.
const MARGIN: Duration = Duration::from_millis(500);

/// A stream under way.
///
/// In the order of its fields: what each event needs stands in front, in two lines of memory.
#[repr(C)]
pub(crate) struct Running {
    /// What `context` leads to, for each event: without a look at memory that nothing else of an event needs.
    shared: Arc<Shared>,
    pub(crate) options: &'static Options,
    /// `None` once it has ended: nothing of it is kept while its last bytes are sent.
    producer: Option<Pin<Box<dyn Source>>>,
    /// The producer runs in it.
    scope: Lent,
    /// What is ready for the transport, in this order. What is whole is large, and its own box small beside it.
    text: Option<Bytes>,
    whole: Option<Box<Bytes>>,
    ends_at: Option<(Instant, Cut)>,
    pub(crate) wire: Wire,
    pub(crate) has_items: bool,
    /// The producer waits, and will wake who polled it last.
    pub(crate) is_paused: bool,
    /// Somebody waits for what is made.
    pub(crate) asked: bool,
    /// Why it has ended, until its ending is written.
    end: Option<End>,
    pub(crate) context: Context,
}

/// What has become of a stream when it was run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// There are new items.
    Items,
    /// The producer waits.
    Silent,
    /// It has ended.
    Ended,
}

impl Running {
    pub(crate) fn new(
        context: Context,
        options: &'static Options,
        wire: Wire,
        producer: Pin<Box<dyn Source>>,
    ) -> Self {
        let ends_at = ends_at(&context, options);
        Self {
            scope: context.lent(),
            shared: Arc::clone(context.shared()),
            context,
            options,
            wire,
            producer: Some(producer),
            text: None,
            whole: None,
            end: None,
            ends_at,
            has_items: false,
            is_paused: false,
            asked: false,
        }
    }

    /// Runs the producer until it pauses, ends, or has filled a chunk.
    pub(crate) fn advance(&mut self, cx: &mut task::Context<'_>) -> Progress {
        self.is_paused = false;
        if let Some(cut) = self.is_cut() {
            self.finish(End::Cut(cut));
        }
        let Some(producer) = &mut self.producer else { return Progress::Ended };
        let mut chunk = Chunk::begin(self.options, self.asked);
        let filled = self.scope.scope(|| producer.as_mut().poll_fill(cx, &mut chunk));
        let items = chunk.items() > 0;
        let (text, whole) = chunk.finish();
        (self.text, self.whole) = (text, whole.map(Box::new));
        self.has_items |= items;
        self.is_paused = matches!(filled, Filled::Paused);
        match filled {
            Filled::Paused if !items => Progress::Silent,
            Filled::Paused | Filled::More => Progress::Items,
            Filled::Ended(result) => {
                self.finish(result.map_or_else(End::Failed, |()| End::Complete));
                Progress::Ended
            }
        }
    }

    fn is_cut(&self) -> Option<Cut> {
        if self.shared.shutdown.has_begun() {
            return Some(Cut::Shutdown);
        }
        self.ends_at.filter(|(at, _)| *at <= Instant::now()).map(|(_, cut)| cut)
    }

    /// Drops the producer, in its context; the first reason stands.
    fn finish(&mut self, end: End) {
        if let Some(producer) = self.producer.take() {
            self.scope.scope(|| drop(producer));
            self.end = Some(end);
        }
    }

    /// The next frame that is ready.
    pub(crate) fn next_frame(&mut self) -> Option<Bytes> {
        self.text.take().or_else(|| Some(*self.whole.take()?))
    }

    /// Whether a frame is ready.
    pub(crate) fn has_frame(&self) -> bool {
        self.text.is_some() || self.whole.is_some()
    }

    /// Something that clients ignore is ready.
    pub(crate) fn keep_alive(&mut self) {
        let ignored: &[u8] = if self.wire == Wire::Sse { b":\n\n" } else { b"\n" };
        self.text = Some(Bytes::from_static(ignored));
    }

    /// Puts something behind what is ready.
    pub(crate) fn append(&mut self, after: Bytes) {
        if self.has_frame() {
            // The producer's last items were joined; so is its ending.
            let ready = std::iter::from_fn(|| self.next_frame());
            self.text = Some(ready.chain([after]).collect::<Vec<_>>().concat().into());
        } else {
            self.text = Some(after);
        }
    }

    /// Puts something in front of what is ready.
    pub(crate) fn prepend(&mut self, before: Vec<u8>) {
        let text = match self.text.take() {
            Some(text) => [&before, &*text].concat(),
            None => before,
        };
        self.text = Some(text.into());
    }

    /// Why it has ended, if that was not said yet.
    pub(crate) fn take_end(&mut self) -> Option<End> {
        self.end.take()
    }

    /// The end is still to be said.
    pub(crate) fn put_back(&mut self, end: End) {
        self.end = Some(end);
    }

    /// The format's ending.
    pub(crate) fn farewell(&mut self, end: End) -> Farewell {
        self.scope.scope(|| end.farewell(self.wire, self.options))
    }

    /// The moment until which silence since `since` is borne, if there is one.
    pub(crate) fn patience(&self, since: Instant) -> Option<Instant> {
        let item = self.options.patience().and_then(|patience| since.checked_add(patience));
        earliest(item, self.ends_at.map(|(at, _)| at))
    }

    /// Ends the stream if the silence since `since` has been too long, and tells whether it was.
    pub(crate) fn lose_patience(&mut self, since: Instant) -> bool {
        let waited = since.elapsed();
        if let Some(cut) = self.is_cut() {
            self.finish(End::Cut(cut));
        } else if let Some(patience) = self.options.patience().filter(|patience| waited >= *patience) {
            self.finish(End::Failed(item_timeout(patience)));
        }
        self.producer.is_none()
    }

    /// Waits for items or the end, but not beyond `until`: then it is silent.
    pub(crate) async fn wait(&mut self, until: Option<Instant>) -> Progress {
        let mut timer = pin!(None::<Sleep>);
        poll_fn(|cx| {
            let progress = self.advance(cx);
            if progress != Progress::Silent {
                return Poll::Ready(progress);
            }
            let Some(until) = until else { return Poll::Pending };
            ready!(poll_timer(timer.as_mut(), until, cx));
            Poll::Ready(Progress::Silent)
        })
        .await
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(producer) = self.producer.take() {
            self.scope.scope(|| drop(producer));
        }
    }
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running").field("wire", &self.wire).field("end", &self.end).finish_non_exhaustive()
    }
}

/// Polls a timer that is set when it is first needed, and is moved only when it is too late or has run out: a busy
/// stream does not touch it.
pub(crate) fn poll_timer(
    mut timer: Pin<&mut Option<Sleep>>,
    due: Instant,
    cx: &mut task::Context<'_>,
) -> Poll<()> {
    if timer.is_none() {
        timer.set(Some(sleep_until(due)));
    }
    let Some(mut sleep) = timer.as_pin_mut() else { return Poll::Pending };
    if sleep.deadline() > due {
        sleep.as_mut().reset(due);
    }
    ready!(sleep.as_mut().poll(cx));
    if sleep.deadline() >= due {
        return Poll::Ready(());
    }
    sleep.as_mut().reset(due);
    sleep.poll(cx)
}

pub(crate) fn earliest(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, other) => one.or(other),
    }
}

/// When a stream that goes on is cut off, and why.
fn ends_at(context: &Context, options: &Options) -> Option<(Instant, Cut)> {
    let lifetime = options.lifetime().and_then(|lifetime| Instant::now().checked_add(lifetime));
    let bounded = context.on_lambda() || context.is_buffered();
    let deadline = context.deadline().filter(|_| bounded);
    let deadline = deadline.map(|deadline| deadline.checked_sub(MARGIN).unwrap_or(deadline));
    let lifetime = lifetime.map(|at| (at, Cut::MaxDuration));
    let deadline = deadline.map(|at| (at, Cut::Deadline));
    match (lifetime, deadline) {
        (Some(a), Some(b)) => Some(if a.0 < b.0 { a } else { b }),
        (one, other) => one.or(other),
    }
}
