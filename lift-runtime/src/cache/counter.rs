//! A counter that two threads may raise at once without waiting for each other.
//!
//! A recorder's counter is one number, and two threads that raise it pass its cache line to and fro, which costs
//! more than all the rest of a hit. So hits are counted in stripes, one for each thread or few, and handed to the
//! recorder in batches.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use metrics::Counter;

use super::policy::Registered;

const STRIPES: usize = 8;

/// So many are handed on at once.
const BATCH: u64 = 64;

/// A line of its own, and the one that is fetched along with it.
#[derive(Default)]
#[repr(align(128))]
struct Stripe(AtomicU64);

pub(crate) struct Striped {
    stripes: Box<[Stripe; STRIPES]>,
    counter: Counter,
}

impl Striped {
    pub(crate) fn new(counter: Counter) -> Self {
        Self { stripes: Box::default(), counter }
    }

    #[inline]
    pub(crate) fn increment(&self) {
        let stripe = &self.stripes[STRIPE.try_with(|stripe| *stripe).unwrap_or_default() % STRIPES].0;
        if stripe.fetch_add(1, Ordering::Relaxed) + 1 >= BATCH {
            self.hand_on(stripe);
        }
    }

    /// Hands on what is not yet a batch.
    fn publish(&self) {
        self.stripes.iter().for_each(|stripe| self.hand_on(&stripe.0));
    }

    #[cold]
    fn hand_on(&self, stripe: &AtomicU64) {
        let pending = stripe.swap(0, Ordering::Relaxed);
        if pending > 0 {
            self.counter.increment(pending);
        }
    }
}

thread_local! {
    static STRIPE: usize = {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        NEXT.fetch_add(1, Ordering::Relaxed)
    };
}

/// The policies that are in use.
static IN_USE: Mutex<Vec<&'static Registered>> = Mutex::new(Vec::new());

pub(crate) fn in_use(registered: &'static Registered) {
    IN_USE.lock().unwrap_or_else(PoisonError::into_inner).push(registered);
}

/// Brings `lift.cache.hits` up to date with the recorder. Hits are counted in batches, of which up to 64 for each
/// thread may be pending; call this before the counters are read, such as at the end of a Lambda invocation.
///
/// ```
/// lift_runtime::cache::publish_counters();
/// ```
pub fn publish_counters() {
    let in_use = IN_USE.lock().unwrap_or_else(PoisonError::into_inner);
    in_use.iter().for_each(|registered| registered.hits.publish());
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn nothing_is_lost_between_threads_and_batches() {
        let total = Arc::new(AtomicU64::new(0));
        let striped = Striped::new(Counter::from_arc(Arc::clone(&total)));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..1001).for_each(|_| striped.increment()));
            }
        });
        assert!(total.load(Ordering::Relaxed) > 4004 - STRIPES as u64 * BATCH);
        striped.publish();
        striped.publish();
        assert_eq!(total.load(Ordering::Relaxed), 4004);
    }
}
