//! The breaker before a store outside the process: one that keeps failing is skipped for a while.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use serde::Serialize;

/// So many failures in a row open the breaker.
const FAILURES: u32 = 5;

/// How long the breaker stays open at first; twice as long after each probe that fails.
const OPEN: u64 = 1_000;
const OPEN_AT_MOST: u64 = 30_000;

/// Whether a store that keeps failing is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BreakerState {
    /// It is.
    Closed,
    /// It is not, for it has failed too often.
    Open,
    /// It was not, and the next operation finds out whether it works again.
    HalfOpen,
}

/// Skips a store that keeps failing. It goes by wall-clock time, for a frozen process's own clock stands still.
#[derive(Default)]
pub(super) struct Breaker {
    failures: AtomicU32,
    open_until: AtomicU64,
}

/// Why an operation is let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pass {
    Usual,
    /// To see whether the store is back.
    Probe,
}

impl Breaker {
    /// Whether to try; while it is open, one try at the end of each period.
    pub(super) fn lets(&self, now: u64) -> Option<Pass> {
        if self.failures.load(Ordering::Acquire) < FAILURES {
            return Some(Pass::Usual);
        }
        let until = self.open_until.load(Ordering::Acquire);
        // A clock that was set back must not keep it open.
        let over = now >= until || until - now > OPEN_AT_MOST;
        let probes = over
            && self
                .open_until
                .compare_exchange(until, now.saturating_add(OPEN), Ordering::AcqRel, Ordering::Relaxed)
                .is_ok();
        probes.then_some(Pass::Probe)
    }

    pub(super) fn state(&self, now: u64) -> BreakerState {
        let until = self.open_until.load(Ordering::Acquire);
        match self.failures.load(Ordering::Acquire) {
            ..FAILURES => BreakerState::Closed,
            _ if now >= until || until - now > OPEN_AT_MOST => BreakerState::HalfOpen,
            _ => BreakerState::Open,
        }
    }

    /// Whether the operation that ended last has failed.
    pub(super) fn counts_failures(&self) -> bool {
        self.failures.load(Ordering::Relaxed) != 0
    }

    pub(super) fn succeeded(&self) {
        if self.failures.load(Ordering::Relaxed) != 0 {
            self.failures.store(0, Ordering::Release);
        }
    }

    /// Counts a failure. Of many that were under way when the store went, those that come after the fifth say nothing
    /// new: how long it stays open, failed probes alone decide.
    pub(super) fn failed(&self, now: u64, pass: Pass) {
        let counts =
            |failures: u32| (pass == Pass::Probe || failures < FAILURES).then(|| failures.saturating_add(1));
        let Ok(before) = self.failures.fetch_update(Ordering::AcqRel, Ordering::Acquire, counts) else {
            return;
        };
        if let Some(probes) = (before + 1).checked_sub(FAILURES) {
            let open = (OPEN << probes.min(5)).min(OPEN_AT_MOST);
            self.open_until.store(now.saturating_add(open), Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: Option<Pass> = Some(Pass::Usual);
    const PROBE: Option<Pass> = Some(Pass::Probe);

    #[test]
    fn the_breaker_opens_after_failures_in_a_row_and_lets_one_probe_through() {
        let breaker = Breaker::default();
        for _ in 0..FAILURES {
            assert_eq!(breaker.lets(1_000), USUAL);
            breaker.failed(1_000, Pass::Usual);
        }
        assert_eq!(breaker.lets(1_000), None);
        assert_eq!(breaker.lets(1_999), None);
        assert_eq!(breaker.lets(2_000), PROBE);
        assert_eq!(breaker.lets(2_000), None, "no second one");
        breaker.failed(2_000, Pass::Probe);
        assert_eq!(breaker.lets(3_999), None, "twice as long");
        assert_eq!(breaker.lets(4_000), PROBE);
        breaker.succeeded();
        assert_eq!(breaker.lets(4_000), USUAL);
    }

    #[test]
    fn many_that_fail_at_once_open_it_for_no_longer_than_five() {
        let breaker = Breaker::default();
        for _ in 0..100 {
            breaker.failed(1_000, Pass::Usual);
        }
        assert_eq!(breaker.lets(1_999), None);
        assert_eq!(breaker.lets(2_000), PROBE);
        breaker.failed(1_050, Pass::Usual);
        breaker.failed(2_000, Pass::Probe);
        assert_eq!(breaker.lets(3_999), None);
        assert_eq!(breaker.lets(4_000), PROBE);
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_keep_the_breaker_open() {
        let breaker = Breaker::default();
        for _ in 0..FAILURES {
            breaker.failed(1_000_000_000, Pass::Usual);
        }
        assert_eq!(breaker.lets(1_000_000_500), None);
        assert_eq!(breaker.lets(1_000), PROBE);
    }
}
