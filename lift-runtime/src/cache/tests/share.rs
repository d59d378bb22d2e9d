//! Tenants' shares of the memory store.

use crate::cache::entry::Times;
use crate::cache::generation::Stamp;
use crate::cache::memory::{Memory, Payer, Wanted};
use crate::cache::policy::Policy;
use crate::cache::stats::Rows;
use crate::cache::tags::Space;
use crate::tenant::Tenant;

static POLICY: Policy = Policy::new("share", 60_000);

fn put(memory: &Memory, tenant: &Tenant, n: u64, bytes: u64, share: u64) -> bool {
    put_for(memory, Payer::Party(Some(tenant), share), &format!("{tenant}:{n}"), bytes)
}

fn put_for(memory: &Memory, payer: Payer<'_>, key: &str, bytes: u64) -> bool {
    let wanted = Wanted { hash: hash(key), bytes: key.as_bytes() };
    let times = Times::new(0, 60_000, &POLICY);
    let row = Rows::default().row(&POLICY, &Space::Whole);
    memory.put(wanted, payer, (row, times, &Stamp::default()), 0, bytes).1
}

/// Looks without a hit.
fn has(memory: &Memory, tenant: &Tenant, n: u64) -> bool {
    sees(memory, &format!("{tenant}:{n}"))
}

fn sees(memory: &Memory, key: &str) -> bool {
    memory.visit(Wanted { hash: hash(key), bytes: key.as_bytes() }, |_| ()).is_some()
}

fn hit(memory: &Memory, tenant: &Tenant, n: u64) -> bool {
    let key = format!("{tenant}:{n}");
    let wanted = Wanted { hash: hash(&key), bytes: key.as_bytes() };
    memory.visit(wanted, |entry| entry.stands(memory.generations())).is_some_and(|stands| stands)
}

fn tenant(name: &str) -> Tenant {
    Tenant::new(name).expect("a name")
}

fn hash(key: &str) -> u64 {
    twox_hash::XxHash3_64::oneshot(key.as_bytes())
}

#[test]
fn a_noisy_tenant_keeps_to_its_share_and_evicts_its_own() {
    let (memory, share) = (Memory::new(4 << 20), 1 << 20);
    let (noisy, quiet) = (tenant("noisy"), tenant("quiet"));
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
    let tenant = tenant("acme");
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
    let tenant = tenant("acme");
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
        let tenant = self::tenant(&format!("t{tenant}"));
        for n in 0..500 {
            put(&memory, &tenant, n, 1000, 1 << 20);
            assert!(memory.weight() <= 2 << 20);
        }
    }
    assert!(memory.weight() > (2 << 20) - 4000, "and is used");
}

/// A hundred entries of one who keeps to the fair part, while others do what they like.
fn undisturbed(capacity: u64, noise: impl FnOnce(&Memory, u64)) {
    let (memory, share) = (Memory::new(capacity), capacity / 4);
    let quiet = tenant("quiet");
    for n in 0..100 {
        assert!(put(&memory, &quiet, n, 1000, share));
    }
    noise(&memory, share);
    let left = (0..100).filter(|n| has(&memory, &quiet, *n)).count();
    assert_eq!(left, 100, "nothing of the quiet one is gone");
    assert!(memory.weight() <= capacity);
}

#[test]
fn one_noisy_tenant_with_entries_of_any_size_disturbs_nobody() {
    for bytes in [10, 1000, 50_000, 300_000, 900_000] {
        undisturbed(16 << 20, |memory, share| {
            let noisy = tenant("noisy");
            for n in 0..20_000 {
                put(memory, &noisy, n, bytes, share);
            }
            assert!(memory.held_by(&noisy) > share / 2, "{bytes}");
        });
    }
}

#[test]
fn many_noisy_tenants_at_once_disturb_nobody_who_keeps_to_the_fair_part() {
    undisturbed(16 << 20, |memory, share| {
        let tenants: Vec<_> = (0..50).map(|n| tenant(&format!("noisy{n}"))).collect();
        for n in 0..400 {
            for (which, tenant) in tenants.iter().enumerate() {
                let bytes = [100, 1000, 20_000, 200_000, 900_000][(which + n) % 5];
                put(memory, tenant, n as u64, bytes, share);
            }
        }
        assert!(memory.weight() > 12 << 20, "what they may have is used");
    });
}

#[test]
fn noisy_tenants_on_several_threads_disturb_nobody() {
    undisturbed(8 << 20, |memory, share| {
        std::thread::scope(|scope| {
            for thread in 0..4 {
                scope.spawn(move || {
                    for n in 0..4_000 {
                        let tenant = tenant(&format!("noisy{}", (n + thread) % 10));
                        put(memory, &tenant, n * 4 + thread, [500, 5_000, 100_000][n as usize % 3], share);
                    }
                });
            }
        });
    });
}

#[test]
fn who_came_first_and_took_everything_gives_way_to_who_comes_later() {
    let (memory, share) = (Memory::new(8 << 20), 2 << 20);
    let early: Vec<_> = (0..4).map(|n| tenant(&format!("early{n}"))).collect();
    for n in 0..4_000 {
        for tenant in &early {
            put(&memory, tenant, n, 1000, share);
        }
    }
    let late = tenant("late");
    for n in 0..1_000 {
        assert!(put(&memory, &late, n, 1000, share));
    }
    assert!((0..1_000).all(|n| has(&memory, &late, n)), "it holds less than a fifth");
    let held: Vec<_> = early.iter().map(|tenant| memory.held_by(tenant)).collect();
    assert!(held.iter().all(|held| *held > (8 << 20) / 5 - 2000), "they gave way in turns: {held:?}");
}

#[test]
fn one_entry_beyond_the_fair_part_does_not_cost_a_tenant_all_its_others() {
    let (memory, share) = (Memory::new(8 << 20), 2 << 20);
    let others: Vec<_> = (0..16).map(|n| tenant(&format!("t{n}"))).collect();
    for n in 0..400 {
        for tenant in &others {
            put(&memory, tenant, n, 1000, share);
        }
    }
    let acme = tenant("acme");
    for n in 0..100 {
        assert!(put(&memory, &acme, n, 1000, share));
    }
    put(&memory, &acme, 100, 900_000, share);
    assert!((0..100).all(|n| has(&memory, &acme, n)));
}

#[test]
fn what_is_shared_is_charged_to_the_tenant_that_asked_for_it() {
    undisturbed(16 << 20, |memory, share| {
        let (noisy, other) = (tenant("noisy"), tenant("other"));
        assert!(put_for(memory, Payer::Party(Some(&other), share), "shared:clock", 1000));
        for n in 0..3_000 {
            put_for(memory, Payer::Party(Some(&noisy), share), &format!("shared:{n}"), 20_000);
        }
        assert!(sees(memory, "shared:clock"), "another's shared entry stands");
        assert!(sees(memory, "shared:2999") && !sees(memory, "shared:0"));
    });
}

#[test]
fn what_nobody_asked_for_is_one_more_party() {
    undisturbed(16 << 20, |memory, share| {
        for n in 0..3_000 {
            put_for(memory, Payer::Party(None, share), &format!("shared:{n}"), 20_000);
        }
    });
}

#[test]
fn a_full_share_keeps_what_is_hit() {
    let (memory, share) = (Memory::new(4 << 20), 1 << 20);
    let acme = tenant("acme");
    for n in 0..20_000 {
        assert!(put(&memory, &acme, n, 1000, share), "there is always room for one more");
        if n >= 10 {
            assert!((0..10).all(|hot| hit(&memory, &acme, hot)), "after {n}");
        }
    }
}

#[test]
fn a_tenant_that_hits_everything_still_makes_room() {
    let (memory, share) = (Memory::new(4 << 20), 50_000);
    let acme = tenant("acme");
    for n in 0..200 {
        assert!(put(&memory, &acme, n, 1000, share));
        for earlier in 0..=n {
            hit(&memory, &acme, earlier);
        }
    }
    assert!(memory.held_by(&acme) > share - 3000);
}

#[test]
fn the_first_tenant_of_a_cache_without_ends_what_was_not_charged() {
    let memory = Memory::new(4 << 20);
    assert!(put_for(&memory, Payer::Whole, "whole:1", 1000));
    assert!(sees(&memory, "whole:1"));
    assert!(put(&memory, &tenant("acme"), 1, 1000, 1 << 20));
    assert!(!sees(&memory, "whole:1"));
    assert!(put_for(&memory, Payer::Whole, "whole:2", 1000));
    for n in 0..10_000 {
        put_for(&memory, Payer::Whole, &format!("whole:{n}"), 1000);
    }
    assert!(has(&memory, &tenant("acme"), 1) && memory.weight() <= 4 << 20);
}
