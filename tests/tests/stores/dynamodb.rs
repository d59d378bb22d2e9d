//! DynamoDB: what processes share, what a look-up costs, and what they do without it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use lift::Cache;
use lift::cache::{CacheStore as _, DynamoDbStore, Generation, Lease, Leased, StoreError};
use lift_tests::dynamodb::{Answers, DynamoDb, Front, TABLE, store_at};
use serde_json::{Value, json};

use crate::shelf::{Process, Truth};

const HOUR: u64 = 3_600_000;

fn store(port: u16) -> DynamoDbStore {
    store_at(port, &format!("dynamodb://{TABLE}"))
}

fn process(port: u16, truth: &Truth) -> Process {
    Process::new(Cache::store(store(port)), truth)
}

fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    now.as_millis().try_into().expect("before the year 500,000,000")
}

fn names(names: &[&str]) -> Vec<Box<[u8]>> {
    names.iter().map(|name| name.as_bytes().into()).collect()
}

/// A store that is connected.
async fn connected(port: u16) -> DynamoDbStore {
    let store = store(port);
    for _ in 0..100 {
        match store.lookup(b"connected", &[]).await {
            Err(StoreError::Connecting) => tokio::time::sleep(Duration::from_millis(50)).await,
            looked => {
                looked.expect("a look-up");
                return store;
            }
        }
    }
    panic!("still connecting");
}

#[tokio::test]
async fn what_one_process_makes_and_invalidates_others_see() {
    let (dynamodb, truth) = (DynamoDb::start(), Truth::default());
    let (a, b) = (process(dynamodb.port(), &truth), process(dynamodb.port(), &truth));
    let near = Process::new(Cache::near(store(dynamodb.port())), &truth);
    a.warm("x").await;
    b.warm("x").await;
    near.warm("x").await;
    for n in 1..=5 {
        a.put("x").await;
        assert_eq!(b.get("x").await.body, format!("x {n}"));
        assert_eq!(a.get("x").await.body, format!("x {n}"));
    }
    // `l1_ttl`, for nobody tells.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(near.get("x").await.body, "x 5");
    near.warm("x").await;
    near.put("x").await;
    assert_eq!(near.get("x").await.body, "x 6", "the writer's next read is fresh");
    assert_eq!(a.get("x").await.body, "x 6");
    let long = "l".repeat(5000);
    a.warm(&long).await;
    assert_eq!(b.get(&long).await.body, format!("{long} 0"), "keys of any length");
}

#[tokio::test]
async fn a_look_up_is_one_consistent_batch() {
    let dynamodb = DynamoDb::start();
    let front = Front::before(dynamodb.port()).await;
    let (store, names) = (connected(front.port()).await, names(&["a", "b", "a", "never made"]));
    let made = store.establish(&names[..3]).await.expect("established");
    store.put(b"key", Bytes::from_static(b"entry"), now() + HOUR, None).await.expect("put");
    for _ in 0..10 {
        front.take_calls();
        let found = store.lookup(b"key", &names).await.expect("a look-up");
        assert_eq!(front.take_calls(), ["BatchGetItem consistent"]);
        assert_eq!(found.entry.as_deref(), Some(&b"entry"[..]));
        assert_eq!(found.generations, [Some(made[0]), Some(made[1]), Some(made[0]), None]);
    }
}

#[tokio::test]
async fn more_names_than_a_batch_takes_are_several() {
    let dynamodb = DynamoDb::start();
    let front = Front::before(dynamodb.port()).await;
    let store = connected(front.port()).await;
    let many: Vec<Box<[u8]>> = (0..150_u32).map(|n| n.to_le_bytes().into()).collect();
    store.renew(&many).await.expect("renewed");
    front.take_calls();
    let found = store.lookup(b"key", &many).await.expect("a look-up");
    assert_eq!(front.take_calls().len(), 2);
    assert!(found.generations.len() == 150 && found.generations.iter().all(Option::is_some));
    assert_eq!(store.establish(&many).await.expect("all").len(), 150);
    assert_eq!(front.take_calls().len(), 2, "what is there is not written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_misses_of_several_processes_run_once() {
    let (dynamodb, truth) = (DynamoDb::start(), Truth::default());
    let processes: Vec<_> = (0..3).map(|_| process(dynamodb.port(), &truth)).collect();
    let runs = || processes.iter().map(Process::runs).sum::<u32>();
    // Where the machine is too slow for 50 ms there is no lease, and each computes.
    for n in 0..20 {
        for process in &processes {
            process.warm("connected").await;
        }
        let (before, name) = (runs(), format!("cold{n}"));
        let reads = processes.iter().flat_map(|process| (0..3).map(|_| process.get(&name)));
        let reads = futures_util::future::join_all(reads).await;
        assert!(reads.iter().all(|read| read.body == format!("{name} 0")));
        if runs() - before == 1 {
            return;
        }
    }
    panic!("never one computation");
}

#[tokio::test]
async fn what_is_left_unprocessed_is_not_missing() {
    let (dynamodb, truth) = (DynamoDb::start(), Truth::default());
    let front = Front::before(dynamodb.port()).await;
    let (store, names) = (connected(front.port()).await, names(&["a", "b", "c"]));
    let generations = store.establish(&names).await.expect("established");
    assert!(store.put(b"key", Bytes::from_static(b"entry"), now() + HOUR, None).await.expect("put"));
    front.answers(Answers::Unprocessed(1.0));
    assert!(matches!(store.lookup(b"key", &names).await, Err(StoreError::Throttled)));
    assert!(matches!(store.establish(&names).await, Err(StoreError::Throttled)));
    assert!(matches!(store.renew(&names).await, Err(StoreError::Throttled)), "not told in full is not told");
    front.answers(Answers::Real);
    let found = store.lookup(b"key", &names).await.expect("a look-up");
    assert_eq!(found.entry.as_deref(), Some(&b"entry"[..]));
    let same = found.generations.iter().zip(generations).filter(|(found, made)| **found == Some(*made));
    assert_eq!(same.count(), 2, "of the renewal the first half was done, and nothing else");

    let (a, b) = (process(front.port(), &truth), process(dynamodb.port(), &truth));
    a.warm("x").await;
    b.warm("x").await;
    front.answers(Answers::Unprocessed(1.0));
    for n in 1..=10 {
        a.put("x").await;
        assert_eq!(a.get("x").await.body, format!("x {n}"));
    }
    front.answers(Answers::Real);
    a.warm("x").await;
    assert_eq!(b.get("x").await.body, "x 10", "what could not be told was told later");
}

#[tokio::test]
async fn throttled_it_serves_every_request_and_is_asked_again_at_once() {
    let (dynamodb, truth) = (DynamoDb::start(), Truth::default());
    let front = Front::before(dynamodb.port()).await;
    let (store, process) = (connected(front.port()).await, process(front.port(), &truth));
    process.warm("x").await;
    front.answers(Answers::Throttled(0.5));
    let (mut hits, mut reads) = (0, 0);
    while hits < 10 || front.refused() < 10 {
        let read = process.get("x").await;
        assert_eq!(read.body, "x 0");
        hits += u32::from(read.status.starts_with("lift; hit"));
        reads += 1;
        assert!(reads < 1000, "{} refused, {hits} hits", front.refused());
    }
    front.answers(Answers::Throttled(1.0));
    for _ in 0..6 {
        front.take_calls();
        assert!(matches!(store.lookup(b"key", &[]).await, Err(StoreError::Throttled)));
        assert_eq!(front.take_calls().len(), 1, "one round trip, without retries");
        assert_eq!(process.get("x").await.body, "x 0");
    }
    process.put("x").await;
    assert_eq!(process.get("x").await.body, "x 1", "an invalidation that could not be told is not forgotten");
    front.answers(Answers::Real);
    process.warm("x").await;
    assert_eq!(process.get("x").await.body, "x 1");
}

#[tokio::test]
async fn what_has_ended_and_is_still_there_counts_for_nothing() {
    let dynamodb = DynamoDb::start();
    let (store, names) = (connected(dynamodb.port()).await, names(&["a"]));
    let generations = store.establish(&names).await.expect("established");
    store.put(b"key", Bytes::from_static(b"entry"), now() + HOUR, None).await.expect("put");
    let (mine, theirs) = (Lease(1), Lease(2));
    let long = Duration::from_secs(60);
    assert_eq!(store.lease(b"key", mine, long).await.expect("asked"), Leased::Granted);
    let found = store.lookup(b"key", &names).await.expect("a look-up");
    assert!(found.entry.is_some(), "an entry under a lease can be read");

    let set_all = |name: &str, value: &Value| {
        for mut item in dynamodb.items() {
            if item.get(name).is_some() {
                item[name] = value.clone();
                dynamodb.put(&item);
            }
        }
    };
    let past = json!({ "N": (now() - 1).to_string() });
    set_all("lease_ends", &past);
    assert!(!store.put(b"key", Bytes::from_static(b"late"), now() + HOUR, Some(mine)).await.expect("put"));
    assert_eq!(store.lease(b"key", theirs, long).await.expect("asked"), Leased::Granted);
    set_all("lease_ends", &json!({ "N": "99999999999999999" }));
    assert_eq!(store.lease(b"key", mine, long).await.expect("asked"), Leased::Granted, "it would never end");
    set_all("ends", &past);
    let found = store.lookup(b"key", &names).await.expect("a look-up");
    assert_eq!((found.entry, &*found.generations), (None, &[None][..]));
    let anew = store.establish(&names).await.expect("established");
    assert_ne!(anew, generations);
    for damaged in [json!({ "S": "damaged" }), json!({ "B": "AAAA" })] {
        set_all("generation", &damaged);
        assert_eq!(store.lookup(b"key", &names).await.expect("a look-up").generations, [None]);
        let made = store.establish(&names).await.expect("established");
        assert_eq!(store.lookup(b"key", &names).await.expect("a look-up").generations, [Some(made[0])]);
    }
}

#[tokio::test]
async fn a_generation_in_use_does_not_end() {
    let dynamodb = DynamoDb::start();
    let (store, names) = (connected(dynamodb.port()).await, names(&["a"]));
    let generation: Generation = store.establish(&names).await.expect("established")[0];
    let ends = || -> u64 { dynamodb.items()[0]["ends"]["N"].as_str().expect("a time").parse().expect("one") };
    let mut item = dynamodb.items().remove(0);
    item["ends"] = json!({ "N": (now() + HOUR).to_string() });
    dynamodb.put(&item);
    for _ in 0..3000 {
        let found = store.lookup(b"key", &names).await.expect("a look-up");
        assert_eq!(found.generations, [Some(generation)]);
        if ends() > now() + 29 * 24 * HOUR {
            return;
        }
    }
    panic!("never put off");
}

#[tokio::test]
async fn without_its_table_or_credentials_it_fails_no_request() {
    let (dynamodb, truth) = (DynamoDb::start(), Truth::default());
    let front = Front::before(dynamodb.port()).await;
    let missing = Process::new(Cache::store(store_at(front.port(), "dynamodb://no-such-table")), &truth);
    let (known, unknown) = (process(front.port(), &truth), process(front.port(), &truth));
    known.warm("x").await;
    front.answers(Answers::Unknown);
    for process in [&missing, &known, &unknown] {
        for n in 0..10 {
            assert_eq!(process.get(&format!("n{n}")).await.body, format!("n{n} 0"));
        }
        process.put("y").await;
    }
    front.answers(Answers::Real);
    dynamodb.create_table("no-such-table");
    for process in [&missing, &known, &unknown] {
        process.warm("y").await;
        assert_eq!(process.get("y").await.body, "y 3");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_stopped_and_started_again_it_fails_no_request() {
    let (mut dynamodb, truth) = (DynamoDb::start(), Truth::default());
    let a = process(dynamodb.port(), &truth);
    let b = Process::new(Cache::near(store(dynamodb.port())), &truth);
    a.warm("x").await;
    b.warm("x").await;
    dynamodb.kill();
    for n in 1..=5 {
        a.put("x").await;
        assert_eq!(a.get("x").await.body, format!("x {n}"), "without a store every read is computed");
    }
    dynamodb.restart();
    a.warm("x").await;
    // What memory holds is trusted for so long.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    b.warm("x").await;
    assert_eq!(b.get("x").await.body, "x 5");
    dynamodb.stop();
    for n in 6..=15 {
        a.put("x").await;
        let read = a.get("x").await;
        assert_eq!(read.body, format!("x {n}"));
        assert!(read.took < Duration::from_secs(2), "bounded by the store's timeout: {read:?}");
    }
    dynamodb.go_on();
    a.warm("x").await;
    assert_eq!(a.get("x").await.body, "x 15");
    tokio::time::sleep(Duration::from_millis(1100)).await;
    b.warm("x").await;
    assert_eq!(b.get("x").await.body, "x 15", "what could not be told was told later");
}

#[tokio::test]
async fn whatever_it_answers_no_request_fails() {
    let (dynamodb, truth) = (DynamoDb::start(), Truth::default());
    let front = Front::before(dynamodb.port()).await;
    let (a, b) = (process(front.port(), &truth), process(dynamodb.port(), &truth));
    let wrong = [Answers::Garbage, Answers::Empty, Answers::Late(Duration::from_millis(200))];
    for (round, answers) in (1..).zip(wrong) {
        front.answers(Answers::Real);
        a.warm("x").await;
        front.answers(answers);
        for n in 0..10 {
            let name = format!("{round}-{n}");
            assert_eq!(a.get(&name).await.body, format!("{name} 0"), "{answers:?}");
        }
        if answers == Answers::Empty {
            // That is how it says that all was written.
            front.answers(Answers::Real);
        }
        a.put("x").await;
        assert_eq!(a.get("x").await.body, format!("x {round}"), "{answers:?}");
        front.answers(Answers::Real);
        a.warm("x").await;
        assert_eq!(a.get("x").await.body, format!("x {round}"), "{answers:?}");
        assert_eq!(b.get("x").await.body, format!("x {round}"), "told at last: {answers:?}");
    }
}
