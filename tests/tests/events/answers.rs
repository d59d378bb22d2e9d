//! What is answered, to every source.

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use lift::test::{Event, TestApp};
use lift::{App, Context, Error};
use serde_json::{Value, json};

use crate::app::{app, seen_by};

#[tokio::test]
async fn cookies_and_repeated_headers_stay_apart_or_are_joined() {
    let app = TestApp::new(app());
    for event in Event::of_every_source("GET", "/cookies") {
        let response = app.event(event).send().await;
        let mut cookies: Vec<_> = response.headers.get_all("set-cookie").iter().collect();
        cookies.sort_unstable();
        assert_eq!(cookies, ["a=1; Path=/", "b=2"]);
        let vary: Vec<_> = response.headers.get_all("vary").iter().collect();
        assert!(vary == ["x", "y"] || vary == ["x, y"], "{vary:?}");
    }
    // A Function URL tells cookies twice.
    let event = Event::function_url("GET", "/seen").cookie("s=1").header("cookie", "s=1");
    assert_eq!(seen_by(&app, event).await["cookie"], json!(["s=1"]));
}

#[tokio::test]
async fn answers_without_a_body() {
    let app = TestApp::new(app());
    for (method, path, status) in [("GET", "/empty", 204), ("HEAD", "/png", 200), ("GET", "/moved", 302)] {
        for event in Event::of_every_source(method, path) {
            let response = app.event(event).send().await;
            let raw = response.raw.clone().expect("raw");
            assert_eq!(response.status.as_u16(), status);
            assert_eq!((&raw["body"], &raw["isBase64Encoded"]), (&json!(""), &json!(false)));
            assert_eq!(response.header("content-length"), None);
        }
    }
}
#[tokio::test]
async fn failures_are_problem_documents() {
    let app = TestApp::new(app());
    for (path, status, code) in
        [("/panic", 500, "internal"), ("/broken", 500, "internal"), ("/nowhere", 404, "not_found")]
    {
        for event in Event::of_every_source("GET", path) {
            let response = app.event(event).send().await;
            assert_eq!(
                (response.status.as_u16(), response.header("content-type")),
                (status, Some("application/problem+json"))
            );
            let text = response.text().await;
            assert!(text.contains(&format!(r#""code":"{code}""#)) && !text.contains("secret"), "{text}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn late_answers_are_504_before_lambda_gives_up() {
    let app = TestApp::new(app());
    for path in ["/late", "/endless"] {
        let response = app.event(Event::http_api("GET", path)).remaining(Duration::from_secs(3)).send().await;
        assert_eq!(response.status, 504, "{path}");
        assert_eq!(response.json::<Value>().await["code"], "deadline_exceeded");
    }
}

#[tokio::test]
async fn a_source_takes_so_much_and_no_more() {
    let app = TestApp::new(app());
    const MIB: usize = 1024 * 1024;
    let cases = [
        (Event::alb("GET", &format!("/large?n={}", MIB - 2048)), 200),
        (Event::alb("GET", &format!("/large?n={MIB}")), 500),
        (Event::http_api("GET", &format!("/large?n={}", 6 * MIB - 2048)), 200),
        (Event::http_api("GET", &format!("/large?n={}", 6 * MIB)), 500),
        (Event::lattice("GET", &format!("/large?n={}", 60 * MIB)), 500),
    ];
    for (event, status) in cases {
        let response = app.event(event).send().await;
        assert_eq!(response.status.as_u16(), status);
        if status == 500 {
            assert_eq!(response.json::<Value>().await["code"], "response_too_large");
        }
    }
}
#[tokio::test]
async fn what_is_no_request_is_a_clear_error() {
    let app = TestApp::new(app());
    let whole = Value::from(Event::rest_api("POST", "/seen").json(&json!({"a": [1, "\"\\"]}))).to_string();
    for end in 0..whole.len() {
        if whole.is_char_boundary(end) {
            let error = app.invoke(whole[..end].to_owned()).await.expect_err("a truncated event");
            assert!(error.starts_with("Lift.UnknownEvent: "), "{error}");
        }
    }
    for event in [
        "null",
        "7",
        "[]",
        "{}",
        r#"{"Records":[]}"#,
        r#"{"headers":7,"path":{},"httpMethod":[]}"#,
        "\u{feff}",
    ] {
        let error = app.invoke(event).await.expect_err("no request");
        assert!(error.contains("App::on_event takes events that are not HTTP"), "{error}");
    }
    assert!(app.invoke(&b"\"\xff\""[..]).await.is_err());
}

#[tokio::test]
async fn one_fallback_is_for_the_whole_app() {
    let other = || Router::new().route("/other", get(|| async { "other" })).fallback(|| async { "never" });
    let app = TestApp::new(App::new().merge(other()).merge(Router::new().fallback(|| async { "never" })));
    assert_eq!(app.get("/other").send().await.text().await, "other");
    assert_eq!(app.get("/nowhere").send().await.status, 404);
    let app = TestApp::new(App::new().fallback(|| async { "mine" }).merge(other()));
    assert_eq!(app.get("/nowhere").send().await.text().await, "mine");
}

#[tokio::test]
async fn other_events_are_handed_over() {
    let app = app().on_event(async |event: Value| match event["source"].as_str() {
        Some("fail") => Err(Error::conflict("it is there already")),
        source => Ok(json!({"got": source, "request_id": Context::current().request_id()})),
    });
    let app = TestApp::new(app);
    let done = app.invoke(r#"{"version":"0","source":"aws.s3"}"#).await.expect("it is handled");
    let done: Value = serde_json::from_slice(&done).expect("JSON");
    assert_eq!(done, json!({"got": "aws.s3", "request_id": "8476a536-e9f4-11e8-9739-2dfe598c3fcd"}));
    let failed = app.invoke(r#"{"source":"fail"}"#).await.expect_err("it fails");
    assert_eq!(failed, "conflict: 409 conflict: it is there already");
    assert!(app.invoke("{").await.expect_err("no JSON").starts_with("Lift.UnknownEvent"));
    assert_eq!(app.event(Event::alb("GET", "/empty")).send().await.status, 204);
}
