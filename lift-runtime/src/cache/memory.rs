//! The memory store: bounded by bytes, with a share of them for each tenant.
//!
//! It stands on quick_cache, whose hit neither allocates nor does housekeeping. What quick_cache does not know is
//! added here: expiry (on read, in `entry.rs`), generations, and tenants. Each entry holds a [`Charge`] that gives
//! its bytes back when the entry is dropped, whoever drops it; a tenant that would exceed its share loses its own
//! oldest entries first.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use quick_cache::sync::Cache;
use quick_cache::{Equivalent, Lifecycle, OptionsBuilder, Weighter};
use smallvec::SmallVec;

use super::entry::{Entry, Times};
use super::generation::{Generations, Stamp};
use super::policy::Policy;
use super::tags::Space;
use crate::tenant::Tenant;

/// What an entry costs beyond its key and payload: its header, its place in the table, the headers' parts.
const OVERHEAD: u64 = 384;

/// Bytes for each lock: few enough that two threads seldom meet, and large enough for a large entry.
const SHARD: u64 = 1 << 20;

const MOST_SHARDS: u64 = 256;

/// A typical entry, which sizes quick_cache's memory of what was recently evicted.
const TYPICAL: u64 = 1024;

pub(crate) struct Memory {
    entries: Cache<Slot, Arc<Entry>, Weight, Ready, Release>,
    pub(crate) generations: Generations,
    usages: Mutex<Usages>,
    next: AtomicU64,
}

/// A key in the store, with its hash and an id by which it can be removed.
struct Slot {
    hash: u64,
    id: u64,
    bytes: SmallVec<[u8; 48]>,
}

/// A key that is looked for.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) hash: u64,
    pub(crate) bytes: &'a [u8],
}

/// An entry that is looked for by id.
struct ById {
    hash: u64,
    id: u64,
}

impl Hash for Slot {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl Hash for Wanted<'_> {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl Hash for ById {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl PartialEq for Slot {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && self.bytes == other.bytes
    }
}

impl Eq for Slot {}

impl Equivalent<Slot> for Wanted<'_> {
    #[inline]
    fn equivalent(&self, slot: &Slot) -> bool {
        self.hash == slot.hash && self.bytes == &*slot.bytes
    }
}

impl Equivalent<Slot> for ById {
    fn equivalent(&self, slot: &Slot) -> bool {
        self.id == slot.id
    }
}

/// Hands on a hash that is already one.
#[derive(Clone, Default)]
pub(crate) struct Ready(u64);

impl BuildHasher for Ready {
    type Hasher = Self;

    #[inline]
    fn build_hasher(&self) -> Self {
        Self(0)
    }
}

impl Hasher for Ready {
    #[inline]
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn write(&mut self, bytes: &[u8]) {
        // Keys here write one u64; anything else still gives a hash.
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}

#[derive(Clone)]
struct Weight;

impl Weighter<Slot, Arc<Entry>> for Weight {
    fn weight(&self, _: &Slot, entry: &Arc<Entry>) -> u64 {
        entry.weight
    }
}

/// Counts what is evicted and drops it outside the shard's lock, for a payload's `Drop` is the user's code.
#[derive(Clone)]
struct Release;

impl Lifecycle<Slot, Arc<Entry>> for Release {
    type RequestState = Vec<Arc<Entry>>;

    fn on_evict(&self, evicted: &mut Self::RequestState, _: Slot, entry: Arc<Entry>) {
        entry.policy.registered().evictions.increment(1);
        evicted.push(entry);
    }
}

impl Memory {
    /// A store of so many bytes.
    pub(crate) fn new(capacity: u64) -> Self {
        let shards = (capacity / SHARD).clamp(1, MOST_SHARDS).next_power_of_two();
        let mut options = OptionsBuilder::new();
        options
            .shards(usize::try_from(shards).unwrap_or(1))
            .estimated_items_capacity(usize::try_from(capacity / TYPICAL).unwrap_or(usize::MAX))
            .weight_capacity(capacity);
        #[expect(clippy::expect_used, reason = "both required options are set just above")]
        let options = options.build().expect("options are complete");
        Self {
            entries: Cache::with_options(options, Weight, Ready::default(), Release),
            generations: Generations::new(),
            usages: Mutex::default(),
            next: AtomicU64::new(0),
        }
    }

    /// The bytes of the largest payload it can hold.
    pub(crate) fn limit(&self) -> u64 {
        // quick_cache admits what fits the hot part of a shard, which is 97 %.
        (self.entries.shard_capacity() / 100 * 97).saturating_sub(OVERHEAD)
    }

    #[inline]
    pub(crate) fn get(&self, key: Wanted<'_>) -> Option<Arc<Entry>> {
        self.entries.get(&key)
    }

    /// Drops an entry that is past use, unless a newer one has taken its place.
    pub(crate) fn forget(&self, key: Wanted<'_>, entry: &Arc<Entry>) {
        drop(self.entries.remove_if(&key, |current| Arc::ptr_eq(current, entry)));
    }

    /// Stores a payload; the entry comes back with whether it was admitted.
    pub(crate) fn put<P: std::any::Any + Send + Sync>(
        &self,
        key: Wanted<'_>,
        space: &Space,
        draft: (&'static Policy, Times, &Stamp),
        payload: P,
        bytes: u64,
        share: u64,
    ) -> (Arc<Entry>, bool) {
        let (policy, times, stamp) = draft;
        let weight = bytes.saturating_add(key.bytes.len() as u64).saturating_add(OVERHEAD);
        let fits = weight <= self.limit() + OVERHEAD;
        let usage = match space {
            Space::Tenant(tenant) => Some(self.usage(tenant)),
            Space::Whole | Space::Shared => None,
        };
        let charge = match &usage {
            Some(usage) if fits => self.charge(usage, weight, share),
            _ => None,
        };
        if !fits || (usage.is_some() && charge.is_none()) {
            return (Entry::loose(policy, times, payload), false);
        }
        let entry = Entry::stored(policy, times, payload, stamp, weight, charge);
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let slot = Slot { hash: key.hash, id, bytes: SmallVec::from_slice(key.bytes) };
        // Held until the new one stands, so that it is dropped here and not under the shard's lock.
        let replaced = self.entries.peek(&key);
        self.entries.insert(slot, Arc::clone(&entry));
        drop(replaced);
        if let Some(usage) = usage {
            self.enqueue(&usage, ById { hash: key.hash, id });
        }
        policy.registered().stores.increment(1);
        (entry, true)
    }

    /// Takes bytes of a tenant's share, making room among its own entries.
    fn charge(&self, usage: &Arc<Usage>, bytes: u64, share: u64) -> Option<Charge> {
        if bytes > share {
            return None;
        }
        loop {
            if usage.bytes.fetch_add(bytes, Ordering::AcqRel) + bytes <= share {
                usage.count.fetch_add(1, Ordering::Relaxed);
                return Some(Charge { usage: Arc::clone(usage), bytes });
            }
            usage.bytes.fetch_sub(bytes, Ordering::AcqRel);
            let oldest = usage.queue().pop_front()?;
            if let Some((_, entry)) = self.entries.remove(&oldest) {
                entry.policy.registered().evictions.increment(1);
            }
        }
    }

    /// Notes the age of a tenant's entry; what has gone meanwhile is swept out when it is more than half.
    fn enqueue(&self, usage: &Usage, entry: ById) {
        let mut queue = usage.queue();
        queue.push_back(entry);
        if queue.len() > 64 && queue.len() / 2 > usage.count.load(Ordering::Relaxed) {
            queue.retain(|entry| self.entries.contains_key(entry));
        }
    }

    fn usage(&self, tenant: &Tenant) -> Arc<Usage> {
        let mut usages = self.usages.lock().unwrap_or_else(PoisonError::into_inner);
        usages.of(tenant)
    }

    #[cfg(test)]
    pub(crate) fn held_by(&self, tenant: &Tenant) -> u64 {
        self.usage(tenant).bytes.load(Ordering::Acquire)
    }

    #[cfg(test)]
    pub(crate) fn weight(&self) -> u64 {
        self.entries.weight()
    }
}

/// What tenants hold; one that holds nothing is forgotten, for tenants' names come from outside.
#[derive(Default)]
struct Usages {
    tenants: HashMap<Tenant, Weak<Usage>>,
    sweep_at: usize,
}

impl Usages {
    fn of(&mut self, tenant: &Tenant) -> Arc<Usage> {
        if let Some(usage) = self.tenants.get(tenant).and_then(Weak::upgrade) {
            return usage;
        }
        if self.tenants.len() >= self.sweep_at {
            self.tenants.retain(|_, usage| usage.strong_count() > 0);
            self.sweep_at = (self.tenants.len() * 2).max(64);
        }
        let usage = Arc::new(Usage::default());
        self.tenants.insert(tenant.clone(), Arc::downgrade(&usage));
        usage
    }
}

/// What one tenant holds.
#[derive(Default)]
pub(crate) struct Usage {
    bytes: AtomicU64,
    count: AtomicUsize,
    /// Its entries, the oldest first; some may be gone.
    queue: Mutex<VecDeque<ById>>,
}

impl Usage {
    fn queue(&self) -> MutexGuard<'_, VecDeque<ById>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bytes of a tenant's share, given back when dropped.
pub(crate) struct Charge {
    usage: Arc<Usage>,
    bytes: u64,
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.usage.bytes.fetch_sub(self.bytes, Ordering::AcqRel);
        self.usage.count.fetch_sub(1, Ordering::Relaxed);
    }
}
