//! The suite that every store passes, and proof that it can fail.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::FutureExt as _;
use lift::Cache;
use lift::cache::{CacheStore, Found, Generation, Lease, Leased, RedisStore, StoreError};
use lift::test::{cache_conformance, cache_store_conformance};
use lift_tests::dynamodb::{DynamoDb, store_at};
use lift_tests::redis::{Cluster, Redis, TlsRedis};

/// A right store in memory, and what may be wrong with it.
#[derive(Clone, Default)]
struct Reference {
    state: Arc<Mutex<State>>,
    fault: Fault,
}

#[derive(Default)]
struct State {
    entries: HashMap<Vec<u8>, Bytes>,
    generations: HashMap<Vec<u8>, Generation>,
    leases: HashMap<Vec<u8>, (Lease, Instant)>,
    counter: u128,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Fault {
    #[default]
    None,
    Fails,
    Forgets,
    KeepsTheFirst,
    CutsKeys,
    CutsEntries,
    MixesNamesAndKeys,
    SkipsMissing,
    Sorts,
    EstablishesAnew,
    Counts,
    Repeats,
    DeletesInsteadOfRenewing,
    RenewsEverything,
    GrantsToAll,
    IgnoresLeases,
    ReleasesForAnybody,
    NeverReleases,
    NeverRunsOut,
    NeverEnds,
}

impl Reference {
    fn with(fault: Fault) -> Self {
        Self { state: Arc::default(), fault }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn key(&self, key: &[u8], is_name: bool) -> Vec<u8> {
        let mut kept = key.to_vec();
        if self.fault == Fault::CutsKeys {
            kept.truncate(1000);
        }
        if is_name && self.fault != Fault::MixesNamesAndKeys {
            kept.insert(0, b'n');
        } else {
            kept.insert(0, b'k');
        }
        kept
    }

    fn generation(&self, state: &mut State) -> Generation {
        state.counter += 1;
        match self.fault {
            Fault::Counts => Generation(state.counter),
            Fault::Repeats => Generation(state.counter % 7 * 1_000_003),
            _ => Generation::random(),
        }
    }
}

impl CacheStore for Reference {
    async fn lookup(&self, key: &[u8], names: &[Box<[u8]>]) -> Result<Found, StoreError> {
        if self.fault == Fault::Fails {
            return Err(StoreError::new("out of order"));
        }
        let state = self.state();
        let entry = state.entries.get(&self.key(key, false)).cloned();
        let entry = entry.filter(|_| self.fault != Fault::Forgets);
        let mut names: Vec<_> = names.to_vec();
        if self.fault == Fault::Sorts {
            names.sort();
            names.reverse();
        }
        let generations = names.iter().map(|name| state.generations.get(&self.key(name, true)).copied());
        let generations = generations.filter(|found| self.fault != Fault::SkipsMissing || found.is_some());
        Ok(Found { entry, generations: generations.collect(), is_leased: None })
    }

    async fn establish(&self, names: &[Box<[u8]>]) -> Result<Vec<Generation>, StoreError> {
        let mut state = self.state();
        let mut all = Vec::new();
        for name in names {
            let (key, made) = (self.key(name, true), self.generation(&mut state));
            if self.fault == Fault::EstablishesAnew {
                state.generations.insert(key.clone(), made);
            }
            if self.fault == Fault::MixesNamesAndKeys {
                state.entries.remove(&key);
            }
            all.push(*state.generations.entry(key).or_insert(made));
        }
        Ok(all)
    }

    async fn renew(&self, names: &[Box<[u8]>]) -> Result<(), StoreError> {
        let mut state = self.state();
        if self.fault == Fault::RenewsEverything {
            state.generations.clear();
        }
        for name in names {
            let (key, made) = (self.key(name, true), self.generation(&mut state));
            if self.fault == Fault::DeletesInsteadOfRenewing {
                state.generations.remove(&key);
            } else {
                state.generations.insert(key, made);
            }
        }
        Ok(())
    }

    async fn put(&self, key: &[u8], entry: Bytes, _: u64, lease: Option<Lease>) -> Result<bool, StoreError> {
        let (mut state, key) = (self.state(), self.key(key, false));
        if let Some(lease) = lease.filter(|_| self.fault != Fault::IgnoresLeases) {
            match state.leases.get(&key) {
                Some((held, until)) if *held == lease => {
                    if *until < Instant::now() && self.fault != Fault::NeverRunsOut {
                        return Ok(false);
                    }
                }
                _ => return Ok(false),
            }
            if self.fault != Fault::NeverEnds {
                state.leases.remove(&key);
            }
        }
        let entry =
            if self.fault == Fault::CutsEntries { entry.slice(..entry.len().min(5000)) } else { entry };
        if self.fault == Fault::KeepsTheFirst {
            state.entries.entry(key).or_insert(entry);
        } else {
            state.entries.insert(key, entry);
        }
        Ok(true)
    }

    async fn lease(&self, key: &[u8], lease: Lease, duration: Duration) -> Result<Leased, StoreError> {
        let (mut state, key) = (self.state(), self.key(key, false));
        let held = state
            .leases
            .get(&key)
            .is_some_and(|(_, until)| *until > Instant::now() || self.fault == Fault::NeverRunsOut);
        if held && self.fault != Fault::GrantsToAll {
            return Ok(Leased::Held);
        }
        state.leases.insert(key, (lease, Instant::now() + duration));
        Ok(Leased::Granted)
    }

    async fn release(&self, key: &[u8], lease: Lease) -> Result<(), StoreError> {
        let (mut state, key) = (self.state(), self.key(key, false));
        let is_its = state.leases.get(&key).is_some_and(|(held, _)| *held == lease);
        let is_kept = self.fault == Fault::NeverReleases;
        if (is_its && !is_kept) || self.fault == Fault::ReleasesForAnybody {
            state.leases.remove(&key);
        }
        Ok(())
    }
}

#[tokio::test]
async fn a_right_store_passes() {
    cache_store_conformance(Reference::default()).await;
}

#[tokio::test]
async fn redis_passes() {
    let redis = Redis::start();
    cache_store_conformance(RedisStore::new(&redis.url()).expect("a URL")).await;
}

#[tokio::test]
async fn a_redis_cluster_passes() {
    let cluster = Cluster::start();
    cache_store_conformance(RedisStore::new(&cluster.url()).expect("a URL")).await;
}

#[tokio::test]
async fn redis_with_tls_passes() {
    let redis = TlsRedis::start();
    cache_store_conformance(RedisStore::new(&redis.url()).expect("a URL")).await;
}

#[tokio::test]
async fn dynamodb_passes() {
    let dynamodb = DynamoDb::start();
    cache_store_conformance(store_at(dynamodb.port(), "dynamodb://lift-cache")).await;
}

#[tokio::test]
async fn caches_in_memory_in_redis_and_in_both_pass() {
    cache_conformance(Cache::memory()).await;
    let redis = Redis::start();
    let store = || RedisStore::new(&redis.url()).expect("a URL");
    cache_conformance(Cache::store(store())).await;
    cache_conformance(Cache::near(store())).await;
}

#[tokio::test]
async fn caches_in_dynamodb_and_in_memory_before_it_pass() {
    let dynamodb = DynamoDb::start();
    let store = || store_at(dynamodb.port(), "dynamodb://lift-cache");
    cache_conformance(Cache::store(store())).await;
    cache_conformance(Cache::near(store())).await;
}

#[tokio::test]
async fn a_cache_in_a_redis_cluster_passes() {
    let cluster = Cluster::start();
    cache_conformance(Cache::store(RedisStore::new(&cluster.url()).expect("a URL"))).await;
}

#[tokio::test]
async fn a_cache_that_does_not_hold_to_it_is_found() {
    let cache = |fault| Cache::store(Reference::with(fault));
    cache_conformance(cache(Fault::None)).await;
    for (fault, said) in [
        (Fault::RenewsEverything, "is ended by an invalidation"),
        (Fault::Forgets, "is computed anew"),
        (Fault::CutsEntries, "is not found again"),
    ] {
        let tested = std::panic::AssertUnwindSafe(cache_conformance(cache(fault))).catch_unwind();
        let panic = tested.await.expect_err(&format!("{fault:?} is found"));
        let message = panic.downcast_ref::<String>().expect("text");
        assert!(message.contains(said), "{fault:?}: {message}");
    }
}

#[tokio::test]
async fn each_fault_is_found_and_named() {
    let faults = [
        (Fault::Fails, "`lookup` fails: out of order"),
        (Fault::Forgets, "does not come back as it was put"),
        (Fault::KeepsTheFirst, "is not replaced by a later one"),
        (Fault::CutsKeys, "keys of any bytes and lengths"),
        (Fault::CutsEntries, "does not come back whole"),
        (Fault::MixesNamesAndKeys, "takes the place of an entry's key"),
        (Fault::SkipsMissing, "has a generation"),
        (Fault::Sorts, "not in the order of names"),
        (Fault::EstablishesAnew, "changes a generation that is there"),
        (Fault::Counts, "generations are counted"),
        (Fault::Repeats, "names of any bytes and lengths"),
        (Fault::DeletesInsteadOfRenewing, "a renewed name has no generation"),
        (Fault::RenewsEverything, "names that it was not given"),
        (Fault::GrantsToAll, "a lease is granted to two"),
        (Fault::IgnoresLeases, "by one who holds no lease"),
        (Fault::ReleasesForAnybody, "by one who does not hold it"),
        (Fault::NeverReleases, "that is given back is not free"),
        (Fault::NeverRunsOut, "has run out still stores"),
        (Fault::NeverEnds, "a lease stores twice"),
    ];
    let run = |(fault, said): (Fault, &'static str)| async move {
        let tested = std::panic::AssertUnwindSafe(cache_store_conformance(Reference::with(fault)));
        let panic = tested.catch_unwind().await.expect_err(&format!("{fault:?} is found"));
        let message = panic.downcast_ref::<String>().cloned();
        let message =
            message.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).expect("text");
        assert!(message.contains(said), "{fault:?}: {message}");
    };
    futures_util::future::join_all(faults.map(run)).await;
}
