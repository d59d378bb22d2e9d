//! Answers that stream.

use std::time::Duration;

use axum::response::IntoResponse as _;
use http::StatusCode;
use lift::test::{Event, ResponseMode, TestApp};
use serde_json::{Value, json};

use crate::app::app;

fn streaming(mode: ResponseMode) -> TestApp {
    TestApp::new(app()).response_mode(mode)
}

#[tokio::test]
async fn in_stream_mode_everything_streams_where_the_source_can() {
    let app = streaming(ResponseMode::Stream);
    for (event, streamed) in [
        (Event::function_url("GET", "/pieces"), true),
        (Event::rest_api("GET", "/pieces"), true),
        (Event::http_api("GET", "/pieces"), false),
        (Event::alb("GET", "/pieces"), false),
        (Event::lattice("GET", "/pieces"), false),
    ] {
        let mut response = app.event(event).send().await;
        assert_eq!((response.streamed, response.status.as_u16()), (streamed, 200));
        if streamed {
            assert_eq!(response.chunk().await.as_deref(), Some(&b"one "[..]));
            assert_eq!(response.chunk().await.as_deref(), Some(&b"two "[..]));
            assert_eq!(response.text().await, "three");
        } else {
            assert_eq!(response.text().await, "one two three");
        }
    }
}

#[tokio::test]
async fn a_stream_begins_with_its_prelude_whatever_the_answer() {
    let app = streaming(ResponseMode::Stream);
    for (method, path, status, body) in [
        ("GET", "/pieces", 200, "one two three"),
        ("GET", "/nowhere", 404, ""),
        ("HEAD", "/png", 200, ""),
        ("GET", "/empty", 204, ""),
        ("GET", "/moved", 302, ""),
        // The body breaks off; nothing of the error is in it.
        ("GET", "/broken", 200, "one"),
    ] {
        let event = Value::from(Event::function_url(method, path)).to_string();
        let bytes = app.invoke(event).await.expect("an answer");
        let at = bytes.windows(8).position(|window| window == [0; 8]).expect("eight NULs");
        let prelude: Value = serde_json::from_slice(&bytes[..at]).expect("a prelude");
        assert_eq!(prelude["statusCode"], status);
        let rest = std::str::from_utf8(&bytes[at + 8..]).expect("text");
        assert!(if status == 404 { rest.contains("not_found") } else { rest == body }, "{path}: {rest}");
    }
    let response = app.event(Event::function_url("GET", "/cookies")).send().await;
    let raw = response.raw.expect("a prelude");
    assert_eq!((&raw["cookies"], &raw["headers"]["vary"]), (&json!(["a=1; Path=/", "b=2"]), &json!("x, y")));
}

#[tokio::test]
async fn in_route_mode_only_stream_routes_stream_even_their_errors() {
    let refuse = async |request: axum::extract::Request, next: axum::middleware::Next| {
        if request.headers().contains_key("x-refuse") {
            StatusCode::FORBIDDEN.into_response()
        } else {
            next.run(request).await
        }
    };
    let app = TestApp::new(app().layer(axum::middleware::from_fn(refuse))).response_mode(ResponseMode::Route);
    for (event, streamed) in [
        (Event::rest_api("GET", "/ticks"), true),
        (Event::rest_api("HEAD", "/ticks"), true),
        (Event::rest_api("GET", "/ticks").header("x-refuse", "1"), true),
        (Event::rest_api("POST", "/ticks"), false),
        (Event::rest_api("GET", "/pieces"), false),
        (Event::rest_api("GET", "/nowhere"), false),
        (Event::http_api("GET", "/ticks"), false),
    ] {
        let name = format!("{event:?}");
        assert_eq!(app.event(event).send().await.streamed, streamed, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_endless_stream_ends_before_lambda_gives_up() {
    let app = streaming(ResponseMode::Stream);
    let mut response =
        app.event(Event::function_url("GET", "/endless")).remaining(Duration::from_secs(3)).send().await;
    let start = tokio::time::Instant::now();
    assert_eq!(response.chunk().await, None);
    assert!(start.elapsed() < Duration::from_secs(3));
}
