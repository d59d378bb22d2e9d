//! Generations within a process: a counter for everything that can be invalidated.
//!
//! The counters stand in a table of fixed size that names are hashed into, so that nobody can fill it. Two names may
//! meet in one slot. Where a counter has moved, it is therefore asked whether the name itself was invalidated: each
//! tenant has a list of what it has invalidated, which only its own entries are compared with. So no tenant ends
//! another's entries, however much it invalidates. A list that grows long is closed: its tenant's entries from before
//! count as invalid then, which costs computations and is never wrong.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use foldhash::quality::RandomState;
use smallvec::SmallVec;

use super::flight::Moment;
use super::key::Key;
use super::party::Party;
use super::store::Generation;
use super::tags::{Name, NameOwner};
use crate::tenant::Tenant;

const SLOTS: usize = 1 << 16;

/// So many invalidated names are told apart of everybody's, and of what is nobody's.
const LISTED: usize = 4096;

/// Of a tenant's, as many as it holds entries, or so many, so that what is listed stays in proportion to what it may
/// hold.
const LISTED_AT_LEAST: usize = 16;

/// The generations of some names at one moment. Eight cover an entry with three tags without allocating.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    slots: SmallVec<[(Hashed, u32); 8]>,
}

/// A name's hash, whose low sixteen bits choose its slot.
type Hashed = u32;

/// What an entry in memory is made under.
#[derive(Clone, Default)]
pub(crate) struct Stamp {
    marks: Marks,
    /// How many renewals had begun when the marks were read.
    renewals: u64,
    /// Whose names these are, besides everybody's; nobody for `shared` entries and in an app without tenants.
    owner: Option<Arc<Party>>,
    /// When they were read, in milliseconds, where that is asked for: by a near cache.
    pub(crate) at: u64,
}

/// What was invalidated of one owner's, and when, as a number of renewals.
#[derive(Default)]
pub(crate) struct Renewed {
    names: HashMap<Hashed, u64>,
    /// Whatever was made before this is invalid.
    all_until: u64,
}

impl Renewed {
    fn note(&mut self, name: Hashed, renewal: u64, most: usize) {
        if self.names.len() >= most && !self.names.contains_key(&name) {
            // Those listed may be later than this one, which began before them and comes after.
            self.all_until = self.names.values().fold(renewal, |last, listed| last.max(*listed));
            self.names = HashMap::new();
        }
        let last = self.names.entry(name).or_default();
        *last = renewal.max(*last);
    }

    fn holds(&self, name: Hashed, since: u64) -> bool {
        self.all_until > since || self.names.get(&name).is_some_and(|renewal| *renewal > since)
    }
}

/// The generations a flight began under, as the store has them.
#[derive(Clone)]
pub(crate) enum Snapshot {
    Memory(Stamp),
    /// In the order of the plan's names; what the store does not know is `None`. With a near cache, also what this
    /// process knew before it asked.
    Remote(Vec<Option<Generation>>, Option<Stamp>),
    /// The store could not be asked, by one who came at this moment. No two of these are the same, for nobody here
    /// knows what other processes have invalidated between them.
    Unknown(Moment),
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
    /// How many renewals have begun.
    renewals: AtomicU64,
    /// What was invalidated of everybody's, and of what is nobody's.
    everybody: Mutex<Renewed>,
    whole: Mutex<Renewed>,
    hasher: RandomState,
}

impl Generations {
    pub(crate) fn new() -> Self {
        Self {
            slots: (0..SLOTS).map(|_| AtomicU32::new(0)).collect(),
            epoch: AtomicU64::new(0),
            renewals: AtomicU64::new(0),
            everybody: Mutex::default(),
            whole: Mutex::default(),
            hasher: RandomState::default(),
        }
    }

    /// Grows by every renewal, and only after it.
    #[inline]
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// Reads the generations of names, to be kept with what is made under them.
    pub(crate) fn stamp<'a>(
        &self,
        owner: Option<Arc<Party>>,
        names: impl Iterator<Item = Name<'a>>,
    ) -> Stamp {
        let name = |name: Name<'_>| {
            let mut key = Key::new();
            name.write(&mut key);
            self.hash(key.as_bytes())
        };
        self.read(owner, names.map(name), 0)
    }

    /// The same for names as bytes.
    pub(crate) fn stamp_bytes(&self, owner: Option<Arc<Party>>, names: &[Box<[u8]>], at: u64) -> Stamp {
        self.read(owner, names.iter().map(|name| self.hash(name)), at)
    }

    fn read(&self, owner: Option<Arc<Party>>, names: impl Iterator<Item = Hashed>, at: u64) -> Stamp {
        // First, so that a renewal that begins from now on counts.
        let renewals = self.renewals.load(Ordering::Acquire);
        let slots = names.map(|name| (name, self.slot(name).load(Ordering::Acquire))).collect();
        Stamp { marks: Marks { slots }, renewals, owner, at }
    }

    /// Whether none of the names was renewed since.
    #[inline]
    pub(crate) fn stand(&self, stamp: &Stamp) -> bool {
        let moved =
            |(name, generation): &(Hashed, u32)| self.slot(*name).load(Ordering::Acquire) != *generation;
        !stamp.marks.slots.iter().any(|mark| moved(mark) && self.was_renewed(mark.0, stamp))
    }

    /// Whether it was this name that moved its slot, since the stamp was made.
    #[cold]
    fn was_renewed(&self, name: Hashed, stamp: &Stamp) -> bool {
        let own = stamp.owner.as_ref().map_or(&self.whole, |owner| &owner.renewed);
        [own, &self.everybody].iter().any(|renewed| lock(renewed).holds(name, stamp.renewals))
    }

    /// Makes everything that was made under a name invalid. `find` finds a tenant that holds or computes anything:
    /// of any other there is nothing to invalidate.
    pub(crate) fn renew(&self, name: &[u8], find: impl FnOnce(&Tenant) -> Option<Arc<Party>>) {
        // Whoever has read this number before is looked for, and noted, before a slot moves that would tell of it.
        let renewal = self.renewals.fetch_add(1, Ordering::AcqRel) + 1;
        let hash = self.hash(name);
        match NameOwner::of(name) {
            NameOwner::Everybody => lock(&self.everybody).note(hash, renewal, LISTED),
            NameOwner::Whole => lock(&self.whole).note(hash, renewal, LISTED),
            NameOwner::Tenant(tenant) => {
                if let Some(party) = find(&tenant) {
                    let most = party.entries().max(LISTED_AT_LEAST);
                    lock(&party.renewed).note(hash, renewal, most);
                }
            }
        }
        self.slot(hash).fetch_add(1, Ordering::AcqRel);
        self.epoch.fetch_add(1, Ordering::AcqRel);
    }

    fn slot(&self, name: Hashed) -> &AtomicU32 {
        &self.slots[name as usize % SLOTS]
    }

    fn hash(&self, name: &[u8]) -> Hashed {
        let mut hasher = self.hasher.build_hasher();
        hasher.write(name);
        #[expect(clippy::cast_possible_truncation, reason = "any bits of a hash are as good as others")]
        let hash = hasher.finish() as Hashed;
        hash
    }
}

fn lock(renewed: &Mutex<Renewed>) -> std::sync::MutexGuard<'_, Renewed> {
    renewed.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::party::Parties;
    use crate::cache::tags::Space;

    /// Generations, and the tenants whose entries are made under them.
    struct Table {
        generations: Generations,
        parties: Parties,
    }

    impl Table {
        fn new() -> Self {
            Self { generations: Generations::new(), parties: Parties::new(0) }
        }

        fn stamp(&self, space: &Space, names: &[Name<'_>]) -> Stamp {
            let owner = match space {
                Space::Tenant(tenant) => Some(self.parties.of(Some(tenant))),
                _ => None,
            };
            self.generations.stamp(owner, names.iter().copied())
        }

        fn renew(&self, name: Name<'_>) {
            self.generations.renew(&name.to_bytes(), |tenant| self.parties.find(Some(tenant)));
        }

        fn stands(&self, stamp: &Stamp) -> bool {
            self.generations.stand(stamp)
        }

        fn slot(&self, name: Name<'_>) -> u32 {
            self.generations.hash(&name.to_bytes()) % SLOTS as u32
        }
    }

    fn tenant(name: &str) -> Space {
        Space::Tenant(Tenant::new(name).expect("a name"))
    }

    #[test]
    fn a_renewed_name_no_longer_stands_and_others_do() {
        let table = Table::new();
        let (acme, other) = (tenant("acme"), tenant("other"));
        for space in [&acme, &Space::Shared, &Space::Whole] {
            let own = table.stamp(space, &[Name::All, Name::Tag(space, "a")]);
            let others = table.stamp(&other, &[Name::All, Name::Tag(&other, "a")]);
            table.renew(Name::Tag(space, "a"));
            assert!(!table.stands(&own));
            assert!(table.stands(&others));
            table.renew(Name::All);
            assert!(!table.stands(&others));
        }
    }

    #[test]
    fn each_kind_of_name_is_renewed_by_itself() {
        let table = Table::new();
        for space in [tenant("acme"), Space::Shared, Space::Whole] {
            let names = [
                Name::All,
                Name::Space(&space),
                Name::Endpoint("shop::product"),
                Name::EndpointIn(&space, "shop::product"),
                Name::Call(&space, b"call"),
                Name::Tag(&space, "tag"),
            ];
            for name in names {
                let stamp = table.stamp(&space, &names);
                assert!(table.stands(&stamp));
                table.renew(name);
                assert!(!table.stands(&stamp), "{name:?} of {space:?}");
            }
        }
    }

    #[test]
    fn no_tenant_ends_anothers_entries_however_much_it_renews() {
        let table = Table::new();
        let (noisy, quiet) = (tenant("noisy"), tenant("quiet"));
        let names = [Name::All, Name::Space(&quiet), Name::Tag(&quiet, "a"), Name::Call(&quiet, b"call")];
        let stamp = table.stamp(&quiet, &names);
        let _computing = table.stamp(&noisy, &[]);
        // Until each of its slots has moved: hashes are seeded, so that is after some 140,000 as a rule.
        let mut unmoved: std::collections::HashSet<_> = names.map(|name| table.slot(name)).into();
        let mut tags = (0..10_000_000).map(|n| format!("tag:{n}"));
        while !unmoved.is_empty() {
            let tag = tags.next().expect("any slot is met some time");
            unmoved.remove(&table.slot(Name::Tag(&noisy, &tag)));
            table.renew(Name::Tag(&noisy, &tag));
        }
        assert!(table.stands(&stamp));
        table.renew(Name::Tag(&quiet, "a"));
        assert!(!table.stands(&stamp));
    }

    #[test]
    fn a_tenant_that_renews_more_than_can_be_told_apart_loses_too_much_and_never_too_little() {
        let table = Table::new();
        let acme = tenant("acme");
        let tags: Vec<_> = (0..2 * LISTED).map(|n| format!("tag:{n}")).collect();
        let stamps: Vec<_> = tags.iter().map(|tag| table.stamp(&acme, &[Name::Tag(&acme, tag)])).collect();
        for tag in &tags {
            table.renew(Name::Tag(&acme, tag));
        }
        assert!(stamps.iter().all(|stamp| !table.stands(stamp)));
    }

    #[test]
    fn a_list_that_is_closed_by_a_renewal_that_comes_late_forgets_nothing() {
        let mut renewed = Renewed::default();
        for name in 0..4 {
            renewed.note(name, 10 + u64::from(name), 4);
        }
        renewed.note(4, 9, 4);
        assert!(renewed.holds(2, 11), "it was renewed at 12");
        assert!(!renewed.holds(2, 13));
    }

    #[test]
    fn what_was_renewed_while_a_tenant_held_nothing_is_not_held_against_it() {
        let table = Table::new();
        let acme = tenant("acme");
        let before = table.stamp(&acme, &[Name::Tag(&acme, "a")]);
        drop(before);
        table.renew(Name::Tag(&acme, "a"));
        let after = table.stamp(&acme, &[Name::Tag(&acme, "a")]);
        assert!(table.stands(&after));
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
