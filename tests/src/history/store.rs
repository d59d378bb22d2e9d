//! The stores that histories run on.

use std::time::Duration;

use super::L1_TTL;
use super::check::Reach;
use crate::dynamodb::{DynamoDb, TABLE};
use crate::redis::{Cluster, Redis};

/// What the clock that freshness goes by may be behind: a tick of the kernel.
const TICK: Duration = Duration::from_millis(10);

/// A form of store by its name, and how it is started.
type Form = (&'static str, fn() -> Store);

/// The forms of stores: `LIFT_CACHE` without the server, which is started for the occasion. A form that is listed here is
/// all that tests and demonstrations need.
pub const FORMS: &[Form] = &[
    ("memory", || Store { cache: "memory".to_owned(), reach: Reach::Own, server: Server::None }),
    ("redis", || Store::redis(Redis::start())),
    ("memory+redis", || Store::redis(Redis::start()).near()),
    ("redis+cluster", || Store::cluster(Cluster::start())),
    ("memory+redis+cluster", || Store::cluster(Cluster::start()).near()),
    ("dynamodb", || Store::dynamodb(DynamoDb::start())),
    ("memory+dynamodb", || Store::dynamodb(DynamoDb::start()).near()),
];

/// A store, whose server is gone when this is dropped.
pub struct Store {
    cache: String,
    reach: Reach,
    server: Server,
}

enum Server {
    None,
    Redis(Redis),
    Cluster { _running: Cluster },
    DynamoDb(DynamoDb),
}

impl Store {
    /// Starts one of the [`FORMS`]; `None` for what is none of them.
    pub fn start(form: &str) -> Option<Self> {
        FORMS.iter().find(|(name, _)| *name == form).map(|(_, start)| start())
    }

    fn redis(redis: Redis) -> Self {
        Self { cache: redis.url(), reach: Reach::Within(Duration::ZERO), server: Server::Redis(redis) }
    }

    fn cluster(cluster: Cluster) -> Self {
        let cache = cluster.url();
        Self { cache, reach: Reach::Within(Duration::ZERO), server: Server::Cluster { _running: cluster } }
    }

    fn dynamodb(dynamodb: DynamoDb) -> Self {
        let cache = format!("dynamodb://{TABLE}");
        Self { cache, reach: Reach::Within(Duration::ZERO), server: Server::DynamoDb(dynamodb) }
    }

    /// The same with memory before it.
    fn near(self) -> Self {
        let cache = format!("memory+{}", self.cache);
        Self { cache, reach: Reach::Within(L1_TTL + TICK), server: self.server }
    }

    /// What a process must find in its environment to use it.
    pub(super) fn environment(&self) -> Vec<(&'static str, String)> {
        let mut environment = vec![("LIFT_CACHE", self.cache.clone())];
        if let Server::DynamoDb(dynamodb) = &self.server {
            environment.extend(dynamodb.environment());
        }
        environment
    }

    /// Whether its server stands in for a faster one.
    pub(super) fn is_slow(&self) -> bool {
        matches!(self.server, Server::DynamoDb(_))
    }

    pub(super) fn reach(&self) -> Reach {
        self.reach
    }

    /// Stops the server, so that nothing answers; whether there is one that can be stopped.
    pub(super) fn stop(&self) -> bool {
        match &self.server {
            Server::Redis(redis) => redis.stop(),
            Server::DynamoDb(dynamodb) => dynamodb.stop(),
            Server::None | Server::Cluster { .. } => return false,
        }
        true
    }

    /// Lets it go on.
    pub(super) fn go_on(&self) {
        match &self.server {
            Server::Redis(redis) => redis.go_on(),
            Server::DynamoDb(dynamodb) => dynamodb.go_on(),
            Server::None | Server::Cluster { .. } => {}
        }
    }
}
