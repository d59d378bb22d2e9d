//! Several processes that compute the same, and whose result counts.

use std::sync::Arc;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;

use super::lab::{Bench, Setup, case, until};
use super::remote::{counted, setup};
use super::store::{Fault, Store};
use crate::cache::Lease;
use crate::cache::policy::Policy;
use crate::error::Result;

#[tokio::test(start_paused = true)]
async fn many_processes_compute_a_cold_key_once() {
    case!(C, Policy::new("leases", 60_000));
    let (store, gate) = (Store::with_leases(), Arc::new(Semaphore::new(0)));
    let processes: Vec<_> = (0..5)
        .map(|n| {
            let gate = Arc::clone(&gate);
            Bench::with::<C, _>(setup(&store), move |_, _| {
                let gate = Arc::clone(&gate);
                async move {
                    gate.acquire().await.expect("open").forget();
                    Ok(format!("process {n}").into_response())
                }
            })
        })
        .collect();
    let asked: Vec<_> = processes.iter().flat_map(|process| (0..20).map(|_| process.start("/a"))).collect();
    let runs = || processes.iter().map(|process| process.lab.runs()).sum::<u32>();
    until("one computes", || runs() == 1).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    gate.add_permits(1);
    let mut bodies = std::collections::HashSet::new();
    for task in asked {
        bodies.insert(task.await.expect("an answer").body);
    }
    assert_eq!((runs(), bodies.len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_another_process_bears_with_a_store_that_fails_for_a_moment() {
    case!(C, Policy::new("bears", 60_000));
    let store = Store::with_leases();
    let bench = Bench::with::<C, _>(setup(&store), counted);
    bench.get("/a").await;
    bench.cache.invalidate_all().await.expect("a store");
    let key = store.state().entries.keys().next().cloned().expect("an entry");
    store.state().leases.insert(key.clone(), Lease(1));
    let waiting = bench.start("/a");
    tokio::time::sleep(Duration::from_secs(1)).await;
    store.state().fault = Fault::Hangs;
    tokio::time::sleep(Duration::from_millis(120)).await;
    store.state().fault = Fault::None;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(bench.lab.runs(), 1, "another process computes");
    store.state().fault = Fault::Hangs;
    assert_eq!(waiting.await.expect("an answer").body, "a 2", "but not for ever");
}

#[tokio::test(start_paused = true)]
async fn who_has_little_time_waits_for_half_of_it_and_computes() {
    case!(C, Policy::new("little time", 60_000));
    let store = Store::with_leases();
    let bench =
        Bench::with::<C, _>(Setup { timeout: Some(Duration::from_secs(3)), ..setup(&store) }, counted);
    bench.get("/a").await;
    bench.cache.invalidate_all().await.expect("a store");
    let key = store.state().entries.keys().next().cloned().expect("an entry");
    store.state().leases.insert(key, Lease(1));
    let began = tokio::time::Instant::now();
    let answer = bench.get("/a").await;
    assert_eq!((answer.status(), &*answer.body, answer.cache()), (200, "a 2", "lift; fwd=miss"));
    assert!(began.elapsed() < Duration::from_millis(1_700), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_is_known_to_be_held_is_not_asked_for() {
    case!(C, Policy::new("known lease", 60_000));
    let store = Store::with_leases();
    store.state().tells_of_leases = true;
    let bench = Bench::with::<C, _>(setup(&store), counted);
    bench.get("/a").await;
    bench.cache.invalidate_all().await.expect("a store");
    let key = store.state().entries.keys().next().cloned().expect("an entry");
    store.state().leases.insert(key.clone(), Lease(1));
    store.state().asked_for = 0;
    let waiting = bench.start("/a");
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!((store.state().asked_for, bench.lab.runs()), (0, 1));
    store.state().leases.remove(&key);
    assert_eq!(waiting.await.expect("an answer").body, "a 2");
    assert_eq!(store.state().asked_for, 1);
}

#[tokio::test(start_paused = true)]
async fn a_holder_that_dies_delays_the_others_by_the_lease_at_most() {
    case!(C, Policy::new("dead holder", 60_000));
    let store = Store::with_leases();
    let bench = Bench::with::<C, _>(setup(&store), counted);
    bench.get("/a").await;
    bench.cache.invalidate_all().await.expect("a store");
    let key = store.state().entries.keys().next().cloned().expect("an entry");
    store.state().leases.insert(key.clone(), Lease(1));
    let (ends, lease) = (store.clone(), key.clone());
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(10)).await;
        ends.state().leases.remove(&lease);
    });
    let start = tokio::time::Instant::now();
    let answer = bench.get("/a").await;
    assert_eq!((&*answer.body, answer.cache()), ("a 2", "lift; fwd=miss; stored"));
    assert!(start.elapsed() < Duration::from_secs(11), "{:?}", start.elapsed());
    // One that never ends is waited for no longer than for a dead holder and its successor.
    bench.cache.invalidate_all().await.expect("a store");
    store.state().leases.insert(key, Lease(2));
    let start = tokio::time::Instant::now();
    let answer = bench.get("/a").await;
    assert_eq!((&*answer.body, answer.cache()), ("a 3", "lift; fwd=miss"));
    assert!(start.elapsed() < Duration::from_secs(21), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_slow_old_holder_does_not_replace_a_newer_value() {
    case!(C, Policy::new("slow holder", 60_000));
    let (store, gate) = (Store::with_leases(), Arc::new(Semaphore::new(0)));
    let inside = Arc::clone(&gate);
    let slow = Bench::with::<C, _>(setup(&store), move |_, _| {
        let gate = Arc::clone(&inside);
        async move {
            gate.acquire().await.expect("open").forget();
            Ok("old".into_response())
        }
    });
    let quick = Bench::with::<C, _>(setup(&store), |_, _| async { Ok("new".into_response()) });
    let old = slow.start("/a");
    until("it computes", || slow.lab.runs() == 1).await;
    store.state().leases.clear();
    assert_eq!(quick.get("/a").await.body, "new");
    gate.add_permits(1);
    let old = old.await.expect("an answer");
    assert_eq!((&*old.body, old.cache()), ("old", "lift; fwd=miss"));
    assert_eq!(slow.get("/a").await.body, "new");
}

#[tokio::test]
async fn an_invalidation_elsewhere_reaches_a_computation_under_way() {
    case!(C, Policy::new("race abroad", 60_000));
    for has_leases in [false, true] {
        let (store, gate) = (Store::default(), Arc::new(Semaphore::new(0)));
        store.state().has_leases = has_leases;
        let inside = Arc::clone(&gate);
        let reader = Bench::with::<C, _>(setup(&store), move |run, _| {
            let gate = Arc::clone(&inside);
            async move {
                gate.acquire().await.expect("open").forget();
                Ok(run.to_string().into_response())
            }
        });
        let writer = Bench::with::<C, _>(setup(&store), counted);
        let before = reader.start("/a");
        until("it computes", || reader.lab.runs() == 1).await;
        writer.send("POST", "/a", &[]).await;
        gate.add_permits(2);
        assert_eq!(before.await.expect("an answer").body, "1");
        assert_eq!(
            reader.get("/a").await.body,
            "2",
            "the old one was stored under generations that are gone"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_goes_away_leaves_its_lease_to_others_at_once() {
    case!(C, Policy::new("gone", 60_000));
    let store = Store::with_leases();
    let (a, b) = (
        Bench::with::<C, _>(setup(&store), |_, _| std::future::pending::<Result<Response>>()),
        Bench::with::<C, _>(setup(&store), counted),
    );
    let leaving = a.start("/x");
    until("a computes", || a.lab.runs() == 1).await;
    assert_eq!(store.state().leases.len(), 1);
    leaving.abort();
    let began = tokio::time::Instant::now();
    assert_eq!(b.get("/x").await.body, "x 1");
    assert!(began.elapsed() < Duration::from_millis(100), "{:?}", began.elapsed());
    assert!(store.state().leases.is_empty());
}
