//! Generations within a process: a counter for everything that can be invalidated.
//!
//! The counters stand in a table of fixed size that names are hashed into, so that nobody can fill it. Two names
//! that meet in one slot are invalidated together, which costs a computation and is never wrong.

use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use foldhash::quality::RandomState;
use smallvec::SmallVec;

use super::key::Key;
use super::store::Generation;
use super::tags::Name;

const SLOTS: usize = 1 << 16;

/// The generations of some names at one moment. Eight cover an entry with three tags without allocating.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    slots: SmallVec<[(u16, u32); 8]>,
}

/// What an entry in memory is made under.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stamp {
    pub(crate) marks: Marks,
    /// Read before the marks.
    pub(crate) epoch: u64,
    /// When they were read, in milliseconds, where that is asked for: by a near cache.
    pub(crate) at: u64,
}

/// The generations a flight began under, as the store has them.
#[derive(Clone, Debug)]
pub(crate) enum Snapshot {
    Memory(Stamp),
    /// In the order of the plan's names; what the store does not know is `None`. With a near cache, also what this
    /// process knew before it asked.
    Remote(Vec<Option<Generation>>, Option<Stamp>),
    /// The store could not be asked. No two of these are the same, for nobody here knows what other processes have
    /// invalidated between them.
    Unknown,
}

impl PartialEq for Snapshot {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Memory(a), Self::Memory(b)) => a.marks == b.marks,
            (Self::Remote(a, _), Self::Remote(b, _)) => a == b,
            _ => false,
        }
    }
}

pub(crate) struct Generations {
    slots: Box<[AtomicU32]>,
    /// How often any slot was renewed: while it stands still, every comparison would end as it did.
    epoch: AtomicU64,
    hasher: RandomState,
}

impl Generations {
    pub(crate) fn new() -> Self {
        Self {
            slots: (0..SLOTS).map(|_| AtomicU32::new(0)).collect(),
            epoch: AtomicU64::new(0),
            hasher: RandomState::default(),
        }
    }

    /// Grows by every renewal, and only after it.
    #[inline]
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// Reads the generations of names, to be kept with what is made under them.
    pub(crate) fn stamp<'a>(&self, names: impl Iterator<Item = Name<'a>>) -> Stamp {
        let epoch = self.epoch();
        Stamp { marks: self.mark(names), epoch, at: 0 }
    }

    /// The same for names as bytes.
    pub(crate) fn stamp_bytes(&self, names: &[Box<[u8]>], at: u64) -> Stamp {
        let epoch = self.epoch();
        Stamp { marks: self.read(names.iter().map(|name| self.slot_of(name))), epoch, at }
    }

    fn mark<'a>(&self, names: impl Iterator<Item = Name<'a>>) -> Marks {
        self.read(names.map(|name| self.slot(name)))
    }

    fn read(&self, slots: impl Iterator<Item = u16>) -> Marks {
        let mark = |slot| (slot, self.slots[usize::from(slot)].load(Ordering::Acquire));
        Marks { slots: slots.map(mark).collect() }
    }

    /// Whether none of the names was renewed since.
    #[inline]
    pub(crate) fn stand(&self, marks: &Marks) -> bool {
        let stands = |(slot, generation): &(u16, u32)| {
            self.slots[usize::from(*slot)].load(Ordering::Acquire) == *generation
        };
        marks.slots.iter().all(stands)
    }

    /// Makes everything that was made under a name invalid.
    pub(crate) fn renew(&self, name: Name<'_>) {
        self.renew_slot(self.slot(name));
    }

    /// The same for a name as bytes.
    pub(crate) fn renew_bytes(&self, name: &[u8]) {
        self.renew_slot(self.slot_of(name));
    }

    fn renew_slot(&self, slot: u16) {
        self.slots[usize::from(slot)].fetch_add(1, Ordering::AcqRel);
        self.epoch.fetch_add(1, Ordering::AcqRel);
    }

    fn slot(&self, name: Name<'_>) -> u16 {
        let mut key = Key::new();
        name.write(&mut key);
        self.slot_of(key.as_bytes())
    }

    fn slot_of(&self, name: &[u8]) -> u16 {
        let mut hasher = self.hasher.build_hasher();
        hasher.write(name);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "any sixteen bits of a hash are as good as others"
        )]
        let slot = hasher.finish() as u16;
        slot
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::tags::Space;
    use crate::tenant::Tenant;

    fn tenant(name: &str) -> Space {
        Space::Tenant(Tenant::new(name).expect("a name"))
    }

    #[test]
    fn a_renewed_name_no_longer_stands_and_others_do() {
        let generations = Generations::new();
        let (acme, other) = (tenant("acme"), tenant("other"));
        let acme_marks = generations.mark([Name::All, Name::Tag(&acme, "a")].into_iter());
        let other_marks = generations.mark([Name::All, Name::Tag(&other, "a")].into_iter());
        generations.renew(Name::Tag(&acme, "a"));
        assert!(!generations.stand(&acme_marks));
        assert!(generations.stand(&other_marks));
        generations.renew(Name::All);
        assert!(!generations.stand(&other_marks));
    }

    #[test]
    fn names_that_meet_in_a_slot_are_invalidated_together_and_never_too_little() {
        let generations = Generations::new();
        let space = tenant("acme");
        // One name more than there are slots: two must meet.
        let mut slots = std::collections::HashMap::new();
        let names = (0..=65_536).map(|n| format!("tag:{n}"));
        let twins = names.into_iter().find_map(|name| {
            let slot = generations.slot(Name::Tag(&space, &name));
            slots.insert(slot, name.clone()).map(|earlier| (earlier, name))
        });
        let (one, other) = twins.expect("65,537 names in 65,536 slots");
        let marks = generations.mark([Name::Tag(&space, &other)].into_iter());
        generations.renew(Name::Tag(&space, &one));
        assert!(!generations.stand(&marks));
    }

    #[test]
    fn a_tenant_that_is_named_like_a_key_is_only_itself() {
        let odd = tenant("acme\"/product:1#%00");
        let names = [
            Name::Tag(&odd, "x").to_bytes(),
            Name::EndpointIn(&odd, "x").to_bytes(),
            Name::Space(&odd).to_bytes(),
        ];
        let plain = [Name::Tag(&Space::Whole, "acme").to_bytes(), Name::Endpoint("acme").to_bytes()];
        for name in &names {
            assert!(!plain.contains(name));
        }
    }
}
