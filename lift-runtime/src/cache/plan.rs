//! One use of the cache, from its key to what the store says.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::time::Instant;

use super::Inner;
use super::begin::{Seen, look};
use super::encode::{Encoded, digest};
use super::entry::{Entry, Freshness, Times};
use super::generation::{Snapshot, Stamp};
use super::key::Key;
use super::lookup::lookup;
use super::memory::{Payer, Wanted};
use super::policy::Policy;
use super::remote::{Failed, Remote};
use super::stats::Row;
use super::store::{Found, Generation, Lease};
use super::tags::{Name, Space, Tags};
use crate::context::Context;

/// How payloads of one kind are weighed, and become bytes for stores outside the process.
pub(crate) trait Codec: 'static {
    type Payload: std::any::Any + Send + Sync;

    /// Bytes it takes in memory, about.
    fn weigh(payload: &Self::Payload) -> u64;

    /// Its kind and its bytes; `None` if it has none.
    fn encode(payload: &Self::Payload) -> Option<(u8, Vec<u8>)>;

    /// The way back; `None` for bytes that are nothing of the sort.
    fn decode(kind: u8, bytes: &bytes::Bytes) -> Option<Self::Payload>;
}

/// A use of the cache that is not a plain hit.
pub(crate) struct Plan {
    pub(crate) policy: &'static Policy,
    pub(crate) inner: Arc<Inner>,
    pub(crate) context: Context,
    pub(crate) space: Space,
    /// Where it is counted.
    pub(crate) row: Arc<Row>,
    pub(crate) tags: Tags,
    /// The client wants no stored answer.
    pub(crate) reload: bool,
    /// What memory has: served late, or as a fallback.
    pub(crate) found: Option<(Arc<Entry>, Freshness)>,
    keyed: Keyed,
    abroad: Option<Abroad>,
    /// Whether another process computes it, as the last look-up told.
    pub(crate) is_leased: Option<bool>,
}

/// The key as memory knows it.
pub(crate) struct Keyed {
    pub(crate) hash: u64,
    pub(crate) key: Box<[u8]>,
    /// How much of the key is the call itself: without caller and headers.
    pub(crate) call: usize,
}

impl Keyed {
    fn call(&self) -> &[u8] {
        &self.key[..self.call]
    }
}

/// The key and the names as a store outside the process knows them.
pub(crate) struct Abroad {
    pub(crate) key: Arc<[u8]>,
    pub(crate) names: Arc<[Box<[u8]>]>,
    pub(crate) digest: u64,
}

/// What a store outside the process says.
pub(crate) struct Looked {
    pub(crate) snapshot: Snapshot,
    pub(crate) found: Option<(Arc<Entry>, Freshness)>,
}

/// A key as stores outside the process know it: the policy's id, which is this process's, gives way to its name,
/// version and schema.
pub(crate) fn abroad(policy: &Policy, key: &[u8]) -> Box<[u8]> {
    let mut long = Key::new();
    long.part(policy.name);
    long.part(&policy.version);
    long.part(&policy.schema());
    long.raw(&key[size_of::<u32>()..]);
    long.as_bytes().into()
}

/// A call as stores outside the process know it: without version and schema, so that it is invalidated for all releases
/// that run side by side.
pub(crate) fn call_abroad(policy: &Policy, call: &[u8]) -> Box<[u8]> {
    let mut long = Key::new();
    long.part(policy.name);
    long.raw(&call[size_of::<u32>()..]);
    long.as_bytes().into()
}

impl Plan {
    pub(crate) fn new(
        policy: &'static Policy,
        inner: Arc<Inner>,
        context: Context,
        space: Space,
        keyed: Keyed,
    ) -> Self {
        let row = inner.rows.row(policy, &space);
        Self {
            policy,
            inner,
            context,
            space,
            row,
            tags: Tags::new(),
            reload: false,
            found: None,
            keyed,
            abroad: None,
            is_leased: None,
        }
    }

    /// Sets the tags, and makes the names that are looked up abroad.
    pub(crate) fn tagged(&mut self, tags: Tags) {
        self.tags = tags;
        if self.inner.remote_for(self.policy).is_some() {
            let key = abroad(self.policy, &self.keyed.key);
            let call = call_abroad(self.policy, self.keyed.call());
            let names: Arc<[_]> = self.names(&call).map(Name::to_bytes).collect();
            let digest = digest(&names);
            self.abroad = Some(Abroad { key: key.into(), names, digest });
        }
    }

    fn names<'a>(&'a self, call: &'a [u8]) -> impl Iterator<Item = Name<'a>> {
        let (space, endpoint) = (&self.space, self.policy.name);
        let fixed = [
            Name::All,
            Name::Space(space),
            Name::Endpoint(endpoint),
            Name::EndpointIn(space, endpoint),
            Name::Call(space, call),
        ];
        fixed.into_iter().chain(self.tags.iter().map(move |tag| Name::Tag(space, tag)))
    }

    pub(crate) fn now(&self) -> u64 {
        self.context.clock().now_millis()
    }

    pub(crate) fn wanted(&self) -> Wanted<'_> {
        Wanted { hash: self.keyed.hash, bytes: &self.keyed.key }
    }

    pub(crate) fn remote(&self) -> Option<(&Arc<Remote>, &Abroad)> {
        self.inner.remote_for(self.policy).zip(self.abroad.as_ref())
    }

    /// The generations in this process's memory, as of now.
    pub(crate) fn stamp(&self) -> Stamp {
        self.inner.memory().stamp(&self.space, self.names(self.keyed.call()))
    }

    /// Whether nothing that a stamp was made under was invalidated since.
    pub(crate) fn stands(&self, stamp: &Stamp) -> bool {
        self.inner.memory().generations().stand(stamp)
    }

    /// What memory has by now, if it is fresh.
    pub(crate) fn peek(&self) -> Option<Arc<Entry>> {
        let memory = self.inner.memory_for(self.policy)?;
        let near = self.inner.near_for(self.policy);
        match look(memory, near, self.wanted(), &self.context, Arc::clone) {
            Seen::Fresh(entry) => Some(entry),
            Seen::Late(..) | Seen::Nothing => None,
        }
    }

    /// Looks up entry and generations where they are.
    pub(crate) async fn look<C: Codec>(&mut self) -> Looked {
        self.is_leased = None;
        let Some((remote, abroad)) = self.remote() else {
            let snapshot = Snapshot::Memory(self.stamp());
            return Looked { snapshot, found: self.found.take() };
        };
        let (now, came) = (self.now(), self.inner.flights.moment());
        // Read before the store is asked, so that what is invalidated meanwhile counts.
        let near = self.inner.near_for(self.policy).map(|near| {
            near.watch(&self.inner, self.context.clock());
            self.inner.memory().stamp_bytes(&self.space, &abroad.names, now)
        });
        // A failure is noted where it happens, and what is still owed is bypassed. Of a store that does not answer
        // nobody waits for a second thing in vain.
        let hangs = matches!(remote.settle(now).await, Err(Failed::Late));
        if !hangs && !remote.owes_any(&abroad.names) {
            let began = Instant::now();
            let looked = lookup(remote, now, abroad).await;
            self.row.lookups.record(began.elapsed());
            if let Ok(found) = looked {
                let Found { entry, generations, is_leased } = Arc::unwrap_or_clone(found);
                let entry =
                    entry.and_then(|bytes| self.decode::<C>(abroad, bytes, &generations, near.as_ref()));
                self.is_leased = is_leased;
                return Looked { snapshot: Snapshot::Remote(generations, near), found: entry };
            }
            self.row.error();
        }
        Looked { snapshot: Snapshot::Unknown(came), found: None }
    }

    /// What still stands of an entry that was looked up under an earlier snapshot. Whoever comes after an invalidation
    /// waits for who has looked again, and is not to be given what stood before it.
    pub(crate) fn standing(
        &self,
        entry: Option<Arc<Entry>>,
        earlier: &Snapshot,
        looked: &Looked,
    ) -> Option<Arc<Entry>> {
        match &looked.snapshot {
            Snapshot::Memory(_) => entry.filter(|entry| entry.stands(self.inner.memory().generations())),
            // Nobody joins a flight that knows nothing.
            Snapshot::Unknown(_) => entry,
            Snapshot::Remote(..) => {
                let found = looked.found.as_ref().map(|(found, _)| Arc::clone(found));
                found.or_else(|| entry.filter(|_| looked.snapshot == *earlier))
            }
        }
    }

    /// An entry from its bytes, if it is this key's, whole, valid and of use. A near cache keeps it.
    fn decode<C: Codec>(
        &self,
        abroad: &Abroad,
        bytes: bytes::Bytes,
        generations: &[Option<Generation>],
        near: Option<&Stamp>,
    ) -> Option<(Arc<Entry>, Freshness)> {
        let Some(encoded) = Encoded::from_bytes(bytes) else {
            self.row.error();
            return None;
        };
        let same = encoded.key == *abroad.key && encoded.names == abroad.digest;
        let stands =
            encoded.generations.iter().map(|generation| Some(*generation)).eq(generations.iter().copied());
        let freshness = encoded.times.freshness(self.now());
        if !same || !stands || freshness == Freshness::Gone {
            return None;
        }
        let Some(payload) = C::decode(encoded.kind, &encoded.payload) else {
            self.row.error();
            return None;
        };
        let entry = match near {
            Some(stamp) if freshness == Freshness::Fresh => {
                let bytes = C::weigh(&payload);
                self.put(stamp, encoded.times, payload, bytes).0
            }
            _ => Entry::loose(Arc::clone(&self.row), encoded.times, payload),
        };
        Some((entry, freshness))
    }

    /// Stores a payload under the generations that stood before it was computed.
    pub(crate) async fn store<C: Codec>(
        &self,
        snapshot: &Snapshot,
        times: Times,
        payload: C::Payload,
        lease: Option<Lease>,
    ) -> (Arc<Entry>, bool) {
        let bytes = C::weigh(&payload);
        let too_large = self.policy.max_bytes.is_some_and(|most| bytes > most as u64);
        if too_large {
            self.row.too_large();
        }
        match snapshot {
            Snapshot::Memory(stamp) if !too_large && self.stands(stamp) => {
                let (entry, stored) = self.put(stamp, times, payload, bytes);
                if stored {
                    self.row.stored();
                } else {
                    self.row.too_large();
                }
                (entry, stored)
            }
            Snapshot::Remote(generations, near) if !too_large => {
                let stored = self.put_abroad::<C>(generations, times, &payload, lease).await;
                match near {
                    Some(stamp) if stored => (self.put(stamp, times, payload, bytes).0, true),
                    _ => (Entry::loose(Arc::clone(&self.row), times, payload), stored),
                }
            }
            _ => (Entry::loose(Arc::clone(&self.row), times, payload), false),
        }
    }

    /// Stores a payload in memory.
    fn put<P: std::any::Any + Send + Sync>(
        &self,
        stamp: &Stamp,
        times: Times,
        payload: P,
        bytes: u64,
    ) -> (Arc<Entry>, bool) {
        let draft = (Arc::clone(&self.row), times, stamp);
        self.inner.memory().put(self.wanted(), self.payer(), draft, payload, bytes)
    }

    /// Whose memory it takes: the tenant's for whose request it is computed, also where it is `shared`.
    fn payer(&self) -> Payer<'_> {
        let tenant = match &self.space {
            Space::Tenant(tenant) => Some(tenant),
            Space::Whole | Space::Shared => self.context.raw_tenant(),
        };
        if tenant.is_none() && !self.inner.has_tenants() {
            return Payer::Whole;
        }
        Payer::Party(tenant, self.inner.share())
    }

    async fn put_abroad<C: Codec>(
        &self,
        generations: &[Option<Generation>],
        times: Times,
        payload: &C::Payload,
        lease: Option<Lease>,
    ) -> bool {
        let Some((remote, abroad)) = self.remote() else { return false };
        let Some(generations) = generations.iter().copied().collect::<Option<Vec<_>>>() else { return false };
        let Some((kind, payload)) = C::encode(payload) else {
            self.row.error();
            return false;
        };
        let key = bytes::Bytes::copy_from_slice(&abroad.key);
        let encoded =
            Encoded { times, names: abroad.digest, generations, kind, key, payload: payload.into() };
        let entry = encoded.to_bytes(self.inner.compress_over.load(Ordering::Relaxed));
        if entry.len() > remote.largest() {
            self.row.too_large();
            return false;
        }
        match remote.put(self.now(), &abroad.key, entry, times.ends(), lease).await {
            Ok(stored) => {
                if stored {
                    self.row.stored();
                }
                stored
            }
            Err(_) => {
                self.row.error();
                false
            }
        }
    }

    /// The function no longer returns what is stored: nobody is to be served it while it is stale.
    pub(crate) async fn forget(&self, entry: &Arc<Entry>) {
        match self.remote() {
            Some(_) => {
                let call = call_abroad(self.policy, self.keyed.call());
                let name = Name::Call(&self.space, &call).to_bytes();
                if self.inner.renew_abroad(self.now(), &[name]).await.is_err() {
                    self.row.error();
                }
            }
            None => self.inner.memory().forget(self.wanted(), entry),
        }
    }
}
