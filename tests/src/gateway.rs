//! API Gateway's `@connections`, as far as a test has to see them: who was sent what, and who was closed.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use http::{HeaderMap, Method, StatusCode};
use serde_json::Value;
use tokio::net::TcpListener;

/// A call that came.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// `POST` or `DELETE`.
    pub method: Method,
    /// Of which connection.
    pub id: String,
    /// What was sent, as JSON; `null` where nothing was.
    pub body: Value,
}

#[derive(Default)]
struct Shared {
    calls: Vec<Call>,
    gone: HashSet<String>,
}

/// A server, for as long as the test's runtime is there.
#[derive(Clone)]
pub struct Gateway {
    address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
}

impl Gateway {
    /// Starts one on a free port.
    ///
    /// # Panics
    /// If there is none.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let gateway = Self { address, shared: Arc::default() };
        let router = Router::new()
            .route("/@connections/{id}", post(called).delete(called))
            .with_state(gateway.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        gateway
    }

    /// What leads the AWS SDK of another process to it.
    pub fn environment(&self) -> [(&'static str, String); 4] {
        [
            ("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI", format!("http://{}", self.address)),
            ("AWS_REGION", "us-east-1".into()),
            ("AWS_ACCESS_KEY_ID", "test".into()),
            ("AWS_SECRET_ACCESS_KEY", "test".into()),
        ]
    }

    /// The calls that have come since this was last asked.
    pub fn calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.shared().calls)
    }

    /// Has a connection gone.
    pub fn lose(&self, id: &str) {
        self.shared().gone.insert(id.to_owned());
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn called(
    State(gateway): State<Gateway>,
    method: Method,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let signed =
        |value: &http::HeaderValue| value.as_bytes().starts_with(b"AWS4-HMAC-SHA256 Credential=test/");
    if !headers.get("authorization").is_some_and(signed) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let mut shared = gateway.shared();
    let is_gone = shared.gone.contains(&id);
    let text = || Value::from(String::from_utf8_lossy(&body).into_owned());
    let body =
        if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap_or_else(|_| text()) };
    shared.calls.push(Call { method, id, body });
    if is_gone {
        return (StatusCode::GONE, [("x-amzn-errortype", "GoneException")], "{}").into_response();
    }
    StatusCode::OK.into_response()
}
