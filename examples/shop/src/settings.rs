//! What the environment says.

use std::time::Duration;

use lift::prelude::*;

/// Shown by `shop --help` and when the server starts.
pub(crate) const HELP: &str = "\
A small shop, to show what Lift makes easy.

Environment:
  SHOP_DB              where changes and orders are kept: memory (default), redis://host:6379/0
  SHOP_DB_LATENCY_MS   how long a catalog read takes (20)
  SHOP_STEP_MS         how long an order stays at each step (200)
  LIFT_CACHE           memory (default), memory:64MiB, redis://host:6379, dynamodb://table,
                       memory+redis://host:6379, memory+dynamodb://table
  LIFT_CONNECTIONS     memory (default), redis://host:6379, dynamodb://table
  LIFT_LOG             what is logged, such as info (default) or lift=debug
  LIFT_RESPONSE_MODE   on Lambda: buffered (default), stream or route
  PORT                 the local port (3000)

Try:
  curl -i localhost:3000/products/SKU-0007 -H 'x-tenant-id: acme'
  curl -i 'localhost:3000/products?category=games&limit=3' -H 'x-tenant-id: acme'
  curl -N 'localhost:3000/clock?count=5&interval_ms=500' -H 'accept: text/event-stream'";

/// The shop's own settings.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// How long a catalog read takes.
    pub(crate) latency: Duration,
    /// How long an order stays at each step.
    pub(crate) step: Duration,
}

impl Settings {
    /// Reads `SHOP_…`; a value that cannot be read is an error that names it.
    pub(crate) fn from_env() -> Result<Self> {
        Ok(Self { latency: millis("SHOP_DB_LATENCY_MS", 20)?, step: millis("SHOP_STEP_MS", 200)? })
    }
}

fn millis(name: &str, default: u64) -> Result<Duration> {
    let Some(value) = std::env::var_os(name) else { return Ok(Duration::from_millis(default)) };
    let text = value.to_string_lossy();
    let wrong = |_| Error::startup(format!("{name} is `{text}`; it must be a number of milliseconds"));
    text.parse().map(Duration::from_millis).map_err(wrong)
}
