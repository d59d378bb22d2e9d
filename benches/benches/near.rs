//! N1: how a near cache may learn of what other processes renew: by pub/sub, which Lift uses, or by Redis's client-side
//! caching (`CLIENT TRACKING`), by key or by prefix.
//!
//! Measured with the bare client on loopback: how long after a write is acknowledged its notice comes, what a renewal
//! costs the server while many listen, and what each listener costs it in memory and in reads. Needs `redis-server`.
//! The listeners are in one process with the writer, each way in turns with the others.

use std::time::{Duration, Instant};

use benches::median;
use futures_util::{FutureExt as _, StreamExt as _};
use lift_tests::redis::Redis;
use redis::aio::{MultiplexedConnection, PubSub};
use redis::{AsyncConnectionConfig, Client, Cmd, ProtocolVersion, PushInfo, PushKind};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Renewals whose notice is timed, for each way.
const RENEWALS: usize = 2000;

/// In how many turns.
const TURNS: usize = 20;

/// Processes that listen while the server's cost is measured.
const LISTENERS: usize = 50;

/// Generations that each of them has read.
const NAMES: usize = 2000;

const CHANNEL: &str = "lift:renewed";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    PubSub,
    /// Of keys that the listener has read, once each.
    ByKey,
    /// Of all keys that begin so.
    ByPrefix,
}

impl Way {
    const ALL: [Self; 3] = [Self::PubSub, Self::ByKey, Self::ByPrefix];

    fn name(self) -> &'static str {
        match self {
            Self::PubSub => "pub/sub",
            Self::ByKey => "tracking, by key",
            Self::ByPrefix => "tracking, by prefix",
        }
    }
}

/// One who is told.
enum Listener {
    Subscribed(Box<PubSub>),
    Tracking { connection: MultiplexedConnection, pushes: UnboundedReceiver<PushInfo>, by_key: bool },
}

impl Listener {
    async fn new(redis: &Redis, way: Way) -> Self {
        if way == Way::PubSub {
            let mut pubsub = client(redis).get_async_pubsub().await.expect("a connection");
            pubsub.subscribe(CHANNEL).await.expect("subscribed");
            return Self::Subscribed(Box::new(pubsub));
        }
        let (sender, pushes) = unbounded_channel();
        let info = redis::IntoConnectionInfo::into_connection_info(redis.url()).expect("a URL");
        let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        let client = Client::open(info.set_redis_settings(settings)).expect("a URL");
        let config = AsyncConnectionConfig::new().set_push_sender(sender);
        let mut connection =
            client.get_multiplexed_async_connection_with_config(&config).await.expect("a connection");
        let mut tracking = redis::cmd("CLIENT");
        tracking.arg("TRACKING").arg("ON");
        if way == Way::ByPrefix {
            tracking.arg("BCAST").arg("PREFIX").arg("lift:g:");
        }
        tracking.exec_async(&mut connection).await.expect("tracking");
        Self::Tracking { connection, pushes, by_key: way == Way::ByKey }
    }

    /// Reads a generation, as it must to be told of it by key.
    async fn read(&mut self, name: usize) {
        if let Self::Tracking { connection, by_key: true, .. } = self {
            redis::cmd("GET").arg(key(name)).exec_async(connection).await.expect("read");
        }
    }

    /// Waits for the notice of a renewal.
    async fn told(&mut self) {
        match self {
            Self::Subscribed(pubsub) => drop(pubsub.on_message().next().await.expect("a message")),
            Self::Tracking { pushes, .. } => {
                while pushes.recv().await.expect("a push").kind != PushKind::Invalidate {}
            }
        }
    }

    /// Drops what has come.
    fn forget(&mut self) {
        match self {
            Self::Subscribed(pubsub) => {
                while pubsub.on_message().next().now_or_never().flatten().is_some() {}
            }
            Self::Tracking { pushes, .. } => while pushes.try_recv().is_ok() {},
        }
    }
}

fn client(redis: &Redis) -> Client {
    Client::open(redis.url()).expect("a URL")
}

fn key(name: usize) -> String {
    format!("lift:g:{name:043}")
}

/// What a renewal sends: the new generation, and with pub/sub the word of it.
fn renewal(way: Way, name: usize) -> redis::Pipeline {
    let mut renewal = redis::pipe();
    renewal.cmd("SET").arg(key(name)).arg(fastrand::u128(..).to_be_bytes().as_slice()).ignore();
    if way == Way::PubSub {
        renewal.cmd("PUBLISH").arg(CHANNEL).arg(key(name)).ignore();
    }
    renewal
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        delays().await;
        for way in Way::ALL {
            costs(way).await;
        }
    });
}

/// How long after its acknowledgement a renewal is told of.
async fn delays() {
    let redis = Redis::start();
    let mut writer = client(&redis).get_multiplexed_async_connection().await.expect("a connection");
    let mut rows = Way::ALL.map(|way| (way, Vec::new(), Vec::new()));
    for _ in 0..TURNS {
        for (way, waits, delays) in &mut rows {
            let mut listener = Listener::new(&redis, *way).await;
            for name in 0..RENEWALS / TURNS {
                listener.read(name).await;
                let renewal = renewal(*way, name);
                let listens = tokio::spawn(async move {
                    listener.told().await;
                    (listener, Instant::now())
                });
                let sent = Instant::now();
                renewal.exec_async(&mut writer).await.expect("renewed");
                let acknowledged = Instant::now();
                let told = listens.await.expect("told");
                listener = told.0;
                waits.push((acknowledged - sent).as_secs_f64() * 1e6);
                // It may come before the acknowledgement.
                delays.push(told.1.saturating_duration_since(acknowledged).as_secs_f64() * 1e6);
            }
        }
    }
    for (way, mut waits, mut delays) in rows {
        let wait = median(&mut waits);
        let p50 = median(&mut delays);
        let at = |share: f64| delays[(delays.len() as f64 * share) as usize];
        println!(
            "N1   {:<20} told after the acknowledgement: p50 {p50:>6.0} µs, p99 {:>6.0} µs, slowest {:>6.0} µs; acknowledged after {wait:>5.0} µs (measured, {} renewals)",
            way.name(),
            at(0.99),
            at(0.9999),
            delays.len(),
        );
    }
}

/// What listeners cost the server.
async fn costs(way: Way) {
    let redis = Redis::start();
    let mut writer = client(&redis).get_multiplexed_async_connection().await.expect("a connection");
    for name in 0..NAMES {
        renewal(way, name).exec_async(&mut writer).await.expect("renewed");
    }
    let before = memory(&redis);
    let mut listeners = Vec::new();
    for _ in 0..LISTENERS {
        let mut listener = Listener::new(&redis, way).await;
        for name in 0..NAMES {
            listener.read(name).await;
        }
        listeners.push(listener);
    }
    let held = (memory(&redis) - before) / LISTENERS as f64 / 1024.0;
    let spent = cpu(&redis);
    for name in 0..NAMES {
        renewal(way, name).exec_async(&mut writer).await.expect("renewed");
    }
    let renewal = (cpu(&redis) - spent) / NAMES as f64 * 1e6;
    tokio::time::sleep(Duration::from_millis(100)).await;
    listeners.iter_mut().for_each(Listener::forget);
    let read = reads(&redis, &mut listeners).await;
    println!(
        "N1   {:<20} {LISTENERS} listeners: {held:>5.0} KiB of the server's memory each, {renewal:>6.1} µs of its time a renewal, {read:>5.1} µs a look-up of six (measured)",
        way.name(),
    );
}

/// The server's time for a look-up of six generations by one who listens, in microseconds.
async fn reads(redis: &Redis, listeners: &mut [Listener]) -> f64 {
    let mut plain = client(redis).get_multiplexed_async_connection().await.expect("a connection");
    let connection = match &mut listeners[0] {
        // A subscription is a connection of its own, and look-ups go on another.
        Listener::Subscribed(_) => &mut plain,
        Listener::Tracking { connection, .. } => connection,
    };
    let spent = cpu(redis);
    for name in 0..NAMES {
        let mut mget: Cmd = redis::cmd("MGET");
        for n in 0..6 {
            mget.arg(key((name * 6 + n) % NAMES));
        }
        mget.exec_async(connection).await.expect("read");
    }
    (cpu(redis) - spent) / NAMES as f64 * 1e6
}

fn memory(redis: &Redis) -> f64 {
    info(redis, "memory", "used_memory:")
}

/// Seconds of processor time that the server has used.
fn cpu(redis: &Redis) -> f64 {
    info(redis, "cpu", "used_cpu_sys:") + info(redis, "cpu", "used_cpu_user:")
}

fn info(redis: &Redis, section: &str, field: &str) -> f64 {
    let info = redis.cli(&["INFO", section]);
    let value = info.lines().find_map(|line| line.strip_prefix(field)).expect("it is told");
    value.trim().parse().expect("a number")
}
