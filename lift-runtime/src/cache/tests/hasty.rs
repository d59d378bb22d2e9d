//! A store that does at once what others do in their futures, and panics there.

use std::future::{Future, pending};

use axum::response::{IntoResponse, Response};
use bytes::Bytes;

use super::lab::{Bench, Setup, case};
use crate::cache::policy::Policy;
use crate::cache::{Cache, CacheStore, Found, Generation, Lease, StoreError};
use crate::error::Result;

struct Hasty;

fn bug(key: &[u8]) {
    assert!(key.len() > usize::MAX / 2, "a store's bug");
}

type Done<T> = std::result::Result<T, StoreError>;

impl CacheStore for Hasty {
    fn lookup(&self, key: &[u8], _: &[Box<[u8]>]) -> impl Future<Output = Done<Found>> + Send {
        bug(key);
        pending()
    }

    fn establish(&self, _: &[Box<[u8]>]) -> impl Future<Output = Done<Vec<Generation>>> + Send {
        bug(b"");
        pending()
    }

    fn renew(&self, _: &[Box<[u8]>]) -> impl Future<Output = Done<()>> + Send {
        bug(b"");
        pending()
    }

    fn put(&self, key: &[u8], _: Bytes, _: u64, _: Option<Lease>) -> impl Future<Output = Done<bool>> + Send {
        bug(key);
        pending()
    }
}

#[tokio::test]
async fn a_store_that_panics_before_it_has_made_a_future_fails_no_request() {
    case!(C, Policy::new("hasty", 60_000));
    let setup = Setup { cache: Cache::store(Hasty), ..Setup::default() };
    let bench =
        Bench::with::<C, _>(setup, async |_, name: String| -> Result<Response> { Ok(name.into_response()) });
    for _ in 0..3 {
        assert_eq!(bench.get("/x").await.body, "x");
        assert_eq!(bench.send("POST", "/x", &[]).await.status(), 200);
    }
}
