//! K1–K4: a hit in each store beside the bare client's round trip for the same keys and bytes; a routed one (K2) beside an
//! axum handler that makes that round trip.
//!
//! Both sides share one server, one runtime and their turns. The bare clients are the `redis` crate's multiplexed
//! connection and the AWS SDK, with the keys at hand and nothing made of the answer. Needs `redis-server` and moto, which
//! `tests/run` installs.

use std::collections::HashMap;
use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context as Polling, Poll, Waker};
use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use aws_sdk_dynamodb::{Client, Config};
use axum::Router;
use axum::body::Body;

use benches::{Row, compare, compare_waiting};
use http::Request;
use http_body_util::BodyExt as _;
use lift::cache::RedisStore;
use lift::{App, Cache, Json, Path, Tenants};
use lift_tests::dynamodb::{DynamoDb, TABLE, store_at};
use lift_tests::redis::Redis;
use redis::aio::MultiplexedConnection;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tower::ServiceExt as _;

/// A hit is to cost so much of the bare round trip at most.
const BOUND: f64 = 1.15;

/// Besides the look-up, Lift gives a request its context, deadline and headers, which a bare axum handler does without.
const ROUTED: f64 = 1.25;

/// A hit of a near cache is a hit in memory.
const NEAR: f64 = 1.15;

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
struct User {
    id: u64,
    name: String,
    email: String,
    roles: Vec<String>,
}

#[lift::cached(ttl = "1h", tags = ["user:{id}"])]
async fn user(id: u64) -> User {
    User {
        id,
        name: format!("User {id}"),
        email: format!("user{id}@example.com"),
        roles: vec!["reader".to_owned(), "writer".to_owned()],
    }
}

#[lift::get("/users/{id}")]
#[lift::cached(ttl = "1h", tags = ["user:{id}"])]
async fn page(Path(id): Path<u64>) -> Json<User> {
    Json(user::uncached(id).await)
}

fn main() {
    let redis = Redis::start();
    // One thread for client and driver: the least a round trip can cost, so that what Lift adds shows most.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        if wanted("K1") {
            value(&redis).await;
        }
        if wanted("K2") {
            routed(&redis).await;
        }
        if wanted("K4") {
            dynamodb().await;
        }
    });
    if !wanted("K3") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(near(&redis));
}

/// Whether a row was asked for by name, or none was.
fn wanted(row: &str) -> bool {
    let mut rows = std::env::args().skip(1).filter(|argument| argument.starts_with('K')).peekable();
    rows.peek().is_none() || rows.any(|asked| asked == row)
}

fn store(redis: &Redis) -> RedisStore {
    RedisStore::new(&redis.url()).expect("a URL")
}

async fn value(redis: &Redis) {
    let acme = Cache::store(store(redis)).tenant("acme").expect("a name");
    acme.scope(async {
        warm(redis, async || drop(user(7).await)).await;
        let (mut connection, mget) = bare(redis).await;
        let row =
            compare_waiting("K1", async || round_trip(&mut connection, &mget).await, async || user(7).await)
                .await;
        row.print("Redis: hit of a cached function", "redis, bare MGET", BOUND);
    })
    .await;
}

async fn routed(redis: &Redis) {
    redis.cli(&["FLUSHALL"]);
    let app = App::new()
        .cache(Cache::store(store(redis)))
        .tenants(Tenants::header("x-tenant-id"))
        .routes(lift::routes![page]);
    let router = app.into_router().expect("one route");
    warm(redis, async || drop(answer(&router).await)).await;
    let (connection, mget) = bare(redis).await;
    let asks = move || {
        let (mut connection, mget) = (connection.clone(), mget.clone());
        async move { round_trip(&mut connection, &mget).await.swap_remove(0).unwrap_or_default() }
    };
    let axum = Router::new().route("/users/{id}", axum::routing::get(asks));
    let row = compare_waiting("K2", async || answer(&axum).await, async || answer(&router).await).await;
    row.print("Redis: routed hit", "axum, bare MGET", ROUTED);
}

async fn answer(router: &Router) -> bytes::Bytes {
    let request =
        Request::get("/users/7").header("x-tenant-id", "acme").body(Body::empty()).expect("a request");
    let Ok(response) = router.clone().oneshot(request).await;
    response.into_body().collect().await.expect("a body").to_bytes()
}

/// Fills the store, and sees that a call then costs one look-up.
async fn warm(redis: &Redis, mut call: impl AsyncFnMut()) {
    for _ in 0..10 {
        call().await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    redis.cli(&["CONFIG", "RESETSTAT"]);
    for _ in 0..10 {
        call().await;
    }
    let stats = redis.cli(&["INFO", "commandstats"]);
    let commands: Vec<_> = stats.lines().filter_map(|line| line.strip_prefix("cmdstat_")).collect();
    assert!(commands.iter().any(|line| line.starts_with("mget:calls=10,")), "ten hits: {commands:?}");
    assert!(!commands.iter().any(|line| line.starts_with("set:")), "and nothing else: {commands:?}");
}

/// A connection, and the command that a look-up sends: the entry and its six generations.
async fn bare(redis: &Redis) -> (MultiplexedConnection, redis::Cmd) {
    let client = redis::Client::open(redis.url()).expect("a URL");
    let connection = client.get_multiplexed_async_connection().await.expect("a connection");
    let keys = redis.cli(&["KEYS", "lift:*"]);
    let (entries, generations): (Vec<_>, Vec<_>) = keys.lines().partition(|key| key.ends_with(":e"));
    assert_eq!((entries.len(), generations.len()), (1, 6), "{keys}");
    let mut mget = redis::cmd("MGET");
    mget.arg(entries).arg(generations);
    (connection, mget)
}

async fn round_trip(connection: &mut MultiplexedConnection, mget: &redis::Cmd) -> Vec<Option<Vec<u8>>> {
    mget.query_async(connection).await.expect("an answer")
}

async fn dynamodb() {
    let server = DynamoDb::start();
    let acme = Cache::store(store_at(server.port(), &format!("dynamodb://{TABLE}"))).tenant("acme");
    let client = bare_dynamodb(server.port());
    acme.expect("a name")
        .scope(async {
            for _ in 0..10 {
                user(7).await;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            let keys = server.items().iter().map(key_of).collect::<Vec<_>>();
            assert_eq!(keys.len(), 7, "an entry and its six generations: {keys:?}");
            let row =
                compare_waiting("K4", async || batch(&client, &keys).await, async || user(7).await).await;
            row.print("DynamoDB (moto): hit of a cached function", "AWS SDK, bare BatchGetItem", BOUND);
        })
        .await;
}

type Item = HashMap<String, AttributeValue>;

fn key_of(item: &serde_json::Value) -> Item {
    let key = item["pk"]["S"].as_str().expect("a key").to_owned();
    HashMap::from([("pk".to_owned(), AttributeValue::S(key))])
}

/// The SDK as it comes, but without retries, as Lift has it.
fn bare_dynamodb(port: u16) -> Client {
    let http = aws_smithy_http_client::Builder::new().build_http();
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(format!("http://127.0.0.1:{port}"))
        .credentials_provider(Credentials::new("test", "test", None, None, "benches"))
        .http_client(http)
        .retry_config(RetryConfig::disabled());
    Client::from_conf(config.build())
}

async fn batch(client: &Client, keys: &[Item]) -> usize {
    let keys = KeysAndAttributes::builder().set_keys(Some(keys.to_vec())).consistent_read(true).build();
    let asked = client.batch_get_item().request_items(TABLE, keys.expect("keys")).send().await;
    let items = asked.expect("an answer").responses.expect("responses");
    items[TABLE].len()
}

/// So many hits a call, for the task's context to be made once for all of them.
const HITS: u32 = 1000;

async fn near(redis: &Redis) {
    redis.cli(&["FLUSHALL"]);
    // Trusted for as long as this takes, for a machine that is busy may not hear of the store each second.
    let near = Cache::near(store(redis)).l1_ttl(Duration::from_secs(3600));
    let near = near.tenant("acme").expect("a name");
    let memory = Cache::memory().tenant("acme").expect("a name");
    memory.scope(user(7)).await;
    // Once the store tells of invalidations, what was held before is asked for once more.
    for _ in 0..20 {
        near.scope(user(7)).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let hits = |cache: &Cache| {
        ready(cache.scope(async {
            for _ in 0..HITS {
                black_box(user(7).await);
            }
        }));
    };
    let Row { id, peer, lift } = compare("K3", || hits(&memory), || hits(&near));
    let row = Row { id, peer: peer / f64::from(HITS), lift: lift / f64::from(HITS) };
    row.print("memory before Redis: hit of a cached function", "Cache::memory", NEAR);
}

/// The output of a future that is ready at once, as a hit in memory is.
fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Polling::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a hit in memory does not wait"),
    }
}
