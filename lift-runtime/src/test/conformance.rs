//! What a store of one's own has to hold to, as a test.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use futures_util::future::join_all;

use crate::cache::{CacheStore, Generation, Lease, Leased, StoreError};

/// Far enough for no entry to end while this runs.
const HOUR: u64 = 3_600_000;

/// Tests that a store keeps what [`CacheStore`] asks of it; the built-in ones pass.
///
/// It may be a store that others use meanwhile: every key and name begins with random bytes. It takes about a second,
/// for a lease has to run out.
///
/// ```no_run
/// # use lift_runtime::cache::CacheStore;
/// # async fn example(my_store: impl CacheStore) {
/// lift_runtime::test::cache_store_conformance(my_store).await;
/// # }
/// ```
///
/// # Panics
/// With a sentence that says what the store does not hold to.
pub async fn cache_store_conformance(store: impl CacheStore) {
    let suite = Suite { store: Arc::new(store), run: fastrand::u128(..) };
    suite.entries().await;
    suite.keys().await;
    suite.sizes().await;
    suite.generations().await;
    suite.renewals().await;
    suite.concurrent_generations().await;
    suite.leases().await;
}

struct Suite<S> {
    store: Arc<S>,
    run: u128,
}

/// What an operation has to come to; a store under test has no excuse.
fn done<T>(what: &str, result: Result<T, StoreError>) -> T {
    result.unwrap_or_else(|error| panic!("`{what}` fails: {error}"))
}

fn in_an_hour() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or_default() + HOUR
}

impl<S: CacheStore> Suite<S> {
    fn key(&self, name: impl AsRef<[u8]>) -> Box<[u8]> {
        [&self.run.to_le_bytes(), name.as_ref()].concat().into()
    }

    fn names<const N: usize>(&self, names: [&str; N]) -> Vec<Box<[u8]>> {
        names.iter().map(|name| self.key(name)).collect()
    }

    /// The first operation may be what makes a store connect.
    async fn entry(&self, key: &[u8]) -> Option<Bytes> {
        for _ in 0..100 {
            match self.store.lookup(key, &[]).await {
                Err(StoreError::Connecting) => tokio::time::sleep(Duration::from_millis(50)).await,
                result => return done("lookup", result).entry,
            }
        }
        panic!("the store is still connecting after five seconds")
    }

    async fn put(&self, key: &[u8], entry: &[u8], lease: Option<Lease>) -> bool {
        done("put", self.store.put(key, Bytes::copy_from_slice(entry), in_an_hour(), lease).await)
    }

    async fn read(&self, names: &[Box<[u8]>]) -> Vec<Option<Generation>> {
        let key = self.key("no entry");
        done("lookup", self.store.lookup(&key, names).await).generations
    }

    async fn establish(&self, names: &[Box<[u8]>]) -> Vec<Generation> {
        done("establish", self.store.establish(names).await)
    }

    async fn entries(&self) {
        let (a, b) = (self.key("a"), self.key("b"));
        assert_eq!(self.entry(&a).await, None, "an entry that was never put is found");
        assert!(self.put(&a, b"one", None).await, "an entry without a lease is not stored");
        assert_eq!(
            self.entry(&a).await.as_deref(),
            Some(&b"one"[..]),
            "an entry does not come back as it was put"
        );
        assert_eq!(self.entry(&b).await, None, "an entry is found under another key");
        self.put(&b, b"other", None).await;
        self.put(&a, b"two", None).await;
        assert_eq!(
            self.entry(&a).await.as_deref(),
            Some(&b"two"[..]),
            "an entry is not replaced by a later one"
        );
        assert_eq!(
            self.entry(&b).await.as_deref(),
            Some(&b"other"[..]),
            "an entry changes when another is put"
        );
    }

    async fn keys(&self) {
        let every_byte: Vec<u8> = (0..=255).collect();
        let long: Vec<u8> = (0..10_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        let mut longer = long.clone();
        longer.push(0);
        let tails: [&[u8]; 9] =
            [b"", b"\0", b"\0\0", b"{a}", b"{a}:e", b"line\nbreak", &every_byte, &long, &longer];
        for (n, tail) in (0_u8..).zip(tails) {
            self.put(&self.key(tail), &[n], None).await;
        }
        for (n, tail) in (0_u8..).zip(tails) {
            let entry = self.entry(&self.key(tail)).await;
            assert_eq!(entry.as_deref(), Some(&[n][..]), "keys of any bytes and lengths are not kept apart");
        }
        let names: Vec<_> = tails.iter().map(|tail| self.key(tail)).collect();
        let made: HashSet<_> = self.establish(&names).await.into_iter().collect();
        assert_eq!(made.len(), names.len(), "names of any bytes and lengths are not kept apart");
        assert_eq!(
            self.entry(&names[0]).await.as_deref(),
            Some(&[0][..]),
            "a name takes the place of an entry's key"
        );
    }

    async fn sizes(&self) {
        let largest = self.store.largest().min(1 << 20);
        for size in [0, 1, 1000, 100_000, largest] {
            let (key, bytes) = (self.key("size"), vec![7; size.min(largest)]);
            if self.put(&key, &bytes, None).await {
                let entry = self.entry(&key).await;
                assert!(
                    entry.as_deref() == Some(&bytes),
                    "an entry of {size} bytes does not come back whole"
                );
            } else {
                panic!("an entry of {size} bytes is not stored, though `largest` lets it be");
            }
        }
    }

    async fn generations(&self) {
        let names = self.names(["g1", "g2", "g3"]);
        assert_eq!(self.read(&names).await, [None; 3], "a name that was never established has a generation");
        let first = self.establish(&names[..1]).await;
        assert_eq!(
            self.read(&names).await,
            [Some(first[0]), None, None],
            "generations are not in the order of names"
        );
        let all = self.establish(&names).await;
        assert_eq!(all[0], first[0], "`establish` changes a generation that is there");
        assert_eq!(
            self.establish(&names).await,
            all,
            "`establish` does not read the generations that are there"
        );
        let twice = [names[2].clone(), names[0].clone(), names[2].clone()];
        let expected = [Some(all[2]), Some(all[0]), Some(all[2])];
        assert_eq!(self.read(&twice).await, expected, "a name that is asked for twice is not answered twice");
        assert_eq!(self.establish(&[]).await, [], "`establish` of nothing makes something");
        let key = self.key("with entry");
        self.put(&key, b"entry", None).await;
        let found = done("lookup", self.store.lookup(&key, &names).await);
        assert_eq!(
            found.entry.as_deref(),
            Some(&b"entry"[..]),
            "a look-up with names does not find the entry"
        );
        assert_eq!(found.generations.len(), 3, "a look-up of an entry leaves generations out");
    }

    async fn renewals(&self) {
        let names = self.names(["r1", "r2", "r3"]);
        let mut seen: HashSet<_> = self.establish(&names).await.into_iter().collect();
        let untouched = self.read(&names[2..]).await;
        for _ in 0..20 {
            done("renew", self.store.renew(&names[..2]).await);
            let read = self.read(&names).await;
            for generation in &read[..2] {
                let Some(generation) = generation else {
                    panic!("a renewed name has no generation: what was made before could come back");
                };
                assert!(seen.insert(*generation), "a renewed name has a generation that was there before");
            }
            assert_eq!(read[2..], untouched, "`renew` changes names that it was not given");
        }
        let fresh = self.names(["r4"]);
        done("renew", self.store.renew(&fresh).await);
        assert!(self.read(&fresh).await[0].is_some(), "a name that was not there is not renewed");
        let deltas: HashSet<_> =
            seen.iter().flat_map(|one| seen.iter().map(|other| one.0.wrapping_sub(other.0))).collect();
        assert!(!deltas.contains(&1), "generations are counted: a store that loses data would repeat them");
    }

    async fn concurrent_generations(&self) {
        let names = self.names(["c1", "c2"]);
        let made = join_all((0..20).map(|_| self.establish(&names))).await;
        assert!(
            made.iter().all(|one| *one == made[0]),
            "two that establish a name at once get different generations"
        );
        // One who has given up waiting harms nobody.
        for _ in 0..20 {
            let renewing = self.store.renew(&names);
            let _ = tokio::time::timeout(Duration::from_micros(fastrand::u64(1..500)), renewing).await;
        }
        let before = self.read(&names).await;
        done("renew", self.store.renew(&names).await);
        let after = self.read(&names).await;
        let renewed = before.iter().zip(&after).all(|(before, after)| after.is_some() && before != after);
        assert!(renewed, "an operation that was given up keeps a later one from its work");
    }

    async fn leases(&self) {
        let [key, other] = [self.key("lease"), self.key("another lease")];
        let [mine, theirs] = [Lease(fastrand::u128(..)), Lease(fastrand::u128(..))];
        let long = Duration::from_secs(60);
        match done("lease", self.store.lease(&key, mine, long).await) {
            Leased::Unsupported => return,
            leased => assert_eq!(leased, Leased::Granted, "a lease that nobody holds is not granted"),
        }
        let asked = done("lease", self.store.lease(&key, theirs, long).await);
        assert_eq!(asked, Leased::Held, "a lease is granted to two");
        let elsewhere = done("lease", self.store.lease(&other, theirs, long).await);
        assert_eq!(elsewhere, Leased::Granted, "a lease on one key holds another");
        assert!(
            !self.put(&key, b"theirs", Some(theirs)).await,
            "an entry is stored by one who holds no lease"
        );
        assert_eq!(self.entry(&key).await, None, "an entry that was refused is found all the same");
        done("release", self.store.release(&key, theirs).await);
        let asked = done("lease", self.store.lease(&key, theirs, long).await);
        assert_eq!(asked, Leased::Held, "a lease is given back by one who does not hold it");
        assert!(
            self.put(&key, b"mine", Some(mine)).await,
            "an entry is not stored by the holder of its lease"
        );
        assert_eq!(
            self.entry(&key).await.as_deref(),
            Some(&b"mine"[..]),
            "what a lease has stored is not found"
        );
        assert!(!self.put(&key, b"again", Some(mine)).await, "a lease stores twice");
        let asked = done("lease", self.store.lease(&key, theirs, long).await);
        assert_eq!(asked, Leased::Granted, "a lease does not end with its entry");
        assert_eq!(
            self.entry(&key).await.as_deref(),
            Some(&b"mine"[..]),
            "a lease hides the entry that is there"
        );
        done("release", self.store.release(&key, theirs).await);
        let asked = done("lease", self.store.lease(&key, mine, long).await);
        assert_eq!(asked, Leased::Granted, "a lease that is given back is not free");
        assert_eq!(
            self.entry(&key).await.as_deref(),
            Some(&b"mine"[..]),
            "a lease that is given back takes the entry with it"
        );
        self.leases_that_run_out().await;
        self.leases_at_once().await;
    }

    async fn leases_that_run_out(&self) {
        let key = self.key("short lease");
        let [slow, next] = [Lease(fastrand::u128(..)), Lease(fastrand::u128(..))];
        let short = Duration::from_millis(300);
        assert_eq!(done("lease", self.store.lease(&key, slow, short).await), Leased::Granted);
        tokio::time::sleep(short + Duration::from_millis(200)).await;
        assert!(!self.put(&key, b"slow", Some(slow)).await, "a lease that has run out still stores");
        let asked = done("lease", self.store.lease(&key, next, Duration::from_secs(60)).await);
        assert_eq!(asked, Leased::Granted, "a lease does not run out");
        assert!(
            !self.put(&key, b"slow", Some(slow)).await,
            "a slow holder stores under its successor's lease"
        );
        assert!(self.put(&key, b"next", Some(next)).await, "a slow holder ends its successor's lease");
    }

    async fn leases_at_once(&self) {
        for n in 0..10 {
            let key = self.key(format!("race {n}"));
            let ask = || self.store.lease(&key, Lease(fastrand::u128(..)), Duration::from_secs(60));
            let asked = join_all((0..20).map(|_| ask())).await;
            let granted = asked.into_iter().filter(|asked| matches!(asked, Ok(Leased::Granted))).count();
            assert_eq!(granted, 1, "of twenty who ask for one lease at once not exactly one gets it");
        }
    }
}
