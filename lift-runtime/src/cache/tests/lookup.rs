//! Look-ups of one key that are asked for at once.

use std::sync::Arc;

use axum::response::{IntoResponse as _, Response};
use tokio::sync::Semaphore;

use super::lab::{Bench, Setup, case, until};
use super::store::Store;
use crate::cache::Cache;
use crate::cache::policy::Policy;
use crate::error::Result;

async fn counted(run: u32, name: String) -> Result<Response> {
    Ok(format!("{name} {run}").into_response())
}

/// A bench whose key `/a` is warm, its store, and the gate at which look-ups wait once they have read.
async fn gated<C: super::lab::Case>() -> (Bench, Store, Arc<Semaphore>) {
    let store = Store::with_leases();
    let bench =
        Bench::with::<C, _>(Setup { cache: Cache::store(store.clone()), ..Setup::default() }, counted);
    assert_eq!(bench.get("/a").await.cache(), "lift; fwd=miss; stored");
    let gate = Arc::new(Semaphore::new(0));
    let mut state = store.state();
    (state.gate, state.operations) = (Some(Arc::clone(&gate)), 0);
    drop(state);
    (bench, store, gate)
}

fn pending(bench: &Bench) -> usize {
    bench.cache.inner.remote.as_ref().expect("a store").lookups.len()
}

async fn others_run() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_burst_for_one_key_costs_two_look_ups() {
    case!(C, Policy::new("burst", 60_000));
    let (bench, store, gate) = gated::<C>().await;
    let asked: Vec<_> = (0..50).map(|_| bench.start("/a")).collect();
    until("the first looks", || store.state().operations == 1).await;
    others_run().await;
    gate.add_permits(1);
    until("the others look", || store.state().operations == 2).await;
    gate.add_permits(1);
    for task in asked {
        assert_eq!(task.await.expect("an answer").body, "a 1");
    }
    assert_eq!((store.state().operations, pending(&bench)), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn nobody_is_given_what_was_read_before_they_asked() {
    case!(C, Policy::new("read before", 60_000));
    let (bench, store, gate) = gated::<C>().await;
    let early = bench.start("/a");
    until("it has read", || store.state().operations == 1).await;
    bench.cache.invalidate_tag("a").await.expect("a store");
    let late = bench.start("/a");
    others_run().await;
    gate.add_permits(10);
    assert_eq!(early.await.expect("an answer").body, "a 1", "it began before the invalidation");
    assert_eq!(late.await.expect("an answer").body, "a 2");
}

#[tokio::test(start_paused = true)]
async fn who_asked_first_may_leave() {
    case!(C, Policy::new("leaves", 60_000));
    let (bench, store, gate) = gated::<C>().await;
    let first = bench.start("/a");
    until("it looks", || store.state().operations == 1).await;
    let second = bench.start("/a");
    others_run().await;
    first.abort();
    gate.add_permits(2);
    assert_eq!(second.await.expect("an answer").cache().split(';').nth(1), Some(" hit"));
    let alone = bench.start("/a");
    until("it looks", || pending(&bench) == 1).await;
    alone.abort();
    assert!(alone.await.is_err());
    assert_eq!(pending(&bench), 0, "nothing is kept for those who have gone");
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_for_a_store_that_hangs_wait_once() {
    case!(C, Policy::new("wait once", 60_000));
    let (bench, store, _gate) = gated::<C>().await;
    let began = tokio::time::Instant::now();
    let asked: Vec<_> = (0..50).map(|_| bench.start("/a")).collect();
    for task in asked {
        assert_eq!(task.await.expect("an answer").status(), 200);
    }
    assert_eq!((began.elapsed().as_millis(), store.state().operations), (50, 1));
}
