//! A store outside the process, kept from harming requests: timeout, breaker, and what it could not be told.

use std::collections::BTreeMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use serde::Serialize;
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout, timeout_at};

use super::breaker::{Breaker, BreakerState, Pass};
use super::lookup::Lookups;
use super::near::{Near, Watcher};
use super::store::{CacheStore, Found, Generation, Lease, Leased, StoreError};
use super::tags::{Name, NameOwner, Space};
use super::timing::{Latency, Timing};

/// For one operation on an open connection.
const TIMEOUT: Duration = Duration::from_millis(50);

/// A timer that fires so much later than it should tells that the process is short of CPU, or was frozen.
const TARDY: Duration = Duration::from_millis(10);

/// How often such a process looks again for an answer that may be there unread.
const ROUNDS: u32 = 4;

/// How long the first requests wait for the store to be connected.
const CONNECT: Duration = Duration::from_millis(250);

/// A line in the log for each so many milliseconds of failure.
const LOG_EVERY: u64 = 60_000;

/// Names that a store could not be told of, before they are taken for everything of their tenants.
const PENDING: usize = 10_000;

/// So many of them a store is told of at once.
const SETTLED: usize = 100;

type Future_<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// [`CacheStore`] as an object.
trait Erased: Send + Sync {
    fn connect(&self) -> Future_<'_, ()>;
    fn lookup<'a>(&'a self, key: &'a [u8], names: &'a [Box<[u8]>]) -> Future_<'a, Found>;
    fn establish<'a>(&'a self, names: &'a [Box<[u8]>]) -> Future_<'a, Vec<Generation>>;
    fn renew<'a>(&'a self, names: &'a [Box<[u8]>]) -> Future_<'a, ()>;
    fn put<'a>(
        &'a self,
        key: &'a [u8],
        entry: Bytes,
        expires: u64,
        lease: Option<Lease>,
    ) -> Future_<'a, bool>;
    fn lease<'a>(&'a self, key: &'a [u8], lease: Lease, duration: Duration) -> Future_<'a, Leased>;
    fn release<'a>(&'a self, key: &'a [u8], lease: Lease) -> Future_<'a, ()>;
    fn watch(&self, watcher: Watcher) -> Future_<'_, ()>;
    fn largest(&self) -> usize;
}

/// The store's code runs when the future is polled, and not before: where its panics are caught.
impl<S: CacheStore> Erased for S {
    fn connect(&self) -> Future_<'_, ()> {
        Box::pin(async move { CacheStore::connect(self).await })
    }

    fn lookup<'a>(&'a self, key: &'a [u8], names: &'a [Box<[u8]>]) -> Future_<'a, Found> {
        Box::pin(async move { CacheStore::lookup(self, key, names).await })
    }

    fn establish<'a>(&'a self, names: &'a [Box<[u8]>]) -> Future_<'a, Vec<Generation>> {
        Box::pin(async move { CacheStore::establish(self, names).await })
    }

    fn renew<'a>(&'a self, names: &'a [Box<[u8]>]) -> Future_<'a, ()> {
        Box::pin(async move { CacheStore::renew(self, names).await })
    }

    fn put<'a>(
        &'a self,
        key: &'a [u8],
        entry: Bytes,
        expires: u64,
        lease: Option<Lease>,
    ) -> Future_<'a, bool> {
        Box::pin(async move { CacheStore::put(self, key, entry, expires, lease).await })
    }

    fn lease<'a>(&'a self, key: &'a [u8], lease: Lease, duration: Duration) -> Future_<'a, Leased> {
        Box::pin(async move { CacheStore::lease(self, key, lease, duration).await })
    }

    fn release<'a>(&'a self, key: &'a [u8], lease: Lease) -> Future_<'a, ()> {
        Box::pin(async move { CacheStore::release(self, key, lease).await })
    }

    fn watch(&self, watcher: Watcher) -> Future_<'_, ()> {
        Box::pin(async move { CacheStore::watch(self, watcher).await })
    }

    fn largest(&self) -> usize {
        CacheStore::largest(self)
    }
}

/// A store that may fail as it likes.
pub(crate) struct Remote {
    store: Box<dyn Erased>,
    /// Whether it is connected, or was given the time for it.
    is_ready: AtomicBool,
    /// When the first operation was wanted.
    first: OnceLock<Instant>,
    breaker: Breaker,
    pub(crate) lookups: Lookups,
    pending: Mutex<Pending>,
    owes: AtomicBool,
    logged: AtomicU64,
    operations: Timing,
    failures: AtomicU64,
    timeouts: AtomicU64,
    skipped: AtomicU64,
}

/// The store outside the process, as this process has found it, from [`Cache::stats`](crate::Cache::stats).
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct StoreStats {
    /// Whether it is asked.
    pub breaker: BreakerState,
    /// How long its operations took that were done.
    pub operations: Latency,
    /// Operations that failed, those that took too long among them.
    pub failures: u64,
    /// Operations that took longer than 50 ms.
    pub timeouts: u64,
    /// Operations that were not begun because the breaker was open.
    pub skipped: u64,
    /// Invalidations that the store could not be told of yet. What carries their names is bypassed here until then.
    pub owed: u64,
    /// Of a near cache: whether the store tells this process of others' invalidations, and has proved lately that it does.
    /// Where not, what is in memory is trusted for `l1_ttl` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_watched: Option<bool>,
}

/// Names that are being renewed, or whose renewal has failed: what carries them is bypassed until the store has been
/// told. Each with a number that grows, for one that is owed again while the store is told of it stays.
#[derive(Default)]
struct Pending {
    names: BTreeMap<Box<[u8]>, u64>,
    owed: u64,
}

impl Pending {
    /// Takes the names of each tenant for everything of that tenant, so that it costs no other one its entries. Of too
    /// many tenants it takes all for everything.
    fn sum_up(&mut self, owed: u64) {
        let names = std::mem::take(&mut self.names).into_keys();
        self.names = names.map(|name| (space_of(&name).unwrap_or(name), owed)).collect();
        if self.names.len() > PENDING / 2 {
            self.names = BTreeMap::from([(Name::All.to_bytes(), owed)]);
        }
    }
}

/// The name of everything of the tenant whose name it is.
fn space_of(name: &[u8]) -> Option<Box<[u8]>> {
    match NameOwner::of(name) {
        NameOwner::Tenant(tenant) => Some(Name::Space(&Space::Tenant(tenant)).to_bytes()),
        NameOwner::Whole | NameOwner::Everybody => None,
    }
}

/// Why an operation came to nothing.
#[derive(Debug)]
pub(crate) enum Failed {
    /// The breaker is open.
    Skipped,
    /// It took too long.
    Late,
    /// The store's code panicked.
    Panicked,
    Store(StoreError),
}

impl Failed {
    /// Whether the store has certainly not done it.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self, Self::Skipped | Self::Store(StoreError::Connecting | StoreError::Throttled))
    }
}

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Skipped => f.write_str("the cache store was not asked, for it has failed too often"),
            Self::Late => f.write_str("the cache store did not answer in time"),
            Self::Panicked => f.write_str("the cache store panicked"),
            Self::Store(error) => write!(f, "the cache store failed: {error}"),
        }
    }
}

impl std::error::Error for Failed {}

impl Remote {
    pub(crate) fn new(store: impl CacheStore) -> Self {
        Self {
            store: Box::new(store),
            is_ready: AtomicBool::new(false),
            first: OnceLock::new(),
            breaker: Breaker::default(),
            lookups: Lookups::default(),
            pending: Mutex::default(),
            owes: AtomicBool::new(false),
            logged: AtomicU64::new(0),
            operations: Timing::default(),
            failures: AtomicU64::new(0),
            timeouts: AtomicU64::new(0),
            skipped: AtomicU64::new(0),
        }
    }

    pub(crate) fn stats(&self, now: u64, near: Option<&Near>) -> StoreStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        StoreStats {
            breaker: self.breaker.state(now),
            operations: self.operations.read(),
            failures: read(&self.failures),
            timeouts: read(&self.timeouts),
            skipped: read(&self.skipped),
            owed: self.pending().names.len() as u64,
            is_watched: near.map(|near| near.is_verified(now)),
        }
    }

    pub(crate) fn largest(&self) -> usize {
        self.store.largest()
    }

    pub(crate) async fn lookup(&self, now: u64, key: &[u8], names: &[Box<[u8]>]) -> Result<Found, Failed> {
        let found = self.guard(now, self.store.lookup(key, names)).await?;
        if found.generations.len() == names.len() { Ok(found) } else { Err(self.lied(now)) }
    }

    pub(crate) async fn establish(&self, now: u64, names: &[Box<[u8]>]) -> Result<Vec<Generation>, Failed> {
        let generations = self.guard(now, self.store.establish(names)).await?;
        if generations.len() == names.len() { Ok(generations) } else { Err(self.lied(now)) }
    }

    pub(crate) async fn put(
        &self,
        now: u64,
        key: &[u8],
        entry: Bytes,
        expires: u64,
        lease: Option<Lease>,
    ) -> Result<bool, Failed> {
        self.guard(now, self.store.put(key, entry, expires, lease)).await
    }

    pub(crate) async fn lease(
        &self,
        now: u64,
        key: &[u8],
        lease: Lease,
        duration: Duration,
    ) -> Result<Leased, Failed> {
        self.guard(now, self.store.lease(key, lease, duration)).await
    }

    pub(crate) async fn release(&self, now: u64, key: &[u8], lease: Lease) -> Result<(), Failed> {
        self.guard(now, self.store.release(key, lease)).await
    }

    /// Runs for as long as the store can tell of other processes' renewals.
    pub(crate) async fn watch(&self, watcher: Watcher) -> Result<(), StoreError> {
        self.store.watch(watcher).await
    }

    /// Notes names that are to be renewed: from now on they are bypassed here.
    pub(crate) fn owe(&self, names: &[Box<[u8]>]) {
        let mut pending = self.pending();
        pending.owed += 1;
        let owed = pending.owed;
        pending.names.extend(names.iter().map(|name| (name.clone(), owed)));
        if pending.names.len() > PENDING {
            pending.sum_up(owed);
        }
        self.owes.store(!pending.names.is_empty(), Ordering::Release);
    }

    /// Tells the store what it is owed.
    pub(crate) async fn settle(&self, now: u64) -> Result<(), Failed> {
        if !self.owes.load(Ordering::Acquire) {
            return Ok(());
        }
        // There may be many, and nobody is told while the breaker is open.
        if self.breaker.state(now) == BreakerState::Open {
            self.skipped.fetch_add(1, Ordering::Relaxed);
            return Err(Failed::Skipped);
        }
        let (names, owed): (Vec<_>, Vec<_>) =
            self.pending().names.iter().map(|(name, owed)| (name.clone(), *owed)).unzip();
        // In parts that a store can manage in time, so that each attempt leaves less for the next one.
        for (names, owed) in names.chunks(SETTLED).zip(owed.chunks(SETTLED)) {
            self.guard(now, self.store.renew(names)).await?;
            let mut pending = self.pending();
            for (name, owed) in names.iter().zip(owed) {
                if pending.names.get(name) == Some(owed) {
                    pending.names.remove(name);
                }
            }
            self.owes.store(!pending.names.is_empty(), Ordering::Release);
        }
        Ok(())
    }

    /// Whether the store has yet to be told of one of these.
    pub(crate) fn owes_any(&self, names: &[Box<[u8]>]) -> bool {
        self.owes.load(Ordering::Acquire) && {
            let pending = self.pending();
            names.iter().any(|name| pending.names.contains_key(name))
        }
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the operation that ended last has failed: one who need not know what comes of the next does not wait.
    pub(crate) fn fails(&self) -> bool {
        self.breaker.counts_failures()
    }

    async fn guard<T>(&self, now: u64, operation: Future_<'_, T>) -> Result<T, Failed> {
        let Some(pass) = self.breaker.lets(now) else {
            self.skipped.fetch_add(1, Ordering::Relaxed);
            return Err(Failed::Skipped);
        };
        if !self.is_ready.load(Ordering::Acquire) {
            self.connect().await;
        }
        let began = Instant::now();
        let failed = match in_time(AssertUnwindSafe(operation).catch_unwind()).await {
            Ok(Ok(Ok(done))) => {
                self.operations.record(began.elapsed());
                self.breaker.succeeded();
                return Ok(done);
            }
            Ok(Ok(Err(error))) => Failed::Store(error),
            Ok(Err(_)) => Failed::Panicked,
            Err(_) => {
                self.timeouts.fetch_add(1, Ordering::Relaxed);
                Failed::Late
            }
        };
        self.failures.fetch_add(1, Ordering::Relaxed);
        match &failed {
            Failed::Store(StoreError::Connecting) => {}
            // It is there, and has to spare for some keys what it lacks for others.
            Failed::Store(StoreError::Throttled) => self.breaker.succeeded(),
            _ => self.breaker.failed(now, pass),
        }
        self.log(now, &failed);
        Err(failed)
    }

    /// Waits for the store to be connected, at the beginning.
    async fn connect(&self) {
        let first = *self.first.get_or_init(Instant::now);
        // Whatever comes of it shows in the operations.
        let _ = timeout_at(first + CONNECT, AssertUnwindSafe(self.store.connect()).catch_unwind()).await;
        self.is_ready.store(true, Ordering::Release);
    }

    fn lied(&self, now: u64) -> Failed {
        let failed =
            Failed::Store(StoreError::new("it answered with another number of generations than asked for"));
        self.failures.fetch_add(1, Ordering::Relaxed);
        self.breaker.failed(now, Pass::Usual);
        self.log(now, &failed);
        failed
    }

    /// Logs a failure, unless another one was logged within a minute.
    fn log(&self, now: u64, failed: &Failed) {
        let last = self.logged.load(Ordering::Relaxed);
        let due = last == 0 || now.abs_diff(last) >= LOG_EVERY;
        if due && self.logged.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            tracing::warn!(target: "lift::cache", cause = %failed, "requests are served without the cache store");
        }
    }
}

/// Runs an operation for as long as one is given; longer where it was this process that had no time.
async fn in_time<T>(operation: impl Future<Output = T>) -> Result<T, Elapsed> {
    let mut operation = pin!(operation);
    let mut round = 1;
    loop {
        let began = Instant::now();
        let ended = timeout(TIMEOUT, &mut operation).await;
        if ended.is_ok() || round == ROUNDS || began.elapsed() < TIMEOUT + TARDY {
            return ended;
        }
        round += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_that_lies_unread_is_waited_for_where_the_process_had_no_time() {
        let (sender, answer) = tokio::sync::oneshot::channel();
        let relay = tokio::spawn(async move {
            let answer = answer.await;
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            answer
        });
        std::thread::spawn(move || {
            std::thread::sleep(TIMEOUT / 2);
            let _ = sender.send(7);
        });
        // It holds the only thread.
        tokio::spawn(async { std::thread::sleep(TIMEOUT * 2) });
        let answer = in_time(relay).await.expect("in time, as far as that goes");
        assert_eq!(answer.expect("the relay runs").expect("sent"), 7);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_does_not_come_is_waited_for_once() {
        let began = Instant::now();
        assert!(in_time(std::future::pending::<()>()).await.is_err());
        assert_eq!(began.elapsed(), TIMEOUT);
    }
}
