//! How long something takes, as a histogram that any number of threads add to.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

/// Two buckets for each doubling, from 1 µs to 16 s.
const BUCKETS: usize = 50;

pub(crate) struct Timing {
    buckets: [AtomicU32; BUCKETS],
    micros: AtomicU64,
    slowest: AtomicU64,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            buckets: std::array::from_fn(|_| AtomicU32::new(0)),
            micros: AtomicU64::new(0),
            slowest: AtomicU64::new(0),
        }
    }
}

impl Timing {
    pub(crate) fn record(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.buckets[bucket(micros)].fetch_add(1, Ordering::Relaxed);
        self.micros.fetch_add(micros, Ordering::Relaxed);
        self.slowest.fetch_max(micros, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> Latency {
        Latency {
            buckets: std::array::from_fn(|n| self.buckets[n].load(Ordering::Relaxed)),
            micros: self.micros.load(Ordering::Relaxed),
            slowest: self.slowest.load(Ordering::Relaxed),
        }
    }

    /// Takes over what another one has counted.
    pub(crate) fn absorb(&self, other: &Self) {
        for (mine, theirs) in self.buckets.iter().zip(&other.buckets) {
            mine.fetch_add(theirs.load(Ordering::Relaxed), Ordering::Relaxed);
        }
        self.micros.fetch_add(other.micros.load(Ordering::Relaxed), Ordering::Relaxed);
        self.slowest.fetch_max(other.slowest.load(Ordering::Relaxed), Ordering::Relaxed);
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a logarithm and one bit")]
fn bucket(micros: u64) -> usize {
    let doubling = micros.max(1).ilog2();
    let half = if doubling == 0 { 0 } else { (micros >> (doubling - 1)) & 1 };
    (doubling as usize * 2 + half as usize).min(BUCKETS - 1)
}

/// Where a bucket ends, in microseconds.
fn end(bucket: usize) -> u64 {
    let doubling = bucket / 2;
    if bucket.is_multiple_of(2) { (1_u64 << doubling) + (1 << doubling) / 2 } else { 2 << doubling }
}

/// How long something took, over many times: see [`EndpointStats`](super::EndpointStats).
///
/// As JSON it is `{"count", "mean_us", "p50_us", "p99_us", "slowest_us"}`, in microseconds.
#[derive(Clone, Debug)]
pub struct Latency {
    buckets: [u32; BUCKETS],
    micros: u64,
    slowest: u64,
}

impl Latency {
    /// How many times.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|count| u64::from(*count)).sum()
    }

    /// The mean; zero of nothing.
    #[must_use]
    pub fn mean(&self) -> Duration {
        Duration::from_micros(self.micros / self.count().max(1))
    }

    /// How long so large a share of them took at most, such as 0.99: up to half above the exact time, for they are
    /// counted in buckets. Zero of nothing.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank among fewer than 2^52 times, between 0 and their number"
    )]
    pub fn quantile(&self, share: f64) -> Duration {
        let rank = ((self.count() as f64 * share.clamp(0.0, 1.0)).ceil() as u64).max(1);
        let mut seen = 0;
        for (bucket, count) in self.buckets.iter().enumerate() {
            seen += u64::from(*count);
            if seen >= rank {
                return Duration::from_micros(end(bucket).min(self.slowest));
            }
        }
        Duration::from_micros(self.slowest)
    }

    /// The longest.
    #[must_use]
    pub fn slowest(&self) -> Duration {
        Duration::from_micros(self.slowest)
    }
}

impl Serialize for Latency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let mut all = serializer.serialize_struct("Latency", 5)?;
        all.serialize_field("count", &self.count())?;
        all.serialize_field("mean_us", &micros(self.mean()))?;
        all.serialize_field("p50_us", &micros(self.quantile(0.5)))?;
        all.serialize_field("p99_us", &micros(self.quantile(0.99)))?;
        all.serialize_field("slowest_us", &self.slowest)?;
        all.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_lies_in_its_bucket() {
        for micros in [1, 2, 3, 4, 5, 6, 7, 8, 99, 100, 1_000, 49_999, 50_000, 1 << 24] {
            let bucket = bucket(micros);
            assert!(micros <= end(bucket), "{micros}");
            assert!(bucket == 0 || micros >= end(bucket - 1), "{micros}");
        }
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn quantiles_are_at_most_half_above_the_exact_time() {
        let timing = Timing::default();
        for micros in 1..=1000 {
            timing.record(Duration::from_micros(micros));
        }
        let latency = timing.read();
        assert_eq!((latency.count(), latency.mean().as_micros()), (1000, 500));
        for (share, exact) in [(0.5, 500), (0.99, 990), (1.0, 1000)] {
            let told = latency.quantile(share).as_micros();
            assert!((exact..=exact * 3 / 2).contains(&told), "{share}: {told}");
        }
        assert_eq!(latency.slowest(), Duration::from_millis(1));
    }

    #[test]
    fn nothing_has_no_time() {
        let latency = Timing::default().read();
        assert_eq!(
            (latency.count(), latency.mean(), latency.quantile(0.99)),
            (0, Duration::ZERO, Duration::ZERO)
        );
    }
}
