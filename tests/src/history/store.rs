//! The stores that histories run on.

use std::time::Duration;

use super::L1_TTL;
use super::check::Reach;
use crate::redis::{Cluster, Redis};

/// What the clock that freshness goes by may be behind: a tick of the kernel.
const TICK: Duration = Duration::from_millis(10);

/// A form of store by its name, and how it is started.
type Form = (&'static str, fn() -> Store);

/// The forms of stores: `LIFT_CACHE` without the server, which is started for the occasion.
pub const FORMS: &[Form] = &[
    ("memory", || Store { url: "memory".to_owned(), reach: Reach::Own, server: Server::None }),
    ("redis", || Store::redis(Redis::start())),
    ("memory+redis", || Store::redis(Redis::start()).near()),
    ("redis+cluster", || Store::cluster(Cluster::start())),
    ("memory+redis+cluster", || Store::cluster(Cluster::start()).near()),
];

/// A store, whose server is gone when this is dropped.
pub struct Store {
    url: String,
    reach: Reach,
    server: Server,
}

enum Server {
    None,
    Redis(Redis),
    Cluster { _running: Cluster },
}

impl Store {
    /// Starts one of the [`FORMS`]; `None` for what is none of them.
    pub fn start(form: &str) -> Option<Self> {
        FORMS.iter().find(|(name, _)| *name == form).map(|(_, start)| start())
    }

    fn redis(redis: Redis) -> Self {
        Self { url: redis.url(), reach: Reach::Within(Duration::ZERO), server: Server::Redis(redis) }
    }

    fn cluster(cluster: Cluster) -> Self {
        let url = cluster.url();
        Self { url, reach: Reach::Within(Duration::ZERO), server: Server::Cluster { _running: cluster } }
    }

    /// The same with memory before it.
    fn near(self) -> Self {
        let url = format!("memory+{}", self.url);
        Self { url, reach: Reach::Within(L1_TTL + TICK), server: self.server }
    }

    /// `LIFT_CACHE`.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn reach(&self) -> Reach {
        self.reach
    }

    /// Stops the server, so that nothing answers; whether there is one that can be stopped.
    pub(super) fn stop(&self) -> bool {
        let Server::Redis(redis) = &self.server else { return false };
        redis.stop();
        true
    }

    /// Lets it go on.
    pub(super) fn go_on(&self) {
        if let Server::Redis(redis) = &self.server {
            redis.go_on();
        }
    }
}
