//! The body of a streamed answer.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame};
use metrics::Gauge;
use pin_project_lite::pin_project;
use tokio::sync::futures::OwnedNotified;
use tokio::time::{Instant, Sleep};

use crate::stream::ending::{Aborted, Farewell};
use crate::stream::event;
use crate::stream::options::Wire;
use crate::stream::progress::{Progress, Running, earliest, poll_timer};
use crate::stream::turn;

/// How long the format's ending has to reach the client before the connection is aborted. An aborted transport
/// drops what it has not yet written, and does not tell a body when that is: hyper's HTTP/1.1 and HTTP/2 alike.
const LINGER: Duration = Duration::from_millis(100);

pin_project! {
    /// The body of a streamed answer: it runs the producer when the transport asks for more. It has one timer, set
    /// only while the producer is silent.
    ///
    /// In the order of its fields: what each event needs stands in front.
    #[repr(C)]
    pub(crate) struct StreamBody {
        id: turn::Id,
        running: Running,
        // Since when the transport has been waiting for an item.
        silent_since: Option<Instant>,
        kept_alive: Option<Instant>,
        // When `timer` will wake whoever watches.
        wakes_at: Option<Instant>,
        // Whom `shutdown` will wake.
        watcher: Option<Waker>,
        phase: Phase,
        #[pin]
        timer: Option<Sleep>,
        #[pin]
        shutdown: OwnedNotified,
        open: Open,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Flowing,
    /// Everything was handed over; the transport is given the time to send it, then aborted.
    Lingering,
    Done,
}

impl StreamBody {
    pub(crate) fn new(mut running: Running, since: Instant) -> Self {
        if let (Wire::Sse, Some(retry)) = (running.wire, running.options.retry_hint()) {
            let mut hint = Vec::new();
            event::write_retry(retry, &mut hint);
            hint.push(b'\n');
            running.prepend(hint);
        }
        running.asked = true;
        Self {
            id: turn::Id::new(),
            phase: Phase::Flowing,
            silent_since: (!running.has_items).then_some(since),
            kept_alive: None,
            timer: None,
            shutdown: running.context.shared().shutdown.notified(),
            watcher: None,
            wakes_at: None,
            open: Open::new(running.context.route(), running.wire),
            running,
        }
    }

    /// Nothing is there to be sent: waits for the next moment at which that matters.
    fn poll_silence(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        if !this.watcher.as_ref().is_some_and(|watcher| watcher.will_wake(cx.waker())) {
            *this.watcher = Some(cx.waker().clone());
            *this.wakes_at = None;
            if this.shutdown.poll(cx).is_ready() {
                return Poll::Ready(());
            }
        }
        let running = &mut *this.running;
        let now = Instant::now();
        let since = *this.silent_since.get_or_insert(now);
        let written = this.kept_alive.map_or(since, |kept| kept.max(since));
        let silence = running.options.silence(running.wire).and_then(|silence| written.checked_add(silence));
        let Some(due) = earliest(silence, running.patience(since)) else { return Poll::Pending };
        if this.wakes_at.is_some_and(|at| now < at && at <= due) {
            return Poll::Pending;
        }
        *this.wakes_at = None;
        if poll_timer(this.timer.as_mut(), due, cx).is_pending() {
            // Of a task that has had its share, timers are not even looked at.
            let is_set = tokio::task::coop::has_budget_remaining();
            *this.wakes_at = this.timer.as_pin_mut().filter(|_| is_set).map(|timer| timer.deadline());
            return Poll::Pending;
        }
        let now = Instant::now();
        if !running.lose_patience(since) && silence.is_some_and(|at| at <= now) {
            *this.kept_alive = Some(now);
            running.keep_alive();
        }
        Poll::Ready(())
    }
}

impl Body for StreamBody {
    type Data = Bytes;
    type Error = Aborted;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Aborted>>> {
        let mut is_paused = turn::is_paused(self.id, cx);
        loop {
            let mut this = self.as_mut().project();
            if let Some(bytes) = this.running.next_frame() {
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
            match *this.phase {
                Phase::Flowing => {}
                Phase::Lingering => {
                    let Some(timer) = this.timer.as_mut().as_pin_mut() else { return Poll::Ready(None) };
                    ready!(timer.poll(cx));
                    *this.phase = Phase::Done;
                    return Poll::Ready(Some(Err(Aborted)));
                }
                Phase::Done => return Poll::Ready(None),
            }
            let progress = if std::mem::take(&mut is_paused) {
                Progress::Silent
            } else {
                let progress = this.running.advance(cx);
                turn::polled(*this.id, cx, this.running.is_paused);
                progress
            };
            match progress {
                Progress::Items => {
                    *this.silent_since = None;
                    if !this.running.has_frame() {
                        // Items of no bytes: let others run before the next ones.
                        cx.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                }
                Progress::Silent => ready!(self.as_mut().poll_silence(cx)),
                Progress::Ended => self.as_mut().end(),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.phase == Phase::Done && !self.running.has_frame()
    }
}

impl StreamBody {
    /// The producer has ended: what it made last goes out, then the format's ending.
    fn end(self: Pin<&mut Self>) {
        let mut this = self.project();
        let Some(end) = this.running.take_end() else {
            *this.phase = Phase::Done;
            return;
        };
        let Farewell { last, abort } = this.running.farewell(end);
        if let Some(last) = last {
            this.running.append(last);
        }
        // Lambda's runtime would write the text of an error into the body.
        if abort && !this.running.context.on_lambda() {
            this.timer.set(Some(tokio::time::sleep(LINGER)));
            *this.phase = Phase::Lingering;
        } else {
            *this.phase = Phase::Done;
        }
    }
}

/// A stream that is open, in the gauge `lift.stream.open`.
struct Open(Gauge);

impl Open {
    fn new(route: Option<&'static str>, wire: Wire) -> Self {
        let gauge =
            metrics::gauge!("lift.stream.open", "route" => route.unwrap_or(""), "format" => wire.name());
        gauge.increment(1.0);
        Self(gauge)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}
