//! Requests and invocations in the making.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Method};
use serde::Serialize;
use serde_json::Value;
use tower::ServiceExt as _;

use super::{TestApp, TestResponse, invocation, json};
use crate::context::Origin;

/// A request to an app under test.
#[must_use = "it is sent by `send`"]
pub struct TestRequest {
    router: Router,
    request: Request,
}

impl TestRequest {
    pub(super) fn new(router: Router, method: Method, uri: &str) -> Self {
        let mut request = Request::new(Body::empty());
        *request.method_mut() = method;
        *request.uri_mut() = uri.parse().unwrap_or_else(|error| panic!("`{uri}` is no URI: {error}"));
        Self { router, request }
    }

    /// The same request with one more header.
    ///
    /// # Panics
    /// If name or value are none.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let value = HeaderValue::from_bytes(value.as_ref());
        match (name.parse::<HeaderName>(), value) {
            (Ok(name), Ok(value)) => self.request.headers_mut().append(name, value),
            _ => panic!("`{name}` or its value is no header"),
        };
        self
    }

    /// The same request with a JSON body.
    pub fn json(self, body: &impl Serialize) -> Self {
        let bytes = json(body);
        self.header(CONTENT_TYPE.as_str(), "application/json").body(bytes)
    }

    /// The same request with a body.
    pub fn body(mut self, body: impl Into<Body>) -> Self {
        *self.request.body_mut() = body.into();
        self
    }

    /// The same request with what a receiver would have noted of it.
    pub(super) fn origin(mut self, origin: Origin) -> Self {
        self.request.extensions_mut().insert(origin);
        self
    }

    /// The same request with what only Lift's own code finds.
    #[cfg(feature = "websocket")]
    pub(super) fn extension(mut self, value: impl Clone + Send + Sync + 'static) -> Self {
        self.request.extensions_mut().insert(value);
        self
    }

    /// Sends it; ends when the headers of the answer are there.
    pub async fn send(self) -> TestResponse {
        let Ok(response) = self.router.oneshot(self.request).await;
        TestResponse::of_http(response)
    }
}

/// An invocation of an app under test.
#[must_use = "it is sent by `send`"]
pub struct TestInvocation<'a> {
    app: &'a TestApp,
    event: Value,
    tenant: Option<String>,
    remaining: Duration,
}

impl<'a> TestInvocation<'a> {
    pub(super) fn new(app: &'a TestApp, event: Value) -> Self {
        Self { app, event, tenant: None, remaining: Duration::from_secs(30) }
    }

    /// The same invocation with a tenant id, as Lambda's tenant isolation mode gives it.
    pub fn tenant(mut self, tenant: &str) -> Self {
        self.tenant = Some(tenant.into());
        self
    }

    /// The same invocation with another time until its deadline; 30 s by default.
    pub fn remaining(mut self, remaining: Duration) -> Self {
        self.remaining = remaining;
        self
    }

    /// Invokes the app.
    ///
    /// # Panics
    /// If the invocation fails, or its result is no HTTP answer; [`TestApp::invoke`] is for those.
    pub async fn send(self) -> TestResponse {
        let event = Bytes::from(self.event.to_string());
        match self.app.answer(event, invocation(self.tenant, self.remaining)).await {
            Ok(answer) => TestResponse::of_event(answer),
            Err(error) => panic!("the invocation failed: {error}"),
        }
    }
}
