//! Whether what is written on a connection can be an app's answer.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};

const IDLE: u8 = 0;
const IN_FLIGHT: u8 = 1;
/// The body is with hyper as a whole, which may have it in its buffer still.
const ENDED: u8 = 2;

/// A connection's state: a request is in flight from when the app gets it until all of its answer is written.
#[derive(Clone, Default)]
pub(super) struct Flight(Arc<AtomicU8>);

impl Flight {
    pub(super) fn begin(&self) -> InFlight {
        self.0.store(IN_FLIGHT, Ordering::Relaxed);
        InFlight(Some(self.clone()))
    }

    /// hyper has written all that it had: it flushes a connection only then.
    pub(super) fn flushed(&self) {
        // An answer that is under way goes on.
        let _ = self.0.compare_exchange(ENDED, IDLE, Ordering::Relaxed, Ordering::Relaxed);
    }

    pub(super) fn is_idle(&self) -> bool {
        self.0.load(Ordering::Relaxed) == IDLE
    }
}

/// A request in flight; dropped, its answer has ended.
pub(super) struct InFlight(Option<Flight>);

impl Drop for InFlight {
    fn drop(&mut self) {
        if let Some(flight) = &self.0 {
            flight.0.store(ENDED, Ordering::Relaxed);
        }
    }
}

/// An answer's body, which hyper drops when it has all of it.
pub(super) struct Tracked {
    body: Body,
    _in_flight: InFlight,
}

impl Tracked {
    /// An upgraded connection is in flight for good.
    pub(super) fn new(body: Body, mut in_flight: InFlight, upgraded: bool) -> Self {
        if upgraded {
            in_flight.0 = None;
        }
        Self { body, _in_flight: in_flight }
    }
}

impl hyper::body::Body for Tracked {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
