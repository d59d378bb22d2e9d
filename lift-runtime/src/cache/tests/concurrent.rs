//! Several who ask for one thing at once.

use std::sync::Arc;

use axum::response::IntoResponse;
use http::StatusCode;
use tokio::sync::Semaphore;

use super::lab::{Bench, Setup, case, until};
use super::route::{TTL, tenants, text};
use crate::cache::policy::Policy;
use crate::context::Context;
use crate::error::Error;
use crate::tenant::Tenants;

/// A handler that waits at a gate, so that a test decides when a computation ends.
pub(super) fn gated<C: super::lab::Case>(ttl: Setup) -> (Bench, Arc<Semaphore>) {
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
