//! Several releases of an app on one store.

use std::sync::atomic::{AtomicU32, Ordering};

use axum::response::{IntoResponse, Response};

use super::lab::{Bench, Case as _, Setup, case};
use super::store::Store;
use crate::cache::Cache;
use crate::cache::policy::Policy;
use crate::error::Result;

fn setup(store: &Store) -> Setup {
    Setup { cache: Cache::store(store.clone()), ..Setup::default() }
}

async fn counted(run: u32, name: String) -> Result<Response> {
    Ok(format!("{name} {run}").into_response())
}

#[tokio::test]
async fn the_schema_of_a_type_is_made_once() {
    static MADE: AtomicU32 = AtomicU32::new(0);
    case!(
        C,
        Policy::new("schema", 60_000).fingerprint(|| {
            MADE.fetch_add(1, Ordering::SeqCst);
            7
        })
    );
    let bench = Bench::with::<C, _>(setup(&Store::default()), counted);
    for _ in 0..10 {
        bench.get("/x").await;
    }
    assert_eq!(MADE.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_call_is_invalidated_for_all_releases() {
    case!(One, Policy::new("call", 60_000).fingerprint(|| 1));
    case!(Two, Policy::new("call", 60_000).fingerprint(|| 2).version(2));
    let store = Store::default();
    let one = Bench::with::<One, _>(setup(&store), counted);
    let two = Bench::with::<Two, _>(setup(&store), counted);
    for name in ["/x", "/y"] {
        assert!(
            one.get(name).await.cache().ends_with("stored")
                && two.get(name).await.cache().ends_with("stored")
        );
    }
    two.cache.invalidate_key(Two::policy(), |key| key.part("x")).await.expect("told");
    assert_eq!((two.get("/x").await.body, one.get("/x").await.body), ("x 3".to_owned(), "x 3".to_owned()));
    assert!(one.get("/y").await.cache().starts_with("lift; hit"));
}
