//! One connection's requests, as hyper hands them over.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Version, header};
use http_body::Body as _;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::service::Service;
use tower_service::Service as _;

use super::flight::{Flight, InFlight, Tracked};
use super::streams::Upgraded;
use super::{HEAD, refusal};
use crate::stream::Streamed;

/// A connection's requests, answered by the app.
pub(super) struct Requests {
    pub(super) router: Router,
    pub(super) peer: SocketAddr,
    pub(super) flight: Flight,
}

impl Service<hyper::Request<Incoming>> for Requests {
    type Response = http::Response<Tracked>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: hyper::Request<Incoming>) -> Self::Future {
        let in_flight = self.flight.begin();
        if head_len(&request) > HEAD {
            let response = refusal::too_large();
            return Box::pin(async { Ok(response.map(|body| Tracked::new(body, in_flight, false))) });
        }
        let connects = request.method() == Method::CONNECT;
        let goes_on = !closes(request.headers());
        // What of a request is still to come, hyper alone can read; and it alone knows whether a body that came in chunks
        // was said to have a length as well, behind which nothing may follow
        // ([RFC 9112 §6.1](https://www.rfc-editor.org/rfc/rfc9112#section-6.1)).
        let may_leave = request.version() == Version::HTTP_11
            && !request.headers().contains_key(header::TRANSFER_ENCODING);
        let whole = (may_leave && !request.body().is_end_stream()).then(Whole::default);
        let mut request = request.map(|body| match whole.clone() {
            Some(whole) => Body::new(Noted { body, whole: Some(whole) }),
            None => Body::new(body),
        });
        request.extensions_mut().insert(ConnectInfo(self.peer));
        let upgraded = (connects && request.version() == Version::HTTP_2).then(Upgraded::default);
        if let Some(upgraded) = &upgraded {
            request.extensions_mut().insert(upgraded.clone());
        }
        // A router is always ready.
        let answer = self.router.clone().call(request);
        Box::pin(async move {
            let response = answer.await?;
            let whole = whole.is_none_or(|whole| whole.get());
            if may_leave && whole && may_be_kept_back(&response, &in_flight) {
                let goes_on = goes_on && !closes(response.headers());
                return Ok(response.map(|body| Tracked::kept_back(body, in_flight, goes_on)));
            }
            if let Some(upgraded) = upgraded.filter(|_| response.status().is_success()) {
                upgraded.begin();
            }
            // What is written after this is the app's own protocol.
            let upgraded = connects || response.status() == StatusCode::SWITCHING_PROTOCOLS;
            Ok(response.map(|body| Tracked::new(body, in_flight, upgraded)))
        })
    }
}

/// Whether all of a request's body has been read.
#[derive(Clone, Default)]
struct Whole(Arc<AtomicBool>);

impl Whole {
    fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A body that notes when it has been read.
struct Noted {
    body: Incoming,
    /// `None` once it has failed: what follows on the connection is not the next request.
    whole: Option<Whole>,
}

impl http_body::Body for Noted {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        match &frame {
            Some(Err(_)) => self.whole = None,
            Some(Ok(_)) if !self.body.is_end_stream() => {}
            _ => self.whole.iter().for_each(Whole::set),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Whether an answer is a stream whose head says no more than that it comes in chunks.
fn may_be_kept_back(response: &Response, in_flight: &InFlight) -> bool {
    let headers = response.headers();
    in_flight.is_alone()
        && response.extensions().get::<Streamed>().is_some()
        && response.status() == StatusCode::OK
        && response.body().size_hint().exact().is_none()
        && !headers.contains_key(header::CONTENT_LENGTH)
        && !headers.contains_key(header::TRANSFER_ENCODING)
}

/// Whether one side says that the connection ends with this answer.
fn closes(headers: &HeaderMap) -> bool {
    let tokens = |value: &http::HeaderValue| {
        value
            .to_str()
            .is_ok_and(|value| value.split(',').any(|token| token.trim().eq_ignore_ascii_case("close")))
    };
    headers.get_all(header::CONNECTION).iter().any(tokens)
}

/// The length of a request's target and headers as HTTP/1.1 writes them, so that no head that fits there is refused.
fn head_len<T>(request: &hyper::Request<T>) -> usize {
    let headers = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4);
    request.uri().path_and_query().map_or(0, |target| target.as_str().len()) + headers.sum::<usize>()
}
