//! Streams for those who cannot stream: run to their end, then answered.

use super::*;
use crate::error::Error;
use crate::stream::expansion::Format;

static SSE: Options = Options::new(Format::Sse).retry(2000);
static LINES: Options = Options::new(Format::Ndjson).buffer(2);
static BYTES: Options = Options::new(Format::Bytes);

async fn answer(path: &str, script: Script) -> Read {
    read(send(&mut app(script).0, on_lambda(path, millis(3000), true)).await).await
}

fn ok(text: &str) -> Read {
    Read { status: StatusCode::OK, text: text.to_owned(), aborted: false }
}

#[tokio::test(start_paused = true)]
async fn it_goes_out_whole() {
    let counts = script(&LINES, |emitter| async move {
        for n in 0..5 {
            tokio::time::sleep(millis(100)).await;
            emitter.send(item(n)).await;
            emitter.send(item(n)).await;
        }
        Ok(())
    });
    let response = send(&mut app(counts).0, on_lambda("/probe", millis(3000), true)).await;
    assert!(http_body::Body::size_hint(response.body()).exact().is_some());
    assert_eq!(read(response).await, ok("0\n0\n1\n1\n2\n2\n3\n3\n4\n4\n"));
}

#[tokio::test(start_paused = true)]
async fn an_error_midway_is_the_status() {
    let fails = script(&LINES, |emitter| async move {
        emitter.send(item(1)).await;
        Err(Error::conflict("it was moved"))
    });
    let read = answer("/probe", fails).await;
    assert_eq!(read.status, StatusCode::CONFLICT);
    assert!(read.text.starts_with("{\"type\":\"urn:lift:conflict\""), "{read:?}");
}

#[tokio::test(start_paused = true)]
async fn an_endless_stream_ends_at_the_deadlines_margin() {
    let endless = |options| {
        script(options, |emitter| async move {
            loop {
                emitter.send(item(1)).await;
                tokio::time::sleep(millis(1000)).await;
            }
        })
    };
    let start = Instant::now();
    assert_eq!(answer("/probe", endless(&SSE)).await, ok("data: 1\n\ndata: 1\n\ndata: 1\n\nretry: 2000\n\n"));
    assert!((2500..=2501).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
    let lines = answer("/probe", endless(&LINES)).await;
    assert!(
        lines.text.starts_with("1\n1\n1\n{\"error\":{\"type\":\"urn:lift:deadline_exceeded\""),
        "{lines:?}"
    );
    // Bytes have no ending of their own: half of them would look like the whole.
    assert_eq!(answer("/raw", endless(&BYTES)).await.status, StatusCode::GATEWAY_TIMEOUT);
}

#[tokio::test(start_paused = true)]
async fn what_is_too_large_is_told() {
    let huge = script(&LINES, |emitter| async move {
        let line = "x".repeat(100_000);
        loop {
            emitter.send(Event::new(json!(line))).await;
        }
    });
    let read = answer("/probe", huge).await;
    assert_eq!(read.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(read.text.contains("response_too_large"), "{read:?}");
}

#[tokio::test(start_paused = true)]
async fn resuming_a_finished_one_is_204_here_too() {
    let mut request = on_lambda("/probe", millis(3000), true);
    request.headers_mut().insert("last-event-id", http::HeaderValue::from_static("4"));
    let over = script(&SSE, |_| async { Ok(()) });
    assert_eq!(send(&mut app(over).0, request).await.status(), StatusCode::NO_CONTENT);
}
