//! Single flight: concurrent misses on one key run the computation once.
//!
//! Who comes first leads and the others wait. A leader that is dropped without an outcome, because its client
//! left or its handler panicked, gives its turn back, and the next in line leads at once. Nobody joins a flight
//! that began under other generations than stand now: what began before an invalidation is not for those who
//! came after it.
//!
//! Where the store could not be asked, nobody here knows what others have invalidated. Then a computation is for those
//! alone who came before it began; whoever comes later shares the next one, which begins when this one has ended.

use std::any::Any;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use smallvec::SmallVec;
use tokio::sync::{Semaphore, watch};

use super::entry::Entry;
use super::generation::{Snapshot, Stamp};
use super::memory::{Ready, Wanted};

/// Locks, so that misses on different keys seldom meet.
const SHARDS: usize = 16;

/// What a flight came to, for all who waited.
#[derive(Clone)]
pub(crate) enum Outcome {
    /// A result, stored or not.
    Made(Arc<Entry>),
    /// An error; the type is the caller's own.
    Failed(Failure),
    /// No result, but an older one that may stand in for it.
    Stale(Arc<Entry>),
    /// A result that is for nobody but whoever computed it.
    Alone,
}

/// A shared error, and whether it is the server's fault rather than the request's.
#[derive(Clone)]
pub(crate) struct Failure {
    pub(crate) error: Arc<dyn Any + Send + Sync>,
    pub(crate) fault: bool,
}

pub(crate) struct Flights {
    shards: [Mutex<Shard>; SHARDS],
    moments: AtomicU64,
}

type Shard = HashMap<FlightKey, Listed, Ready>;

/// A flight that can be joined. Its seats are counted under the shard's lock, so that of two that leave at once
/// one is the last.
struct Listed {
    flight: Arc<Flight>,
    seats: usize,
}

#[derive(Clone, PartialEq, Eq)]
struct FlightKey {
    hash: u64,
    bytes: Arc<[u8]>,
}

impl std::hash::Hash for FlightKey {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

struct Flight {
    /// One permit: the lead. Closed when there is an outcome.
    lead: Semaphore,
    outcome: OnceLock<Outcome>,
    /// What a request must have seen to join: one, or two once the leader has made the generations that its
    /// look-up found missing.
    snapshots: Mutex<SmallVec<[Snapshot; 1]>>,
    /// Where the store could not be asked.
    blind: Option<Blind>,
}

/// What a flight knows that began without the store.
struct Blind {
    /// When its computation began.
    began: Mutex<Option<Moment>>,
    /// Gone when it has ended.
    under_way: Mutex<Option<watch::Sender<()>>>,
    /// The flight that goes before it.
    before: Option<watch::Receiver<()>>,
}

/// A place in the order of what happens in this process: a clock would not tell two events of one instant apart.
pub(crate) type Moment = u64;

impl Flights {
    pub(crate) fn new() -> Self {
        Self { shards: std::array::from_fn(|_| Mutex::default()), moments: AtomicU64::new(0) }
    }

    /// Now.
    pub(crate) fn moment(&self) -> Moment {
        self.moments.fetch_add(1, Ordering::AcqRel)
    }

    /// Takes a seat in the flight for a key, opening one if there is none under this snapshot. `stands` tells whether
    /// nothing of a stamp's was invalidated since.
    pub(crate) fn join(
        self: &Arc<Self>,
        key: Wanted<'_>,
        snapshot: &Snapshot,
        stands: impl Fn(&Stamp) -> bool,
    ) -> Seat {
        let key = FlightKey { hash: key.hash, bytes: key.bytes.into() };
        let mut shard = self.shard(key.hash);
        let listed = shard.get_mut(&key);
        if let Some(listed) = listed.filter(|listed| listed.flight.began_under(snapshot, stands)) {
            listed.seats += 1;
            let flight = Arc::clone(&listed.flight);
            return Seat { flights: Arc::clone(self), flight, key, leads: false };
        }
        self.open(&mut shard, key, snapshot)
    }

    /// Leads a flight for a key, unless there is one already.
    pub(crate) fn lead(
        self: &Arc<Self>,
        key: Wanted<'_>,
        snapshot: &Snapshot,
        stands: impl Fn(&Stamp) -> bool,
    ) -> Option<Seat> {
        let key = FlightKey { hash: key.hash, bytes: key.bytes.into() };
        let mut shard = self.shard(key.hash);
        if shard.get(&key).is_some_and(|listed| listed.flight.began_under(snapshot, stands)) {
            return None;
        }
        Some(self.open(&mut shard, key, snapshot))
    }

    fn open(self: &Arc<Self>, shard: &mut Shard, key: FlightKey, snapshot: &Snapshot) -> Seat {
        let blind = matches!(snapshot, Snapshot::Unknown(_)).then(|| Blind {
            began: Mutex::new(None),
            under_way: Mutex::new(Some(watch::channel(()).0)),
            before: shard.get(&key).and_then(|listed| listed.flight.under_way()),
        });
        let flight = Arc::new(Flight {
            lead: Semaphore::new(0),
            outcome: OnceLock::new(),
            snapshots: Mutex::new(SmallVec::from_elem(snapshot.clone(), 1)),
            blind,
        });
        shard.insert(key.clone(), Listed { flight: Arc::clone(&flight), seats: 1 });
        Seat { flights: Arc::clone(self), flight, key, leads: true }
    }

    fn shard(&self, hash: u64) -> MutexGuard<'_, Shard> {
        #[expect(clippy::cast_possible_truncation, reason = "the low bits choose a shard")]
        let index = hash as usize % SHARDS;
        self.shards[index].lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().expect("no panic under the lock").len()).sum()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Flight {
    fn snapshots(&self) -> MutexGuard<'_, SmallVec<[Snapshot; 1]>> {
        lock(&self.snapshots)
    }

    /// Whether the flight is for those who have seen this. In memory that is also so where nothing of its own was
    /// invalidated since it began, but something that shares a slot with it, of whichever tenant.
    fn began_under(&self, snapshot: &Snapshot, stands: impl Fn(&Stamp) -> bool) -> bool {
        if let (Snapshot::Unknown(since), Some(blind)) = (snapshot, &self.blind) {
            return lock(&blind.began).is_none_or(|began| began > *since);
        }
        self.snapshots().iter().any(|began| {
            began == snapshot
                || matches!((began, snapshot), (Snapshot::Memory(began), Snapshot::Memory(_)) if stands(began))
        })
    }

    fn under_way(&self) -> Option<watch::Receiver<()>> {
        lock(&self.blind.as_ref()?.under_way).as_ref().map(watch::Sender::subscribe)
    }
}

/// A place in a flight. Dropping it leaves the flight, and hands over the lead.
pub(crate) struct Seat {
    flights: Arc<Flights>,
    flight: Arc<Flight>,
    key: FlightKey,
    leads: bool,
}

impl Seat {
    /// Whether the computation is this one's to run.
    pub(crate) fn leads(&self) -> bool {
        self.leads
    }

    /// Waits for the outcome, or for the lead (`None`).
    pub(crate) async fn wait(&mut self) -> Option<Outcome> {
        if let Ok(turn) = self.flight.lead.acquire().await {
            turn.forget();
            self.leads = true;
            return None;
        }
        // Closed, which happens only after the outcome is there.
        Some(self.flight.outcome.get().cloned().unwrap_or(Outcome::Alone))
    }

    /// Before its leader computes. Where the store could not be asked, it waits for the flight before it.
    pub(crate) async fn start(&self) {
        let Some(blind) = &self.flight.blind else { return };
        if let Some(mut before) = blind.before.clone() {
            // Nothing is ever sent: it ends with its sender.
            let _ = before.changed().await;
        }
        *lock(&blind.began) = Some(self.flights.moment());
    }

    /// A new leader begins anew, under the generations of now.
    pub(crate) fn begin(&self, snapshot: &Snapshot) {
        if let Some(blind) = &self.flight.blind {
            *lock(&blind.began) = None;
        }
        *self.flight.snapshots() = SmallVec::from_elem(snapshot.clone(), 1);
    }

    /// The same flight under another name: the generations that its leader found missing, now made.
    pub(crate) fn also(&self, snapshot: &Snapshot) {
        self.flight.snapshots().push(snapshot.clone());
    }

    /// Gives everyone the outcome and ends the flight.
    pub(crate) fn finish(mut self, outcome: Outcome) {
        let _ = self.flight.outcome.set(outcome);
        self.leads = false;
        self.leave(|_| 0);
        self.flight.lead.close();
        if let Some(blind) = &self.flight.blind {
            drop(lock(&blind.under_way).take());
        }
    }

    /// Sets how many seats are left of this flight, and takes it off the list with the last.
    fn leave(&self, left: impl FnOnce(usize) -> usize) {
        let mut shard = self.flights.shard(self.key.hash);
        let Some(listed) = shard.get_mut(&self.key) else { return };
        // Another flight under this key is none of this one's business.
        if !Arc::ptr_eq(&listed.flight, &self.flight) {
            return;
        }
        listed.seats = left(listed.seats);
        if listed.seats == 0 {
            shard.remove(&self.key);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if self.leads {
            self.flight.lead.add_permits(1);
        }
        self.leave(|seats| seats.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    #[test]
    fn of_two_that_leave_at_once_one_ends_the_flight() {
        let (flights, snapshot) = (Arc::new(Flights::new()), Snapshot::Memory(Stamp::default()));
        let (first, second) = (Barrier::new(2), Barrier::new(2));
        let sit = |barrier: &Barrier| {
            for _ in 0..20_000 {
                let seat = flights.join(Wanted { hash: 1, bytes: b"key" }, &snapshot, |_| true);
                barrier.wait();
                drop(seat);
                second.wait();
                assert_eq!(flights.len(), 0);
                second.wait();
            }
        };
        std::thread::scope(|threads| {
            threads.spawn(|| sit(&first));
            sit(&first);
        });
    }

    #[test]
    fn a_flight_stays_while_a_seat_is_taken() {
        let (flights, snapshot) = (Arc::new(Flights::new()), Snapshot::Memory(Stamp::default()));
        let join = || flights.join(Wanted { hash: 1, bytes: b"key" }, &snapshot, |_| true);
        let (leader, waiter) = (join(), join());
        assert!(leader.leads() && !waiter.leads());
        drop(leader);
        assert_eq!(flights.len(), 1);
        waiter.finish(Outcome::Alone);
        assert_eq!(flights.len(), 0);
    }
}
