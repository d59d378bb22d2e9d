//! An app answers the events of every AWS source as it answers HTTP.

use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::routing::{any, get};
use axum::Router;
use http::{Extensions, HeaderMap, Method, StatusCode, Uri, header};
use lift::__private::{Call, Endpoint, PhantomData, Routes};
use lift::test::{Event, ResponseMode, TestApp};
use lift::{App, Caller, Context, Error, Route, Tenants};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;

fn answer(value: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}

/// Tells what of a request has arrived.
async fn seen(method: Method, uri: Uri, headers: HeaderMap, extensions: Extensions, body: Bytes) -> Response {
    let client = extensions.get::<ConnectInfo<SocketAddr>>();
    let all = |name: &str| headers.get_all(name).iter().map(|v| v.to_str().unwrap_or("?").to_owned()).collect::<Vec<_>>();
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
    AppendHeaders([(header::SET_COOKIE, "a=1; Path=/"), (header::SET_COOKIE, "b=2"), (header::VARY, "x"), (header::VARY, "y")])
}

async fn pieces() -> Body {
    let pieces = futures_util::stream::iter(["one ", "", "two ", "three"].map(Ok::<_, std::io::Error>));
    Body::from_stream(pieces)
}

async fn broken() -> Body {
    let pieces = [Ok("one"), Err(std::io::Error::other("a secret")), Ok("three")];
    Body::from_stream(futures_util::stream::iter(pieces))
}

/// The context as a handler sees it, and a route that says it streams.
macro_rules! endpoint {
    ($name:ident, $route:expr, $handler:expr) => {
        #[allow(non_camel_case_types, reason = "an endpoint has its function's name")]
        struct $name {}
        impl<S: Clone + Send + Sync + 'static> Endpoint<S, ()> for $name {
            const ROUTE: &'static Route = &$route;
            async fn serve(call: Call<S>) -> Response {
                call.run((), $handler).await
            }
        }
    };
}

endpoint!(who, Route::new(Method::GET, "/who", "who"), |()| async {
    let context = Context::current();
    answer(&json!({
        "tenant": context.tenant().map(|tenant| tenant.as_str()),
        "caller": context.caller(),
        "request_id": context.request_id(),
        "trace_id": context.trace_id(),
        "on_lambda": context.on_lambda(),
        "remaining": context.remaining().map(|left| left.as_secs()),
    }))
});
endpoint!(ticks, Route::new(Method::GET, "/ticks", "ticks").streamed(), |()| pieces());

fn app() -> App {
    let router = Router::new()
        .route("/seen", any(seen))
        .route("/seen/{*rest}", any(seen))
        .route("/cookies", get(cookies))
        .route("/pieces", get(pieces))
        .route("/broken", get(broken))
        .route("/png", get(|| async { ([(header::CONTENT_TYPE, "image/png")], vec![0x89, 0x50, 0xff]) }))
        .route("/empty", get(|| async { StatusCode::NO_CONTENT }))
        .route("/moved", get(|| async { (StatusCode::FOUND, [(header::LOCATION, "/seen")]) }))
        .route("/panic", get(|| async { if true { panic!("a secret") } }))
        .route("/late", get(|| async { tokio::time::sleep(Duration::from_secs(60)).await }))
        .route("/endless", get(|| async { Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>()) }))
        .route("/large", get(|uri: Uri| async move { "a".repeat(uri.query().and_then(|query| query.strip_prefix("n=")?.parse().ok()).unwrap_or_default()) }));
    let routes = Routes::new().and::<who, ()>(PhantomData).and::<ticks, ()>(PhantomData);
    App::new()
        .tenants(Tenants::header("x-tenant-id").optional())
        .caller(Caller::claim("sub"))
        .merge(router)
        .routes(routes)
}

async fn seen_by(app: &TestApp, event: Event) -> Value {
    app.event(event).send().await.json().await
}

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
        assert!(source.contains("Lattice") || host.as_array().is_some_and(|hosts| hosts.len() == 1), "{source}: {host}");
        let uri = object["uri"].as_str().expect("a URI").to_owned();
        // Single-value maps keep a name's last value, and maps keep no order between names; a form's `+` is a space.
        let pairs = uri.split_once('?').map(|(_, query)| query.replace('+', "%20")).unwrap_or_default();
        let mut pairs: Vec<_> = pairs.split('&').collect();
        pairs.sort_unstable();
        let single = source.contains("source: Alb,");
        assert_eq!(pairs, if single { vec!["a=2", "b=x%20y"] } else { vec!["a=1", "a=2", "b=x%20y"] }, "{source}");
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
    check_uri(Event::function_url("GET", "/seen/{\"}?q=\"<>\u{fc}"), "/seen/%7B%22%7D?q=%22%3C%3E%C3%BC").await;
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
    assert_eq!((response.status, response.header("content-type")), (StatusCode::BAD_REQUEST, Some("application/problem+json")));
    let problem: Value = response.json().await;
    assert_eq!(problem["detail"], "The request's base64 body is malformed.");
    assert_eq!(problem["request_id"], "8476a536-e9f4-11e8-9739-2dfe598c3fcd");
}

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
async fn failures_are_problem_documents() {
    let app = TestApp::new(app());
    for (path, status, code) in
        [("/panic", 500, "internal"), ("/broken", 500, "internal"), ("/nowhere", 404, "not_found")]
    {
        for event in Event::of_every_source("GET", path) {
            let response = app.event(event).send().await;
            assert_eq!((response.status.as_u16(), response.header("content-type")), (status, Some("application/problem+json")));
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
    for event in ["null", "7", "[]", "{}", r#"{"Records":[]}"#, r#"{"headers":7,"path":{},"httpMethod":[]}"#, "\u{feff}"] {
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

fn streaming(mode: ResponseMode) -> TestApp {
    TestApp::new(app().layer(axum::middleware::map_response(async |response: Response| response))).response_mode(mode)
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
        if request.headers().contains_key("x-refuse") { StatusCode::FORBIDDEN.into_response() } else { next.run(request).await }
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
    let mut response = app.event(Event::function_url("GET", "/endless")).remaining(Duration::from_secs(3)).send().await;
    let start = tokio::time::Instant::now();
    assert_eq!(response.chunk().await, None);
    assert!(start.elapsed() < Duration::from_secs(3));
}
