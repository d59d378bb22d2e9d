//! What is served though it is not fresh: stale, in place of errors, and remembered 404s.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::response::IntoResponse;
use http::{Request, StatusCode};
use tokio::sync::Semaphore;

use super::concurrent::gated;
use super::lab::{Bench, Setup, case, until};
use super::route::{TTL, text};
use crate::cache::policy::Policy;
use crate::context::{Context, Origin};
use crate::error::Error;

#[tokio::test]
async fn stale_is_served_while_one_refreshes() {
    case!(C, Policy::new("stale", TTL).stale(30_000));
    let (bench, gate) = gated::<C>(Setup::default());
    gate.add_permits(1);
    assert_eq!(bench.get("/a").await.body, "1");
    bench.clock.advance(Duration::from_secs(61));
    for _ in 0..3 {
        let stale = bench.get("/a").await;
        assert_eq!((&*stale.body, stale.header("age")), ("1", "61"));
        let ttl: i64 =
            stale.cache().strip_prefix("lift; hit; ttl=").expect("a hit").parse().expect("a number");
        assert!((-4..=-1).contains(&ttl), "{ttl}");
    }
    until("one refreshes", || bench.lab.runs() == 2).await;
    gate.add_permits(1);
    until("the refresh has landed", || bench.cache.inner.flights.len() == 0).await;
    assert_eq!((bench.get("/a").await.body, bench.lab.runs()), ("2".to_owned(), 2));
    bench.clock.advance(Duration::from_secs(91));
    gate.add_permits(1);
    assert_eq!(bench.get("/a").await.body, "3", "too old to be served stale");
}

#[tokio::test]
async fn on_lambda_the_refresher_waits() {
    case!(C, Policy::new("lambda", TTL).stale(30_000));
    let bench = Bench::new::<C, _>(|run, _| async move { text(run.to_string()) });
    assert_eq!(bench.get("/a").await.body, "1");
    bench.clock.advance(Duration::from_secs(61));
    let mut request = Request::get("/a").body(Body::empty()).expect("a request");
    request.extensions_mut().insert(Origin { on_lambda: true, ..Origin::default() });
    let answer = bench.ask(request).await;
    assert_eq!((&*answer.body, answer.cache()), ("2", "lift; fwd=miss; stored"));
}

#[tokio::test]
async fn a_refresh_that_finds_nothing_ends_the_stale_answers() {
    case!(C, Policy::new("gone", TTL).stale(30_000));
    let bench = Bench::new::<C, _>(|run, _| async move {
        if run == 1 { text("1") } else { Err(Error::not_found("It is gone.")) }
    });
    bench.get("/a").await;
    bench.clock.advance(Duration::from_secs(61));
    assert_eq!(bench.get("/a").await.body, "1");
    until("the refresh has landed", || bench.lab.runs() == 2 && bench.cache.inner.flights.len() == 0).await;
    assert_eq!(bench.get("/a").await.status(), 404);
}

#[tokio::test(start_paused = true)]
async fn stale_stands_in_for_errors_but_not_for_4xx() {
    case!(C, Policy::new("if error", TTL).stale_if_error(600_000));
    let kind = Arc::new(std::sync::Mutex::new("fine"));
    let said = Arc::clone(&kind);
    let bench = Bench::new::<C, _>(move |run, name| {
        let kind = *said.lock().expect("a kind");
        async move {
            match kind {
                _ if name.starts_with("write") => text(""),
                "500" => Err(Error::internal("broken")),
                "503" => Ok(StatusCode::SERVICE_UNAVAILABLE.into_response()),
                "panic" => panic!("broken"),
                "hang" => std::future::pending().await,
                "404" => Err(Error::not_found("gone")),
                _ => text(run.to_string()),
            }
        }
    });
    let set = |to| *kind.lock().expect("a kind") = to;
    bench.get("/a").await;
    bench.clock.advance(Duration::from_secs(120));
    for kind in ["500", "503", "panic", "hang"] {
        set(kind);
        let answer = bench.get("/a").await;
        assert_eq!((answer.status(), &*answer.body), (200, "1"), "{kind}");
        assert!(answer.cache().starts_with("lift; hit; ttl=-6"), "{kind}: {}", answer.cache());
    }
    set("500");
    bench.send("POST", "/a", &[]).await;
    assert_eq!(bench.get("/a").await.status(), 500, "an invalidated entry is gone");
    set("fine");
    let stored = bench.get("/a").await.body;
    bench.clock.advance(Duration::from_secs(120));
    set("404");
    assert_eq!(bench.get("/a").await.status(), 404);
    set("500");
    assert_eq!(bench.get("/a").await.status(), 500, "{stored} was disowned by a 404");
}

#[tokio::test]
async fn a_404_is_remembered_and_told_anew_and_cleared_by_a_write() {
    case!(C, Policy::new("negative", TTL).negative(5_000));
    let there = Arc::new(AtomicBool::new(false));
    let inside = Arc::clone(&there);
    let bench = Bench::new::<C, _>(move |_, name| {
        let there = Arc::clone(&inside);
        async move {
            match &*name {
                "plain" => Ok(StatusCode::NOT_FOUND.into_response()),
                _ if name.starts_with("write") => {
                    there.store(true, Ordering::SeqCst);
                    text("written")
                }
                _ if there.load(Ordering::SeqCst) => text("here"),
                _ => Err(Error::not_found(format!("No {name}.")).with_code("no_item")),
            }
        }
    });
    bench.get("/a").await;
    let again = bench.send("GET", "/a", &["x-request-id: mine"]).await;
    assert_eq!((again.status(), bench.lab.runs()), (404, 1));
    assert!(again.cache().starts_with("lift; hit; ttl="));
    for part in [r#""code":"no_item""#, r#""detail":"No a.""#, r#""request_id":"mine""#] {
        assert!(again.body.contains(part), "{}", again.body);
    }
    bench.send("POST", "/a", &[]).await;
    assert_eq!(bench.get("/a").await.body, "here");
    bench.get("/plain").await;
    assert_eq!((bench.get("/plain").await.status(), bench.lab.runs()), (404, 4));
    bench.clock.advance(Duration::from_secs(5));
    bench.get("/plain").await;
    assert_eq!(bench.lab.runs(), 5);
}

#[tokio::test]
async fn without_negative_a_404_is_not_remembered() {
    case!(C, Policy::new("not negative", TTL));
    let bench = Bench::new::<C, _>(|_, _| async { Err(Error::not_found("no")) });
    bench.get("/a").await;
    bench.get("/a").await;
    assert_eq!(bench.lab.runs(), 2);
}

#[tokio::test]
async fn what_became_too_old_during_a_refresh_is_not_served() {
    case!(C, Policy::new("too old", TTL).stale(30_000));
    let gate = Arc::new(Semaphore::new(0));
    let inside = Arc::clone(&gate);
    let bench = Bench::new::<C, _>(move |run, _| {
        let gate = Arc::clone(&inside);
        async move {
            if run == 2 {
                gate.acquire().await.expect("open").forget();
                panic!("broken");
            }
            text(run.to_string())
        }
    });
    bench.get("/a").await;
    bench.clock.advance(Duration::from_secs(61));
    assert_eq!(bench.get("/a").await.body, "1");
    until("it refreshes", || bench.lab.runs() == 2).await;
    bench.clock.advance(Duration::from_secs(60));
    let late = bench.start("/a");
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    gate.add_permits(1);
    assert_eq!(late.await.expect("an answer").body, "3");
}

#[tokio::test]
async fn a_tainted_error_has_its_fallback() {
    case!(C, Policy::new("tainted error", TTL).stale_if_error(600_000));
    let bench = Bench::new::<C, _>(|run, _| async move {
        if run == 1 {
            return text("1");
        }
        tokio::task::yield_now().await;
        Err(Error::internal(format!("{:?}", Context::current().caller())))
    });
    bench.get("/a").await;
    bench.clock.advance(Duration::from_secs(120));
    for _ in 0..2 {
        let both = [bench.start("/a"), bench.start("/a")];
        for answer in both {
            let answer = answer.await.expect("an answer");
            assert_eq!((answer.status(), &*answer.body), (200, "1"));
        }
    }
}
