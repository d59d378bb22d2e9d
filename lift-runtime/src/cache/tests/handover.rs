//! Who computes when a leader goes away, or another process is at it.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::Request;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::lab::{Bench, Setup, case, until};
use super::store::Store;
use crate::cache::policy::Policy;
use crate::cache::{Cache, Lease};
use crate::context::Origin;
use crate::error::Result;

fn setup(store: &Store) -> Setup {
    Setup { cache: Cache::store(store.clone()), ..Setup::default() }
}

async fn settle() {
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
}

/// The next in line came before the invalidation, and has what stood then; whoever joins it came after.
async fn hand_over(setup: Setup) {
    case!(C, Policy::new("handover", 1_000).stale_if_error(600_000));
    let gate = Arc::new(Semaphore::new(0));
    let inside = Arc::clone(&gate);
    let bench = Bench::with::<C, _>(setup, move |run, _| {
        let gate = Arc::clone(&inside);
        async move {
            match run {
                1 => Ok("old".into_response()),
                2 => std::future::pending().await,
                3 => {
                    gate.acquire().await.expect("open").forget();
                    panic!("the handler's bug")
                }
                _ => Ok("new".into_response()),
            }
        }
    });
    assert_eq!(bench.get("/x").await.body, "old");
    bench.clock.advance(Duration::from_secs(2));
    let leader = bench.start("/x");
    until("the first computes", || bench.lab.runs() == 2).await;
    let next = bench.start("/x");
    settle().await;
    bench.cache.invalidate_tag("x").await.expect("told");
    leader.abort();
    until("the next computes", || bench.lab.runs() == 3).await;
    let late = bench.start("/x");
    settle().await;
    gate.add_permits(1);
    let late = late.await.expect("an answer");
    assert_eq!(late.body, "new", "{}", late.cache());
    assert_eq!(next.await.expect("an answer").status(), 500);
}

#[tokio::test]
async fn what_was_invalidated_meanwhile_stands_in_for_no_error() {
    hand_over(Setup::default()).await;
    hand_over(setup(&Store::default())).await;
    hand_over(setup(&Store::with_leases())).await;
}

async fn counted(run: u32, name: String) -> Result<Response> {
    Ok(format!("{name} {run}").into_response())
}

/// Another process takes the lease on all that is there.
fn held_elsewhere(store: &Store) {
    let mut state = store.state();
    let leases: Vec<_> = state.entries.keys().map(|key| (key.clone(), Lease(1))).collect();
    state.leases.extend(leases);
}

fn asked(origin: Origin) -> Request<Body> {
    let mut request = Request::get("/a").body(Body::empty()).expect("a request");
    request.extensions_mut().insert(origin);
    request
}

#[tokio::test(start_paused = true)]
async fn on_lambda_nobody_waits_for_another_process_that_refreshes() {
    case!(C, Policy::new("refreshed elsewhere", 60_000).stale(30_000));
    let store = Store::with_leases();
    let bench = Bench::with::<C, _>(setup(&store), counted);
    bench.get("/a").await;
    held_elsewhere(&store);
    bench.clock.advance(Duration::from_secs(61));
    let began = Instant::now();
    let answer = bench.ask(asked(Origin { on_lambda: true, ..Origin::default() })).await;
    assert_eq!((&*answer.body, began.elapsed()), ("a 1", Duration::ZERO));
    store.state().leases.clear();
    let answer = bench.ask(asked(Origin { on_lambda: true, ..Origin::default() })).await;
    assert_eq!(answer.body, "a 2", "the refresh is this one's now");
}

#[tokio::test(start_paused = true)]
async fn stale_stands_in_for_what_another_process_takes_too_long_to_make() {
    case!(C, Policy::new("too long elsewhere", 60_000).stale_if_error(600_000));
    let store = Store::with_leases();
    let bench = Bench::with::<C, _>(setup(&store), counted);
    bench.get("/a").await;
    held_elsewhere(&store);
    bench.clock.advance(Duration::from_secs(61));
    let began = Instant::now();
    let deadline = Some(began + Duration::from_secs(3));
    let answer = bench.ask(asked(Origin { deadline, ..Origin::default() })).await;
    assert_eq!((answer.status(), &*answer.body), (200, "a 1"));
    assert!(began.elapsed() > Duration::from_secs(2), "it may come in time: {:?}", began.elapsed());
    assert_eq!(bench.lab.runs(), 1);
}
