//! What a cache has done, by endpoint and tenant.
//!
//! Each endpoint has a row for each tenant. An entry holds on to its row, so that a hit finds the counter where it reads
//! the entry; everything slower looks the row up. Tenants' names come from outside, so that the number of rows is bounded:
//! past it, those of tenants that hold nothing are added up in one.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use serde::Serialize;

use super::Cache;
use super::counter::Striped;
use super::policy::Policy;
use super::remote::StoreStats;
use super::tags::Space;
use super::timing::{Latency, Timing};
use crate::tenant::Tenant;

/// Rows of one cache: about 1 KiB each.
const ROWS: usize = 4096;

/// How many rows are asked for in vain before it is looked again which can go.
const PATIENCE: usize = 1024;

/// What a [`Cache`] has done since it was made, from [`Cache::stats`].
///
/// Counters only grow. They are read one after the other while requests are served, so that their sums may be off by
/// those under way.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct CacheStats {
    /// A row for each endpoint or function and each tenant it was called for, in the order of their names.
    pub endpoints: Vec<EndpointStats>,
    /// This process's memory.
    pub memory: MemoryStats,
    /// The store outside the process. A tenant's handle is not told of it, for what it does is everybody's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store: Option<StoreStats>,
}

/// One endpoint's or function's calls for one tenant.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct EndpointStats {
    /// Its full name, such as `shop::catalog::product`.
    pub endpoint: &'static str,
    /// Whose calls: nobody's in particular for `shared` entries and in an app without tenants. Of more than 4,096 rows,
    /// those of tenants that hold no entries are added up under nobody, too.
    pub tenant: Option<Tenant>,
    /// Calls answered by a fresh entry.
    pub hits: u64,
    /// Calls that had to compute, or to wait for whoever did.
    pub misses: u64,
    /// Calls answered by an entry past its `ttl`, under `stale` or `stale_if_error`.
    pub stale: u64,
    /// Results stored.
    pub stores: u64,
    /// Entries that went from memory before their time, to make room.
    pub evictions: u64,
    /// Operations of the store that failed, and entries in it that were damaged or of another format.
    pub errors: u64,
    /// Results that were larger than can be stored.
    pub too_large: u64,
    /// How long the store outside took to look up. A hit in memory takes less than it would to time it.
    pub lookups: Latency,
    /// How long computing took, which is what a hit saves.
    pub computations: Latency,
}

impl EndpointStats {
    /// Of the calls, how many were answered from the cache: 0 to 1, and 0 if there were none.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a share needs no more than 52 bits")]
    pub fn hit_rate(&self) -> f64 {
        let served = self.hits + self.stale;
        let calls = served + self.misses;
        if calls == 0 { 0.0 } else { served as f64 / calls as f64 }
    }
}

/// A cache's memory in this process: of a tenant's handle, that tenant's part of it.
#[derive(Clone, Copy, Debug, Serialize)]
#[non_exhaustive]
pub struct MemoryStats {
    /// Bytes held.
    pub bytes: u64,
    /// Bytes that may be held.
    pub capacity: u64,
    /// Entries held.
    pub entries: u64,
}

impl Cache {
    /// What this cache has done since it was made: for this handle's tenant, or, where it speaks for none, for everybody.
    ///
    /// ```
    /// # use lift_runtime::Cache;
    /// let cache = Cache::memory();
    /// let stats = cache.stats();
    /// assert_eq!((stats.endpoints.len(), stats.memory.capacity), (0, 64 << 20));
    /// for row in &stats.endpoints {
    ///     println!("{} {:?}: {:.0} % hits", row.endpoint, row.tenant, row.hit_rate() * 100.0);
    /// }
    /// ```
    #[must_use]
    pub fn stats(&self) -> CacheStats {
        let memory = match (self.inner.memory.get(), &self.tenant) {
            (None, None) => MemoryStats { bytes: 0, capacity: self.inner.capacity, entries: 0 },
            (None, Some(_)) => MemoryStats { bytes: 0, capacity: self.inner.share(), entries: 0 },
            (Some(memory), None) => memory.stats(),
            (Some(memory), Some(tenant)) => memory.stats_of(tenant, self.inner.share()),
        };
        let store = self.inner.remote.as_ref().filter(|_| self.tenant.is_none());
        CacheStats {
            endpoints: self.inner.rows.read(self.tenant.as_ref()),
            memory,
            store: store.map(|remote| remote.stats(self.now(), self.inner.near.as_ref())),
        }
    }
}

/// The rows of a cache.
#[derive(Default)]
pub(crate) struct Rows {
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    rows: HashMap<(u32, Option<Tenant>), Arc<Row>, foldhash::fast::RandomState>,
    refused: usize,
}

impl Rows {
    /// Rows whose hits [`publish`] hands on.
    pub(crate) fn new() -> Arc<Self> {
        let rows = Arc::new(Self::default());
        let mut in_use = in_use();
        in_use.retain(|rows| rows.strong_count() > 0);
        in_use.push(Arc::downgrade(&rows));
        rows
    }

    /// The row of a policy's calls for a tenant.
    pub(crate) fn row(&self, policy: &'static Policy, space: &Space) -> Arc<Row> {
        let tenant = match space {
            Space::Tenant(tenant) => Some(tenant.clone()),
            Space::Whole | Space::Shared => None,
        };
        let mut table = self.table();
        let mut key = (policy.registered().id, tenant);
        if let Some(row) = table.rows.get(&key) {
            return Arc::clone(row);
        }
        if key.1.is_some() && table.rows.len() >= ROWS && !table.make_room() {
            key.1 = None;
        }
        table.at(key, policy)
    }

    fn read(&self, tenant: Option<&Tenant>) -> Vec<EndpointStats> {
        let rows: Vec<_> = self.table().rows.values().cloned().collect();
        let wanted = rows.iter().filter(|row| tenant.is_none() || row.tenant.as_ref() == tenant);
        let mut read: Vec<_> = wanted.map(|row| row.read()).collect();
        read.sort_by(|a, b| (a.endpoint, &a.tenant).cmp(&(b.endpoint, &b.tenant)));
        read
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn at(&mut self, key: (u32, Option<Tenant>), policy: &'static Policy) -> Arc<Row> {
        let row = self.rows.entry(key).or_insert_with_key(|key| Arc::new(Row::new(policy, key.1.clone())));
        Arc::clone(row)
    }

    /// Adds up the rows that no entry holds on to; says whether there is room now.
    fn make_room(&mut self) -> bool {
        self.refused += 1;
        if self.refused % PATIENCE != 1 {
            return false;
        }
        let idle =
            |key: &(u32, Option<Tenant>), row: &Arc<Row>| key.1.is_some() && Arc::strong_count(row) == 1;
        let gone: Vec<_> = self.rows.extract_if(|key, row| idle(key, row)).collect();
        for ((id, _), row) in gone {
            self.at((id, None), row.policy).absorb(&row);
        }
        if self.rows.len() < ROWS {
            self.refused = 0;
        }
        self.rows.len() < ROWS
    }
}

/// The counters of one endpoint and tenant, each handed to the metrics recorder as well.
pub(crate) struct Row {
    policy: &'static Policy,
    tenant: Option<Tenant>,
    hits: Striped,
    misses: AtomicU64,
    stale: AtomicU64,
    stores: AtomicU64,
    evictions: AtomicU64,
    errors: AtomicU64,
    too_large: AtomicU64,
    pub(crate) lookups: Timing,
    pub(crate) computations: Timing,
}

impl Row {
    fn new(policy: &'static Policy, tenant: Option<Tenant>) -> Self {
        Self {
            policy,
            tenant,
            hits: Striped::new(policy.registered().hits.clone()),
            misses: AtomicU64::new(0),
            stale: AtomicU64::new(0),
            stores: AtomicU64::new(0),
            evictions: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            too_large: AtomicU64::new(0),
            lookups: Timing::default(),
            computations: Timing::default(),
        }
    }

    pub(crate) fn policy(&self) -> &'static Policy {
        self.policy
    }

    /// Counts a hit. Where a batch is full, whoever holds no lock is to [publish](Self::publish) it.
    #[inline]
    #[must_use]
    pub(crate) fn hit(&self) -> bool {
        self.hits.increment()
    }

    /// Hands hits on to the recorder.
    #[cold]
    pub(crate) fn publish(&self) {
        self.hits.publish();
    }

    /// Counts a hit that took a round trip, after which a batch's handing on costs nothing.
    pub(crate) fn hit_abroad(&self) {
        if self.hit() {
            self.publish();
        }
    }

    pub(crate) fn miss(&self) {
        self.misses.fetch_add(1, Ordering::Relaxed);
        self.policy.registered().misses.increment(1);
    }

    pub(crate) fn stale(&self) {
        self.stale.fetch_add(1, Ordering::Relaxed);
        self.policy.registered().stale.increment(1);
    }

    pub(crate) fn stored(&self) {
        self.stores.fetch_add(1, Ordering::Relaxed);
        self.policy.registered().stores.increment(1);
    }

    pub(crate) fn evicted(&self) {
        self.evictions.fetch_add(1, Ordering::Relaxed);
        self.policy.registered().evictions.increment(1);
    }

    pub(crate) fn error(&self) {
        self.errors.fetch_add(1, Ordering::Relaxed);
        self.policy.registered().errors.increment(1);
    }

    pub(crate) fn too_large(&self) {
        self.too_large.fetch_add(1, Ordering::Relaxed);
        self.policy.registered().too_large.increment(1);
    }

    fn read(&self) -> EndpointStats {
        let now = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        EndpointStats {
            endpoint: self.policy.name,
            tenant: self.tenant.clone(),
            hits: self.hits.total(),
            misses: now(&self.misses),
            stale: now(&self.stale),
            stores: now(&self.stores),
            evictions: now(&self.evictions),
            errors: now(&self.errors),
            too_large: now(&self.too_large),
            lookups: self.lookups.read(),
            computations: self.computations.read(),
        }
    }

    /// Takes over what another row has counted, which the recorder knows of already.
    fn absorb(&self, other: &Self) {
        other.publish();
        self.hits.absorb(other.hits.total());
        let pairs = [
            (&self.misses, &other.misses),
            (&self.stale, &other.stale),
            (&self.stores, &other.stores),
            (&self.evictions, &other.evictions),
            (&self.errors, &other.errors),
            (&self.too_large, &other.too_large),
        ];
        for (mine, theirs) in pairs {
            mine.fetch_add(theirs.load(Ordering::Relaxed), Ordering::Relaxed);
        }
        self.lookups.absorb(&other.lookups);
        self.computations.absorb(&other.computations);
    }
}

/// The rows of all caches of this process.
fn in_use() -> MutexGuard<'static, Vec<Weak<Rows>>> {
    static IN_USE: Mutex<Vec<Weak<Rows>>> = Mutex::new(Vec::new());
    IN_USE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Brings `lift.cache.hits` up to date with the recorder. Hits are counted in batches, of which up to 64 for each
/// endpoint, tenant and thread may be pending; call this before the counters are read, such as at the end of a Lambda
/// invocation. ([`Cache::stats`] needs no such call.)
///
/// ```
/// lift_runtime::cache::publish_counters();
/// ```
pub fn publish_counters() {
    let caches: Vec<_> = in_use().iter().filter_map(Weak::upgrade).collect();
    for rows in caches {
        let rows: Vec<_> = rows.table().rows.values().cloned().collect();
        rows.iter().for_each(|row| row.publish());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static POLICY: Policy = Policy::new("rows", 1);

    fn tenant(n: usize) -> Space {
        Space::Tenant(Tenant::new(&format!("tenant-{n}")).expect("a name"))
    }

    #[test]
    fn rows_are_bounded_and_nothing_that_was_counted_is_lost() {
        let rows = Rows::default();
        let held = rows.row(&POLICY, &tenant(0));
        for n in 0..3 * ROWS {
            let row = rows.row(&POLICY, &tenant(n));
            row.miss();
            row.hit_abroad();
        }
        assert!(rows.table().rows.len() <= ROWS + 1);
        let read = rows.read(None);
        let sum = |of: fn(&EndpointStats) -> u64| read.iter().map(of).sum::<u64>();
        assert_eq!((sum(|row| row.misses), sum(|row| row.hits)), (3 * ROWS as u64, 3 * ROWS as u64));
        held.miss();
        let Space::Tenant(first) = tenant(0) else { unreachable!() };
        let of_first = rows.read(Some(&first));
        assert_eq!((of_first.len(), of_first[0].misses), (1, 2), "an entry's row stays");
    }

    #[test]
    fn rows_that_entries_hold_on_to_leave_no_room_for_others() {
        let rows = Rows::default();
        let held: Vec<_> = (0..ROWS).map(|n| rows.row(&POLICY, &tenant(n))).collect();
        let other = rows.row(&POLICY, &tenant(ROWS));
        assert_eq!((other.tenant.is_none(), held.len()), (true, ROWS));
    }
}
