//! The memory store: bounded by bytes, with a share of them for each tenant.
//!
//! It stands on quick_cache, whose hit neither allocates nor does housekeeping. What quick_cache does not know is
//! added here: expiry (on read, in `entry.rs`), generations, and tenants. Each entry holds a [`Charge`] that gives
//! its bytes back when the entry is dropped, whoever drops it; a tenant that would exceed its share loses its own
//! oldest entries first.

use std::cell::Cell;
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use quick_cache::sync::Cache;
use quick_cache::{Equivalent, Lifecycle, OptionsBuilder, Weighter};

use super::entry::{Entry, Times};
use super::generation::{Generations, Stamp};
use super::stats::{MemoryStats, Row};
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
    entries: Cache<Slot, (), Weight, Ready, Release>,
    pub(crate) generations: Generations,
    usages: Mutex<Usages>,
}

/// An entry in the store, with its key's hash; the key itself stands in the entry, which a hit reads anyway, so that
/// the table stays small. All of it is quick_cache's key and nothing its value: what is compared with a key may also
/// be looked at, under the shard's lock, and need not be handed out.
struct Slot {
    hash: u64,
    entry: Arc<Entry>,
}

/// A key that is looked for.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) hash: u64,
    pub(crate) bytes: &'a [u8],
}

/// A key that is looked for, and what to do with its entry.
struct Visit<'a, F, R> {
    key: Wanted<'a>,
    look: Cell<Option<F>>,
    seen: Cell<Option<R>>,
}

/// An entry that is looked for by its address, which another one may have taken over; it is then of the same age
/// or younger, and goes in its place.
struct Address {
    hash: u64,
    address: usize,
}

macro_rules! hashed {
    ($($name:ident $([$($generics:tt)*])?: $($hash:ident).+),*) => {$(
        impl $(<$($generics)*>)? Hash for $name $(<$($generics)*>)? {
            #[inline]
            fn hash<H: Hasher>(&self, state: &mut H) {
                state.write_u64(self.$($hash).+);
            }
        }
    )*};
}

hashed!(Slot: hash, Wanted['a]: hash, Visit['a, F, R]: key.hash, Address: hash);

impl PartialEq for Slot {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && self.entry.key() == other.entry.key()
    }
}

impl Eq for Slot {}

impl Equivalent<Slot> for Wanted<'_> {
    #[inline]
    fn equivalent(&self, slot: &Slot) -> bool {
        self.hash == slot.hash && self.bytes == slot.entry.key()
    }
}

impl<F: FnOnce(&Arc<Entry>) -> R, R> Equivalent<Slot> for Visit<'_, F, R> {
    #[inline]
    fn equivalent(&self, slot: &Slot) -> bool {
        let same = self.key.equivalent(slot);
        if same && let Some(look) = self.look.take() {
            self.seen.set(Some(look(&slot.entry)));
        }
        same
    }
}

impl Equivalent<Slot> for Address {
    fn equivalent(&self, slot: &Slot) -> bool {
        self.hash == slot.hash && self.address == address(&slot.entry)
    }
}

fn address(entry: &Arc<Entry>) -> usize {
    Arc::as_ptr(entry).cast::<()>().addr()
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

impl Weighter<Slot, ()> for Weight {
    fn weight(&self, slot: &Slot, (): &()) -> u64 {
        slot.entry.weight()
    }
}

/// Keeps what is evicted or replaced until the shard's lock is free, for a payload's `Drop` is the user's code.
#[derive(Clone)]
struct Release;

impl Lifecycle<Slot, ()> for Release {
    type RequestState = Vec<Slot>;

    fn on_evict(&self, evicted: &mut Self::RequestState, slot: Slot, (): ()) {
        evicted.push(slot);
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
        }
    }

    /// The bytes of the largest payload it can hold.
    pub(crate) fn limit(&self) -> u64 {
        // quick_cache admits what fits the hot part of a shard, which is 97 %.
        (self.entries.shard_capacity() / 100 * 97).saturating_sub(OVERHEAD)
    }

    /// Looks at an entry under its shard's lock: `look` is short and waits for nothing.
    #[inline]
    pub(crate) fn visit<R>(&self, key: Wanted<'_>, look: impl FnOnce(&Arc<Entry>) -> R) -> Option<R> {
        let visit = Visit { key, look: Cell::new(Some(look)), seen: Cell::new(None) };
        self.entries.get(&visit)?;
        visit.seen.into_inner()
    }

    /// Drops an entry that is past use, unless a newer one has taken its place.
    pub(crate) fn forget(&self, key: Wanted<'_>, entry: &Arc<Entry>) {
        drop(self.entries.remove(&Address { hash: key.hash, address: address(entry) }));
    }

    /// Stores a payload; the entry comes back with whether it was admitted.
    pub(crate) fn put<P: std::any::Any + Send + Sync>(
        &self,
        key: Wanted<'_>,
        space: &Space,
        draft: (Arc<Row>, Times, &Stamp),
        payload: P,
        bytes: u64,
        share: u64,
    ) -> (Arc<Entry>, bool) {
        let (row, times, stamp) = draft;
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
            row.too_large();
            return (Entry::loose(row, times, payload), false);
        }
        let entry = Entry::stored(row, times, payload, stamp, key.bytes, weight, charge);
        let slot = Slot { hash: key.hash, entry: Arc::clone(&entry) };
        let mut gone = Vec::new();
        self.entries.insert_with_lifecycle(slot, (), &mut gone);
        for slot in gone.iter().filter(|slot| !key.equivalent(slot)) {
            slot.entry.row().evicted();
        }
        drop(gone);
        if let Some(usage) = usage {
            self.enqueue(&usage, Address { hash: key.hash, address: address(&entry) });
        }
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
            if let Some((slot, ())) = self.entries.remove(&oldest) {
                slot.entry.row().evicted();
            }
        }
    }

    /// Notes the age of a tenant's entry; what has gone meanwhile is swept out when it is more than half.
    fn enqueue(&self, usage: &Usage, entry: Address) {
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

    pub(crate) fn stats(&self) -> MemoryStats {
        MemoryStats {
            bytes: self.entries.weight(),
            capacity: self.entries.capacity(),
            entries: self.entries.len() as u64,
        }
    }

    /// A tenant's part of it.
    pub(crate) fn stats_of(&self, tenant: &Tenant, share: u64) -> MemoryStats {
        let usage = self.usage(tenant);
        MemoryStats {
            bytes: usage.bytes.load(Ordering::Acquire),
            capacity: share,
            entries: usage.count.load(Ordering::Acquire) as u64,
        }
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
    queue: Mutex<VecDeque<Address>>,
}

impl Usage {
    fn queue(&self) -> MutexGuard<'_, VecDeque<Address>> {
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
