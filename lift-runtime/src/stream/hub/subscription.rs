//! Whoever listens to a topic.

use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::published::{Frame, Published};
use super::topic::{Cursor, Taken, Topic};
use super::{OnLag, Topics};
use crate::error::{Error, Result};

/// What [`Hub::subscribe`](super::Hub::subscribe) returns: the stream of a topic's events. Dropped, it has left.
///
/// The first item may be without data: it tells a browser where it begins, so that one that loses its connection before
/// the first event misses none.
#[must_use = "a subscription gets its events when it is polled"]
pub struct Subscription<T> {
    topics: Arc<Topics>,
    topic: Arc<Topic>,
    cursor: Cursor,
    first: Option<Frame>,
    ended: bool,
    item: PhantomData<fn() -> T>,
}

impl<T> Subscription<T> {
    pub(super) fn new(topics: Arc<Topics>, topic: Arc<Topic>, cursor: Cursor, first: Option<Frame>) -> Self {
        Self { topics, topic, cursor, first, ended: false, item: PhantomData }
    }
}

impl<T> Stream for Subscription<T> {
    type Item = Result<Published<T>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if this.ended {
            return Poll::Ready(None);
        }
        let frame = match this.first.take() {
            Some(first) => first,
            None => match this.topic.take(&mut this.cursor, cx.waker()) {
                Taken::Event(frame) => frame,
                Taken::Lagged(..) if this.topics.on_lag == OnLag::Disconnect => {
                    this.ended = true;
                    return Poll::Ready(Some(Err(lagged())));
                }
                Taken::Lagged(missed, position) => Frame::gap(position, missed),
                Taken::Nothing => return Poll::Pending,
            },
        };
        Poll::Ready(Some(Ok(Published::new(frame))))
    }
}

fn lagged() -> Error {
    Error::unavailable("The client did not keep up with what was sent to it; come back.").with_code("lagged")
}

impl<T> Drop for Subscription<T> {
    fn drop(&mut self) {
        self.topic.leave(&self.cursor);
        self.topics.left(&self.topic);
    }
}

impl<T> std::fmt::Debug for Subscription<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subscription").field("topic", &self.topic.name).finish_non_exhaustive()
    }
}
