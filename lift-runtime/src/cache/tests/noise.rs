//! Noisy tenants, as an app has them: what they read, write and clear is nothing to a quiet one.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::header::CACHE_CONTROL;
use tokio::sync::Semaphore;

use super::lab::{Bench, Case, Setup, case, until};
use super::store::Store;
use crate::cache::Cache;
use crate::cache::policy::Policy;
use crate::error::Result;
use crate::tenant::{Tenant, Tenants};

case!(Own, Policy::new("noise_own", 60_000));
case!(Shared, Policy::new("noise_shared", 60_000).shared());

const MEMORY: u64 = 4 << 20;

/// The name says how many bytes come back.
async fn sized(_: u32, name: String) -> Result<Response> {
    let bytes = name.split('-').next_back().and_then(|bytes| bytes.parse().ok()).unwrap_or(10);
    Ok(([(CACHE_CONTROL, "private")], "x".repeat(bytes)).into_response())
}

fn app<C: Case>(cache: Cache) -> Bench {
    let tenants = Some(Tenants::header("x-tenant"));
    Bench::with::<C, _>(Setup { cache, tenants, ..Setup::default() }, sized)
}

async fn send(app: &Bench, method: &str, tenant: &str, path: &str) -> String {
    let answer = app.send(method, path, &[&format!("x-tenant: {tenant}")]).await;
    assert_eq!(answer.status(), 200);
    answer.cache().to_owned()
}

/// How many of the quiet tenant's fifty entries are still there.
async fn hits(app: &Bench) -> usize {
    let mut hits = 0;
    for n in 0..50 {
        hits += usize::from(send(app, "GET", "quiet", &format!("/{n}-100")).await.contains("hit"));
    }
    hits
}

#[tokio::test]
async fn tenants_who_read_much_cost_a_quiet_one_nothing_in_memory_or_a_near_cache() {
    for cache in [Cache::memory_of(MEMORY), Cache::near_of(MEMORY, Store::with_leases())] {
        let app = app::<Own>(cache);
        hits(&app).await;
        let held = || {
            let memory = app.cache.inner.memory.get().expect("it was used");
            assert!(memory.weight() <= MEMORY);
            memory.held_by(&Tenant::new("quiet").expect("a name"))
        };
        let before = held();
        for n in 0..400 {
            for tenant in 0..8 {
                let bytes = [10, 5_000, 100_000, 800_000][(n + tenant) % 4];
                send(&app, "GET", &format!("noisy{tenant}"), &format!("/{n}-{bytes}")).await;
            }
        }
        assert_eq!(held(), before, "in memory itself, not only in the store behind it");
        assert_eq!(hits(&app).await, 50);
    }
}

#[tokio::test]
async fn what_is_read_of_shared_entries_costs_others_nothing() {
    let shared = app::<Shared>(Cache::memory_of(MEMORY));
    hits(&shared).await;
    for n in 0..2_000 {
        send(&shared, "GET", "noisy", &format!("/{n}-20000")).await;
    }
    assert_eq!(hits(&shared).await, 50);
}

#[tokio::test]
async fn a_tenant_who_writes_much_or_clears_everything_of_its_own_costs_a_quiet_one_nothing() {
    let app = app::<Own>(Cache::memory_of(MEMORY));
    hits(&app).await;
    send(&app, "GET", "noisy", "/0-100").await;
    let noisy = app.cache.tenant("noisy").expect("a name");
    for n in 0..5_000 {
        send(&app, "POST", "noisy", &format!("/{n}")).await;
        noisy.invalidate_endpoint(&format!("endpoint{n}")).await.expect("in memory");
        noisy.invalidate_tenant(&Tenant::new("noisy").expect("a name")).await.expect("in memory");
        assert!(send(&app, "GET", "noisy", "/0-100").await.contains("stored"), "its own are gone");
    }
    assert_eq!(hits(&app).await, 50);
    send(&app, "POST", "quiet", "/7-100").await;
    assert_eq!(hits(&app).await, 49, "its own writes count");
}

#[tokio::test]
async fn who_waits_for_a_computation_waits_on_whatever_another_tenant_invalidates() {
    let gate = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&gate);
    let setup = Setup { tenants: Some(Tenants::header("x-tenant")), ..Setup::default() };
    let app = Bench::with::<Own, _>(setup, move |run, name| {
        let held = Arc::clone(&held);
        async move {
            if name == "slow" {
                held.acquire().await.expect("open").forget();
            }
            Ok(run.to_string().into_response())
        }
    });
    let read = || {
        let app = app.clone();
        tokio::spawn(async move { app.send("GET", "/slow", &["x-tenant: quiet"]).await })
    };
    let first = read();
    until("it computes", || app.lab.runs() == 1).await;
    let noisy = app.cache.tenant("noisy").expect("a name");
    for n in 0..400_000 {
        noisy.invalidate_tag(&n.to_string()).await.expect("in memory");
    }
    let second = read();
    tokio::task::yield_now().await;
    gate.add_permits(2);
    assert!(first.await.expect("an answer").cache().contains("stored"));
    assert!(second.await.expect("an answer").cache().contains("collapsed"));
    assert_eq!(app.lab.runs(), 1);
}
