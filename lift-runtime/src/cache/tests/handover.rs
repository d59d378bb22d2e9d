//! Who computes when a leader goes away, or another process is at it.

use std::sync::Arc;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;

use super::lab::{Bench, Setup, case, until};
use super::store::Store;
use crate::cache::Cache;
use crate::cache::policy::Policy;
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
