//! What is decided before the headers leave.

use super::*;
use crate::error::Error;
use crate::stream::expansion::Format;

static SSE: Options = Options::new(Format::Sse);
static NDJSON: Options = Options::new(Format::Ndjson);
static BYTES: Options = Options::new(Format::Bytes);
static CSV: Options = Options::new(Format::Bytes).content_type("text/csv");
static NEGOTIATED: Options = Options::new(Format::Negotiated);
static PATIENT: Options = Options::new(Format::Sse).open_after(5000);
static RETRY: Options = Options::new(Format::Sse).retry(2500);
static IMPATIENT: Options = Options::new(Format::Ndjson).open_after(5000).item_timeout(1000);

fn one(options: &'static Options) -> Script {
    script(options, |emitter| async move {
        emitter.send(item(1).id(7).event("one")).await;
        Ok(())
    })
}

#[tokio::test(start_paused = true)]
async fn each_format_has_its_headers() {
    let response = get("/probe", one(&SSE)).await;
    assert_eq!(header(&response, "content-type"), Some("text/event-stream"));
    assert_eq!(header(&response, "cache-control"), Some("no-cache"));
    assert_eq!(header(&response, "x-accel-buffering"), Some("no"));
    assert_eq!(header(&response, "vary"), None);
    assert_eq!(read(response).await.text, "id: 7\nevent: one\ndata: 1\n\n");

    let response = get("/probe", one(&NDJSON)).await;
    assert_eq!(header(&response, "content-type"), Some("application/x-ndjson"));
    assert_eq!(header(&response, "cache-control"), None);
    assert_eq!(read(response).await.text, "1\n");

    let response = get("/raw", one(&BYTES)).await;
    assert_eq!(header(&response, "content-type"), Some("application/octet-stream"));
    assert_eq!(read(response).await.text, "1");
    assert_eq!(header(&get("/raw", one(&CSV)).await, "content-type"), Some("text/csv"));
}

#[tokio::test(start_paused = true)]
async fn accept_decides_where_the_route_does_not() {
    for (accept, expected) in [("text/event-stream", "text/event-stream"), ("*/*", "application/x-ndjson")] {
        let mut request = request("/probe");
        request.headers_mut().insert("accept", http::HeaderValue::from_static(accept));
        let response = send(&mut app(one(&NEGOTIATED)).0, request).await;
        assert_eq!(header(&response, "content-type"), Some(expected));
        assert_eq!(header(&response, "vary"), Some("accept"));
    }
}

#[tokio::test(start_paused = true)]
async fn headers_leave_with_the_first_item_or_after_open_after() {
    let late = |options, after| {
        script(options, move |emitter| async move {
            tokio::time::sleep(millis(after)).await;
            emitter.send(item(1)).await;
            Ok(())
        })
    };
    for (options, after, expected) in [(&SSE, 30, 30), (&SSE, 300, 100), (&PATIENT, 300, 300)] {
        let start = Instant::now();
        let response = get("/probe", late(options, after)).await;
        // The timer wheel rounds up to a millisecond.
        assert!((expected..=expected + 1).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
        assert_eq!(read(response).await.text, "data: 1\n\n");
    }
}

#[tokio::test(start_paused = true)]
async fn a_returned_stream_opens_at_once() {
    let silent = script(&SSE, |_| std::future::pending());
    let start = Instant::now();
    let response = get("/returning", silent).await;
    assert_eq!((response.status(), start.elapsed()), (StatusCode::OK, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn an_error_before_is_an_ordinary_answer() {
    for options in [&SSE, &NDJSON, &BYTES] {
        let missing = script(options, |_| async { Err(Error::not_found("no such order")) });
        let response = get("/probe", missing).await;
        assert_eq!(header(&response, "content-type"), Some("application/problem+json"));
        let answer = read(response).await;
        assert_eq!((answer.status, answer.aborted), (StatusCode::NOT_FOUND, false));
        assert!(answer.text.contains("no such order"), "{answer:?}");
    }
    let panics = script(&SSE, |_| async { panic!("at once") });
    let answer = read(get("/probe", panics).await).await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(answer.text.contains("\"code\":\"internal\"") && !answer.text.contains("at once"), "{answer:?}");
    let slow = script(&IMPATIENT, |_| std::future::pending());
    let answer = read(get("/probe", slow).await).await;
    assert_eq!(answer.status, StatusCode::GATEWAY_TIMEOUT);
    assert!(answer.text.contains("\"code\":\"item_timeout\""), "{answer:?}");
}

#[tokio::test(start_paused = true)]
async fn a_resumed_stream_that_has_nothing_left_is_204() {
    let over = || script(&SSE, |_| async { Ok(()) });
    for path in ["/probe", "/returning"] {
        assert_eq!(get(path, over()).await.status(), StatusCode::OK);
        for id in ["4", "garbage\u{7f}"] {
            let mut request = request(path);
            let id = http::HeaderValue::from_bytes(id.as_bytes());
            request.headers_mut().extend(id.map(|id| (http::HeaderName::from_static("last-event-id"), id)));
            let resumes = request.headers().contains_key("last-event-id");
            let response = send(&mut app(over()).0, request).await;
            let expected = if resumes { StatusCode::NO_CONTENT } else { StatusCode::OK };
            assert_eq!(response.status(), expected);
            assert_eq!(header(&response, "content-type").is_none(), resumes);
        }
    }
    let mut request = request("/probe");
    request.headers_mut().insert("last-event-id", http::HeaderValue::from_static("4"));
    assert_eq!(send(&mut app(one(&SSE)).0, request).await.status(), StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn head_runs_no_producer() {
    for path in ["/probe", "/returning"] {
        let mut request = request(path);
        *request.method_mut() = Method::HEAD;
        let never = script(&SSE, |_| async { panic!("it runs") });
        let response = send(&mut app(never).0, request).await;
        assert_eq!(header(&response, "content-type"), Some("text/event-stream"));
        assert_eq!(header(&response, "content-length"), None);
        assert_eq!(
            read(response).await,
            Read { status: StatusCode::OK, text: String::new(), aborted: false }
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_retry_hint_comes_first() {
    assert_eq!(
        read(get("/probe", one(&RETRY)).await).await.text,
        "retry: 2500\n\nid: 7\nevent: one\ndata: 1\n\n"
    );
    let silent = script(&RETRY, |_| std::future::pending());
    assert_eq!(next(get("/probe", silent).await.body_mut()).await, "retry: 2500\n\n");
}
