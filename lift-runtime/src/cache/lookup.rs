//! Look-ups in a store outside the process, shared by those who ask for one key at once.
//!
//! One look-up of a key is under way at a time. Whoever asks meanwhile may not have its answer, which may have been read
//! before an invalidation that they know of; they share the next one, which begins when this one has ended. So a burst
//! of requests for one key costs two look-ups, however many they are.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared, WeakShared};

use super::plan::Abroad;
use super::remote::{Failed, Remote};
use super::store::Found;

type Answer = Result<Arc<Found>, Arc<Failed>>;
type Running = Shared<BoxFuture<'static, Answer>>;

/// The last round of each key that is looked up now, by the key and what its names hash to.
#[derive(Default)]
pub(crate) struct Lookups {
    rounds: Mutex<HashMap<RoundKey, Round, foldhash::fast::RandomState>>,
}

type RoundKey = (Arc<[u8]>, u64);

struct Round {
    number: u64,
    /// The store has been asked: nobody joins any more.
    has_begun: bool,
    /// Weak, for a round belongs to those who wait for it.
    running: WeakShared<BoxFuture<'static, Answer>>,
}

/// Looks up an entry and its generations, no earlier than this is called.
pub(crate) async fn lookup(remote: &Arc<Remote>, now: u64, abroad: &Abroad) -> Answer {
    join(remote, now, abroad).await
}

fn join(remote: &Arc<Remote>, now: u64, abroad: &Abroad) -> Running {
    let key = (Arc::clone(&abroad.key), abroad.digest);
    let mut rounds = remote.lookups.lock();
    let last = rounds.get(&key).and_then(|last| Some((last.has_begun, last.number, last.running.upgrade()?)));
    let (number, before) = match last {
        Some((false, _, running)) => return running,
        Some((true, number, running)) => (number.wrapping_add(1), Some(running)),
        None => (fastrand::u64(..), None),
    };
    let leaving = Leaving { remote: Arc::clone(remote), key: key.clone(), number };
    let names = Arc::clone(&abroad.names);
    let round = async move {
        let Leaving { remote, key, number } = &leaving;
        if let Some(before) = before {
            // Who has waited for a store that failed does not wait for it a second time.
            before.await?;
        }
        remote.lookups.begin(key, *number);
        remote.lookup(now, &key.0, &names).await.map(Arc::new).map_err(Arc::new)
    };
    let running = round.boxed().shared();
    if let Some(weak) = running.downgrade() {
        rounds.insert(key, Round { number, has_begun: false, running: weak });
    }
    running
}

impl Lookups {
    fn lock(&self) -> MutexGuard<'_, HashMap<RoundKey, Round, foldhash::fast::RandomState>> {
        self.rounds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    fn begin(&self, key: &RoundKey, number: u64) {
        if let Some(round) = self.lock().get_mut(key).filter(|round| round.number == number) {
            round.has_begun = true;
        }
    }
}

/// A round that is over, or that nobody waits for any more, is taken off the list.
struct Leaving {
    remote: Arc<Remote>,
    key: RoundKey,
    number: u64,
}

impl Drop for Leaving {
    fn drop(&mut self) {
        let mut rounds = self.remote.lookups.lock();
        if rounds.get(&self.key).is_some_and(|round| round.number == self.number) {
            rounds.remove(&self.key);
        }
    }
}
