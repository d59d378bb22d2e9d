//! The app that the events are for.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::routing;
use http::{Extensions, HeaderMap, Method, StatusCode, Uri, header};
use lift::Caller;
use lift::prelude::*;
use lift::test::{Event, TestApp};
use serde_json::{Value, json};

fn answer(value: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}

/// Tells what of a request has arrived.
async fn seen(method: Method, uri: Uri, headers: HeaderMap, extensions: Extensions, body: Bytes) -> Response {
    let client = extensions.get::<ConnectInfo<SocketAddr>>();
    let all = |name: &str| {
        headers.get_all(name).iter().map(|v| v.to_str().unwrap_or("?").to_owned()).collect::<Vec<_>>()
    };
    answer(&json!({
        "method": method.as_str(),
        "uri": uri.to_string(),
        "x": all("x"),
        "cookie": all("cookie"),
        "host": all("host"),
        "body": body.to_vec(),
        "client": client.map(|ConnectInfo(address)| address.ip().to_string()),
    }))
}

async fn cookies() -> impl IntoResponse {
    AppendHeaders([
        (header::SET_COOKIE, "a=1; Path=/"),
        (header::SET_COOKIE, "b=2"),
        (header::VARY, "x"),
        (header::VARY, "y"),
    ])
}

async fn pieces() -> Body {
    let pieces = futures_util::stream::iter(["one ", "", "two ", "three"].map(Ok::<_, std::io::Error>));
    Body::from_stream(pieces)
}

async fn broken() -> Body {
    let pieces = [Ok("one"), Err(std::io::Error::other("a secret")), Ok("three")];
    Body::from_stream(futures_util::stream::iter(pieces))
}

/// The context as a handler sees it.
#[get("/who")]
async fn who(context: Context) -> Json<Value> {
    Json(json!({
        "tenant": context.tenant().map(Tenant::as_str),
        "caller": context.caller(),
        "request_id": context.request_id(),
        "trace_id": context.trace_id(),
        "on_lambda": context.on_lambda(),
        "remaining": context.remaining().map(|left| left.as_secs()),
    }))
}

#[get("/ticks")]
#[stream(ndjson)]
async fn ticks() -> Result<u32> {
    emit!(1);
    emit!(2);
}

pub(crate) fn app() -> App {
    let router = Router::new()
        .route("/seen", routing::any(seen))
        .route("/seen/{*rest}", routing::any(seen))
        .route("/cookies", routing::get(cookies))
        .route("/pieces", routing::get(pieces))
        .route("/broken", routing::get(broken))
        .route(
            "/png",
            routing::get(|| async { ([(header::CONTENT_TYPE, "image/png")], vec![0x89, 0x50, 0xff]) }),
        )
        .route("/empty", routing::get(|| async { StatusCode::NO_CONTENT }))
        .route("/moved", routing::get(|| async { (StatusCode::FOUND, [(header::LOCATION, "/seen")]) }))
        .route(
            "/panic",
            routing::get(|| async {
                if true {
                    panic!("a secret")
                }
            }),
        )
        .route("/late", routing::get(|| async { tokio::time::sleep(Duration::from_secs(60)).await }))
        .route(
            "/endless",
            routing::get(|| async {
                Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>())
            }),
        )
        .route(
            "/large",
            routing::get(|uri: Uri| async move {
                "a".repeat(
                    uri.query().and_then(|query| query.strip_prefix("n=")?.parse().ok()).unwrap_or_default(),
                )
            }),
        );

    App::new()
        .tenants(Tenants::header("x-tenant-id").optional())
        .caller(Caller::claim("sub"))
        .merge(router)
        .routes(routes![who, ticks])
}

pub(crate) async fn seen_by(app: &TestApp, event: Event) -> Value {
    app.event(event).send().await.json().await
}
