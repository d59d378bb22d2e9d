//! What a store could not be told of, where there is much of it.

use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::Request;
use tokio::time::Instant;

use super::lab::{Bench, Setup, case};
use super::store::{Fault, Store};
use crate::cache::Cache;
use crate::cache::policy::Policy;
use crate::cache::remote::Remote;
use crate::cache::tags::{Name, Space};
use crate::context::Origin;
use crate::error::Result;
use crate::tenant::Tenant;

fn space(tenant: &str) -> Space {
    Space::Tenant(Tenant::new(tenant).expect("a name"))
}

fn tag(space: &Space, n: u32) -> Box<[u8]> {
    Name::Tag(space, &n.to_string()).to_bytes()
}

#[tokio::test]
async fn however_much_one_tenant_is_owed_no_other_one_is_bypassed() {
    let store = Store::default();
    let remote = Remote::new(store.clone());
    let (noisy, quiet) = (space("noisy"), space("quiet"));
    remote.owe(&[tag(&quiet, 1)]);
    for n in 0..10_001 {
        remote.owe(&[tag(&noisy, n)]);
    }
    let names = |space: &Space| [Name::All.to_bytes(), Name::Space(space).to_bytes(), tag(space, 7)];
    assert!(remote.owes_any(&names(&noisy)));
    assert!(!remote.owes_any(&names(&space("other"))));
    remote.settle(1).await.expect("told");
    assert!(!remote.owes_any(&names(&noisy)) && !remote.owes_any(&names(&quiet)));
    let state = store.state();
    assert!(state.generations.contains_key(&Name::Space(&noisy).to_bytes()));
    assert!(!state.generations.contains_key(&Name::All.to_bytes()));
}

#[tokio::test]
async fn what_too_many_tenants_are_owed_is_everything() {
    let remote = Remote::new(Store::default());
    let tenants: Vec<_> = (0..10_001).map(|n| space(&format!("tenant-{n}"))).collect();
    for tenant in &tenants {
        remote.owe(&[tag(tenant, 1)]);
    }
    assert!(remote.owes_any(&[Name::All.to_bytes()]));
    assert_eq!(remote.stats(1, None).owed, 1);
}

#[tokio::test]
async fn nothing_is_told_while_the_breaker_is_open() {
    let store = Store::default();
    let remote = Remote::new(store.clone());
    store.state().fault = Fault::Fails;
    remote.owe(&[tag(&space("acme"), 1)]);
    for _ in 0..10 {
        assert!(remote.settle(1_000).await.is_err());
    }
    assert_eq!((store.state().operations, remote.stats(1_000, None).skipped), (5, 5));
    store.state().fault = Fault::None;
    remote.settle(3_000).await.expect("told, by the probe");
    assert_eq!(remote.stats(3_000, None).owed, 0);
}

#[tokio::test(start_paused = true)]
async fn what_a_writer_that_takes_too_long_has_written_is_told_before_its_answer() {
    case!(C, Policy::new("slow writer", 60_000));
    let store = Store::default();
    let process = || {
        let setup = Setup { cache: Cache::store(store.clone()), ..Setup::default() };
        Bench::with::<C, _>(setup, async |run, name: String| -> Result<Response> {
            if name.starts_with("write") {
                std::future::pending::<()>().await;
            }
            Ok(format!("{name} {run}").into_response())
        })
    };
    let (writer, reader) = (process(), process());
    for on_lambda in [true, false] {
        reader.get("/x").await;
        let mut request = Request::post("/x").body(Body::empty()).expect("a request");
        let deadline = Some(Instant::now() + Duration::from_secs(3));
        request.extensions_mut().insert(Origin { on_lambda, deadline, ..Origin::default() });
        assert_eq!(writer.ask(request).await.status(), 504);
        assert_eq!(reader.get("/x").await.cache(), "lift; fwd=miss; stored");
    }
}
