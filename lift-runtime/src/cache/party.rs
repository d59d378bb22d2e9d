//! Whose memory it is: what each tenant holds, and who gives way when memory is full.
//!
//! A party is a tenant, or nobody: what no tenant asked for. Its entries are charged to it, `shared` ones to the
//! tenant for whose request they were computed, so that a tenant cannot push out what others need by asking for
//! much that is shared. A party that would exceed its share loses entries of its own. When memory is full, so does
//! one that holds more than the fair part, which is memory divided by the number of parties that hold anything; for one
//! that holds less, others that hold more give way. So whoever keeps to the fair part loses nothing to others, however
//! many, whatever the sizes of their entries.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::generation::Renewed;
use crate::tenant::Tenant;

/// All parties of a cache.
pub(crate) struct Parties {
    capacity: u64,
    totals: Arc<Totals>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Totals {
    bytes: AtomicU64,
    /// The parties that hold anything.
    holders: AtomicUsize,
}

/// Parties are known while they hold or compute something, for tenants' names come from outside.
#[derive(Default)]
struct Known {
    tenants: HashMap<Tenant, Weak<Party>>,
    nobody: Weak<Party>,
    sweep_at: usize,
    /// Parties that were found to hold more than the fair part; they give way in turns.
    heavy: VecDeque<Weak<Party>>,
}

/// What one party holds.
pub(crate) struct Party {
    bytes: AtomicU64,
    entries: AtomicUsize,
    /// Its entries, the oldest first; some may be gone.
    queue: Mutex<VecDeque<Address>>,
    /// It is among the heavy ones.
    heavy: AtomicBool,
    /// What of its own has been invalidated.
    pub(crate) renewed: Mutex<Renewed>,
    totals: Arc<Totals>,
}

/// An entry that is looked for by its address, which another one may have taken over; it is then of the same age
/// or younger, and goes in its place.
#[derive(Clone, Copy)]
pub(crate) struct Address {
    pub(crate) hash: u64,
    pub(crate) address: usize,
}

/// Bytes of a party's, given back when dropped.
pub(crate) struct Charge {
    party: Arc<Party>,
    bytes: u64,
}

/// Why bytes could not be had.
#[derive(Clone, Copy)]
pub(crate) enum Full {
    /// This one has to give way.
    Own,
    /// Somebody who holds more does.
    Others,
}

impl Parties {
    pub(crate) fn new(capacity: u64) -> Self {
        Self { capacity, totals: Arc::default(), known: Mutex::default() }
    }

    /// A party, known from now on.
    pub(crate) fn of(&self, tenant: Option<&Tenant>) -> Arc<Party> {
        let mut known = self.known();
        if let Some(party) = known.find(tenant) {
            return party;
        }
        let party = Arc::new(Party::new(Arc::clone(&self.totals)));
        known.insert(tenant, Arc::downgrade(&party));
        party
    }

    /// A party, if it holds or computes anything.
    pub(crate) fn find(&self, tenant: Option<&Tenant>) -> Option<Arc<Party>> {
        self.known().find(tenant)
    }

    /// Charges a party.
    pub(crate) fn charge(&self, party: &Arc<Party>, bytes: u64, share: u64) -> Result<Charge, Full> {
        let held = party.take(bytes);
        let charge = Charge { party: Arc::clone(party), bytes };
        if held > share {
            return Err(Full::Own);
        }
        if self.totals.bytes.load(Ordering::Acquire) <= self.capacity {
            return Ok(charge);
        }
        // By what it held before, so that a single large entry does not cost a party all the others.
        Err(if held - bytes > self.fair() { Full::Own } else { Full::Others })
    }

    /// Whether so many bytes would fit if a party gave up all that it holds.
    pub(crate) fn fits(&self, party: &Party, bytes: u64) -> bool {
        let others = self.totals.bytes.load(Ordering::Acquire).saturating_sub(party.bytes());
        others.saturating_add(bytes) <= self.capacity
    }

    /// What every party may hold without giving way.
    fn fair(&self) -> u64 {
        self.capacity / (self.totals.holders.load(Ordering::Acquire).max(1) as u64)
    }

    /// The next party that is to give way, of those that hold more than the fair part.
    pub(crate) fn heavy(&self) -> Option<Arc<Party>> {
        let (mut known, fair) = (self.known(), self.fair());
        if let Some(party) = known.next_heavy(fair) {
            return Some(party);
        }
        known.find_heavy(fair);
        known.next_heavy(fair)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes that are charged.
    pub(crate) fn bytes(&self) -> u64 {
        self.totals.bytes.load(Ordering::Acquire)
    }
}

impl Known {
    fn find(&self, tenant: Option<&Tenant>) -> Option<Arc<Party>> {
        match tenant {
            Some(tenant) => self.tenants.get(tenant)?.upgrade(),
            None => self.nobody.upgrade(),
        }
    }

    fn insert(&mut self, tenant: Option<&Tenant>, party: Weak<Party>) {
        let Some(tenant) = tenant else {
            self.nobody = party;
            return;
        };
        if self.tenants.len() >= self.sweep_at {
            self.tenants.retain(|_, party| party.strong_count() > 0);
            self.sweep_at = (self.tenants.len() * 2).max(64);
        }
        self.tenants.insert(tenant.clone(), party);
    }

    fn next_heavy(&mut self, fair: u64) -> Option<Arc<Party>> {
        while let Some(next) = self.heavy.pop_front() {
            let Some(party) = next.upgrade() else { continue };
            if party.bytes() > fair {
                self.heavy.push_back(next);
                return Some(party);
            }
            party.heavy.store(false, Ordering::Relaxed);
        }
        None
    }

    /// Looks at everybody. Where memory is full and a newcomer holds less than the fair part, there is one who
    /// holds more.
    fn find_heavy(&mut self, fair: u64) {
        for party in self.tenants.values().chain([&self.nobody]) {
            let Some(found) = party.upgrade().filter(|party| party.bytes() > fair) else { continue };
            if !found.heavy.swap(true, Ordering::Relaxed) {
                self.heavy.push_back(Weak::clone(party));
            }
        }
    }
}

impl Party {
    fn new(totals: Arc<Totals>) -> Self {
        Self {
            bytes: AtomicU64::new(0),
            entries: AtomicUsize::new(0),
            queue: Mutex::default(),
            heavy: AtomicBool::new(false),
            renewed: Mutex::default(),
            totals,
        }
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Acquire)
    }

    pub(crate) fn entries(&self) -> usize {
        self.entries.load(Ordering::Relaxed)
    }

    pub(crate) fn queue(&self) -> MutexGuard<'_, VecDeque<Address>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes bytes, and tells how many it then holds. A [`Charge`] gives them back.
    fn take(&self, bytes: u64) -> u64 {
        if self.entries.fetch_add(1, Ordering::AcqRel) == 0 {
            self.totals.holders.fetch_add(1, Ordering::AcqRel);
        }
        self.totals.bytes.fetch_add(bytes, Ordering::AcqRel);
        self.bytes.fetch_add(bytes, Ordering::AcqRel) + bytes
    }
}

impl Charge {
    pub(crate) fn party(&self) -> Arc<Party> {
        Arc::clone(&self.party)
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        let Self { party, bytes } = self;
        party.bytes.fetch_sub(*bytes, Ordering::AcqRel);
        party.totals.bytes.fetch_sub(*bytes, Ordering::AcqRel);
        if party.entries.fetch_sub(1, Ordering::AcqRel) == 1 {
            party.totals.holders.fetch_sub(1, Ordering::AcqRel);
        }
    }
}
