//! From the call of a `#[stream]` route to its answer: what is known before the headers leave decides the status.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_core::Stream;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use tokio::time::Instant;

use crate::context::Context;
use crate::endpoint::Call;
use crate::error::{Error, Result};
use crate::stream::body::StreamBody;
use crate::stream::chunk::Chunk;
use crate::stream::emitted::{Emitted, StreamResult};
use crate::stream::ending::End;
use crate::stream::last_event_id;
use crate::stream::negotiate;
use crate::stream::options::{Format, Options, Wire};
use crate::stream::progress::{Progress, Running, earliest};
use crate::stream::source::{Opened, Source};

/// What fits into a buffered answer of Lambda's.
const BUFFERED: usize = 6 * 1024 * 1024;

const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

impl<S: Clone + Send + Sync + 'static> Call<S> {
    /// Runs a handler that emits. The headers leave with its first item, its end or its error, or after
    /// `open_after`.
    pub async fn stream_emitted<A, R>(
        self,
        options: &'static Options,
        arguments: A,
        handler: impl FnOnce(A) -> Emitted<R> + Send,
        encode: fn(R::Item, Wire, &mut Chunk) -> Result<()>,
    ) -> Response
    where
        A: Send,
        R: StreamResult + 'static,
        R::Error: Into<Error>,
    {
        let is_head = self.parts.method == Method::HEAD;
        let answer = self.stream(options);
        if is_head {
            return answer.headers(Body::new(Unsent));
        }
        let source = handler(arguments).into_source(encode, answer.wire);
        answer.with(source, options.opening()).await
    }

    /// Runs a handler that returns a stream. The headers leave at once, unless the stream has ended by then.
    pub async fn stream_opened<A, F, St, E, T, I>(
        self,
        options: &'static Options,
        arguments: A,
        handler: impl FnOnce(A) -> F + Send,
        split: fn(St::Item) -> Result<T, I>,
        encode: fn(T, Wire, &mut Chunk) -> Result<()>,
    ) -> Response
    where
        A: Send,
        F: Future<Output = Result<St, E>> + Send,
        St: Stream + Send + 'static,
        E: IntoResponse,
        T: 'static,
        I: Into<Error> + 'static,
    {
        let is_head = self.parts.method == Method::HEAD;
        let answer = self.stream(options);
        if is_head {
            return answer.headers(Body::new(Unsent));
        }
        let stream = match handler(arguments).await {
            Ok(stream) => stream,
            Err(error) => return error.into_response(),
        };
        let source = Box::pin(Opened { stream, split, encode, wire: answer.wire });
        answer.with(source, Duration::ZERO).await
    }

    /// What of the call the stream needs; the rest is dropped.
    fn stream(mut self, options: &'static Options) -> Answer {
        let wire = negotiate::wire(options.format(), &self.parts.headers);
        let resumes = last_event_id::resumes(&self.parts.headers);
        self.seal();
        Answer { context: self.context, options, wire, resumes }
    }
}

/// Marks an answer whose body may be open for long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Streamed;

/// An answer in the making.
struct Answer {
    context: Context,
    options: &'static Options,
    wire: Wire,
    resumes: bool,
}

impl Answer {
    async fn with(self, source: Pin<Box<dyn Source>>, opening: Duration) -> Response {
        let running = Running::new(self.context.clone(), self.options, self.wire, source);
        if self.context.is_buffered() { self.whole(running).await } else { self.open(running, opening).await }
    }

    /// Waits for what decides the status, and leaves the rest to the body.
    async fn open(self, mut running: Running, opening: Duration) -> Response {
        let since = Instant::now();
        let open_at = since.checked_add(opening);
        let progress = running.wait(earliest(open_at, running.patience(since))).await;
        if progress == Progress::Silent {
            running.lose_patience(since);
        }
        if !running.has_items {
            match running.take_end() {
                Some(End::Failed(error)) => return error.into_response(),
                Some(End::Cut(cut)) if self.wire != Wire::Sse => return cut.error().into_response(),
                Some(End::Complete) if self.resumes => return self.nothing_left(),
                Some(end) => running.put_back(end),
                None => {}
            }
        }
        let mut response = self.headers(Body::new(StreamBody::new(running, since)));
        response.extensions_mut().insert(Streamed);
        response
    }

    /// Runs the stream to its end, for whoever cannot stream. Here an error can still become the status.
    async fn whole(self, mut running: Running) -> Response {
        running.asked = true;
        let mut body = Vec::new();
        let mut since = Instant::now();
        loop {
            let progress = running.wait(running.patience(since)).await;
            while let Some(frame) = running.next_frame() {
                body.extend_from_slice(&frame);
            }
            if body.len() > BUFFERED {
                return too_large().into_response();
            }
            match progress {
                Progress::Items => since = Instant::now(),
                Progress::Silent => drop(running.lose_patience(since)),
                Progress::Ended => break,
            }
        }
        match running.take_end() {
            Some(End::Failed(error)) => return error.into_response(),
            Some(End::Cut(cut)) if self.wire == Wire::Bytes => return cut.error().into_response(),
            Some(End::Complete) if self.resumes && !running.has_items => return self.nothing_left(),
            Some(end) => body.extend_from_slice(&running.farewell(end).last.unwrap_or_default()),
            None => {}
        }
        self.headers(Body::from(body))
    }

    /// 204 is what stops an `EventSource`.
    fn nothing_left(&self) -> Response {
        let mut response = self.headers(Body::empty());
        response.headers_mut().remove(header::CONTENT_TYPE);
        *response.status_mut() = StatusCode::NO_CONTENT;
        response
    }

    fn headers(&self, body: Body) -> Response {
        let mut response = Response::new(body);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, self.options.media_type(self.wire));
        if self.wire == Wire::Sse {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
            headers.insert(ACCEL_BUFFERING, HeaderValue::from_static("no"));
        }
        if self.options.format() == Format::Negotiated {
            headers.insert(header::VARY, HeaderValue::from_static("accept"));
        }
        response
    }
}

fn too_large() -> Error {
    let detail = "The answer is larger than can be sent in one piece.";
    Error::new(StatusCode::INTERNAL_SERVER_ERROR, "response_too_large", detail)
}

/// The body of an answer to `HEAD`: its length is not known, and it is not there.
struct Unsent;

impl http_body::Body for Unsent {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        std::task::Poll::Ready(None)
    }
}
