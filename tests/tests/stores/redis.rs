//! Redis: what processes share, and what they do without it.

use std::time::Duration;

use lift::Cache;
use lift::cache::RedisStore;
use lift_tests::proxy::{Harm, Proxy};
use lift_tests::redis::Redis;

use crate::shelf::{Process, Truth};

fn cache(port: u16) -> Cache {
    Cache::store(RedisStore::new(&format!("redis://127.0.0.1:{port}")).expect("a URL"))
}

fn near(port: u16) -> Cache {
    Cache::near(RedisStore::new(&format!("redis://127.0.0.1:{port}")).expect("a URL"))
}

#[tokio::test]
async fn what_one_process_makes_and_invalidates_another_sees() {
    let (redis, truth) = (Redis::start(), Truth::default());
    let (a, b) = (Process::new(cache(redis.port()), &truth), Process::new(cache(redis.port()), &truth));
    a.warm("x").await;
    b.warm("x").await;
    assert_eq!(b.runs(), 0, "b has read what a made");
    for n in 1..=20 {
        a.put("x").await;
        assert_eq!(b.get("x").await.body, format!("x {n}"));
        assert_eq!(a.get("x").await.body, format!("x {n}"));
    }
}

#[tokio::test]
async fn a_hit_is_one_round_trip() {
    let (redis, truth) = (Redis::start(), Truth::default());
    let proxy = Proxy::before(redis.port()).await;
    let process = Process::new(cache(proxy.port()), &truth);
    process.warm("x").await;
    let before = proxy.reads();
    for _ in 0..50 {
        process.get("x").await;
    }
    assert_eq!(proxy.reads() - before, 50);
}

#[tokio::test]
async fn concurrent_misses_of_several_processes_run_once() {
    let (redis, truth) = (Redis::start(), Truth::default());
    let processes: Vec<_> = (0..5).map(|_| Process::new(cache(redis.port()), &truth)).collect();
    for process in &processes {
        process.warm("connected").await;
    }
    let before: u32 = processes.iter().map(Process::runs).sum();
    let reads = processes.iter().flat_map(|process| (0..20).map(move |_| process.get("cold")));
    let reads = futures_util::future::join_all(reads).await;
    assert!(reads.iter().all(|read| read.body == "cold 0"));
    assert_eq!(processes.iter().map(Process::runs).sum::<u32>() - before, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_near_cache_hears_of_what_others_invalidate() {
    let (redis, truth) = (Redis::start(), Truth::default());
    let (a, b) = (Process::new(near(redis.port()), &truth), Process::new(near(redis.port()), &truth));
    a.warm("x").await;
    b.warm("x").await;
    // Once it is told of everything it asks no longer.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    b.get("x").await;
    let lookups = lookups(&redis);
    for _ in 0..100 {
        b.get("x").await;
    }
    assert_eq!(self::lookups(&redis), lookups, "hits ask nobody");
    for n in 1..=20 {
        a.put("x").await;
        assert_eq!(a.get("x").await.body, format!("x {n}"), "the writer's next read is fresh");
        let mut waited = 0;
        while b.get("x").await.body != format!("x {n}") {
            waited += 1;
            assert!(waited < 200, "not told within a second");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// How many look-ups the server has answered.
fn lookups(redis: &Redis) -> String {
    let stats = redis.cli(&["INFO", "commandstats"]);
    stats.lines().find(|line| line.starts_with("cmdstat_mget")).expect("look-ups").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_stopped_and_started_again_it_fails_no_request() {
    let (mut redis, truth) = (Redis::start(), Truth::default());
    let (a, b) = (Process::new(cache(redis.port()), &truth), Process::new(near(redis.port()), &truth));
    a.warm("x").await;
    b.warm("x").await;
    redis.kill();
    for n in 1..=5 {
        a.put("x").await;
        assert_eq!(a.get("x").await.body, format!("x {n}"), "without a store every read is computed");
    }
    redis.restart();
    // The breaker and the pause between attempts to connect are a second or two each.
    a.warm("x").await;
    b.warm("x").await;
    assert_eq!(b.get("x").await.body, "x 5");
    redis.stop();
    for n in 6..=20 {
        a.put("x").await;
        let read = a.get("x").await;
        assert_eq!(read.body, format!("x {n}"));
        assert!(read.took < Duration::from_millis(300), "bounded by the store's timeout: {read:?}");
    }
    redis.go_on();
    a.warm("x").await;
    assert_eq!(a.get("x").await.body, "x 20");
    tokio::time::sleep(Duration::from_secs(1)).await;
    b.warm("x").await;
    assert_eq!(b.get("x").await.body, "x 20", "what could not be told was told later");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_happens_on_the_way_no_request_fails() {
    let (redis, truth) = (Redis::start(), Truth::default());
    let proxy = Proxy::before(redis.port()).await;
    let (process, direct) =
        (Process::new(cache(proxy.port()), &truth), Process::new(cache(redis.port()), &truth));
    let harms = [Harm::Delay(Duration::from_millis(200)), Harm::Silence, Harm::Cut, Harm::Corrupt];
    for (round, harm) in (1_u32..).zip(harms) {
        proxy.harm(Harm::None);
        process.warm("x").await;
        proxy.harm(harm);
        for n in 0..10 {
            let body = process.get(&format!("{round} {n}").replace(' ', "-")).await.body;
            assert_eq!(body, format!("{round}-{n} 0"), "{harm:?}");
        }
        process.put("x").await;
        assert_eq!(process.get("x").await.body, format!("x {round}"), "{harm:?}");
        proxy.harm(Harm::None);
        process.warm("x").await;
        assert_eq!(process.get("x").await.body, format!("x {round}"), "{harm:?}");
        assert_eq!(direct.get("x").await.body, format!("x {round}"), "told at last: {harm:?}");
    }
}

#[tokio::test]
async fn full_or_forgetful_it_fails_no_request() {
    let truth = Truth::default();
    for policy in ["noeviction", "allkeys-lru"] {
        let redis = Redis::with(&["--maxmemory", "2mb", "--maxmemory-policy", policy]);
        let process = Process::new(cache(redis.port()), &truth);
        process.get("x").await;
        let filler = "f".repeat(10_000);
        for n in 0..300 {
            redis.cli(&["SET", &format!("filler{n}"), &filler]);
        }
        for n in 0..50 {
            assert_eq!(process.get(&n.to_string()).await.body, format!("{n} 0"), "{policy}");
        }
        process.put(policy).await;
        assert_eq!(process.get(policy).await.body, format!("{policy} 1"));
    }
}

#[tokio::test]
async fn damaged_values_and_generations_are_misses() {
    let (redis, truth) = (Redis::start(), Truth::default());
    let process = Process::new(cache(redis.port()), &truth);
    process.warm("x").await;
    let mut keys = redis.cli(&["KEYS", "lift:*"]);
    assert!(keys.lines().count() >= 6, "{keys}");
    let entry = keys.lines().find(|key| key.ends_with(":e")).expect("an entry").to_owned();
    keys.push_str(&entry.replace(":e", ":l"));
    for key in keys.lines() {
        redis.cli(&["SET", key, "damaged"]);
        assert_eq!(process.get("x").await.body, "x 0", "{key}");
        process.warm("x").await;
        redis.cli(&["DEL", key]);
        redis.cli(&["LPUSH", key, "another type"]);
        assert_eq!(process.get("x").await.body, "x 0", "{key}");
        redis.cli(&["DEL", key]);
        process.warm("x").await;
    }
}

#[tokio::test]
async fn a_request_that_is_dropped_gives_its_lease_back() {
    let (redis, truth) = (Redis::start(), Truth::default());
    let (a, b) = (Process::new(cache(redis.port()), &truth), Process::new(cache(redis.port()), &truth));
    a.warm("connected").await;
    b.warm("connected").await;
    for n in 0..20 {
        let name = format!("x{n}");
        drop(tokio::time::timeout(Duration::from_millis(3), a.get(&name)).await);
        let read = b.get(&name).await;
        assert_eq!(read.body, format!("{name} 0"));
        assert!(read.took < Duration::from_secs(2), "no lease has to run out: {:?}", read.took);
    }
}
