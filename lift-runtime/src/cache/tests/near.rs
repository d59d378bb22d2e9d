//! Near caches: two "processes", each with memory of its own before a store that they share.

use std::sync::Arc;
use std::time::Duration;

use axum::response::{IntoResponse, Response};

use tokio::sync::Semaphore;

use super::lab::{Bench, Case as _, Setup, case, until};
use super::store::{Fault, Store};
use crate::cache::Cache;
use crate::cache::KeyPart as _;
use crate::cache::policy::Policy;
use crate::clock::Clock;
use crate::error::Result;

case!(Near, Policy::new("near", 60_000).stale(30_000).stale_if_error(600_000));

/// A process; those of a test share its clock.
fn process(store: &Store, clock: &Clock) -> Bench {
    let setup = Setup { cache: Cache::near(store.clone()), clock: clock.clone(), ..Setup::default() };
    Bench::with::<Near, _>(setup, counted)
}

fn watched() -> Store {
    let store = Store::with_leases();
    store.state().can_watch = true;
    store
}

async fn counted(run: u32, name: String) -> Result<Response> {
    Ok(format!("{name} {run}").into_response())
}

/// What a process answers, and how many operations on the store that took.
async fn read(bench: &Bench, store: &Store, path: &str) -> (String, u32) {
    let before = store.state().operations;
    let answer = bench.get(path).await;
    assert_eq!(answer.status(), 200);
    (answer.body, store.state().operations - before)
}

/// Waits until every process is told of renewals.
async fn watching(store: &Store, processes: usize) {
    until("all watch", || store.state().watchers.len() == processes).await;
    settle().await;
}

/// Lets every watcher do what it has to.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_second_read_asks_nobody() {
    let (store, clock) = (Store::with_leases(), Clock::manual());
    let (a, b) = (process(&store, &clock), process(&store, &clock));
    read(&a, &store, "/x").await;
    assert_eq!(read(&a, &store, "/x").await, ("x 1".into(), 0), "what it has computed");
    assert_eq!(read(&b, &store, "/x").await, ("x 1".into(), 1));
    assert_eq!(read(&b, &store, "/x").await, ("x 1".into(), 0), "what it has read");
    assert_eq!(b.lab.runs(), 0);
}

#[tokio::test]
async fn a_store_that_tells_nothing_is_asked_again_after_l1_ttl() {
    let (store, clock) = (Store::with_leases(), Clock::manual());
    let (a, b) = (process(&store, &clock), process(&store, &clock));
    read(&a, &store, "/x").await;
    read(&b, &store, "/x").await;
    clock.advance(Duration::from_millis(999));
    a.send("POST", "/x", &[]).await;
    assert_eq!(read(&b, &store, "/x").await, ("x 1".into(), 0), "within the bound");
    assert_eq!(read(&a, &store, "/x").await.0, "x 3", "the writer's own next read is fresh");
    clock.advance(Duration::from_millis(1));
    assert_eq!(read(&b, &store, "/x").await, ("x 3".into(), 1));
}

#[tokio::test]
async fn an_entry_that_still_stands_is_kept_when_the_store_is_asked_again() {
    let (store, clock) = (Store::with_leases(), Clock::manual());
    let a = process(&store, &clock);
    read(&a, &store, "/x").await;
    for _ in 0..3 {
        clock.advance(Duration::from_secs(1));
        assert_eq!(read(&a, &store, "/x").await, ("x 1".into(), 1));
        assert_eq!(read(&a, &store, "/x").await, ("x 1".into(), 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_tells_is_believed_for_as_long_as_it_proves_it() {
    let (store, clock) = (watched(), Clock::manual());
    let (a, b) = (process(&store, &clock), process(&store, &clock));
    a.get("/x").await;
    b.get("/x").await;
    watching(&store, 2).await;
    // The first proof drops what was held before it.
    b.get("/x").await;
    for _ in 0..10 {
        tokio::time::sleep(Duration::from_millis(500)).await;
        clock.advance(Duration::from_millis(500));
        tokio::time::sleep(Duration::from_millis(400)).await;
        assert_eq!(read(&b, &store, "/x").await, ("x 1".into(), 0));
    }
    a.send("POST", "/x", &[]).await;
    settle().await;
    assert_eq!(read(&b, &store, "/x").await.0, "x 1", "its own first run");
    assert_eq!(b.lab.runs(), 1);
}

#[tokio::test(start_paused = true)]
async fn after_a_freeze_nothing_is_believed() {
    let (store, clock) = (watched(), Clock::manual());
    let (a, b) = (process(&store, &clock), process(&store, &clock));
    b.get("/x").await;
    watching(&store, 1).await;
    b.get("/x").await;
    assert_eq!(read(&b, &store, "/x").await.1, 0);
    // Frozen: time passes, and no task of the process has run when the next request comes.
    store.state().mute = true;
    store.state().generations.clear();
    clock.advance(Duration::from_secs(1));
    a.get("/x").await;
    assert_eq!(read(&b, &store, "/x").await, ("x 1".into(), 1), "a's, by asking the store");
    assert_eq!((a.lab.runs(), b.lab.runs()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_lost_subscription_is_made_again_and_what_was_held_is_dropped() {
    let (store, clock) = (watched(), Clock::manual());
    let b = process(&store, &clock);
    b.get("/x").await;
    watching(&store, 1).await;
    b.get("/x").await;
    assert_eq!(read(&b, &store, "/x").await.1, 0);
    store.state().watchers.clear();
    settle().await;
    // Renewed while nobody was told.
    store.state().generations.clear();
    clock.advance(Duration::from_millis(999));
    tokio::time::sleep(Duration::from_secs(1)).await;
    watching(&store, 1).await;
    read(&b, &store, "/x").await;
    assert_eq!(b.lab.runs(), 2);
}

#[tokio::test]
async fn a_clock_set_back_makes_nothing_trusted_for_longer() {
    let near = super::super::near::Near::new();
    assert!(near.trusts(10_000, 10_999));
    assert!(!near.trusts(10_000, 11_000));
    assert!(!near.trusts(10_000, 9_999));
    near.verified(20_000);
    assert!(near.trusts(0, 20_000) && near.trusts(0, 20_999));
    assert!(!near.trusts(0, 21_000) && !near.trusts(0, 19_999));
}

#[tokio::test]
async fn what_fails_in_the_store_is_not_served_from_memory_beyond_l1_ttl() {
    let (store, clock) = (Store::with_leases(), Clock::manual());
    let a = process(&store, &clock);
    read(&a, &store, "/x").await;
    store.state().fault = Fault::Fails;
    assert_eq!(a.send("POST", "/x", &[]).await.status(), 200);
    assert_eq!(a.get("/x").await.body, "x 3", "invalidated here at once, though the store could not be told");
    clock.advance(Duration::from_secs(1));
    assert_eq!(a.get("/x").await.body, "x 4");
}

#[tokio::test]
async fn one_call_is_invalidated_in_memory_and_store() {
    let (store, clock) = (Store::with_leases(), Clock::manual());
    let (a, b) = (process(&store, &clock), process(&store, &clock));
    for name in ["/x", "/y"] {
        a.get(name).await;
        b.get(name).await;
    }
    b.cache.invalidate_key(Near::policy(), |key| "x".write_key(key)).await.expect("told");
    assert_eq!(b.get("/x").await.body, "x 1", "b's own first run");
    assert_eq!((read(&b, &store, "/y").await, b.lab.runs()), (("y 2".into(), 0), 1));
    clock.advance(Duration::from_secs(1));
    assert_eq!((a.get("/x").await.body, a.lab.runs()), ("x 1".into(), 2), "a reads what b has made");
}

#[tokio::test]
async fn what_is_read_while_it_is_invalidated_is_not_kept() {
    let (store, clock) = (Store::with_leases(), Clock::manual());
    let (a, b) = (process(&store, &clock), process(&store, &clock));
    a.get("/x").await;
    let gate = Arc::new(Semaphore::new(0));
    store.state().gate = Some(Arc::clone(&gate));
    let before = store.state().operations;
    let reading = b.start("/x");
    until("b has read the entry", || store.state().operations > before).await;
    b.cache.invalidate_all().await.expect("told");
    store.state().gate = None;
    gate.add_permits(1);
    // It began before the invalidation was acknowledged, and may see what was there.
    assert_eq!(reading.await.expect("an answer").body, "x 1");
    assert_eq!((b.get("/x").await.body, b.lab.runs()), ("x 1".into(), 1), "b's own first run");
}

#[tokio::test]
async fn what_is_read_while_another_process_invalidates_it_is_not_kept() {
    let (store, clock) = (watched(), Clock::manual());
    let (a, b) = (process(&store, &clock), process(&store, &clock));
    b.get("/y").await;
    watching(&store, 1).await;
    a.get("/x").await;
    let gate = Arc::new(Semaphore::new(0));
    store.state().gate = Some(Arc::clone(&gate));
    let before = store.state().operations;
    let reading = b.start("/x");
    until("b has read the entry", || store.state().operations > before).await;
    a.cache.invalidate_tag("x").await.expect("told");
    settle().await;
    store.state().gate = None;
    gate.add_permits(1);
    assert_eq!(reading.await.expect("an answer").body, "x 1");
    let runs = b.lab.runs();
    b.get("/x").await;
    assert_eq!(b.lab.runs(), runs + 1, "computed anew, for what it had read is gone");
}

#[tokio::test]
async fn dropping_the_cache_ends_its_watch() {
    let (store, clock) = (watched(), Clock::manual());
    let a = process(&store, &clock);
    a.get("/x").await;
    watching(&store, 1).await;
    drop(a);
    until("the watch has ended", || {
        store.state().watchers.retain(|watcher| !watcher.is_closed());
        store.state().watchers.is_empty()
    })
    .await;
}
