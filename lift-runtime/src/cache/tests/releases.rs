//! Several releases of an app on one store.

use std::sync::atomic::{AtomicU32, Ordering};

use axum::response::{IntoResponse, Response};

use super::lab::{Bench, Setup, case};
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
