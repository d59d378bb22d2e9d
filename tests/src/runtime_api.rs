//! A small [Lambda Runtime API](https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html): hands events to a
//! function and takes its answers.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::response::Response;
use axum::routing::{get, post};
use http::StatusCode;
use http_body_util::BodyExt as _;
use tokio::net::TcpListener;
use tokio::sync::{Mutex as AsyncMutex, mpsc, oneshot};

/// The server's side of a function.
pub struct RuntimeApi {
    address: SocketAddr,
    events: mpsc::UnboundedSender<Event>,
    polls: AsyncMutex<mpsc::UnboundedReceiver<Instant>>,
    waiting: Waiting,
}

type Waiting = Arc<Mutex<HashMap<String, oneshot::Sender<Answer>>>>;

struct Event {
    id: String,
    body: Bytes,
    remaining: Duration,
}

/// What a function has answered.
#[derive(Debug)]
pub struct Answer {
    /// Whether it is an invocation error.
    pub failed: bool,
    /// Whether it came as a stream, by the header that says so.
    pub streamed: bool,
    /// The body's pieces, and when they came.
    pub pieces: Vec<(Instant, Bytes)>,
}

impl Answer {
    /// The whole body.
    pub fn bytes(&self) -> Vec<u8> {
        self.pieces.iter().flat_map(|(_, piece)| piece.iter().copied()).collect()
    }

    /// The whole body as JSON.
    ///
    /// # Panics
    /// If it is none.
    pub fn json(&self) -> serde_json::Value {
        let bytes = self.bytes();
        serde_json::from_slice(&bytes)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&bytes)))
    }
}

#[derive(Clone)]
struct Shared {
    events: Arc<AsyncMutex<mpsc::UnboundedReceiver<Event>>>,
    polls: mpsc::UnboundedSender<Instant>,
    waiting: Waiting,
}

impl RuntimeApi {
    /// Starts one on a free port.
    ///
    /// # Errors
    /// If there is none.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (events, received) = mpsc::unbounded_channel();
        let (polled, polls) = mpsc::unbounded_channel();
        let waiting = Waiting::default();
        let shared = Shared {
            events: Arc::new(AsyncMutex::new(received)),
            polls: polled,
            waiting: Arc::clone(&waiting),
        };
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/{kind}", post(answered))
            .with_state(shared);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, events, polls: AsyncMutex::new(polls), waiting })
    }

    /// What a function finds in its environment.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("AWS_LAMBDA_RUNTIME_API", self.address.to_string()),
            ("AWS_LAMBDA_FUNCTION_NAME", "function".into()),
            ("AWS_LAMBDA_FUNCTION_VERSION", "1".into()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128".into()),
        ]
    }

    /// When a function has next asked for an event.
    pub async fn polled(&self) -> Option<Instant> {
        self.polls.lock().await.recv().await
    }

    /// Gives an event to the function that asks first, and waits for its answer; `None` if it never comes.
    pub async fn invoke(&self, body: impl Into<Bytes>) -> Option<Answer> {
        self.invoke_within(Duration::from_secs(30), body).await
    }

    /// The same, with so much time for it.
    pub async fn invoke_within(&self, remaining: Duration, body: impl Into<Bytes>) -> Option<Answer> {
        let (sender, answer) = oneshot::channel();
        let id = format!("{:032x}", self.waiting().len() + 1);
        let id =
            format!("{id}-{:x}", SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos());
        self.waiting().insert(id.clone(), sender);
        self.events.send(Event { id, body: body.into(), remaining }).ok()?;
        answer.await.ok()
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, HashMap<String, oneshot::Sender<Answer>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn next(State(shared): State<Shared>) -> Response {
    let _ = shared.polls.send(Instant::now());
    let Some(Event { id, body, remaining }) = shared.events.lock().await.recv().await else {
        return refusal(StatusCode::GONE);
    };
    let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + remaining;
    let response = Response::builder()
        .header("lambda-runtime-aws-request-id", id)
        .header("lambda-runtime-deadline-ms", deadline.as_millis().to_string())
        .header(
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:eu-central-1:111122223333:function:function",
        )
        .header("lambda-runtime-trace-id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=1")
        .body(Body::from(body));
    response.unwrap_or_else(|_| refusal(StatusCode::INTERNAL_SERVER_ERROR))
}

async fn answered(
    State(shared): State<Shared>,
    Path((id, kind)): Path<(String, String)>,
    request: Request,
) -> StatusCode {
    let streamed = request
        .headers()
        .get("lambda-runtime-function-response-mode")
        .is_some_and(|mode| mode == "streaming");
    let mut body = request.into_body();
    let mut pieces = Vec::new();
    while let Some(Ok(frame)) = body.frame().await {
        pieces.extend(frame.into_data().ok().map(|data| (Instant::now(), data)));
    }
    let sender = shared.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    let Some(sender) = sender else { return StatusCode::NOT_FOUND };
    let _ = sender.send(Answer { failed: kind == "error", streamed, pieces });
    StatusCode::ACCEPTED
}

fn refusal(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
