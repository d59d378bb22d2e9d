//! Whether what is written on a connection can be an app's answer, and whether hyper is who writes it.

use std::pin::Pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};

use super::streams;

const IDLE: u8 = 0;
const IN_FLIGHT: u8 = 1;
/// The body is with hyper as a whole, which may have it in its buffer still.
const ENDED: u8 = 2;
/// The body is kept back, and the answer's head is with hyper.
const HEAD_LEFT: u8 = 3;
/// hyper has written that head: the connection is whoever's who sends the body.
const HEAD_SENT: u8 = 4;

/// A connection's state: a request is in flight from when the app gets it until all of its answer is written.
#[derive(Clone, Default)]
pub(super) struct Flight(Arc<Inner>);

#[derive(Default)]
struct Inner {
    state: AtomicU8,
    kept_back: Mutex<Option<KeptBack>>,
}

/// A body that is not sent by hyper.
pub(super) struct KeptBack {
    pub(super) body: Body,
    /// The connection may serve another request after it.
    pub(super) goes_on: bool,
}

impl Flight {
    pub(super) fn begin(&self) -> InFlight {
        let before = self.0.state.swap(IN_FLIGHT, Ordering::Relaxed);
        InFlight { flight: Some(self.clone()), alone: before == IDLE }
    }

    /// hyper has written all that it had: it flushes a connection only then.
    pub(super) fn flushed(&self) {
        // An answer that is under way goes on.
        for (from, to) in [(ENDED, IDLE), (HEAD_LEFT, HEAD_SENT)] {
            let _ = self.0.state.compare_exchange(from, to, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        self.0.state.load(Ordering::Relaxed) == IDLE
    }

    /// The body that was kept back, once its head has been written.
    pub(super) fn take_kept_back(&self) -> Option<KeptBack> {
        let sent = self.0.state.load(Ordering::Relaxed) == HEAD_SENT;
        let take = || self.0.kept_back.lock().unwrap_or_else(PoisonError::into_inner).take();
        sent.then(take).flatten()
    }
}

/// A request in flight; dropped, its answer has ended.
pub(super) struct InFlight {
    flight: Option<Flight>,
    alone: bool,
}

impl InFlight {
    /// Nothing of an earlier answer is in hyper's buffer.
    pub(super) fn is_alone(&self) -> bool {
        self.alone
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if let Some(flight) = &self.flight {
            flight.0.state.store(ENDED, Ordering::Relaxed);
        }
    }
}

/// What a stream of HTTP/2 is given at once. The rest is still its own while its client takes nothing: what it has handed
/// over is in h2's memory, for as long as the connection is there.
const PIECE: usize = 16 * 1024;

/// An answer's body, which hyper drops when it has all of it.
pub(super) struct Tracked {
    /// `None` is one that was kept back: hyper waits for it, until the connection is taken from it.
    body: Option<Body>,
    /// On HTTP/2, what is left of a frame that is larger than a piece.
    rest: Bytes,
    in_pieces: bool,
    _in_flight: InFlight,
}

impl Tracked {
    /// An upgraded connection is in flight for good.
    pub(super) fn new(body: Body, mut in_flight: InFlight, upgraded: bool) -> Self {
        if upgraded {
            in_flight.flight = None;
        }
        Self { body: Some(body), rest: Bytes::new(), in_pieces: streams::is_one(), _in_flight: in_flight }
    }

    /// Keeps the body back for whoever takes the connection.
    pub(super) fn kept_back(body: Body, in_flight: InFlight, goes_on: bool) -> Self {
        if let Some(Flight(inner)) = &in_flight.flight {
            let kept_back = KeptBack { body, goes_on };
            *inner.kept_back.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept_back);
            inner.state.store(HEAD_LEFT, Ordering::Relaxed);
        }
        Self { body: None, rest: Bytes::new(), in_pieces: false, _in_flight: in_flight }
    }
}

impl hyper::body::Body for Tracked {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        let Some(body) = &mut this.body else { return Poll::Pending };
        let frame = if this.rest.is_empty() {
            Pin::new(body).poll_frame(cx)
        } else {
            Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut this.rest)))))
        };
        streams::holds(matches!(frame, Poll::Ready(Some(Ok(_)))));
        frame.map_ok(|mut frame| {
            if let Some(data) = frame.data_mut().filter(|data| this.in_pieces && data.len() > PIECE) {
                this.rest = data.split_off(PIECE);
            }
            frame
        })
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.as_ref().is_some_and(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = self.body.as_ref().map(Body::size_hint).unwrap_or_default();
        let rest = self.rest.len() as u64;
        if let Some(upper) = hint.upper() {
            hint.set_upper(upper.saturating_add(rest));
        }
        hint.set_lower(hint.lower().saturating_add(rest));
        hint
    }
}
