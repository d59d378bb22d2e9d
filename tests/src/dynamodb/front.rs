//! What stands before a DynamoDB and answers as the real one does when it is asked too much, or worse.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, header};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

/// How requests are answered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Answers {
    /// By the server.
    Real,
    /// By the server, so much later.
    Late(Duration),
    /// This share of them, 0 to 1, by an error that says that there are too many.
    Throttled(f64),
    /// Of this share of batches the second half is left unprocessed.
    Unprocessed(f64),
    /// 200 with a body that is no JSON.
    Garbage,
    /// 200 with an empty object.
    Empty,
    /// 400, for the credentials are not known.
    Unknown,
}

/// The errors by which DynamoDB throttles, in turns.
const THROTTLED: [&str; 3] = [
    "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
    "com.amazon.coral.availability#ThrottlingException",
    "com.amazonaws.dynamodb.v20120810#RequestLimitExceeded",
];

/// A front on a port of its own, gone when dropped.
pub struct Front {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: tokio::task::JoinHandle<()>,
}

struct Shared {
    server: String,
    client: Client<HttpConnector, Body>,
    answers: Mutex<Answers>,
    calls: Mutex<Vec<String>>,
    asked: AtomicU64,
    refused: AtomicU64,
}

impl Front {
    /// A front before a port of the loopback interface.
    ///
    /// # Panics
    /// If there is no free port.
    pub async fn before(port: u16) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            server: format!("http://127.0.0.1:{port}/"),
            client: Client::builder(TokioExecutor::new()).build_http(),
            answers: Mutex::new(Answers::Real),
            calls: Mutex::default(),
            asked: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        });
        let state = Arc::clone(&shared);
        let app = Router::new().fallback(move |request: Request<Body>| {
            let state = Arc::clone(&state);
            async move { state.answer(request).await }
        });
        let task = tokio::spawn(async move { axum::serve(listener, app).await.expect("it serves") });
        Self { address, shared, task }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// How it answers from now on.
    pub fn answers(&self, answers: Answers) {
        *lock(&self.shared.answers) = answers;
    }

    /// What it was asked since the last time, such as `PutItem` or `BatchGetItem consistent`.
    pub fn take_calls(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.shared.calls))
    }

    /// How many it has throttled, or left unprocessed in part.
    pub fn refused(&self) -> u64 {
        self.shared.refused.load(Ordering::Relaxed)
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    async fn answer(&self, request: Request<Body>) -> Response {
        let (parts, body) = request.into_parts();
        let target = parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
        let operation = target.and_then(|target| target.rsplit('.').next()).unwrap_or_default().to_owned();
        let body = to_bytes(body, usize::MAX).await.expect("a body");
        let consistent = body.windows(21).any(|part| part == br#""ConsistentRead":true"#);
        let call = if consistent { format!("{operation} consistent") } else { operation.clone() };
        lock(&self.calls).push(call);
        let answers = *lock(&self.answers);
        match answers {
            Answers::Throttled(share) if self.is_one_of(share) => {
                let turn = self.refused.fetch_add(1, Ordering::Relaxed) as usize;
                refusal(THROTTLED[turn % THROTTLED.len()])
            }
            Answers::Unprocessed(share) if operation.starts_with("Batch") && self.is_one_of(share) => {
                self.refused.fetch_add(1, Ordering::Relaxed);
                self.half(&operation, &parts.headers, &body).await
            }
            Answers::Late(delay) => {
                tokio::time::sleep(delay).await;
                self.pass(&parts.headers, body).await
            }
            Answers::Garbage => told(StatusCode::OK, "{]".into()),
            Answers::Empty => told(StatusCode::OK, "{}".into()),
            Answers::Unknown => refusal("com.amazon.coral.service#UnrecognizedClientException"),
            Answers::Real | Answers::Throttled(_) | Answers::Unprocessed(_) => {
                self.pass(&parts.headers, body).await
            }
        }
    }

    /// Whether the next one is of this share: evenly, so that a test's outcome is the same each time.
    fn is_one_of(&self, share: f64) -> bool {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed) as f64;
        ((asked + 1.0) * share).floor() > (asked * share).floor()
    }

    /// Lets the first half of a batch through, and says that the second was left.
    async fn half(&self, operation: &str, headers: &HeaderMap, body: &[u8]) -> Response {
        let mut request: Value = serde_json::from_slice(body).expect("JSON");
        let tables = request["RequestItems"].as_object_mut().expect("tables");
        let (table, wanted) = tables.iter_mut().next().expect("one table");
        let table = table.clone();
        let mut left = wanted.clone();
        let of = |wanted: &mut Value| -> Vec<Value> {
            let list = if operation == "BatchGetItem" { &mut wanted["Keys"] } else { wanted };
            list.as_array().expect("a list").clone()
        };
        let set = |wanted: &mut Value, list: &[Value]| {
            *(if operation == "BatchGetItem" { &mut wanted["Keys"] } else { wanted }) = list.into();
        };
        let all = of(wanted);
        let (first, second) = all.split_at(all.len() / 2);
        set(&mut left, second);
        set(wanted, first);
        let mut answer = json!({ "Responses": { table.clone(): [] } });
        if !first.is_empty() {
            let done = self.pass(headers, request.to_string().into()).await;
            let done = to_bytes(done.into_body(), usize::MAX).await.expect("a body");
            answer = serde_json::from_slice(&done).expect("JSON");
        }
        let name = if operation == "BatchGetItem" { "UnprocessedKeys" } else { "UnprocessedItems" };
        answer[name] = json!({ table: left });
        told(StatusCode::OK, answer.to_string())
    }

    async fn pass(&self, headers: &HeaderMap, body: Bytes) -> Response {
        let mut request = Request::post(&self.server).body(Body::from(body)).expect("a request");
        for name in ["x-amz-target", "authorization", "content-type"] {
            if let Some(value) = headers.get(name) {
                request.headers_mut().insert(name, value.clone());
            }
        }
        match self.client.request(request).await {
            Ok(response) => response.map(Body::new),
            Err(error) => told(StatusCode::BAD_GATEWAY, error.to_string()),
        }
    }
}

fn refusal(kind: &str) -> Response {
    told(StatusCode::BAD_REQUEST, json!({ "__type": kind, "message": "No." }).to_string())
}

fn told(status: StatusCode, body: String) -> Response {
    (status, [(header::CONTENT_TYPE, "application/x-amz-json-1.0")], body).into_response()
}
