//! Plain functions.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::app::Shared;
use crate::cache::Cache;
use crate::cache::expansion::{Absence, Computed, Encoded, Key, Local, Policy, Scope, Tags};
use crate::cache::expansion::{function, prime, refreshed};
use crate::clock::Clock;
use crate::context::Context;
use crate::error::Error;
use crate::tenant::Tenant;

/// What an expansion of `async fn user(id: u32) -> Result<String, Error>` looks like.
async fn call(policy: &'static Policy, runs: &Arc<AtomicU32>, id: u32) -> Result<String, Error> {
    let runs = Arc::clone(runs);
    function(
        policy,
        Encoded,
        (id, runs),
        |(id, _), key: &mut Key| key.part(id),
        |(id, _), tags: &mut Tags| tags.add(format_args!("user:{id}")),
        |(id, runs)| async move { Computed::of(user(id, &runs).await) },
        |result| result,
    )
    .await
}

async fn user(id: u32, runs: &AtomicU32) -> Result<String, Error> {
    let run = runs.fetch_add(1, Ordering::SeqCst) + 1;
    tokio::task::yield_now().await;
    if id == 404 { Err(Error::not_found("nobody")) } else { Ok(format!("{id} in run {run}")) }
}

#[tokio::test]
async fn a_value_is_computed_once_and_again_after_an_invalidation() {
    static POLICY: Policy = Policy::new("user", 60_000);
    let (cache, runs) = (Cache::memory(), Arc::default());
    cache
        .scope(async {
            assert_eq!(call(&POLICY, &runs, 1).await.expect("a user"), "1 in run 1");
            assert_eq!(call(&POLICY, &runs, 1).await.expect("a user"), "1 in run 1");
            assert_eq!(call(&POLICY, &runs, 2).await.expect("a user"), "2 in run 2");
            cache.invalidate_key(&POLICY, |key| key.part(&1u32)).await.expect("memory");
            assert_eq!(call(&POLICY, &runs, 1).await.expect("a user"), "1 in run 3");
            assert_eq!(call(&POLICY, &runs, 2).await.expect("a user"), "2 in run 2");
            cache.invalidate_tag("user:2").await.expect("memory");
            assert_eq!(call(&POLICY, &runs, 2).await.expect("a user"), "2 in run 4");
        })
        .await;
}

#[tokio::test]
async fn an_error_is_shared_and_not_stored() {
    static POLICY: Policy = Policy::new("errors", 60_000);
    let (cache, runs) = (Cache::memory(), Arc::default());
    let both = async { tokio::join!(call(&POLICY, &runs, 404), call(&POLICY, &runs, 404)) };
    let (a, b) = cache.scope(both).await;
    assert_eq!(a.expect_err("nobody").code(), b.expect_err("nobody").code());
    assert_eq!(runs.load(Ordering::SeqCst), 1);
    drop(cache.scope(call(&POLICY, &runs, 404)).await);
    assert_eq!(runs.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn outside_a_context_the_function_just_runs() {
    static POLICY: Policy = Policy::new("outside", 60_000);
    let runs = Arc::default();
    assert_eq!(call(&POLICY, &runs, 1).await.expect("a user"), "1 in run 1");
    assert_eq!(call(&POLICY, &runs, 1).await.expect("a user"), "1 in run 2");
}

#[tokio::test]
async fn a_job_speaks_for_a_tenant() {
    static POLICY: Policy = Policy::new("job", 60_000);
    let (cache, runs) = (Cache::memory(), Arc::default());
    cache.require_tenant();
    let get = |cache: Cache| {
        let runs = &runs;
        async move { cache.scope(call(&POLICY, runs, 1)).await.expect("a user") }
    };
    let (acme, other) = (cache.tenant("acme").expect("a name"), cache.tenant("other").expect("a name"));
    assert_eq!(get(acme.clone()).await, "1 in run 1");
    assert_eq!(get(acme.clone()).await, "1 in run 1");
    assert_eq!(get(other.clone()).await, "1 in run 2");
    assert_eq!(get(cache.clone()).await, "1 in run 3", "without a tenant it runs each time");
    assert_eq!(get(cache.clone()).await, "1 in run 4");
    other.invalidate_tag("user:1").await.expect("memory");
    assert_eq!(get(acme.clone()).await, "1 in run 1");
    assert_eq!(get(other).await, "1 in run 5");
    assert!(cache.invalidate_key(&POLICY, |key| key.part(&1u32)).await.is_err(), "whose?");
    acme.invalidate_key(&POLICY, |key| key.part(&1u32)).await.expect("memory");
    assert_eq!(get(acme).await, "1 in run 6");
    assert!(cache.tenant("new\nline").is_err());
}

#[tokio::test]
async fn a_primed_value_is_found_and_older_computations_do_not_replace_it() {
    static POLICY: Policy = Policy::new("prime", 60_000);
    let (cache, runs) = (Cache::memory(), Arc::<AtomicU32>::default());
    let primed = |value: &str| {
        let computed = Computed::of(Ok::<_, Infallible>(value.to_owned()));
        prime(
            &cache,
            &POLICY,
            Encoded,
            |key| key.part(&1u32),
            |tags| tags.add(format_args!("user:1")),
            computed,
        )
    };
    let (computed, ()) = cache
        .scope(async {
            tokio::join!(call(&POLICY, &runs, 1), async {
                // The computation has begun, and ends after this.
                primed("given").await.expect("memory");
            })
        })
        .await;
    assert_eq!(computed.expect("a user"), "1 in run 1");
    assert_eq!(cache.scope(call(&POLICY, &runs, 1)).await.expect("a user"), "given");
    cache.invalidate_tag("user:1").await.expect("memory");
    assert_eq!(cache.scope(call(&POLICY, &runs, 1)).await.expect("a user"), "1 in run 2");
    static PRIVATE: Policy = Policy::new("prime private", 60_000).private();
    let computed = Computed::of(Ok::<_, Infallible>(1));
    assert!(prime(&cache, &PRIVATE, Local, |_| {}, |_| {}, computed).await.is_err());
}

#[tokio::test]
async fn a_none_is_remembered_only_under_negative() {
    static WITHOUT: Policy = Policy::new("none", 60_000);
    static WITH: Policy = Policy::new("negative none", 60_000).negative(5_000);
    let runs = Arc::new(AtomicU32::new(0));
    let find = |policy: &'static Policy| {
        let compute = |(runs,): (Arc<AtomicU32>,)| async move {
            runs.fetch_add(1, Ordering::SeqCst);
            Computed::of(Ok::<Option<u8>, Infallible>(None)).absent(|value| Absence(value).is_absent())
        };
        function(policy, Encoded, (Arc::clone(&runs),), |_, _| {}, |_, _| {}, compute, |found| found)
    };
    let cache = Cache::memory();
    for (policy, expected) in [(&WITHOUT, 2), (&WITH, 3)] {
        for _ in 0..2 {
            assert_eq!(cache.scope(find(policy)).await, Ok(None));
        }
        assert_eq!(runs.load(Ordering::SeqCst), expected);
    }
}

#[tokio::test]
async fn a_shared_result_that_is_made_of_a_tenants_is_not_stored() {
    static INNER: Policy = Policy::new("inner", 60_000);
    static OUTER: Policy = Policy::new("outer", 60_000).shared();
    let (cache, runs) = (Cache::memory(), Arc::default());
    let outer = |runs: &Arc<AtomicU32>| {
        let compute = |(runs,): (Arc<AtomicU32>,)| async move { Computed::of(call(&INNER, &runs, 1).await) };
        function(&OUTER, Encoded, (Arc::clone(runs),), |_, _| {}, |_, _| {}, compute, |result| result)
    };
    // The second time the inner one is a hit, and the outer one depends on a tenant all the same.
    for tenant in ["acme", "acme", "other"] {
        let cache = cache.tenant(tenant).expect("a name");
        cache.scope(outer(&runs)).await.expect("a user");
    }
    let other = cache.tenant("other").expect("a name").scope(outer(&runs)).await.expect("a user");
    assert_eq!(other, "1 in run 2", "the other tenant's own");
}

#[tokio::test]
async fn what_an_inner_function_depends_on_the_outermost_does() {
    static INNER: Policy = Policy::new("innermost", 60_000);
    static MIDDLE: Policy = Policy::new("middle", 60_000).shared();
    static OUTER: Policy = Policy::new("outermost", 60_000).shared();
    let (cache, runs) = (Cache::memory(), Arc::default());
    let middle = |(runs,): (Arc<AtomicU32>,)| async move {
        let inner = |(runs,): (Arc<AtomicU32>,)| async move { Computed::of(call(&INNER, &runs, 1).await) };
        Computed::of(function(&MIDDLE, Encoded, (runs,), |_, _| {}, |_, _| {}, inner, |result| result).await)
    };
    let outer = |runs: &Arc<AtomicU32>| {
        function(&OUTER, Encoded, (Arc::clone(runs),), |_, _| {}, |_, _| {}, middle, |result| result)
    };
    let get = |tenant: &str| cache.tenant(tenant).expect("a name").scope(outer(&runs));
    assert_eq!(get("acme").await.expect("a user"), "1 in run 1");
    assert_eq!(get("other").await.expect("a user"), "1 in run 2");
}

#[tokio::test]
async fn a_stale_value_is_served_while_it_is_refreshed_and_instead_of_an_error() {
    static POLICY: Policy = Policy::new("stale value", 60_000).stale(30_000).stale_if_error(600_000);
    let clock = Clock::manual();
    let cache = Cache::memory();
    let shared = Arc::new(Shared { clock: clock.clone(), ..Shared::for_cache(cache.clone()) });
    let context = Context::for_job(shared, None);
    let runs = Arc::new(AtomicU32::new(0));
    let get = || {
        let compute = |(runs,): (Arc<AtomicU32>,)| async move {
            let run = runs.fetch_add(1, Ordering::SeqCst) + 1;
            Computed::of(if run == 3 { Err(Error::internal("broken")) } else { Ok(run) })
        };
        let call =
            refreshed(&POLICY, Local, (Arc::clone(&runs),), |_, _| {}, |_, _| {}, compute, |result| result);
        context.clone().scope(call)
    };
    let seconds = std::time::Duration::from_secs;
    assert_eq!(get().await.expect("a number"), 1);
    clock.advance(seconds(61));
    assert_eq!(get().await.expect("a number"), 1, "stale");
    super::lab::until("it is refreshed", || {
        cache.inner.flights.len() == 0 && runs.load(Ordering::SeqCst) == 2
    })
    .await;
    assert_eq!(get().await.expect("a number"), 2);
    clock.advance(seconds(300));
    assert_eq!(get().await.expect("a number"), 2, "in place of the error");
    assert_eq!(get().await.expect("a number"), 4);
}

#[tokio::test]
async fn a_function_may_borrow() {
    static POLICY: Policy = Policy::new("borrow", 60_000);
    let cache = Cache::memory();
    let name = "ann".to_owned();
    let upper = |name: &str| {
        let compute = |(name,): (&str,)| {
            let upper = name.to_uppercase();
            async move { Computed::of(Ok::<_, Infallible>(upper)) }
        };
        let name = name.to_owned();
        async move {
            function(&POLICY, Local, (&*name,), |(name,), key| key.part(name), |_, _| {}, compute, |v| v)
                .await
        }
    };
    assert_eq!(cache.scope(upper(&name)).await, Ok("ANN".to_owned()));
}

#[tokio::test]
async fn a_writers_drop_reaches_functions_too() {
    static POLICY: Policy = Policy::new("written", 60_000);
    let (cache, runs) = (Cache::memory(), Arc::default());
    let acme = cache.tenant("acme").expect("a name");
    acme.scope(call(&POLICY, &runs, 1)).await.expect("a user");
    let mut tags = Tags::new();
    tags.add(format_args!("user:1"));
    let shared = Arc::new(Shared::for_cache(cache.clone()));
    let context = Context::for_job(shared, Some(Tenant::new("acme").expect("a name")));
    drop(crate::cache::invalidate::Invalidation::new(&context, Scope::Tenant, &tags));
    assert_eq!(acme.scope(call(&POLICY, &runs, 1)).await.expect("a user"), "1 in run 2");
}

#[test]
fn clones_of_a_handle_are_one_cache() {
    let cache = Cache::memory();
    let acme = cache.tenant("acme").expect("a name");
    assert!(Arc::ptr_eq(&cache.inner, &acme.inner));
    assert!(format!("{acme:?}").contains("acme"));
}
