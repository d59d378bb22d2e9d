//! Connections of several processes on one store.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use lift::prelude::*;
use lift::test::{GatewaySocket, TestApp, TestSocket, connection_store_conformance};
use lift::websocket::{ConnectionStore, DynamoDbConnections, RedisConnections};
use lift::{App, Caller};
use lift_tests::dynamodb::{DynamoDb, config_at};
use lift_tests::proxy::{Harm, Proxy};
use lift_tests::redis::Redis;
use serde_json::{Value, json};

#[connect]
async fn enter(conn: Connection, Path(room): Path<String>) -> Result<()> {
    conn.room(room).join().await
}

#[websocket("/{room}", connect = enter)]
async fn chat(said: Value, conn: Connection, Path(room): Path<String>) -> Result<()> {
    conn.room(room).broadcast(&said).await
}

#[post("/tell/{room}")]
async fn tell(connections: Connections, Path(room): Path<String>, body: Json<Value>) -> Result<()> {
    connections.room(room).send(&body.0).await
}

fn process(store: impl ConnectionStore) -> TestApp {
    let app = App::new().tenants(Tenants::query("tenant")).connections(Connections::store(store));
    TestApp::new(app.routes(routes![chat, tell]))
}

fn redis_at(port: u16) -> RedisConnections {
    RedisConnections::new(&format!("redis://127.0.0.1:{port}")).expect("a URL")
}

async fn code(socket: &mut TestSocket) -> Value {
    socket.json::<Value>().await["problem"]["code"].clone()
}

#[tokio::test]
async fn redis_holds_to_what_is_asked_of_a_store() {
    let redis = Redis::start();
    connection_store_conformance(redis_at(redis.port())).await;
}

#[tokio::test]
async fn dynamodb_holds_to_what_is_asked_of_a_store() {
    let dynamodb = DynamoDb::start();
    dynamodb.create_connections("lift-connections");
    let store = DynamoDbConnections::with_config("dynamodb://lift-connections", config_at(dynamodb.port()));
    connection_store_conformance(store.expect("a URL")).await;
}

#[tokio::test]
async fn two_processes_on_one_redis_are_one_chat() {
    let redis = Redis::start();
    let [one, two] = [process(redis_at(redis.port())), process(redis_at(redis.port()))];
    let mut ada = one.socket("/blue?tenant=acme").await;
    let mut bob = two.socket("/blue?tenant=acme").await;
    let mut eve = two.socket("/blue?tenant=globex").await;
    for n in 0..50 {
        let speaker = if n % 2 == 0 { &mut ada } else { &mut bob };
        speaker.send(&n).await;
        for socket in [&mut ada, &mut bob] {
            assert_eq!(socket.json::<Value>().await, n, "each hears it once, in order");
        }
    }
    let told = one.post("/tell/blue?tenant=acme").json(&"all").send().await;
    assert_eq!(told.status, 200);
    for socket in [&mut ada, &mut bob] {
        assert_eq!(socket.json::<Value>().await, "all");
    }
    eve.send(&"only I").await;
    assert_eq!(eve.json::<Value>().await, "only I");
}

#[tokio::test]
async fn a_broadcast_costs_by_its_room_and_not_by_all() {
    let redis = Redis::start();
    let process = process(redis_at(redis.port()));
    let mut others = Vec::new();
    for n in 0..100 {
        others.push(process.socket(&format!("/room-{n}?tenant=acme")).await);
    }
    let mut ada = process.socket("/blue?tenant=acme").await;
    redis.cli(&["CONFIG", "RESETSTAT"]);
    ada.send(&1).await;
    assert_eq!(ada.json::<Value>().await, 1);
    let stats = redis.cli(&["INFO", "commandstats"]);
    let calls: Vec<_> = stats.lines().filter(|line| line.starts_with("cmdstat_")).collect();
    assert!(calls.iter().any(|line| line.starts_with("cmdstat_zrange:calls=1,")), "{stats}");
    let known = ["cmdstat_zrange", "cmdstat_config", "cmdstat_ping", "cmdstat_info"];
    assert!(calls.iter().all(|line| known.iter().any(|known| line.starts_with(known))), "{stats}");
}

#[tokio::test]
async fn a_store_that_is_away_is_told_and_this_process_is_served() {
    let redis = Redis::start();
    let proxy = Proxy::before(redis.port()).await;
    let (one, two) = (process(redis_at(proxy.port())), process(redis_at(redis.port())));
    let mut ada = one.socket("/blue?tenant=acme").await;
    let mut bob = two.socket("/blue?tenant=acme").await;
    proxy.harm(Harm::Cut);
    ada.send(&1).await;
    assert_eq!(ada.json::<Value>().await, 1, "who is here hears it");
    assert_eq!(code(&mut ada).await, "connections_unavailable", "and who speaks learns that not all have");
    proxy.harm(Harm::None);
    let began = Instant::now();
    loop {
        ada.send(&json!("back?")).await;
        assert_eq!(ada.json::<Value>().await, "back?");
        ada.send(&json!({ "n": 2 })).await;
        if ada.json::<Value>().await == json!({ "n": 2 }) {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(20));
    }
    loop {
        if bob.json::<Value>().await == json!({ "n": 2 }) {
            break;
        }
    }
    // The subscription is made anew as well.
    let bob = Arc::new(tokio::sync::Mutex::new(bob));
    let speaks = tokio::spawn({
        let bob = Arc::clone(&bob);
        async move {
            for _ in 0..400 {
                bob.lock().await.send(&json!("to ada")).await;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    });
    while ada.json::<Value>().await != json!("to ada") {}
    speaks.abort();
}

#[tokio::test]
async fn without_a_store_at_all_nobody_joins() {
    let redis = Redis::start();
    let port = redis.port();
    drop(redis);
    let app = process(redis_at(port));
    let refused = app.socket("/blue?tenant=acme").connect().await.err().expect("it is refused");
    assert_eq!(refused.status, 503);
    assert_eq!(refused.json::<Value>().await["code"], "connections_unavailable");
}

#[tokio::test]
async fn a_store_that_has_forgotten_everything_is_told_again() {
    let mut redis = Redis::start();
    let [one, two] = [process(redis_at(redis.port())), process(redis_at(redis.port()))];
    let mut ada = one.socket("/blue?tenant=acme").await;
    let mut bob = two.socket("/blue?tenant=acme").await;
    bob.send(&"before").await;
    assert_eq!(ada.json::<Value>().await, "before");
    redis.kill();
    redis.restart();
    // Well before the time at which a process says by itself who its members are.
    let reached = tokio::time::timeout(Duration::from_secs(14), async {
        let again = async {
            loop {
                bob.send(&"after").await;
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::select! {
            () = again => {}
            () = async { while ada.json::<Value>().await != "after" {} } => {}
        }
    });
    reached.await.expect("it is reached again");
}

#[tokio::test]
async fn who_has_connected_and_cannot_be_known_leaves_again() {
    #[connect]
    async fn count(State(inside): State<Arc<AtomicUsize>>) {
        inside.fetch_add(1, Ordering::SeqCst);
    }

    #[disconnect]
    async fn leave(State(inside): State<Arc<AtomicUsize>>) {
        inside.fetch_sub(1, Ordering::SeqCst);
    }

    #[websocket("/", connect = count, disconnect = leave)]
    async fn socket(_: Value) {}

    let redis = Redis::start();
    let port = redis.port();
    drop(redis);
    let inside = Arc::<AtomicUsize>::default();
    let app = App::new()
        .caller(Caller::custom(|_: &http::request::Parts| Some("ada".to_owned())))
        .connections(Connections::store(redis_at(port)))
        .state(Arc::clone(&inside));
    let app = TestApp::new(app.routes(routes![socket]));
    let refused = app.socket("/").connect().await.err().expect("its user cannot be known");
    assert_eq!(refused.json::<Value>().await["code"], "connections_unavailable");
    let event = GatewaySocket::new("Ada=").connect("/", &[]).to_string();
    let answer: Value = serde_json::from_slice(&app.invoke(event).await.expect("an answer")).expect("JSON");
    assert_eq!(answer["statusCode"], 503);
    let began = Instant::now();
    while inside.load(Ordering::SeqCst) > 0 {
        assert!(began.elapsed() < Duration::from_secs(20), "`disconnect` runs");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
