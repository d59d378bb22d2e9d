//! An entry in memory: what was computed, when, and under which generations.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use smallvec::SmallVec;

use super::generation::{Generations, Marks, Stamp};
use super::memory::Charge;
use super::policy::{Policy, jittered};
use super::stats::Row;

/// A clock that was set back, or another machine's that runs ahead, may make an entry seem younger than now by
/// so many milliseconds; one from further in the future is not trusted.
const SKEW: u64 = 5_000;

/// What a store keeps: anything a function may have returned.
pub(crate) type Payload = dyn Any + Send + Sync;

/// The wall-clock times of an entry, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Times {
    /// When the computation began.
    pub(crate) created: u64,
    pub(crate) fresh_until: u64,
    pub(crate) stale_until: u64,
    pub(crate) error_until: u64,
}

/// What an entry is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Freshness {
    Fresh,
    /// To be served while it is refreshed.
    Stale,
    /// To be served only if a new computation fails.
    Fallback,
    Gone,
}

impl Times {
    /// The times of what a computation that began at `created` has made, good for `ttl` less the jitter.
    pub(crate) fn new(created: u64, ttl: u64, policy: &Policy) -> Self {
        let fresh_until = created.saturating_add(jittered(ttl));
        Self {
            created,
            fresh_until,
            stale_until: fresh_until.saturating_add(policy.stale),
            error_until: fresh_until.saturating_add(policy.stale_if_error),
        }
    }

    /// The times of a remembered absence, which is never served late.
    pub(crate) fn negative(created: u64, policy: &Policy) -> Self {
        let until = created.saturating_add(jittered(policy.negative));
        Self { created, fresh_until: until, stale_until: until, error_until: until }
    }

    #[inline]
    pub(crate) fn freshness(&self, now: u64) -> Freshness {
        if self.created > now.saturating_add(SKEW) {
            Freshness::Gone
        } else if now < self.fresh_until {
            Freshness::Fresh
        } else if now < self.stale_until {
            Freshness::Stale
        } else if now < self.error_until {
            Freshness::Fallback
        } else {
            Freshness::Gone
        }
    }

    /// When the last use of an entry ends.
    pub(crate) fn ends(&self) -> u64 {
        self.fresh_until.max(self.stale_until).max(self.error_until)
    }

    /// Seconds since the computation.
    pub(crate) fn age(&self, now: u64) -> u64 {
        now.saturating_sub(self.created) / 1000
    }

    /// Seconds of freshness left; negative when it has passed.
    pub(crate) fn ttl(&self, now: u64) -> i64 {
        let (now, until) =
            (i64::try_from(now).unwrap_or(i64::MAX), i64::try_from(self.fresh_until).unwrap_or(i64::MAX));
        until.saturating_sub(now).div_euclid(1000)
    }
}

/// An entry. It is one allocation with its key and its payload, and what a plain hit does not read stands elsewhere,
/// so that a hit touches little memory.
pub(crate) struct Entry<P: ?Sized = Payload> {
    created: u64,
    fresh_until: u64,
    /// Its key, of which those up to 40 bytes need no allocation of their own.
    key: SmallVec<[u8; 40]>,
    /// The epoch of the generations at which they were last seen to stand.
    verified: AtomicU64,
    /// Where its hits are counted.
    row: Arc<Row>,
    rest: Box<Rest>,
    payload: P,
}

struct Rest {
    times: Times,
    weight: u64,
    marks: Marks,
    /// When the marks were read.
    read: u64,
    /// What the tenant is charged with until the entry is dropped.
    _charge: Option<Charge>,
}

impl Entry {
    /// An entry that is handed around and not stored, or that another process's store holds.
    pub(crate) fn loose<P: Any + Send + Sync>(row: Arc<Row>, times: Times, payload: P) -> Arc<Self> {
        Self::stored(row, times, payload, &Stamp::default(), &[], 0, None)
    }

    pub(crate) fn stored<P: Any + Send + Sync>(
        row: Arc<Row>,
        times: Times,
        payload: P,
        stamp: &Stamp,
        key: &[u8],
        weight: u64,
        charge: Option<Charge>,
    ) -> Arc<Self> {
        let rest =
            Box::new(Rest { times, weight, marks: stamp.marks.clone(), read: stamp.at, _charge: charge });
        let verified = AtomicU64::new(stamp.epoch);
        let (created, fresh_until) = (times.created, times.fresh_until);
        Arc::new(Entry { created, fresh_until, key: SmallVec::from_slice(key), verified, row, rest, payload })
    }

    /// What it is stored under; nothing for one that is not.
    #[inline]
    pub(crate) fn key(&self) -> &[u8] {
        &self.key
    }

    pub(crate) fn times(&self) -> &Times {
        &self.rest.times
    }

    pub(crate) fn policy(&self) -> &'static Policy {
        self.row.policy()
    }

    #[inline]
    pub(crate) fn row(&self) -> &Arc<Row> {
        &self.row
    }

    /// When a near cache asked the store for it, or before it was computed; 0 where there is no store to ask.
    pub(crate) fn read(&self) -> u64 {
        self.rest.read
    }

    /// Bytes, as the store counts them.
    pub(crate) fn weight(&self) -> u64 {
        self.rest.weight
    }

    #[inline]
    pub(crate) fn freshness(&self, now: u64) -> Freshness {
        if self.created <= now && now < self.fresh_until {
            Freshness::Fresh
        } else {
            self.times().freshness(now)
        }
    }

    /// Whether nothing it was made under has been invalidated. The generations are compared again only if there
    /// was an invalidation, of whatever, since the last time.
    #[inline]
    pub(crate) fn stands(&self, generations: &Generations) -> bool {
        let epoch = generations.epoch();
        if self.verified.load(Ordering::Relaxed) == epoch {
            return true;
        }
        let stands = generations.stand(&self.rest.marks);
        if stands {
            self.verified.store(epoch, Ordering::Relaxed);
        }
        stands
    }

    #[inline]
    pub(crate) fn payload<P: Any>(&self) -> Option<&P> {
        self.payload.downcast_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static POLICY: Policy = Policy::new("test", 60_000).stale(30_000).stale_if_error(600_000);

    #[test]
    fn an_entry_is_fresh_then_stale_then_a_fallback_then_gone() {
        let times =
            Times { created: 10_000, fresh_until: 70_000, stale_until: 100_000, error_until: 670_000 };
        let at = |now| times.freshness(now);
        assert_eq!(at(10_000), Freshness::Fresh);
        assert_eq!(at(69_999), Freshness::Fresh);
        assert_eq!(at(70_000), Freshness::Stale);
        assert_eq!(at(100_000), Freshness::Fallback);
        assert_eq!(at(670_000), Freshness::Gone);
        assert_eq!(times.ends(), 670_000);
    }

    #[test]
    fn a_clock_that_is_set_back_far_makes_nothing_live_longer() {
        let times = Times::new(1_000_000, 60_000, &POLICY);
        assert_eq!(times.freshness(999_000), Freshness::Fresh);
        assert_eq!(times.freshness(1_000_000 - SKEW - 1), Freshness::Gone);
        assert_eq!(times.age(0), 0);
    }

    #[test]
    fn ttl_is_negative_once_it_has_passed() {
        let times = Times { created: 0, fresh_until: 60_000, stale_until: 90_000, error_until: 60_000 };
        assert_eq!(times.ttl(2_000), 58);
        assert_eq!(times.ttl(60_000), 0);
        assert_eq!(times.ttl(60_001), -1);
        assert_eq!(times.ttl(63_000), -3);
    }

    #[test]
    fn endless_times_do_not_overflow() {
        let times = Times::new(u64::MAX - 1, u64::MAX, &POLICY);
        assert_eq!(times.freshness(u64::MAX - 1), Freshness::Fresh);
    }
}
