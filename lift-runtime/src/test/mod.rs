//! An app under test, in-process: by HTTP, or by the event of any AWS source.
//!
//! ```
//! use axum::routing::get;
//! use lift_runtime::App;
//! use lift_runtime::test::{Event, TestApp};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let app = App::new().merge(axum::Router::new().route("/hello", get(|| async { "hello" })));
//! let app = TestApp::new(app);
//!
//! assert_eq!(app.get("/hello").send().await.text().await, "hello");
//!
//! let response = app.event(Event::http_api("GET", "/hello")).send().await;
//! assert_eq!(response.status, 200);
//! assert_eq!(response.raw.unwrap()["isBase64Encoded"], false);
//! # }
//! ```

mod cache;
mod conformance;
#[cfg(feature = "websocket")]
mod connections;
mod event;
#[cfg(feature = "websocket")]
mod gateway;
mod isolation;
mod request;
mod response;
#[cfg(feature = "websocket")]
mod socket;

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use http::Method;
use lambda_runtime::FunctionResponse;
use serde_json::Value;

pub use self::cache::cache_conformance;
pub use self::conformance::cache_store_conformance;
#[cfg(feature = "websocket")]
pub use self::connections::connection_store_conformance;
pub use self::event::Event;
#[cfg(feature = "websocket")]
pub use self::gateway::GatewaySocket;
pub use self::isolation::{Isolation, assert_isolated};
pub use self::request::{TestInvocation, TestRequest};
pub use self::response::TestResponse;
#[cfg(feature = "websocket")]
pub use self::socket::{TestHandshake, TestSocket};
use crate::app::App;
use crate::clock::Clock;
pub use crate::serve::lambda::ResponseMode;
use crate::serve::lambda::{Answer, Function, Invocation};

/// An app that is called in-process.
pub struct TestApp {
    function: Function,
    clock: Clock,
}

impl TestApp {
    /// The app, as it is.
    ///
    /// # Panics
    /// If it could not start.
    pub fn new<S: Clone + Send + Sync + 'static>(app: App<S>) -> Self {
        Self::with_clock(app, Clock::system())
    }

    /// The app with time that stands still: wall-clock time moves by [`advance`](Self::advance) only; tokio's does as
    /// well, but jumps to the next timer when there is nothing else to do.
    ///
    /// # Panics
    /// If it could not start, or outside a current-thread tokio runtime, or where time is paused already.
    pub fn paused<S: Clone + Send + Sync + 'static>(app: App<S>) -> Self {
        tokio::time::pause();
        Self::with_clock(app, Clock::manual())
    }

    fn with_clock<S: Clone + Send + Sync + 'static>(mut app: App<S>, clock: Clock) -> Self {
        app.set_clock(clock.clone());
        let function = Function::new(app, ResponseMode::Buffered);
        Self { function: function.unwrap_or_else(|error| panic!("the app does not start: {error:?}")), clock }
    }

    /// The same app, whose answers to events leave in another way than `buffered`.
    #[must_use]
    pub fn response_mode(mut self, mode: ResponseMode) -> Self {
        self.function.set_mode(mode);
        self
    }

    /// Moves the time of a [`paused`](Self::paused) app: the wall clock, and tokio's.
    ///
    /// # Panics
    /// If the app is not paused.
    pub async fn advance(&self, by: Duration) {
        self.clock.advance(by);
        tokio::time::advance(by).await;
    }

    /// The app's wall clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// A GET request.
    pub fn get(&self, uri: &str) -> TestRequest {
        self.request(Method::GET, uri)
    }

    /// A POST request.
    pub fn post(&self, uri: &str) -> TestRequest {
        self.request(Method::POST, uri)
    }

    /// A PUT request.
    pub fn put(&self, uri: &str) -> TestRequest {
        self.request(Method::PUT, uri)
    }

    /// A PATCH request.
    pub fn patch(&self, uri: &str) -> TestRequest {
        self.request(Method::PATCH, uri)
    }

    /// A DELETE request.
    pub fn delete(&self, uri: &str) -> TestRequest {
        self.request(Method::DELETE, uri)
    }

    /// A request; the URI is a path, with a query or without.
    ///
    /// # Panics
    /// If the URI is none.
    pub fn request(&self, method: Method, uri: &str) -> TestRequest {
        TestRequest::new(self.function.router(), method, uri)
    }

    /// A WebSocket: `app.socket("/chat/blue").await` is open.
    ///
    /// # Panics
    /// If the URI is none.
    #[cfg(feature = "websocket")]
    pub fn socket(&self, uri: &str) -> TestHandshake {
        TestHandshake::new(self.get(uri))
    }

    /// An invocation with an event of an HTTP source: one that an [`Event`] builds, or any other JSON.
    pub fn event(&self, event: impl Into<Value>) -> TestInvocation<'_> {
        TestInvocation::new(self, event.into())
    }

    /// Bytes in, bytes out, as the Lambda Runtime API sees them: for events that are not HTTP or not even JSON.
    /// A streamed answer is its prelude, eight NULs and the body.
    ///
    /// # Errors
    /// What makes the invocation fail, as `type: message`.
    pub async fn invoke(&self, event: impl Into<Bytes>) -> Result<Bytes, String> {
        match self.answer(event.into(), invocation(None, Duration::from_secs(30))).await? {
            FunctionResponse::BufferedResponse(reply) => Ok(json(&reply)),
            FunctionResponse::StreamingResponse(mut response) => {
                let mut bytes = json(&response.metadata_prelude).to_vec();
                bytes.extend_from_slice(&[0; 8]);
                while let Some(Ok(chunk)) = response.stream.next().await {
                    bytes.extend_from_slice(&chunk);
                }
                Ok(bytes.into())
            }
        }
    }

    async fn answer(&self, event: Bytes, invocation: Invocation) -> Result<Answer, String> {
        let answer = self.function.invoke(event, invocation).await;
        answer.map_err(|diagnostic| format!("{}: {}", diagnostic.error_type, diagnostic.error_message))
    }
}

fn invocation(tenant: Option<String>, remaining: Duration) -> Invocation {
    Invocation {
        request_id: "8476a536-e9f4-11e8-9739-2dfe598c3fcd".into(),
        trace_id: Some("Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1".into()),
        tenant,
        deadline: Invocation::deadline_after(remaining),
    }
}

fn json(value: &impl serde::Serialize) -> Bytes {
    match serde_json::to_vec(value) {
        Ok(bytes) => bytes.into(),
        Err(error) => panic!("this cannot be JSON: {error}"),
    }
}
