//! Tenants' shares of the memory store.

use crate::cache::entry::Times;
use crate::cache::generation::Stamp;
use crate::cache::memory::{Memory, Wanted};
use crate::cache::policy::Policy;
use crate::cache::stats::Rows;
use crate::cache::tags::Space;
use crate::tenant::Tenant;

static POLICY: Policy = Policy::new("share", 60_000);

fn put(memory: &Memory, tenant: &Tenant, n: u64, bytes: u64, share: u64) -> bool {
    let key = format!("{tenant}:{n}");
    let wanted = Wanted { hash: hash(&key), bytes: key.as_bytes() };
    let times = Times::new(0, 60_000, &POLICY);
    let space = Space::Tenant(tenant.clone());
    let row = Rows::default().row(&POLICY, &space);
    memory.put(wanted, &space, (row, times, &Stamp::default()), n, bytes, share).1
}

fn has(memory: &Memory, tenant: &Tenant, n: u64) -> bool {
    let key = format!("{tenant}:{n}");
    memory.visit(Wanted { hash: hash(&key), bytes: key.as_bytes() }, |_| ()).is_some()
}

fn hash(key: &str) -> u64 {
    twox_hash::XxHash3_64::oneshot(key.as_bytes())
}

#[test]
fn a_noisy_tenant_keeps_to_its_share_and_evicts_its_own() {
    let (memory, share) = (Memory::new(4 << 20), 1 << 20);
    let (noisy, quiet) = (Tenant::new("noisy").expect("a name"), Tenant::new("quiet").expect("a name"));
    for n in 0..100 {
        assert!(put(&memory, &quiet, n, 1000, share));
    }
    for n in 0..50_000 {
        put(&memory, &noisy, n, 1000, share);
        assert!(memory.held_by(&noisy) <= share);
    }
    assert!((0..100).all(|n| has(&memory, &quiet, n)), "nothing of the quiet one is gone");
    assert!(has(&memory, &noisy, 49_999) && !has(&memory, &noisy, 0), "its own oldest went first");
    assert!(memory.held_by(&noisy) > share / 2);
}

#[test]
fn what_is_dropped_is_given_back() {
    let memory = Memory::new(4 << 20);
    let tenant = Tenant::new("acme").expect("a name");
    for n in 0..10 {
        assert!(put(&memory, &tenant, 1, 1000 + n, 1 << 20), "replaced");
    }
    assert!(memory.held_by(&tenant) < 2000, "one entry's");
    let key = "acme:1";
    let wanted = Wanted { hash: hash(key), bytes: key.as_bytes() };
    let entry = memory.visit(wanted, std::sync::Arc::clone).expect("it is there");
    memory.forget(wanted, &entry);
    assert!(memory.held_by(&tenant) > 1000, "still read");
    drop(entry);
    assert_eq!((memory.held_by(&tenant), memory.weight()), (0, 0));
}

#[test]
fn what_is_larger_than_the_share_or_the_store_takes_is_refused_and_evicts_nothing() {
    let memory = Memory::new(4 << 20);
    let tenant = Tenant::new("acme").expect("a name");
    assert!(put(&memory, &tenant, 1, 1000, 10_000));
    assert!(!put(&memory, &tenant, 2, 20_000, 10_000));
    assert!(!put(&memory, &tenant, 3, memory.limit() + 1, 1 << 30));
    assert!(has(&memory, &tenant, 1));
    assert!(put(&memory, &tenant, 4, memory.limit() - 100, 1 << 30));
}

#[test]
fn the_whole_stays_within_its_capacity() {
    let memory = Memory::new(2 << 20);
    for tenant in 0..100 {
        let tenant = Tenant::new(&format!("t{tenant}")).expect("a name");
        for n in 0..500 {
            put(&memory, &tenant, n, 1000, 1 << 20);
        }
    }
    assert!(memory.weight() <= 2 << 20);
}
