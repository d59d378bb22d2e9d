//! An open stream: frames, silence, backpressure, leaving.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::*;
use crate::context::Context;
use crate::stream::body::StreamBody;
use crate::stream::expansion::Format;

static SSE: Options = Options::new(Format::Sse);
static LINES: Options = Options::new(Format::Ndjson);
static LIVE_LINES: Options = Options::new(Format::Ndjson).keep_alive(5_000);
static TIMED: Options = Options::new(Format::Sse).item_timeout(20_000);
static FOUR: Options = Options::new(Format::Ndjson).buffer(4);
static SMALL: Options = Options::new(Format::Ndjson).buffer(1_000).chunk(10);

/// Counts what is emitted without end.
fn endless(options: &'static Options) -> (Arc<AtomicU64>, Script) {
    let made = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&made);
    let script = script(options, move |emitter| {
        let count = Arc::clone(&count);
        async move {
            loop {
                emitter.send(item(count.fetch_add(1, Ordering::Relaxed))).await;
            }
        }
    });
    (made, script)
}

#[tokio::test(start_paused = true)]
async fn items_are_joined_until_the_producer_pauses() {
    let (sender, script) = channel(&LINES);
    for n in 0..3 {
        assert!(sender.send(n).is_ok());
    }
    let mut body = get("/probe", script).await.into_body();
    assert_eq!(next(&mut body).await, "0\n1\n2\n");
    assert!(sender.send(3).is_ok());
    assert_eq!(next(&mut body).await, "3\n");
    drop(sender);
    assert!(body.frame().await.is_none());
    assert!(http_body::Body::is_end_stream(&body));
}

#[tokio::test(start_paused = true)]
async fn the_producer_stops_when_nobody_reads() {
    for (path, options, most) in [("/probe", &FOUR, 4), ("/returning", &FOUR, 4), ("/probe", &LINES, 32)] {
        let (made, script) = endless(options);
        let mut body = get(path, script).await.into_body();
        let ahead = made.load(Ordering::Relaxed);
        assert!(ahead <= most, "{ahead} before anything was read");
        let mut taken = 0;
        for _ in 0..5 {
            taken += next(&mut body).await.lines().count() as u64;
            let made = made.load(Ordering::Relaxed);
            assert!(made - taken <= most, "{made} made, {taken} taken");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_frame_holds_no_more_items_than_was_said() {
    for path in ["/probe", "/returning"] {
        let (_, script) = endless(&FOUR);
        let mut body = get(path, script).await.into_body();
        assert_eq!(next(&mut body).await, "0\n1\n2\n3\n");
        assert_eq!(next(&mut body).await, "4\n5\n6\n7\n");
    }
    let (_, script) = endless(&LINES);
    let mut body = get("/probe", script).await.into_body();
    assert_eq!(next(&mut body).await.lines().count(), 32, "what is made before anybody asks");
    assert!((16_384..16_390).contains(&next(&mut body).await.len()), "what is asked for fills a chunk");
}

#[tokio::test(start_paused = true)]
async fn open_streams_are_counted() {
    let recorder = gauge::Recorder::default();
    let open = Arc::clone(&recorder.0);
    let _guard = metrics::set_default_local_recorder(&recorder);
    let waits = script(&SSE, |_| std::future::pending());
    let response = get("/probe", waits).await;
    assert_eq!(open.load(Ordering::Relaxed), 1);
    drop(response);
    assert_eq!(open.load(Ordering::Relaxed), 0);
}

#[tokio::test(start_paused = true)]
async fn a_chunk_is_bounded_by_bytes() {
    for path in ["/probe", "/returning"] {
        let (_, script) = endless(&SMALL);
        let mut body = get(path, script).await.into_body();
        assert_eq!(next(&mut body).await, "0\n1\n2\n3\n4\n");
        assert_eq!(next(&mut body).await, "5\n6\n7\n8\n9\n");
        assert_eq!(next(&mut body).await, "10\n11\n12\n13\n");
    }
}

#[tokio::test(start_paused = true)]
async fn silence_is_broken_only_while_it_lasts() {
    let (sender, script) = channel(&SSE);
    let mut body = get("/probe", script).await.into_body();
    let opened = Instant::now();
    let at = |expected: u128| {
        let elapsed = opened.elapsed().as_millis();
        assert!(
            (expected.saturating_sub(101)..=expected + 10).contains(&elapsed),
            "{elapsed}, not {expected}"
        );
    };
    assert_eq!(next(&mut body).await, ":\n\n");
    at(15_000);
    assert_eq!(next(&mut body).await, ":\n\n");
    at(30_000);
    let later = tokio::spawn(async move {
        tokio::time::sleep(millis(10_000)).await;
        sender.send(1).map(|()| sender)
    });
    assert_eq!(next(&mut body).await, "data: 1\n\n");
    at(40_000);
    assert_eq!(next(&mut body).await, ":\n\n");
    at(55_000);
    drop(later);
}

#[tokio::test(start_paused = true)]
async fn lines_have_a_keep_alive_where_it_is_asked_for() {
    let (_sender, script) = channel(&LIVE_LINES);
    let start = Instant::now();
    assert_eq!(next(get("/probe", script).await.body_mut()).await, "\n");
    assert!(start.elapsed() >= millis(5_000));
    let (_sender, script) = channel(&LINES);
    let mut body = get("/probe", script).await.into_body();
    assert!(tokio::time::timeout(millis(3_600_000), body.frame()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_slowly_is_not_the_producers_fault() {
    let (sender, script) = channel(&TIMED);
    assert!(sender.send(1).is_ok());
    let mut body = get("/probe", script).await.into_body();
    assert_eq!(next(&mut body).await, "data: 1\n\n");
    tokio::time::sleep(millis(60_000)).await;
    let later = tokio::spawn(async move {
        tokio::time::sleep(millis(10_000)).await;
        sender.send(2).map(|()| sender)
    });
    assert_eq!(next(&mut body).await, "data: 2\n\n", "twenty seconds count from when the transport asked");
    drop(later);
}

#[tokio::test(start_paused = true)]
async fn the_context_is_there_while_a_body_is_produced_and_when_it_is_dropped() {
    static DROPPED_IN: std::sync::Mutex<Option<String>> = std::sync::Mutex::new(None);
    struct Guard;
    impl Drop for Guard {
        fn drop(&mut self) {
            let id = Context::try_current().map(|context| context.request_id().to_owned());
            *DROPPED_IN.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = id;
        }
    }
    let asks = script(&LINES, |emitter| async move {
        let _guard = Guard;
        loop {
            tokio::time::sleep(millis(200)).await;
            let context = Context::current();
            let seen = context.header("x-seen").unwrap_or_default().to_owned();
            emitter.send(Event::new(json!([context.request_id(), seen]))).await;
        }
    });
    let mut request = request("/probe");
    request.headers_mut().insert("x-request-id", http::HeaderValue::from_static("r-1"));
    request.headers_mut().insert("x-seen", http::HeaderValue::from_static("yes"));
    let mut body = send(&mut app(asks).0, request).await.into_body();
    assert_eq!(next(&mut body).await, "[\"r-1\",\"yes\"]\n");
    drop(body);
    let dropped = DROPPED_IN.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
    assert_eq!(dropped.as_deref(), Some("r-1"));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_dropped_takes_its_producer_with_it() {
    struct Guard(Arc<AtomicBool>);
    impl Drop for Guard {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    for path in ["/probe", "/returning"] {
        let gone = Arc::new(AtomicBool::new(false));
        let mark = Arc::clone(&gone);
        let waits = script(&SSE, move |emitter| {
            let guard = Guard(Arc::clone(&mark));
            async move {
                let _guard = guard;
                emitter.send(item(1)).await;
                std::future::pending().await
            }
        });
        let mut response = get(path, waits).await;
        assert_eq!(next(response.body_mut()).await, "data: 1\n\n");
        assert!(!gone.load(Ordering::SeqCst));
        drop(response);
        assert!(gone.load(Ordering::SeqCst));
    }
}

#[tokio::test(start_paused = true)]
async fn items_without_bytes_let_others_run() {
    let nothing = script(&LINES, |emitter| async move {
        loop {
            emitter.send(Event::only_comment("not for lines")).await;
        }
    });
    let mut body = get("/probe", nothing).await.into_body();
    let mut turns = 0;
    let others = async {
        while turns < 10 {
            tokio::task::yield_now().await;
            turns += 1;
        }
    };
    tokio::select! {
        frame = body.frame() => panic!("{frame:?}"),
        () = others => {}
    }
    assert_eq!(turns, 10);
}

#[test]
fn an_idle_stream_is_small() {
    // The producer and the context come on top, and what hyper holds for the connection.
    assert!(size_of::<StreamBody>() <= 512, "{}", size_of::<StreamBody>());
}

/// A recorder of one gauge.
mod gauge {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use metrics::{Counter, Gauge, GaugeFn, Histogram, Key, KeyName, Metadata, SharedString, Unit};

    #[derive(Default)]
    pub(super) struct Recorder(pub(super) Arc<AtomicI64>);

    struct Open(Arc<AtomicI64>);

    impl GaugeFn for Open {
        fn increment(&self, _: f64) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }

        fn decrement(&self, _: f64) {
            self.0.fetch_sub(1, Ordering::Relaxed);
        }

        fn set(&self, _: f64) {}
    }

    impl metrics::Recorder for Recorder {
        fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

        fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

        fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

        fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
            Counter::noop()
        }

        fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
            assert_eq!(key.name(), "lift.stream.open");
            Gauge::from_arc(Arc::new(Open(Arc::clone(&self.0))))
        }

        fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
            Histogram::noop()
        }
    }
}
