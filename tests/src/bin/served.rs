//! The app that tests run as a process.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::response::{IntoResponse as _, Response};
use axum::routing;
use lift::prelude::*;

#[get("/hello", no_tenant)]
async fn hello() -> &'static str {
    "hello"
}

/// A stream that ends in one way or another, in the format that is asked for.
#[get("/events/{how}", no_tenant)]
#[stream]
async fn events(Path(how): Path<String>, resume: LastEventId) -> Result<Event<u32>> {
    if resume.as_str().is_some() {
        return Ok(());
    }
    emit!(Event::new(1).id(1));
    // What was made is on its way.
    tokio::time::sleep(Duration::from_millis(50)).await;
    match &*how {
        "fails" => return Err(Error::internal("a secret")),
        "panics" => panic!("a secret"),
        _ => emit!(Event::new(2).id(2)),
    }
}

async fn slow() -> &'static str {
    tokio::time::sleep(Duration::from_millis(700)).await;
    "slow"
}

async fn ticks() -> Response {
    let ticks = futures_util::stream::unfold(0, async |n| {
        if n > 0 {
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
        (n < 3).then(|| (Ok::<_, std::io::Error>(format!("{n}\n")), n + 1))
    });
    Body::from_stream(ticks).into_response()
}

async fn panics() -> &'static str {
    panic!("a secret")
}

#[tokio::main]
async fn main() -> Result<()> {
    let router = Router::new()
        .route("/slow", routing::get(slow))
        .route("/ticks", routing::get(ticks))
        .route("/panic", routing::get(panics))
        .route("/echo", routing::post(|body: Bytes| async { body }));
    App::new()
        .about("An app under test.\n\nTry:\n  curl localhost:3000/hello")
        .merge(router)
        .routes(routes![hello, events])
        .run()
        .await
}
