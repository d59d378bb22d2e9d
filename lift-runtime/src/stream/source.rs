//! What fills a stream's chunks: a producer that emits, or a stream that a handler has returned.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use pin_project_lite::pin_project;

use crate::error::{Error, Result};
use crate::observe;
use crate::stream::chunk::Chunk;
use crate::stream::options::Wire;

/// A producer of whatever type, as a body sees it.
pub(crate) trait Source: Send {
    /// Runs the producer until it pauses or ends, or until the chunk is full. Not called again after the end.
    fn poll_fill(self: Pin<&mut Self>, cx: &mut Context<'_>, chunk: &mut Chunk) -> Filled;
}

/// Why a producer has stopped for now.
#[derive(Debug)]
pub(crate) enum Filled {
    /// The chunk is full; no waker is told when to go on.
    More,
    /// It waits for something, which wakes the task.
    Paused,
    /// It has come to its end, or failed or panicked.
    Ended(Result<()>),
}

pin_project! {
    /// A stream that a handler has returned.
    pub(crate) struct Opened<St: Stream, T, E> {
        #[pin]
        pub(crate) stream: St,
        pub(crate) split: fn(St::Item) -> Result<T, E>,
        pub(crate) encode: fn(T, Wire, &mut Chunk) -> Result<()>,
        pub(crate) wire: Wire,
    }
}

impl<St, T, E> Source for Opened<St, T, E>
where
    St: Stream + Send,
    E: Into<Error>,
{
    fn poll_fill(self: Pin<&mut Self>, cx: &mut Context<'_>, chunk: &mut Chunk) -> Filled {
        let mut this = self.project();
        let filled = catch_unwind(AssertUnwindSafe(|| {
            while !chunk.is_full() {
                let item = match this.stream.as_mut().poll_next(cx) {
                    Poll::Pending => return Filled::Paused,
                    Poll::Ready(None) => return Filled::Ended(Ok(())),
                    Poll::Ready(Some(item)) => (this.split)(item).map_err(Into::into),
                };
                if let Err(error) = item.and_then(|item| (this.encode)(item, *this.wire, chunk)) {
                    return Filled::Ended(Err(error));
                }
            }
            Filled::More
        }));
        filled.unwrap_or_else(|panic| Filled::Ended(Err(Error::internal(observe::panic_text(&*panic)))))
    }
}
