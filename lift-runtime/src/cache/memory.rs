//! The memory store: bounded by bytes, with a share of them for each tenant.
//!
//! It stands on quick_cache, whose hit neither allocates nor does housekeeping. What quick_cache does not know is
//! added here: expiry (on read, in `entry.rs`), generations, and tenants. quick_cache evicts by shard, where one
//! large entry pushes out whatever else is there, so where there are tenants it evicts nothing: each entry is
//! charged to a party (`party.rs`), weighs nothing for quick_cache, and goes when its party has to give way, the
//! oldest first unless it was hit since it was last looked at. A [`Charge`] gives its bytes back when the entry is
//! dropped, whoever drops it.

use std::cell::Cell;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use quick_cache::sync::Cache;
use quick_cache::{Equivalent, Lifecycle, OptionsBuilder, Weighter};

use super::entry::{Entry, Times};
use super::generation::{Generations, Stamp};
use super::party::{Address, Charge, Full, Parties, Party};
#[cfg(feature = "test")]
use super::policy::Policy;
#[cfg(feature = "test")]
use super::stats::Rows;
use super::stats::{MemoryStats, Row};
use super::tags::{Name, Space};
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
    generations: Generations,
    parties: Parties,
    capacity: u64,
    /// Entries are charged to parties. In a cache that only an app without tenants uses, quick_cache evicts.
    by_party: AtomicBool,
}

/// Who an entry is charged to.
#[derive(Clone, Copy)]
pub(crate) enum Payer<'a> {
    /// Nobody else uses the cache, unless it is known to have parties.
    Whole,
    /// A tenant or, for what no tenant asked for, nobody, each with so many bytes at most.
    Party(Option<&'a Tenant>, u64),
}

/// An entry in the store, with its key's hash; the key itself stands in the entry, which a hit reads anyway, so that
/// the table stays small. All of it is quick_cache's key and nothing its value: what is compared with a key may also
/// be looked at, under the shard's lock, and need not be handed out.
#[derive(Clone)]
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

/// An entry that is to go, unless it was hit since it was last looked at and there is patience left for that.
struct Victim {
    address: Address,
    patience: bool,
    spared: Cell<bool>,
}

/// So many entries of a party are spared for having been hit before one goes all the same, so that making room
/// takes a bounded time.
const SPARED: usize = 16;

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

hashed!(Slot: hash, Wanted['a]: hash, Visit['a, F, R]: key.hash, Address: hash, Victim: address.hash);

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

impl Equivalent<Slot> for Victim {
    fn equivalent(&self, slot: &Slot) -> bool {
        if !self.address.equivalent(slot) {
            return false;
        }
        let spared = slot.entry.was_hit() && self.patience;
        self.spared.set(spared);
        !spared
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
            parties: Parties::new(capacity),
            capacity,
            by_party: AtomicBool::new(false),
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

    /// The generations, which entries are compared with.
    #[inline]
    pub(crate) fn generations(&self) -> &Generations {
        &self.generations
    }

    /// Reads the generations of names, for what is made for a space.
    pub(crate) fn stamp<'a>(&self, space: &Space, names: impl Iterator<Item = Name<'a>>) -> Stamp {
        self.generations.stamp(self.owner(space), names)
    }

    /// The same for names as bytes, read at a time.
    pub(crate) fn stamp_bytes(&self, space: &Space, names: &[Box<[u8]>], at: u64) -> Stamp {
        self.generations.stamp_bytes(self.owner(space), names, at)
    }

    /// Known before the generations are read, so that whoever invalidates knows it too.
    fn owner(&self, space: &Space) -> Option<Arc<Party>> {
        match space {
            Space::Tenant(tenant) => Some(self.parties.of(Some(tenant))),
            Space::Whole | Space::Shared => None,
        }
    }

    /// Makes everything that was made under a name invalid.
    pub(crate) fn renew(&self, name: &[u8]) {
        self.generations.renew(name, |tenant| self.parties.find(Some(tenant)));
    }

    /// Stores a payload; the entry comes back with whether it was admitted.
    pub(crate) fn put<P: std::any::Any + Send + Sync>(
        &self,
        key: Wanted<'_>,
        payer: Payer<'_>,
        draft: (Arc<Row>, Times, &Stamp),
        payload: P,
        bytes: u64,
    ) -> (Arc<Entry>, bool) {
        let (row, times, stamp) = draft;
        let weight = bytes.saturating_add(key.bytes.len() as u64).saturating_add(OVERHEAD);
        let fits = weight <= self.limit() + OVERHEAD;
        let Some(charge) = fits.then(|| self.charge(payer, weight)).flatten() else {
            return (Entry::loose(row, times, payload), false);
        };
        let party = charge.as_ref().map(Charge::party);
        let weight = if charge.is_some() { 0 } else { weight };
        let entry = Entry::stored(row, times, payload, stamp, key.bytes, weight, charge);
        let slot = Slot { hash: key.hash, entry: Arc::clone(&entry) };
        let mut gone = Vec::new();
        self.entries.insert_with_lifecycle(slot, (), &mut gone);
        for slot in gone.iter().filter(|slot| !key.equivalent(slot)) {
            slot.entry.row().evicted();
        }
        drop(gone);
        if let Some(party) = party {
            self.enqueue(&party, Address { hash: key.hash, address: address(&entry) });
        }
        (entry, true)
    }

    /// Charges whoever pays: with nothing, where quick_cache evicts. `None` if there is no room for so much.
    #[expect(clippy::option_option, reason = "admitted or not, and if so, charged or not")]
    fn charge(&self, payer: Payer<'_>, bytes: u64) -> Option<Option<Charge>> {
        let (tenant, share) = match payer {
            Payer::Party(tenant, share) => (tenant, share),
            Payer::Whole if self.by_party.load(Ordering::Acquire) => (None, self.capacity),
            Payer::Whole => return Some(None),
        };
        if !self.by_party.swap(true, Ordering::AcqRel) {
            // What quick_cache has weighed so far would come on top of what parties hold.
            for (Slot { hash, entry }, ()) in self.entries.iter() {
                drop(self.entries.remove(&Address { hash, address: address(&entry) }));
            }
        }
        if bytes > share.min(self.capacity) {
            return None;
        }
        let party = self.parties.of(tenant);
        loop {
            match self.parties.charge(&party, bytes, share) {
                Ok(charge) => return Some(Some(charge)),
                Err(full) => self.make_room(&party, bytes, full).then_some(())?,
            }
        }
    }

    /// Drops one entry of whoever has to give way for so many bytes.
    fn make_room(&self, party: &Party, bytes: u64, full: Full) -> bool {
        // A heavy one may have nothing in the table at this moment, so that another's turn comes.
        let mut heavy = (0..4).map_while(|_| self.parties.heavy());
        match full {
            Full::Own => self.evict(party),
            Full::Others => {
                heavy.any(|heavy| self.evict(&heavy))
                    || (self.parties.fits(party, bytes) && self.evict(party))
            }
        }
    }

    /// Drops a party's oldest entry, passing over some that were hit. False if it has none.
    fn evict(&self, party: &Party) -> bool {
        let mut spared = 0;
        loop {
            let Some(address) = party.queue().pop_front() else { return false };
            let victim = Victim { address, patience: spared < SPARED, spared: Cell::new(false) };
            let removed = self.entries.remove(&victim);
            if victim.spared.get() {
                party.queue().push_back(address);
                spared += 1;
            }
            if let Some((slot, ())) = removed {
                slot.entry.row().evicted();
                return true;
            }
        }
    }

    /// Notes the age of a party's entry; what has gone meanwhile is swept out when it is more than half.
    fn enqueue(&self, party: &Party, entry: Address) {
        let mut queue = party.queue();
        queue.push_back(entry);
        if queue.len() > 64 && queue.len() / 2 > party.entries() {
            queue.retain(|entry| self.entries.contains_key(entry));
        }
    }

    pub(crate) fn stats(&self) -> MemoryStats {
        MemoryStats {
            bytes: self.entries.weight() + self.parties.bytes(),
            capacity: self.capacity,
            entries: self.entries.len() as u64,
        }
    }

    /// A tenant's part of it.
    pub(crate) fn stats_of(&self, tenant: &Tenant, share: u64) -> MemoryStats {
        let party = self.parties.find(Some(tenant));
        let held = |of: fn(&Party) -> u64| party.as_ref().map_or(0, |party| of(party));
        MemoryStats {
            bytes: held(Party::bytes),
            capacity: share.min(self.capacity),
            entries: held(|party| party.entries() as u64),
        }
    }

    /// Stores entries of no use for a tenant, of sizes from a few bytes to the largest, until they exceed its share.
    #[cfg(feature = "test")]
    pub(crate) fn fill(&self, tenant: &Tenant, share: u64) {
        static FILLING: Policy = Policy::new("lift::test::assert_isolated", 60_000);
        let (mut filled, mut size, stamp) = (0, 16, Stamp::default());
        // It is nobody's to be told of.
        let row = Rows::default().row(&FILLING, &Space::Whole);
        while filled < share {
            let key = fastrand::u64(..).to_le_bytes();
            let wanted = Wanted { hash: u64::from_le_bytes(key), bytes: &key };
            let draft = (Arc::clone(&row), Times::new(0, 60_000, &FILLING), &stamp);
            self.put(wanted, Payer::Party(Some(tenant), share), draft, (), size);
            filled += size + OVERHEAD;
            size = if size * 3 > self.limit() { 16 } else { size * 3 };
        }
    }

    #[cfg(test)]
    pub(crate) fn held_by(&self, tenant: &Tenant) -> u64 {
        self.parties.of(Some(tenant)).bytes()
    }

    #[cfg(test)]
    pub(crate) fn weight(&self) -> u64 {
        self.entries.weight() + self.parties.bytes()
    }
}
