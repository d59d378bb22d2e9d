//! The event that S1's servers send: when it was due, so that whoever receives it knows how late it is.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;
use tokio::time::Instant;

/// An event's data, such as `{"n":7,"at":1764000000000000}`.
#[derive(Clone, Debug, Serialize)]
pub struct Tick {
    n: u64,
    at: u64,
}

impl Tick {
    /// The event of this number, which was due at this moment.
    pub fn due(n: u64, due: Instant) -> Self {
        Self { n, at: micros().saturating_sub(as_micros(due.elapsed())) }
    }
}

/// Microseconds since 1970, by a clock that all processes share.
pub fn micros() -> u64 {
    as_micros(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

fn as_micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
