//! What a cache tells of itself.

use std::time::Duration;

use axum::response::{IntoResponse as _, Response};

use super::counters::Counters;
use super::lab::{Bench, Setup, case};
use super::store::{Fault, Store};
use crate::cache::policy::Policy;
use crate::cache::{BreakerState, Cache, CacheStats, EndpointStats, publish_counters};
use crate::error::{Error, Result};
use crate::tenant::{Tenant, Tenants};

async fn counted(run: u32, name: String) -> Result<Response> {
    match &*name {
        "large" => Ok("x".repeat(3000).into_response()),
        "fault" => Err(Error::internal("broken")),
        _ => Ok(format!("{name} {run}").into_response()),
    }
}

fn row<'a>(stats: &'a CacheStats, tenant: &str) -> &'a EndpointStats {
    let of = |row: &&EndpointStats| row.tenant.as_ref().map(Tenant::as_str) == Some(tenant);
    stats.endpoints.iter().find(of).expect("a row")
}

#[tokio::test]
async fn calls_are_counted_by_endpoint_and_tenant() {
    case!(C, Policy::new("stats", 60_000).stale(30_000).max_bytes(2000));
    let tenants = Some(Tenants::header("x-tenant-id"));
    let bench = Bench::with::<C, _>(Setup { tenants, ..Setup::default() }, counted);
    for (tenant, path, times) in [("acme", "/a", 3), ("acme", "/large", 2), ("other", "/a", 1)] {
        for _ in 0..times {
            bench.send("GET", path, &[&format!("x-tenant-id: {tenant}")]).await;
        }
    }
    let stats = bench.cache.stats();
    let (acme, other) = (row(&stats, "acme"), row(&stats, "other"));
    assert_eq!((acme.endpoint, acme.hits, acme.misses, acme.stores, acme.too_large), ("stats", 2, 3, 1, 2));
    assert_eq!((other.hits, other.misses, other.stores, other.too_large), (0, 1, 1, 0));
    assert_eq!((acme.computations.count(), acme.lookups.count()), (3, 0));
    assert!((acme.hit_rate() - 0.4).abs() < 1e-9);
    assert_eq!((stats.memory.entries, stats.memory.capacity), (2, 64 << 20));
    assert!(stats.store.is_none());

    bench.clock.advance(Duration::from_secs(61));
    bench.send("GET", "/a", &["x-tenant-id: other"]).await;
    assert_eq!(row(&bench.cache.stats(), "other").stale, 1);
}

#[tokio::test]
async fn a_tenants_handle_is_told_of_its_own_calls_only() {
    case!(C, Policy::new("own stats", 60_000));
    let (tenants, store) = (Some(Tenants::header("x-tenant-id")), Store::default());
    let cache = Cache::near(store.clone());
    let bench = Bench::with::<C, _>(Setup { tenants, cache, ..Setup::default() }, counted);
    for tenant in ["acme", "other"] {
        bench.send("GET", "/a", &[&format!("x-tenant-id: {tenant}")]).await;
    }
    let whole = bench.cache.stats();
    assert_eq!((whole.endpoints.len(), whole.memory.entries, whole.store.is_some()), (2, 2, true));
    let own = bench.cache.tenant("acme").expect("a name").stats();
    assert_eq!((own.endpoints.len(), own.memory.entries, own.store.is_some()), (1, 1, false));
    assert_eq!(own.memory.capacity, 16 << 20, "its share");
    assert!(0 < own.memory.bytes && own.memory.bytes < whole.memory.bytes);
    let json = serde_json::to_value(&own).expect("JSON");
    assert_eq!(
        (&json["endpoints"][0]["tenant"], &json["endpoints"][0]["misses"]),
        (&"acme".into(), &1.into())
    );
    assert_eq!(json["endpoints"][0]["lookups"]["count"], 1);
    assert!(!json.to_string().contains("other"));
}

#[tokio::test]
async fn what_goes_to_make_room_is_counted() {
    case!(C, Policy::new("evicted", 60_000));
    let cache = Cache::memory_of(64 << 10);
    let bench = Bench::with::<C, _>(Setup { cache, ..Setup::default() }, counted);
    for n in 0..500 {
        bench.get(&format!("/{n}")).await;
    }
    let stats = bench.cache.stats();
    let row = &stats.endpoints[0];
    assert!(row.evictions > 0);
    assert_eq!(row.stores, stats.memory.entries + row.evictions);
}

#[tokio::test(start_paused = true)]
async fn a_stores_state_is_told() {
    case!(C, Policy::new("store stats", 60_000));
    let store = Store::default();
    let cache = Cache::store(store.clone());
    let bench = Bench::with::<C, _>(Setup { cache, ..Setup::default() }, counted);
    bench.get("/a").await;
    bench.get("/a").await;
    // The breaker goes by the app's clock.
    let tell = || bench.cache.scope(async { bench.cache.stats().store.expect("a store") });
    let well = tell().await;
    assert_eq!((well.breaker, well.failures, well.skipped, well.owed), (BreakerState::Closed, 0, 0, 0));
    assert!(well.operations.count() >= 3);
    assert_eq!(well.is_watched, None);
    store.state().fault = Fault::Hangs;
    for _ in 0..10 {
        bench.get("/a").await;
    }
    let stats = tell().await;
    assert_eq!((stats.failures, stats.timeouts), (5, 5));
    assert!(stats.skipped > 0);
    assert_eq!(bench.cache.stats().endpoints[0].errors, 10);
    assert!(bench.cache.invalidate_tag("a").await.is_err());
    assert_eq!(tell().await.owed, 2, "the tag of shared entries, and that of an app without tenants");
}

#[tokio::test]
async fn the_recorder_is_told_of_all_hits_when_it_asks() {
    case!(C, Policy::new("published", 60_000));
    let counters = Counters::default();
    let _recorder = metrics::set_default_local_recorder(&counters);
    let bench = Bench::with::<C, _>(Setup::default(), counted);
    for _ in 0..100 {
        bench.get("/a").await;
    }
    let told = |name: &str| counters.read(name, "published");
    assert_eq!((told("lift.cache.hits"), told("lift.cache.misses")), (64, 1), "a batch, and 35 to come");
    publish_counters();
    assert_eq!((told("lift.cache.hits"), bench.cache.stats().endpoints[0].hits), (99, 99));
}

#[tokio::test]
async fn what_the_store_takes_and_memory_does_not_is_not_too_large() {
    case!(C, Policy::new("too large for memory", 60_000));
    let cache = Cache::near_of(1 << 20, Store::with_leases());
    let large = async |_, _| -> Result<Response> { Ok("x".repeat(2 << 20).into_response()) };
    let bench = Bench::with::<C, _>(Setup { cache, ..Setup::default() }, large);
    for _ in 0..4 {
        bench.get("/a").await;
    }
    let stats = bench.cache.stats();
    let row = &stats.endpoints[0];
    assert_eq!((row.hits, row.misses, row.stores, row.too_large), (3, 1, 1, 0));
}
