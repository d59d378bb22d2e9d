//! What a function knows beside its message.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::extract::FromRequestParts;
use http::request::Parts;
use lift::prelude::*;
use lift::test::TestApp;
use lift::validate::{Violation, Violations};
use lift::websocket::Message;
use serde_json::{Value, json};

#[derive(Deserialize, JsonSchema, Validate)]
struct Page {
    #[schemars(range(max = 9))]
    page: u32,
}

/// An extractor of the app's own.
struct Agent(String);

impl<S: Send + Sync> FromRequestParts<S> for Agent {
    type Rejection = (http::StatusCode, &'static str);

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let agent = parts.headers.get("user-agent").and_then(|agent| agent.to_str().ok());
        agent.map(|agent| Self(agent.to_owned())).ok_or((http::StatusCode::FORBIDDEN, "no agent"))
    }
}

#[websocket("/{a}/{b}")]
#[validate(with = is_known(message, a))]
async fn everything(
    message: Value,
    Path((a, b)): Path<(String, u32)>,
    Query(page): Query<Page>,
    State(state): State<&'static str>,
    context: Context,
    agent: Agent,
    conn: Connection,
) -> Result<Value> {
    let tenant = context.tenant();
    assert_eq!(context.request_id(), Context::current().request_id());
    assert_eq!(context.header("user-agent"), Some(&*agent.0));
    assert_eq!(conn.tenant(), tenant);
    assert!(context.remaining().is_some_and(|left| left > Duration::from_secs(20)));
    Ok(json!([message, a, b, page.page, state, tenant, agent.0, context.header("authorization")]))
}

fn is_known(message: &Value, a: &String) -> Violations {
    match message == "unknown" {
        true => Violation::new("", "known", format!("is not known in {a}")).into(),
        false => Violations::new(),
    }
}

#[websocket("/slow")]
async fn slow(_: Message) -> String {
    tokio::time::sleep(Duration::from_secs(3600)).await;
    String::new()
}

#[websocket("/clock", no_tenant)]
async fn clock(_: Message, context: Context) -> String {
    format!("{:?}", context.tenant())
}

fn app() -> App<&'static str> {
    let app = App::new().tenants(Tenants::header("x-tenant-id").or(Tenants::query("tenant")));
    app.state("state").routes(routes![everything, slow, clock])
}

#[tokio::test]
async fn extractors_read_the_request_that_connected() {
    let app = TestApp::new(app());
    let socket = app.socket("/x%2Fy/7?page=3&tenant=acme").header("user-agent", "me");
    let mut socket = socket.header("authorization", "secret").await;
    for n in 0..3 {
        socket.send(&n).await;
        let expected = json!([n, "x/y", 7, 3, "state", "acme", "me", null]);
        assert_eq!(socket.json::<Value>().await, expected, "credentials are for `connect` only");
    }
    socket.send("unknown").await;
    let problem: Value = socket.json().await;
    assert_eq!(problem["problem"]["errors"][0]["message"], "is not known in x/y");
}

#[tokio::test]
async fn what_an_extractor_refuses_is_told_for_each_message() {
    let app = TestApp::new(app());
    let mut socket = app.socket("/x/7?page=3&tenant=acme").await;
    socket.send(&1).await;
    let problem: Value = socket.json().await;
    assert_eq!(
        (&problem["problem"]["status"], &problem["problem"]["code"]),
        (&json!(403), &json!("forbidden"))
    );
    let mut socket = app.socket("/x/y?page=33&tenant=acme").header("user-agent", "me").await;
    socket.send(&1).await;
    let problem: Value = socket.json().await;
    let errors = problem["problem"]["errors"].as_array().expect("errors");
    assert_eq!(errors.len(), 2, "{errors:?}");
}

#[tokio::test]
async fn a_connection_has_a_tenant_as_any_request() {
    let app = TestApp::new(app());
    let refusal = async |uri: &str| match app.socket(uri).connect().await {
        Ok(_) => panic!("{uri} is refused"),
        Err(response) => response.json::<Value>().await["code"].clone(),
    };
    assert_eq!(refusal("/x/7?page=1").await, "tenant_required");
    assert_eq!(refusal("/x/7?page=1&tenant=%20").await, "tenant_invalid");
    assert_eq!(refusal("/nothing/at/all").await, "not_found");
    let mut socket = app.socket("/clock?tenant=acme").await;
    socket.send(&1).await;
    assert_eq!(socket.next().await, Some("None".into()));
}

#[tokio::test]
async fn each_message_has_a_deadline() {
    let app = TestApp::paused(app().timeout(Duration::from_secs(5)));
    let mut socket = app.socket("/slow?tenant=acme").await;
    for _ in 0..2 {
        let began = tokio::time::Instant::now();
        socket.send(&1).await;
        let problem: Value = socket.json().await;
        assert_eq!(problem["problem"]["code"], "deadline_exceeded");
        assert_eq!(began.elapsed().as_secs(), 5);
    }
}

/// How many messages there were.
#[derive(Clone, Default)]
struct Messages(Arc<AtomicUsize>);

/// Refuses the first message, and counts it.
struct First;

impl FromRequestParts<Messages> for First {
    type Rejection = Error;

    async fn from_request_parts(_: &mut Parts, messages: &Messages) -> Result<Self> {
        match messages.0.fetch_add(1, Ordering::SeqCst) {
            0 => Err(Error::forbidden("not the first")),
            _ => Ok(Self),
        }
    }
}

/// Panics at the first message, and refuses the others.
struct Second;

impl FromRequestParts<Messages> for Second {
    type Rejection = Error;

    async fn from_request_parts(_: &mut Parts, messages: &Messages) -> Result<Self> {
        assert_ne!(messages.0.load(Ordering::SeqCst), 1, "in an extractor");
        Err(Error::unauthorized("nobody"))
    }
}

#[websocket("/unsteady")]
async fn unsteady(_: Message, _: First, _: Second) {}

#[tokio::test]
async fn what_was_refused_of_a_message_that_panicked_is_not_told_of_the_next() {
    let app = TestApp::new(App::new().state(Messages::default()).routes(routes![unsteady]));
    let mut socket = app.socket("/unsteady").await;
    for code in ["internal", "unauthorized"] {
        socket.send(&1).await;
        assert_eq!(socket.json::<Value>().await["problem"]["code"], code);
    }
}
