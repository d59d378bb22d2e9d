//! Wall-clock time, injected so that a test can move it.
//!
//! Freshness goes by wall-clock time: a Lambda process is stopped between invocations, and its monotonic
//! clock may stand still meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

/// Where the time comes from: the system, or a test's hand.
#[derive(Clone, Debug, Default)]
pub struct Clock(Source);

#[derive(Clone, Debug, Default)]
enum Source {
    #[default]
    System,
    Manual(Arc<AtomicU64>),
}

impl Clock {
    /// The system's wall clock.
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still until it is [advanced](Self::advance), starting now.
    pub fn manual() -> Self {
        Self(Source::Manual(Arc::new(AtomicU64::new(Self::system().now_millis()))))
    }

    /// Milliseconds since the Unix epoch; 0 for a system clock set before it.
    pub fn now_millis(&self) -> u64 {
        match &self.0 {
            Source::System => system_millis(),
            Source::Manual(millis) => millis.load(Ordering::Relaxed),
        }
    }

    /// The time: the system's exact one, or where a manual clock stands.
    pub fn now(&self) -> SystemTime {
        match &self.0 {
            Source::System => SystemTime::now(),
            Source::Manual(millis) => {
                SystemTime::UNIX_EPOCH + Duration::from_millis(millis.load(Ordering::Relaxed))
            }
        }
    }

    /// Moves a manual clock on; the system's clock is not moved.
    pub fn advance(&self, by: Duration) {
        if let Source::Manual(millis) = &self.0 {
            millis.fetch_add(u64::try_from(by.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
    }
}

/// As of the kernel's last tick, up to 10 ms ago: that costs a third of the exact time, and a cache hit reads it.
#[cfg(target_os = "linux")]
#[inline]
fn system_millis() -> u64 {
    use rustix::time::{ClockId, clock_gettime};
    let now = clock_gettime(ClockId::RealtimeCoarse);
    let millis = now.tv_sec.saturating_mul(1000).saturating_add(now.tv_nsec / 1_000_000);
    u64::try_from(millis).unwrap_or_default()
}

#[cfg(not(target_os = "linux"))]
fn system_millis() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    since.as_secs() * 1000 + u64::from(since.subsec_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_only_by_hand() {
        let clock = Clock::manual();
        let start = clock.now_millis();
        clock.clone().advance(Duration::from_secs(2));
        assert_eq!(clock.now_millis(), start + 2000);
        assert_eq!(clock.now(), SystemTime::UNIX_EPOCH + Duration::from_millis(start + 2000));
    }
}
