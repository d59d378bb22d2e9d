//! `Call::cached` and `Call::invalidates`.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::StatusCode;

use super::lab::{Bench, Setup, case, until};
use crate::cache::policy::Policy;
use crate::error::{Error, Result};
use crate::tenant::Tenants;

pub(super) fn text(text: impl Into<String>) -> Result<Response> {
    Ok(text.into().into_response())
}

pub(super) fn tenants(tenants: Tenants) -> Setup {
    Setup { tenants: Some(tenants), ..Setup::default() }
}

pub(super) const TTL: u64 = 60_000;

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
        assert_eq!(again.header("content-length"), "");
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

#[tokio::test]
async fn a_key_of_any_size_is_a_key() {
    case!(C, Policy::new("huge", TTL));
    let bench = Bench::new::<C, _>(|run, _| async move { text(run.to_string()) });
    let long = format!("/{}", "k".repeat(60_000));
    assert_eq!(bench.get(&long).await.body, "1");
    assert_eq!(bench.get(&long).await.body, "1");
    assert_eq!(bench.get(&long[..59_000]).await.body, "2");
}

#[tokio::test]
async fn every_answer_tells_caches_whose_it_is() {
    case!(C, Policy::new("told", TTL).negative(5_000).cache_control("public, max-age=60").max_bytes(1000));
    let setup = tenants(Tenants::header("x-tenant").optional());
    let bench = Bench::with::<C, _>(setup, |_, name| async move {
        match &*name {
            "absent" => Err(Error::not_found("no")),
            "forbidden" => Err(Error::forbidden("no")),
            "broken" => Ok(StatusCode::BAD_GATEWAY.into_response()),
            "redirect" => Ok(StatusCode::MOVED_PERMANENTLY.into_response()),
            "cookie" => Ok((StatusCode::NOT_FOUND, [("set-cookie", "a=b")]).into_response()),
            "own" => Ok((StatusCode::NOT_FOUND, [("cache-control", "max-age=5")]).into_response()),
            _ => text("fine"),
        }
    });
    for path in ["absent", "forbidden", "broken", "redirect", "cookie", "fine"] {
        let told = if path == "fine" { "public, max-age=60" } else { "private, no-cache" };
        for headers in [&["x-tenant: acme"][..], &["x-tenant: acme"], &[]] {
            let answer = bench.send("GET", &format!("/{path}"), headers).await;
            assert_eq!((answer.header("vary"), answer.header("cache-control")), ("x-tenant", told), "{path}");
        }
    }
    assert_eq!(bench.get("/own").await.header("cache-control"), "max-age=5");
}
