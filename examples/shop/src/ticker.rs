//! A clock that tells the time to whoever listens, by SSE or NDJSON.

use std::time::{Duration, SystemTime};

use lift::prelude::*;

#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub(crate) struct Ticks {
    #[serde(default = "second")]
    #[schemars(range(min = 10, max = 60_000))]
    interval_ms: u64,
    /// 0 is endless.
    #[serde(default)]
    count: u64,
}

fn second() -> u64 {
    1000
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Tick {
    n: u64,
    at: String,
}

/// The time, now and after every interval.
#[get("/clock", no_tenant)]
#[validate]
#[stream]
pub(crate) async fn clock(Query(ticks): Query<Ticks>) -> Result<Tick> {
    let mut interval = lift::stream::interval(Duration::from_millis(ticks.interval_ms));
    let last = if ticks.count == 0 { u64::MAX } else { ticks.count };
    for n in 1..=last {
        interval.tick().await;
        emit!(Tick { n, at: humantime::format_rfc3339_millis(SystemTime::now()).to_string() });
    }
}
