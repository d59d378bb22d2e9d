//! What of a request arrives, from every source.

use std::time::Duration;

use http::StatusCode;
use lift::test::{Event, TestApp};
use serde_json::{Value, json};

use crate::app::{app, seen_by};

#[tokio::test]
async fn every_source_delivers_the_same_request() {
    let app = TestApp::new(app());
    let expected = json!({
        "method": "POST", "uri": "/seen?a=1&b=x%20y&a=2", "x": ["one"], "cookie": ["s=1; t=2"],
        "body": b"{\"sku\":\"\\\"\"}".to_vec(), "client": "203.0.113.7",
    });
    for event in Event::of_every_source("POST", "/seen?a=1&b=x%20y&a=2") {
        let source = format!("{event:?}");
        let event = event.header("X", "one").cookie("s=1").cookie("t=2").json(&json!({"sku": "\""}));
        let mut seen = seen_by(&app, event).await;
        let object = seen.as_object_mut().expect("an object");
        let host = object.remove("host").expect("hosts");
        assert!(
            source.contains("Lattice") || host.as_array().is_some_and(|hosts| hosts.len() == 1),
            "{source}: {host}"
        );
        let uri = object["uri"].as_str().expect("a URI").to_owned();
        // Single-value maps keep a name's last value, and maps keep no order between names; a form's `+` is a space.
        let pairs = uri.split_once('?').map(|(_, query)| query.replace('+', "%20")).unwrap_or_default();
        let mut pairs: Vec<_> = pairs.split('&').collect();
        pairs.sort_unstable();
        let single = source.contains("source: Alb,");
        assert_eq!(
            pairs,
            if single { vec!["a=2", "b=x%20y"] } else { vec!["a=1", "a=2", "b=x%20y"] },
            "{source}"
        );
        object.insert("uri".into(), expected["uri"].clone());
        assert_eq!(seen, expected, "{source}");
    }
}

async fn check_uri(event: Event, expected: &str) {
    let app = TestApp::new(app().base_path("/v1/"));
    let text = format!("{event:?}");
    assert_eq!(seen_by(&app, event).await["uri"], expected, "{text}");
}

#[tokio::test]
async fn paths_are_encoded_as_the_client_sent_them() {
    for event in Event::of_every_source("GET", "/seen/a%20b/%C3%BC") {
        check_uri(event, "/seen/a%20b/%C3%BC").await;
    }
    // An HTTP API decodes, so what is a percent sign there was an encoded one.
    check_uri(Event::http_api("GET", "/seen/100%25/%2541/%3F"), "/seen/100%25/%2541/%3F").await;
    check_uri(Event::rest_api("GET", "/seen/100%25/%3F"), "/seen/100%25/%3F").await;
    // Invalid UTF-8 stays what it was where the source leaves it; an extractor of text then refuses it.
    check_uri(Event::rest_api("GET", "/seen/%FF"), "/seen/%FF").await;
    check_uri(Event::alb("GET", "/seen/%FF?q=%FF&r=%"), "/seen/%FF?q=%FF&r=%").await;
    check_uri(Event::function_url("GET", "/seen/{\"}?q=\"<>\u{fc}"), "/seen/%7B%22%7D?q=%22%3C%3E%C3%BC")
        .await;
}

#[tokio::test]
async fn stage_and_base_path_are_taken_off() {
    check_uri(Event::http_api("GET", "/seen").stage("prod"), "/seen").await;
    check_uri(Event::http_api("GET", "/seen/prod/seen").stage("prod"), "/seen/prod/seen").await;
    check_uri(Event::rest_api("GET", "/seen").stage("seen"), "/seen").await;
    check_uri(Event::rest_api("GET", "/v1/seen"), "/seen").await;
    check_uri(Event::http_api("GET", "/v1/seen").stage("prod"), "/seen").await;
    check_uri(Event::alb("GET", "/v1/seen/v1"), "/seen/v1").await;
    let app = TestApp::new(app().base_path("/v1"));
    assert_eq!(app.event(Event::alb("GET", "/v10/seen")).send().await.status, 404);
}

#[tokio::test]
async fn a_query_keeps_what_its_values_hold() {
    for event in Event::of_every_source("GET", "/seen?q=a%26b%3Dc%2B%25&empty=&flag") {
        let uri = seen_by(&TestApp::new(app()), event).await["uri"].as_str().expect("a URI").to_owned();
        let query = uri.split_once('?').expect("a query").1.to_owned();
        let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        let mut pairs: Vec<_> = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        pairs.sort_unstable();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(pairs, [pair("empty", ""), pair("flag", ""), pair("q", "a%26b%3Dc%2B%25")]);
    }
}

#[tokio::test]
async fn binary_bodies_go_both_ways() {
    let app = TestApp::new(app());
    for event in Event::of_every_source("PUT", "/seen") {
        assert_eq!(seen_by(&app, event.binary(b"\0\xff")).await["body"], json!([0, 255]));
    }
    for event in Event::of_every_source("GET", "/png") {
        let response = app.event(event).send().await;
        assert_eq!(response.raw.as_ref().expect("raw")["isBase64Encoded"], true);
        assert_eq!(&response.bytes().await[..], [0x89, 0x50, 0xff]);
    }
    let mut event = Value::from(Event::http_api("POST", "/seen").binary("x"));
    event["body"] = "not base64!".into();
    let response = app.event(event).send().await;
    assert_eq!(
        (response.status, response.header("content-type")),
        (StatusCode::BAD_REQUEST, Some("application/problem+json"))
    );
    let problem: Value = response.json().await;
    assert_eq!(problem["detail"], "The request's base64 body is malformed.");
    assert_eq!(problem["request_id"], "8476a536-e9f4-11e8-9739-2dfe598c3fcd");
}
#[tokio::test]
async fn the_context_knows_the_invocation() {
    let app = TestApp::new(app());
    for event in [Event::rest_api("GET", "/who"), Event::http_api("GET", "/who")] {
        let event = event.claims(&json!({"sub": "u-7"})).header("x-tenant-id", "acme");
        let seen: Value = app.event(event).remaining(Duration::from_secs(9)).send().await.json().await;
        let request_id = "8476a536-e9f4-11e8-9739-2dfe598c3fcd";
        let trace_id = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1";
        let expected = json!({"tenant": "acme", "caller": "u-7", "request_id": request_id, "trace_id": trace_id, "on_lambda": true, "remaining": 8});
        assert_eq!(seen, expected);
    }
    let event = Event::alb("GET", "/who").header("x-tenant-id", "acme");
    let seen: Value = app.event(event).tenant("lambda-says").send().await.json().await;
    assert_eq!(seen["tenant"], "lambda-says");
}
#[tokio::test]
async fn absurd_requests_are_refused_or_served_but_never_fail() {
    let app = TestApp::new(app());
    let long = "x".repeat(10_000);
    let deep = "[".repeat(100_000);
    for event in Event::of_every_source("GET", "/seen") {
        assert_eq!(app.event(event.header("x", &long)).send().await.status, 200);
    }
    for event in Event::of_every_source("GET", &format!("/seen?{}", "a=1&".repeat(3000))) {
        assert_eq!(app.event(event).send().await.status, 200);
    }
    for event in Event::of_every_source("GET", &format!("/seen?a={}", "%20".repeat(30_000))) {
        let response = app.event(event).send().await;
        // Decoded by a REST API, it is short enough.
        assert!([StatusCode::URI_TOO_LONG, StatusCode::OK].contains(&response.status), "{}", response.status);
    }
    for event in Event::of_every_source("GET", "/seen") {
        assert_eq!(app.event(event.clone().header("x", "a\r\nb: c")).send().await.status, 400);
        assert_eq!(app.event(event.clone().header("a b", "c")).send().await.status, 400);
        assert_eq!(app.event(event.body(deep.clone())).send().await.status, 200);
    }
    for method in ["", "G ET", "\n"] {
        assert_eq!(app.event(Event::http_api(method, "/seen")).send().await.status, 400, "{method:?}");
    }
    for path in ["", "//", "seen", "/seen/../..", "/%00", "/seen/\u{0}"] {
        let status = app.event(Event::rest_api("GET", path)).send().await.status;
        assert!(status == 200 || status == 404, "{path:?}: {status}");
    }
}
