//! A counter that two threads may raise at once without waiting for each other.
//!
//! A recorder's counter is one number, and two threads that raise it pass its cache line to and fro, which costs
//! more than all the rest of a hit. So hits are counted in stripes, one for each thread or few, and handed to the
//! recorder in batches.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use metrics::Counter;

/// As many as can be raised at once, for there are as many rows of them as tenants; a power of two.
static STRIPES: LazyLock<usize> = LazyLock::new(|| {
    let threads = std::thread::available_parallelism().map_or(8, std::num::NonZero::get);
    threads.next_power_of_two().min(8)
});

/// So many are handed on at once.
const BATCH: u64 = 64;

/// A line of its own, and the one that is fetched along with it.
#[derive(Default)]
#[repr(align(128))]
struct Stripe(AtomicU64);

pub(crate) struct Striped {
    stripes: Box<[Stripe]>,
    /// What has been handed on.
    published: AtomicU64,
    counter: Counter,
}

impl Striped {
    pub(crate) fn new(counter: Counter) -> Self {
        let stripes = (0..*STRIPES).map(|_| Stripe::default()).collect();
        Self { stripes, published: AtomicU64::new(0), counter }
    }

    /// Says whether there is a batch to be [published](Self::publish).
    #[inline]
    #[must_use]
    pub(crate) fn increment(&self) -> bool {
        let stripe = STRIPE.try_with(|stripe| *stripe).unwrap_or_default() & (self.stripes.len() - 1);
        self.stripes[stripe].0.fetch_add(1, Ordering::Relaxed) + 1 >= BATCH
    }

    /// Hands on what has been counted.
    pub(crate) fn publish(&self) {
        for Stripe(stripe) in &self.stripes {
            let pending = stripe.swap(0, Ordering::Relaxed);
            if pending > 0 {
                self.published.fetch_add(pending, Ordering::Relaxed);
                self.counter.increment(pending);
            }
        }
    }

    pub(crate) fn total(&self) -> u64 {
        let pending: u64 = self.stripes.iter().map(|stripe| stripe.0.load(Ordering::Relaxed)).sum();
        pending + self.published.load(Ordering::Relaxed)
    }

    /// Adds what the recorder knows of already.
    pub(crate) fn absorb(&self, counted: u64) {
        self.published.fetch_add(counted, Ordering::Relaxed);
    }
}

thread_local! {
    static STRIPE: usize = {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        NEXT.fetch_add(1, Ordering::Relaxed)
    };
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn nothing_is_lost_between_threads_and_batches() {
        let total = Arc::new(AtomicU64::new(0));
        let striped = Striped::new(Counter::from_arc(Arc::clone(&total)));
        let count = || {
            (0..1001).for_each(|_| {
                if striped.increment() {
                    striped.publish();
                }
            });
        };
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(count);
            }
        });
        assert_eq!(striped.total(), 4004);
        assert!(total.load(Ordering::Relaxed) > 4004 - *STRIPES as u64 * BATCH);
        striped.publish();
        striped.publish();
        assert_eq!((total.load(Ordering::Relaxed), striped.total()), (4004, 4004));
    }
}
