//! Stores outside the process, and how one may fail.

use std::sync::Arc;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;

use super::counters::Counters;
use super::lab::{Bench, Setup, case, until};
use super::store::{Fault, Store};
use crate::cache::policy::Policy;
use crate::cache::{Cache, Found, Generation, Lease, StoreError};
use crate::clock::Clock;
use crate::error::{Error, Result};

pub(super) fn setup(store: &Store) -> Setup {
    Setup { cache: Cache::store(store.clone()), ..Setup::default() }
}

pub(super) async fn counted(run: u32, name: String) -> Result<Response> {
    match &*name {
        "none" => Err(Error::not_found("None here.").with_code("none")),
        _ => Ok(([("x-name", name.clone())], format!("{name} {run}")).into_response()),
    }
}

#[tokio::test]
async fn entries_pass_from_one_process_to_another() {
    case!(C, Policy::new("abroad", 60_000).negative(5_000));
    let store = Store::default();
    let (a, b) = (Bench::with::<C, _>(setup(&store), counted), Bench::with::<C, _>(setup(&store), counted));
    let miss = a.get("/x").await;
    assert_eq!(miss.cache(), "lift; fwd=miss; stored");
    let hit = b.get("/x").await;
    assert_eq!((&*hit.body, b.lab.runs()), ("x 1", 0));
    for name in ["etag", "x-name", "cache-control", "content-type"] {
        assert_eq!(hit.header(name), miss.header(name));
    }
    a.get("/none").await;
    let none = b.get("/none").await;
    assert_eq!((none.status(), b.lab.runs()), (404, 0));
    assert!(none.body.contains(r#""detail":"None here.""#) && none.body.contains(r#""code":"none""#));
    a.send("POST", "/x", &[]).await;
    assert_eq!(b.get("/x").await.body, "x 1", "b's first run");
    assert_eq!(a.get("/x").await.body, "x 1", "and a reads what b has stored");
}

#[tokio::test]
async fn a_look_up_is_one_operation() {
    case!(C, Policy::new("one trip", 60_000));
    let store = Store::default();
    let bench = Bench::with::<C, _>(setup(&store), counted);
    bench.get("/x").await;
    let before = store.state().operations;
    bench.get("/x").await;
    assert_eq!(store.state().operations - before, 1);
}

#[tokio::test(start_paused = true)]
async fn whatever_the_store_does_requests_are_served() {
    case!(C, Policy::new("faults", 60_000));
    let faults = [
        Fault::Fails,
        Fault::Throttles,
        Fault::Hangs,
        Fault::Panics,
        Fault::Garbles,
        Fault::Confuses,
        Fault::Shortens,
        Fault::Forgets,
    ];
    for fault in faults {
        let store = Store::with_leases();
        let bench = Bench::with::<C, _>(setup(&store), counted);
        bench.get("/a").await;
        bench.get("/b").await;
        store.state().fault = fault;
        for _ in 0..20 {
            for name in ["a", "b"] {
                let answer = bench.get(&format!("/{name}")).await;
                assert_eq!((answer.status(), answer.header("x-name")), (200, name), "{fault:?}");
            }
            assert_eq!(bench.send("POST", "/a", &[]).await.status(), 200, "{fault:?}");
        }
        assert!(bench.lab.runs() >= 20, "{fault:?}: every second one at least is computed");
        store.state().fault = Fault::None;
        bench.clock.advance(Duration::from_secs(60));
        bench.get("/a").await;
        let stored = bench.get("/a").await;
        assert!(stored.cache().starts_with("lift; hit"), "{fault:?}: {}", stored.cache());
    }
}

#[tokio::test]
async fn an_entry_is_compared_by_its_whole_key() {
    case!(C, Policy::new("conflated", 60_000));
    let store = Store::default();
    let bench = Bench::with::<C, _>(setup(&store), counted);
    store.state().fault = Fault::Conflates;
    for _ in 0..3 {
        for name in ["a", "b"] {
            assert_eq!(bench.get(&format!("/{name}")).await.header("x-name"), name);
        }
    }
    let entries: Vec<_> = store.state().entries.values().cloned().collect();
    assert_eq!(entries.len(), 2, "both are stored, and each is offered for the other");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_is_skipped_after_a_while() {
    case!(C, Policy::new("skipped", 60_000));
    let store = Store::default();
    let bench = Bench::with::<C, _>(setup(&store), counted);
    store.state().fault = Fault::Hangs;
    for _ in 0..10 {
        bench.get("/a").await;
    }
    let (before, start) = (store.state().operations, tokio::time::Instant::now());
    for _ in 0..100 {
        bench.get("/a").await;
    }
    assert_eq!((store.state().operations, start.elapsed()), (before, Duration::ZERO));
}

#[tokio::test]
async fn while_the_store_cannot_be_asked_nobody_is_given_what_began_before_they_came() {
    case!(C, Policy::new("blind", 60_000));
    let (store, go) = (Store::default(), Arc::new(Semaphore::new(0)));
    let gate = Arc::clone(&go);
    let bench = Bench::with::<C, _>(setup(&store), move |run, name| {
        let gate = Arc::clone(&gate);
        async move {
            gate.acquire().await.expect("the gate is not closed").forget();
            counted(run, name).await
        }
    });
    store.state().fault = Fault::Fails;
    let before = bench.start("/x");
    until("the first runs", || bench.lab.runs() == 1).await;
    // What others have invalidated by now, this process cannot know.
    let after = bench.start("/x");
    let others: Vec<_> = (0..20).map(|_| bench.start("/x")).collect();
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    assert_eq!(bench.lab.runs(), 1, "one at a time");
    go.add_permits(1);
    assert_eq!(before.await.expect("no panic").body, "x 1");
    until("the second runs", || bench.lab.runs() == 2).await;
    go.add_permits(1);
    for after in others.into_iter().chain([after]) {
        assert_eq!(after.await.expect("no panic").body, "x 2");
    }
    assert_eq!(bench.cache.inner.flights.len(), 0);
}

#[tokio::test]
async fn while_the_store_cannot_be_asked_one_that_leaves_holds_up_nobody() {
    case!(C, Policy::new("blind and left", 60_000));
    let store = Store::default();
    let bench = Bench::with::<C, _>(setup(&store), async |run, name| match run {
        1 => std::future::pending().await,
        _ => counted(run, name).await,
    });
    store.state().fault = Fault::Fails;
    let first = bench.start("/x");
    until("the first runs", || bench.lab.runs() == 1).await;
    let (second, third) = (bench.start("/x"), bench.start("/x"));
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    second.abort();
    first.abort();
    assert_eq!(third.await.expect("no panic").body, "x 2");
    assert_eq!(bench.cache.inner.flights.len(), 0);
}

#[tokio::test]
async fn what_is_owed_while_the_same_is_told_is_told_again() {
    case!(C, Policy::new("owed again", 60_000));
    let (store, gate) = (Store::default(), Arc::new(Semaphore::new(0)));
    let a = Bench::with::<C, _>(setup(&store), async |run, name: String| match &*name {
        "write x" => std::future::pending().await,
        _ => counted(run, name).await,
    });
    let b = Bench::with::<C, _>(setup(&store), counted);
    store.state().renewal = Some(Arc::clone(&gate));
    let cache = a.cache.clone();
    let first = tokio::spawn(async move { cache.invalidate_tag("x").await });
    until("the store is told", || store.state().operations == 1).await;
    // It has read before the next write, and stores under the generation of now.
    assert_eq!(b.get("/x").await.body, "x 1");
    let mut write = Box::pin(a.send("POST", "/x", &[]));
    assert!(futures_util::poll!(&mut write).is_pending());
    // The first is acknowledged before the store is told of the second, whose client leaves.
    let told = store.state().operations;
    gate.add_permits(10);
    drop(write);
    first.await.expect("no panic").expect("told");
    until("the second is told", || store.state().operations > told).await;
    assert_eq!(b.get("/x").await.body, "x 2");
}

#[tokio::test(start_paused = true)]
async fn what_a_store_could_not_be_told_is_bypassed_and_told_later() {
    case!(C, Policy::new("owed", 60_000));
    let store = Store::default();
    let (a, b) = (Bench::with::<C, _>(setup(&store), counted), Bench::with::<C, _>(setup(&store), counted));
    a.get("/x").await;
    store.state().fault = Fault::Fails;
    a.send("POST", "/x", &[]).await;
    assert!(a.cache.invalidate_tag("y").await.is_err(), "an explicit one says so");
    store.state().fault = Fault::None;
    assert_eq!(b.get("/x").await.body, "x 1", "b does not know yet");
    // The next use tells the store, and only then reads.
    assert_eq!(a.get("/x").await.body, "x 3");
    assert_eq!(b.get("/x").await.body, "x 3");
}

#[tokio::test]
async fn two_releases_share_a_store_without_reading_each_other() {
    case!(One, Policy::new("release", 60_000).fingerprint(|| 1));
    case!(Two, Policy::new("release", 60_000).fingerprint(|| 2));
    case!(Raised, Policy::new("release", 60_000).fingerprint(|| 2).version(2));
    let store = Store::default();
    let one = Bench::with::<One, _>(setup(&store), counted);
    let two = Bench::with::<Two, _>(setup(&store), counted);
    let raised = Bench::with::<Raised, _>(setup(&store), counted);
    for _ in 0..2 {
        for release in [&one, &two, &raised] {
            assert_eq!(release.get("/a").await.body, "a 1");
        }
    }
    assert_eq!([one.lab.runs(), two.lab.runs(), raised.lab.runs()], [1, 1, 1]);
}

#[tokio::test]
async fn an_entry_from_a_clock_that_runs_far_ahead_is_not_trusted() {
    case!(C, Policy::new("ahead", 60_000));
    let store = Store::default();
    let ahead = Clock::manual();
    ahead.advance(Duration::from_secs(3600));
    let ahead = Bench::with::<C, _>(Setup { clock: ahead, ..setup(&store) }, counted);
    let bench = Bench::with::<C, _>(setup(&store), counted);
    ahead.get("/a").await;
    assert_eq!(bench.get("/a").await.cache(), "lift; fwd=miss; stored");
}

#[cfg(feature = "compression")]
#[tokio::test]
async fn large_results_are_stored_compressed_where_the_app_says_so() {
    case!(C, Policy::new("compressed", 60_000));
    async fn large(_: u32, _: String) -> Result<Response> {
        Ok("all work and no play ".repeat(5_000).into_response())
    }
    let store = Store::default();
    let cache = Cache::store(store.clone()).compress_over(1024);
    let a = Bench::with::<C, _>(Setup { cache, ..Setup::default() }, large);
    let b = Bench::with::<C, _>(setup(&store), large);
    let made = a.get("/x").await;
    let stored: usize = store.state().entries.values().map(bytes::Bytes::len).sum();
    assert!(stored < made.body.len() / 10, "{stored}");
    assert_eq!((b.get("/x").await.body == made.body, b.lab.runs()), (true, 0));
}

/// A store that takes its time to connect.
struct Connects {
    store: Store,
    takes: Duration,
    since: std::sync::OnceLock<tokio::time::Instant>,
}

impl crate::cache::CacheStore for Connects {
    async fn connect(&self) -> std::result::Result<(), StoreError> {
        let since = *self.since.get_or_init(tokio::time::Instant::now);
        tokio::time::sleep_until(since + self.takes).await;
        Ok(())
    }

    async fn lookup(&self, key: &[u8], names: &[Box<[u8]>]) -> std::result::Result<Found, StoreError> {
        if self.since.get().is_none_or(|since| since.elapsed() < self.takes) {
            return Err(StoreError::Connecting);
        }
        self.store.lookup(key, names).await
    }

    async fn establish(&self, names: &[Box<[u8]>]) -> std::result::Result<Vec<Generation>, StoreError> {
        self.store.establish(names).await
    }

    async fn renew(&self, names: &[Box<[u8]>]) -> std::result::Result<(), StoreError> {
        self.store.renew(names).await
    }

    async fn put(
        &self,
        key: &[u8],
        entry: bytes::Bytes,
        expires: u64,
        lease: Option<Lease>,
    ) -> std::result::Result<bool, StoreError> {
        self.store.put(key, entry, expires, lease).await
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_requests_wait_for_the_connection_and_not_for_long() {
    case!(C, Policy::new("connects", 60_000));
    let store = Store::default();
    let bench = |millis| {
        let takes = Duration::from_millis(millis);
        let cache = Cache::store(Connects { store: store.clone(), takes, since: Default::default() });
        Bench::with::<C, _>(Setup { cache, ..Setup::default() }, counted)
    };
    let quick = bench(200);
    assert_eq!(quick.get("/a").await.cache(), "lift; fwd=miss; stored");
    let (slow, began) = (bench(1_000), tokio::time::Instant::now());
    let answers = [slow.start("/a"), slow.start("/b")];
    for answer in answers {
        assert_eq!(answer.await.expect("an answer").cache(), "lift; fwd=miss");
    }
    assert_eq!(began.elapsed(), Duration::from_millis(250), "both at once");
    slow.get("/a").await;
    assert_eq!(began.elapsed(), Duration::from_millis(250), "and no later one");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(slow.get("/a").await.cache().starts_with("lift; hit"));
}

#[tokio::test]
async fn a_store_that_throttles_is_asked_on() {
    case!(C, Policy::new("throttled", 60_000));
    let store = Store::with_leases();
    let bench = Bench::with::<C, _>(setup(&store), counted);
    bench.get("/x").await;
    store.state().fault = Fault::Throttles;
    for n in 0..20 {
        let before = store.state().operations;
        assert_eq!(bench.get("/x").await.cache(), "lift; fwd=miss", "{n}");
        assert_eq!(store.state().operations - before, 1, "once, and each time");
    }
    store.state().fault = Fault::None;
    assert_eq!(bench.get("/x").await.body, "x 1");
}

#[tokio::test]
async fn a_store_is_told_of_much_in_parts() {
    let store = Store::default();
    let remote = crate::cache::remote::Remote::new(store.clone());
    let names: Vec<Box<[u8]>> = (0..950_u32).map(|n| n.to_le_bytes().into()).collect();
    remote.owe(&names);
    remote.settle(1).await.expect("told");
    assert!(names.iter().all(|name| store.state().generations.contains_key(name)));
    assert!(!remote.owes_any(&names));
    assert!(store.state().renewed_at_once <= 100);
}

#[tokio::test]
async fn what_is_too_large_for_the_store_is_served_and_counted() {
    case!(C, Policy::new("too large", 60_000));
    let counters = Counters::default();
    let _guard = metrics::set_default_local_recorder(&counters);
    let store = Store::with_leases();
    let bench = Bench::with::<C, _>(setup(&store), |run, name| async move {
        Ok(format!("{run} {}", "x".repeat(name.len() * 100)).into_response())
    });
    let count = || counters.read("lift.cache.too_large", "too large");
    // A body over the limit, and one that is over it only with what an entry holds besides.
    for (counted, (limit, name)) in (1..).zip([(700, "12345678"), (810, "12345678")]) {
        store.state().largest = Some(limit);
        assert_eq!(bench.get(&format!("/{name}")).await.cache(), "lift; fwd=miss");
        assert_eq!(count(), counted);
    }
    assert_eq!(bench.get("/1").await.cache(), "lift; fwd=miss; stored");
    assert_eq!((count(), store.state().entries.len()), (2, 1));
}
