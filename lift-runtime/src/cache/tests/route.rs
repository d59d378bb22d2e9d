//! `Call::cached` and `Call::invalidates`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{Request, StatusCode};
use tokio::sync::Semaphore;

use super::lab::{Bench, Setup, case, until};
use crate::cache::policy::Policy;
use crate::context::{Context, Origin};
use crate::error::{Error, Result};
use crate::tenant::Tenants;

fn text(text: impl Into<String>) -> Result<Response> {
    Ok(text.into().into_response())
}

fn tenants(tenants: Tenants) -> Setup {
    Setup { tenants: Some(tenants), ..Setup::default() }
}

const TTL: u64 = 60_000;

#[tokio::test]
async fn a_miss_is_stored_and_then_hit() {
    case!(C, Policy::new("miss", TTL));
    let bench = Bench::new::<C, _>(|run, name| async move { text(format!("{name} {run}")) });
    let miss = bench.get("/a").await;
    assert_eq!((miss.status(), &*miss.body, miss.cache()), (200, "a 1", "lift; fwd=miss; stored"));
    assert_eq!(miss.header("cache-control"), "private, no-cache");
    assert_eq!(miss.header("age"), "");
    bench.clock.advance(Duration::from_millis(2_500));
    let hit = bench.get("/a").await;
    assert_eq!((&*hit.body, hit.header("age")), ("a 1", "2"));
    let left: i64 = hit.cache().strip_prefix("lift; hit; ttl=").expect("a hit").parse().expect("a number");
    assert!((54..=57).contains(&left), "60 s less 5 % at most, less 2.5 s: {left}");
    assert_eq!(hit.header("etag"), miss.header("etag"));
    assert!(hit.header("etag").starts_with("W/\""));
    assert_eq!(bench.get("/b").await.body, "b 2");
    bench.clock.advance(Duration::from_secs(60));
    assert_eq!(bench.get("/a").await.body, "a 3");
}

#[tokio::test]
async fn a_version_that_the_client_has_is_304_and_head_is_served_from_gets_entry() {
    case!(C, Policy::new("304", TTL).vary(&["accept-language"]));
    let bench = Bench::new::<C, _>(|_, _| async { text("body") });
    let first = bench.get("/a").await;
    let etag = first.header("etag").to_owned();
    for asked in [etag.clone(), format!("\"x\", {etag}"), etag.replace("W/", ""), "*".to_owned()] {
        let again = bench.send("GET", "/a", &[&format!("if-none-match: {asked}")]).await;
        assert_eq!((again.status(), &*again.body), (304, ""), "{asked}");
        for name in ["etag", "vary", "cache-control"] {
            assert_eq!(again.header(name), first.header(name));
        }
    }
    let other = bench.send("GET", "/a", &["if-none-match: \"other\""]).await;
    assert_eq!((other.status(), &*other.body), (200, "body"));
    let head = bench.send("HEAD", "/a", &[]).await;
    assert_eq!((head.status(), &*head.body, head.header("content-length")), (200, "", "4"));
    assert!(head.cache().starts_with("lift; hit"));
    assert_eq!(bench.lab.runs(), 1);
    // A version known before it is stored here.
    bench.cache.invalidate_all().await.expect("memory");
    let fresh = bench.send("GET", "/a", &[&format!("if-none-match: {etag}")]).await;
    assert_eq!((fresh.status(), fresh.cache()), (304, "lift; fwd=miss; stored"));
}

#[tokio::test]
async fn tenants_do_not_meet_whatever_they_are_called() {
    case!(C, Policy::new("tenants", TTL));
    let bench =
        Bench::with::<C, _>(
            tenants(Tenants::header("x-tenant")),
            |run, _| async move { text(run.to_string()) },
        );
    let names = ["acme", "ACME", "acme\u{2f}a", "a", "\"", "{}", "%00", "..", &"x".repeat(128)];
    for (n, name) in names.iter().enumerate() {
        let answer = bench.send("GET", "/a", &[&format!("x-tenant: {name}")]).await;
        assert_eq!((answer.body, answer.parts.status), ((n + 1).to_string(), StatusCode::OK), "{name}");
    }
    for (n, name) in names.iter().enumerate() {
        let answer = bench.send("GET", "/a", &[&format!("x-tenant: {name}")]).await;
        assert_eq!(answer.body, (n + 1).to_string(), "{name}");
        assert_eq!(answer.header("vary"), "x-tenant");
    }
    bench.send("POST", "/a", &["x-tenant: acme"]).await;
    let runs = bench.lab.runs();
    for name in &names[1..] {
        bench.send("GET", "/a", &[&format!("x-tenant: {name}")]).await;
    }
    assert_eq!(bench.lab.runs(), runs, "one tenant's write leaves the others' entries");
    bench.send("GET", "/a", &["x-tenant: acme"]).await;
    assert_eq!(bench.lab.runs(), runs + 1);
}

#[tokio::test]
async fn without_a_tenant_or_caller_the_cache_is_bypassed() {
    case!(PerTenant, Policy::new("no tenant", TTL));
    let optional = || tenants(Tenants::header("x-tenant").optional());
    let bench = Bench::with::<PerTenant, _>(optional(), |run, _| async move { text(run.to_string()) });
    for run in ["1", "2"] {
        let answer = bench.get("/a").await;
        assert_eq!((&*answer.body, answer.cache()), (run, "lift; fwd=bypass; detail=no-tenant"));
    }
    case!(Private, Policy::new("no caller", TTL).private());
    let bench = Bench::new::<Private, _>(|run, _| async move { text(run.to_string()) });
    assert_eq!(bench.get("/a").await.cache(), "lift; fwd=bypass; detail=no-caller");
    for (caller, body) in [("ann", "2"), ("bob", "3"), ("ann", "2")] {
        assert_eq!(bench.send("GET", "/a", &[&format!("x-caller: {caller}")]).await.body, body);
    }
    case!(Shared, Policy::new("shared", TTL).shared());
    let bench = Bench::with::<Shared, _>(optional(), |run, _| async move { text(run.to_string()) });
    bench.get("/a").await;
    let shared = bench.send("GET", "/a", &["x-tenant: acme"]).await;
    assert_eq!((&*shared.body, shared.header("cache-control"), shared.header("vary")), ("1", "", ""));
}

#[tokio::test]
async fn named_headers_enter_the_key_and_others_do_not() {
    case!(C, Policy::new("vary", TTL).vary(&["accept-language"]));
    let bench = Bench::new::<C, _>(|run, _| async move { text(run.to_string()) });
    let get = |headers: &'static [&'static str]| bench.send("GET", "/a", headers);
    assert_eq!(get(&[]).await.body, "1");
    assert_eq!(get(&["accept-language: de"]).await.body, "2");
    assert_eq!(get(&["accept-language: "]).await.body, "3");
    assert_eq!(get(&["accept-language: de", "accept-language: en"]).await.body, "4");
    assert_eq!(get(&["accept-language: de", "x-evil: 1"]).await.body, "2");
    assert_eq!(get(&["accept-language: de"]).await.header("vary"), "accept-language");
}

#[tokio::test]
async fn what_says_that_it_is_for_one_is_not_stored() {
    case!(C, Policy::new("unstorable", TTL).max_bytes(1000));
    let bench = Bench::new::<C, _>(|run, name| async move {
        let body = run.to_string();
        Ok(match &*name {
            "cookie" => ([("set-cookie", "a=b")], body).into_response(),
            "no-store" => ([("cache-control", "max-age=1, No-Store")], body).into_response(),
            "vary" => ([("vary", "accept, *")], body).into_response(),
            "partial" => (StatusCode::PARTIAL_CONTENT, body).into_response(),
            "redirect" => (StatusCode::FOUND, body).into_response(),
            "large" => format!("{body}{}", "x".repeat(1001)).into_response(),
            "stream" => {
                let pieces = [Ok::<_, std::io::Error>(Bytes::from(body)), Ok(Bytes::from_static(b"!"))];
                Body::from_stream(futures_util::stream::iter(pieces)).into_response()
            }
            _ => body.into_response(),
        })
    });
    for name in ["cookie", "no-store", "vary", "partial", "redirect", "large", "stream"] {
        let first = bench.get(&format!("/{name}")).await;
        let second = bench.get(&format!("/{name}")).await;
        assert_ne!(first.body, second.body, "{name}");
        assert_eq!((first.cache(), second.header("age")), ("lift; fwd=miss", ""), "{name}");
    }
    assert!(bench.get("/stream").await.body.ends_with('!'));
    bench.get("/fine").await;
    assert!(bench.get("/fine").await.cache().starts_with("lift; hit"));
}

#[tokio::test]
async fn the_handlers_own_headers_stay_and_a_messages_go() {
    case!(C, Policy::new("headers", TTL).cache_control("private, max-age=30"));
    let bench = Bench::new::<C, _>(|_, name| async move {
        let own =
            [("cache-control", "private, max-age=5"), ("etag", "\"own\""), ("age", "7"), ("x-own", "1")];
        if name == "own" { Ok((own, "b").into_response()) } else { text("b") }
    });
    for _ in 0..2 {
        let own = bench.get("/own").await;
        assert_eq!(own.header("cache-control"), "private, max-age=5");
        assert_eq!((own.header("etag"), own.header("x-own")), ("\"own\"", "1"));
        assert_ne!(own.header("age"), "7");
    }
    assert_eq!(bench.get("/plain").await.header("cache-control"), "private, max-age=30");
}

#[tokio::test]
async fn a_client_reloads_only_where_the_app_lets_it() {
    case!(C, Policy::new("reload", TTL));
    for (client_no_cache, expected) in [(false, ["1", "1", "1"]), (true, ["1", "2", "2"])] {
        let setup = Setup { client_no_cache, ..Setup::default() };
        let bench = Bench::with::<C, _>(setup, |run, _| async move { text(run.to_string()) });
        let first = bench.get("/a").await;
        let second = bench.send("GET", "/a", &["cache-control: max-age=0, no-cache"]).await;
        let third = bench.get("/a").await;
        assert_eq!([&*first.body, &second.body, &third.body], expected);
        if client_no_cache {
            assert_eq!(second.cache(), "lift; fwd=request; stored");
        }
    }
}

#[tokio::test]
async fn a_writer_invalidates_after_every_outcome_but_a_4xx() {
    case!(C, Policy::new("writer", TTL));
    let outcome = Arc::new(std::sync::Mutex::new(200));
    let said = Arc::clone(&outcome);
    let bench = Bench::new::<C, _>(move |run, name| {
        let status = *said.lock().expect("a status");
        async move {
            match status {
                _ if !name.starts_with("write") => text(run.to_string()),
                0 => panic!("after it has written"),
                status => Err(Error::new(StatusCode::from_u16(status).expect("a status"), "x", "x")),
            }
        }
    });
    let mut last = bench.get("/a").await.body;
    for (status, invalidates) in [(404, false), (422, false), (500, true), (503, true), (0, true)] {
        *outcome.lock().expect("a status") = status;
        let written = bench.send("POST", "/a", &[]).await;
        assert_eq!(written.status(), if status == 0 { 500 } else { status });
        let read = bench.get("/a").await.body;
        assert_eq!(read != last, invalidates, "{status}");
        last = read;
    }
}

#[tokio::test]
async fn a_writer_that_is_dropped_invalidates() {
    case!(C, Policy::new("dropped writer", TTL));
    let bench = Bench::new::<C, _>(|run, name| async move {
        if name.starts_with("write") {
            std::future::pending::<()>().await;
        }
        text(run.to_string())
    });
    assert_eq!(bench.get("/a").await.body, "1");
    let writer = {
        let bench = bench.clone();
        tokio::spawn(async move { bench.send("POST", "/a", &[]).await.body })
    };
    until("the writer runs", || bench.lab.runs() == 2).await;
    assert_eq!(bench.get("/a").await.body, "1");
    writer.abort();
    assert!(writer.await.is_err());
    assert_eq!(bench.get("/a").await.body, "3");
}

/// A handler that waits at a gate, so that a test decides when a computation ends.
fn gated<C: super::lab::Case>(ttl: Setup) -> (Bench, Arc<Semaphore>) {
    let gate = Arc::new(Semaphore::new(0));
    let inside = Arc::clone(&gate);
    let bench = Bench::with::<C, _>(ttl, move |run, name| {
        let gate = Arc::clone(&inside);
        async move {
            if !name.starts_with("write") {
                gate.acquire().await.expect("open").forget();
            }
            text(run.to_string())
        }
    });
    (bench, gate)
}

#[tokio::test]
async fn concurrent_misses_run_the_handler_once() {
    case!(C, Policy::new("collapse", TTL));
    let (bench, gate) = gated::<C>(Setup::default());
    let waiting: Vec<_> = (0..300).map(|_| bench.start("/a")).collect();
    until("one runs", || bench.lab.runs() == 1).await;
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    gate.add_permits(1);
    let mut collapsed = 0;
    for task in waiting {
        let answer = task.await.expect("an answer");
        assert_eq!(answer.body, "1");
        collapsed += u32::from(answer.cache() == "lift; fwd=miss; collapsed");
    }
    assert_eq!((bench.lab.runs(), collapsed), (1, 299));
    assert_eq!(bench.cache.inner.flights.len(), 0);
}

#[tokio::test]
async fn what_began_before_an_invalidation_is_neither_stored_nor_joined_after_it() {
    case!(C, Policy::new("race", TTL));
    let (bench, gate) = gated::<C>(Setup::default());
    let before = bench.start("/a");
    until("the first computes", || bench.lab.runs() == 1).await;
    bench.send("POST", "/a", &[]).await;
    assert_eq!(bench.lab.runs(), 2, "the write");
    let after = bench.start("/a");
    until("the second computes for itself", || bench.lab.runs() == 3).await;
    // The newer one lands first, and the older one must not overwrite it.
    gate.add_permits(2);
    let (before, after) = (before.await.expect("an answer"), after.await.expect("an answer"));
    assert_eq!((&*before.body, &*after.body), ("1", "3"));
    assert_eq!(before.cache(), "lift; fwd=miss");
    assert_eq!(bench.get("/a").await.body, "3");
}

#[tokio::test]
async fn every_kind_of_invalidation_reaches_a_computation_under_way() {
    case!(C, Policy::new("kinds", TTL));
    for kind in 0..5 {
        let (bench, gate) = gated::<C>(tenants(Tenants::header("x-tenant")));
        let ask = |bench: Bench| async move { bench.send("GET", "/a", &["x-tenant: acme"]).await.body };
        let before = tokio::spawn(ask(bench.clone()));
        until("it computes", || bench.lab.runs() == 1).await;
        let acme = bench.cache.tenant("acme").expect("a name");
        let done = match kind {
            0 => acme.invalidate_tag("a").await,
            1 => acme.invalidate_endpoint("kinds").await,
            2 => bench.cache.invalidate_endpoint("kinds").await,
            3 => acme.invalidate_key(<C as super::lab::Case>::policy(), |key| key.part("a")).await,
            _ => bench.cache.invalidate_all().await,
        };
        done.expect("memory");
        gate.add_permits(2);
        assert_eq!(before.await.expect("an answer"), "1");
        assert_eq!(ask(bench.clone()).await, "2", "kind {kind}");
        bench.cache.invalidate_tenant(&crate::Tenant::new("other").expect("a name")).await.expect("memory");
        bench.cache.tenant("other").expect("a name").invalidate_tag("a").await.expect("memory");
        assert_eq!(ask(bench.clone()).await, "2", "another tenant's is not this one's");
    }
}

#[tokio::test]
async fn a_cancelled_leader_hands_over_at_once() {
    case!(C, Policy::new("cancel", TTL));
    let (bench, gate) = gated::<C>(Setup::default());
    let mut tasks: Vec<_> = Vec::new();
    for _ in 0..5 {
        tasks.push(bench.start("/a"));
        tokio::task::yield_now().await;
    }
    until("the first leads", || bench.lab.runs() == 1).await;
    let others = tasks.split_off(1);
    tasks.remove(0).abort();
    until("the second leads", || bench.lab.runs() == 2).await;
    gate.add_permits(1);
    for task in others {
        assert_eq!(task.await.expect("an answer").body, "2");
    }
    assert_eq!((bench.lab.runs(), bench.cache.inner.flights.len()), (2, 0));
}

#[tokio::test]
async fn when_all_leave_nothing_stays() {
    case!(C, Policy::new("all leave", TTL));
    let (bench, gate) = gated::<C>(Setup::default());
    let tasks: Vec<_> = (0..10).map(|_| bench.start("/a")).collect();
    until("one leads", || bench.lab.runs() == 1).await;
    // In both directions, so that waiters leave before and after the lead was theirs.
    for task in tasks.iter().rev().step_by(2).chain(tasks.iter()) {
        task.abort();
    }
    for task in tasks {
        drop(task.await);
    }
    assert_eq!(bench.cache.inner.flights.len(), 0);
    gate.add_permits(100);
    assert_eq!(bench.get("/a").await.cache(), "lift; fwd=miss; stored");
}

#[tokio::test]
async fn a_panicking_leader_hands_over_at_once() {
    case!(C, Policy::new("panic", TTL));
    let bench = Bench::new::<C, _>(|run, _| async move {
        tokio::task::yield_now().await;
        assert_ne!(run, 1, "the first one panics");
        text(run.to_string())
    });
    let tasks: Vec<_> = (0..5).map(|_| bench.start("/a")).collect();
    let mut statuses = Vec::new();
    for task in tasks {
        statuses.push(task.await.expect("an answer").status());
    }
    statuses.sort_unstable();
    assert_eq!((statuses, bench.lab.runs()), (vec![200, 200, 200, 200, 500], 2));
}

#[tokio::test]
async fn an_error_goes_to_all_who_waited_each_with_its_own_request_id() {
    case!(C, Policy::new("errors", TTL));
    let gate = Arc::new(Semaphore::new(0));
    let inside = Arc::clone(&gate);
    let bench = Bench::new::<C, _>(move |_, name| {
        let gate = Arc::clone(&inside);
        async move {
            gate.acquire().await.expect("open").forget();
            let retry = (http::header::RETRY_AFTER, http::HeaderValue::from_static("3"));
            match &*name {
                "own" => {
                    Ok((StatusCode::IM_A_TEAPOT, [("content-type", "text/html")], "<p>no").into_response())
                }
                _ => Err(Error::unavailable("Not now.").with_header(retry.0, retry.1)),
            }
        }
    });
    for path in ["/a", "/own"] {
        let asked: Vec<_> = (0..4)
            .map(|n| {
                let (bench, id) = (bench.clone(), format!("x-request-id: request-{n}"));
                tokio::spawn(async move { bench.send("GET", path, &[&id]).await })
            })
            .collect();
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        gate.add_permits(1);
        for (n, task) in asked.into_iter().enumerate() {
            let answer = task.await.expect("an answer");
            if path == "/own" {
                assert_eq!(
                    (answer.status(), &*answer.body, answer.header("content-type")),
                    (418, "<p>no", "text/html")
                );
                continue;
            }
            assert_eq!((answer.status(), answer.header("retry-after")), (503, "3"));
            assert!(answer.body.contains(&format!(r#""request_id":"request-{n}""#)), "{}", answer.body);
        }
    }
    assert_eq!(bench.lab.runs(), 2);
    gate.add_permits(1);
    bench.get("/a").await;
    assert_eq!(bench.lab.runs(), 3, "an error is not stored");
}

#[tokio::test]
async fn what_is_for_one_is_not_handed_to_those_who_waited() {
    case!(C, Policy::new("for one", TTL));
    let bench = Bench::new::<C, _>(|run, name| async move {
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        match &*name {
            "cookie" => Ok(([("set-cookie", format!("session={run}"))], "hello").into_response()),
            "caller" => text(format!("{:?}", Context::current().caller())),
            _ => Err(Error::forbidden(format!("not you, {:?}", Context::current().caller()))),
        }
    });
    for path in ["/cookie", "/caller", "/error"] {
        let before = bench.lab.runs();
        let asked: Vec<_> = (0..3)
            .map(|n| {
                let (bench, caller) = (bench.clone(), format!("x-caller: c{n}"));
                tokio::spawn(async move { bench.send("GET", path, &[&caller]).await })
            })
            .collect();
        let mut seen = std::collections::HashSet::new();
        for task in asked {
            let answer = task.await.expect("an answer");
            assert_eq!(answer.cache(), "lift; fwd=miss");
            seen.insert((
                answer.header("set-cookie").to_owned(),
                answer.body.replace(answer.header("x-request-id"), ""),
            ));
        }
        assert_eq!((seen.len(), bench.lab.runs() - before), (3, 3), "{path}");
    }
}

#[tokio::test]
async fn what_is_read_behind_the_keys_back_is_not_stored() {
    case!(PerTenant, Policy::new("taint", TTL));
    let read = |_, name: String| async move {
        let context = Context::current();
        match &*name {
            "caller" => assert_ne!(context.caller(), Some("nobody")),
            "header" => assert_eq!(context.header("x"), None),
            "tenant" => assert_eq!(context.tenant(), None),
            "task" => {
                crate::spawn(async { Context::current().caller().is_some() })
                    .await
                    .map(drop)
                    .expect("a task");
            }
            _ => {}
        }
        text("x")
    };
    let bench = Bench::new::<PerTenant, _>(read);
    for (path, stored) in
        [("/caller", false), ("/header", false), ("/task", false), ("/tenant", true), ("/none", true)]
    {
        assert_eq!(bench.get(path).await.cache() == "lift; fwd=miss; stored", stored, "{path}");
    }
    case!(Shared, Policy::new("shared taint", TTL).shared());
    let bench = Bench::new::<Shared, _>(read);
    assert_eq!(bench.get("/tenant").await.cache(), "lift; fwd=miss");
    case!(Private, Policy::new("private taint", TTL).private());
    let bench = Bench::new::<Private, _>(read);
    assert_eq!(bench.send("GET", "/caller", &["x-caller: a"]).await.cache(), "lift; fwd=miss; stored");
}

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
async fn a_key_of_any_size_is_a_key() {
    case!(C, Policy::new("huge", TTL));
    let bench = Bench::new::<C, _>(|run, _| async move { text(run.to_string()) });
    let long = format!("/{}", "k".repeat(60_000));
    assert_eq!(bench.get(&long).await.body, "1");
    assert_eq!(bench.get(&long).await.body, "1");
    assert_eq!(bench.get(&long[..59_000]).await.body, "2");
}
