//! The options of `#[cached]` on handlers, one by one, through the public attributes.

#![allow(missing_docs, reason = "a test")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use lift::cache::{CacheStrategy, Key, KeyPart as _};
use lift::prelude::*;
use lift::test::{TestApp, TestResponse};
use lift::{Caller, http};

#[derive(Clone, Default)]
struct Runs(Arc<AtomicU32>);

impl Runs {
    fn next(&self) -> u32 {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }
}

#[get("/private")]
#[cached(ttl = "60s", private)]
async fn private(State(runs): State<Runs>) -> String {
    format!("{} {}", Context::current().caller().unwrap_or("nobody"), runs.next())
}

#[get("/shared")]
#[cached(ttl = "60s", shared, cache_control = "public, max-age=30")]
async fn shared(State(runs): State<Runs>) -> String {
    runs.next().to_string()
}

#[get("/vary")]
#[cached(ttl = "60s", vary("accept-language"))]
async fn vary(State(runs): State<Runs>) -> String {
    runs.next().to_string()
}

#[get("/by-key/{a}/{b}")]
#[cached(ttl = "60s", key = "{a}")]
async fn by_key(Path((a, _b)): Path<(String, String)>, State(runs): State<Runs>) -> String {
    format!("{a} {}", runs.next())
}

#[derive(Deserialize, JsonSchema, Validate, Hash)]
struct Page {
    page: Option<u32>,
}

#[derive(Deserialize, JsonSchema, Validate, Hash)]
struct Trace {
    trace: Option<u32>,
}

#[get("/skip")]
#[cached(ttl = "60s", skip(_trace))]
async fn skip(Query(page): Query<Page>, _trace: Query<Trace>, State(runs): State<Runs>) -> String {
    format!("{:?} {}", page.page, runs.next())
}

fn is_even(n: &u32) -> bool {
    n.is_multiple_of(2)
}

fn seconds(n: &u32) -> Duration {
    Duration::from_secs(u64::from(*n))
}

#[get("/when")]
#[cached(ttl = "60s", when = is_even)]
async fn when(State(runs): State<Runs>) -> Json<u32> {
    Json(runs.next())
}

#[get("/ttl")]
#[cached(ttl = seconds)]
async fn ttl(State(runs): State<Runs>) -> Json<u32> {
    Json(runs.next() * 10)
}

struct ByHour;

impl CacheStrategy for ByHour {
    type Value = u32;

    fn should_cache(&self, n: &u32) -> bool {
        *n > 1
    }

    fn ttl(&self, _: &u32) -> Option<Duration> {
        Some(Duration::from_secs(5))
    }

    fn key(&self, key: &mut Key) {
        Context::with_hour(|hour| hour.write_key(key));
    }
}

/// What the strategy adds to the key.
trait WithHour {
    fn with_hour(f: impl FnOnce(u32));
}

static HOUR: AtomicU32 = AtomicU32::new(1);

impl WithHour for Context {
    fn with_hour(f: impl FnOnce(u32)) {
        f(HOUR.load(Ordering::Relaxed));
    }
}

#[get("/strategy")]
#[cached(ttl = "60s", strategy = ByHour)]
async fn strategy(State(runs): State<Runs>) -> Json<u32> {
    Json(runs.next())
}

#[get("/store")]
#[cached(ttl = "60s", store = "small")]
async fn store(State(runs): State<Runs>) -> String {
    runs.next().to_string()
}

#[get("/nowhere")]
#[cached(ttl = "60s", store = "missing")]
async fn nowhere(State(runs): State<Runs>) -> String {
    runs.next().to_string()
}

#[get("/large")]
#[cached(ttl = "60s", max_bytes = "1KiB")]
async fn large(Query(page): Query<Page>, State(runs): State<Runs>) -> String {
    format!("{:>width$}", runs.next(), width = page.page.unwrap_or(1) as usize)
}

#[get("/late")]
#[cached(ttl = "10s", stale_if_error = "10m")]
async fn late(State(runs): State<Runs>) -> Result<String> {
    match runs.next() {
        1 => Ok("first".to_owned()),
        2 => Err(Error::internal("down")),
        3 => panic!("a bug"),
        _ => Err(Error::not_found("It is gone.")),
    }
}

#[post("/search")]
#[cached(ttl = "60s", key = "{words}")]
async fn search(Json(words): Json<String>, State(runs): State<Runs>) -> String {
    format!("{words} {}", runs.next())
}

fn app() -> TestApp {
    let caller = Caller::custom(|parts| Some(parts.headers.get("x-caller")?.to_str().ok()?.to_owned()));
    let app = App::new()
        .state(Runs::default())
        .tenants(Tenants::header("x-tenant-id"))
        .caller(caller)
        .store("small", Cache::memory_of(1 << 20))
        .routes(routes![private, shared, vary, by_key, skip, when, ttl, strategy])
        .routes(routes![store, nowhere, large, late, search]);
    TestApp::paused(app)
}

/// A request of the tenant `acme` with further headers, written `name: value`.
async fn get(app: &TestApp, path: &str, headers: &[&str]) -> TestResponse {
    let mut request = app.get(path).header("x-tenant-id", "acme");
    for header in headers {
        let (name, value) = header.split_once(": ").expect("a header");
        request = request.header(name, value);
    }
    request.send().await
}

async fn text(app: &TestApp, path: &str, headers: &[&str]) -> String {
    get(app, path, headers).await.text().await
}

fn status(response: &TestResponse) -> &str {
    response.header("cache-status").expect("a Cache-Status")
}

#[tokio::test]
async fn private_entries_are_each_callers_own() {
    let app = app();
    assert_eq!(text(&app, "/private", &["x-caller: ada"]).await, "ada 1");
    assert_eq!(text(&app, "/private", &["x-caller: bob"]).await, "bob 2");
    assert_eq!(text(&app, "/private", &["x-caller: ada"]).await, "ada 1");
    let nobody = get(&app, "/private", &[]).await;
    assert_eq!(status(&nobody), "lift; fwd=bypass; detail=no-caller");
    assert_eq!(nobody.header("cache-control"), Some("private, no-cache"));
}

#[tokio::test]
async fn shared_entries_are_everybodys() {
    let app = app();
    let first = get(&app, "/shared", &[]).await;
    assert_eq!(first.header("cache-control"), Some("public, max-age=30"));
    let other = app.get("/shared").header("x-tenant-id", "globex").send().await;
    assert!(status(&other).starts_with("lift; hit"), "{}", status(&other));
}

#[tokio::test]
async fn headers_that_vary_enter_the_key_and_are_told() {
    let app = app();
    assert_eq!(text(&app, "/vary", &["accept-language: en"]).await, "1");
    assert_eq!(text(&app, "/vary", &["accept-language: de"]).await, "2");
    assert_eq!(text(&app, "/vary", &[]).await, "3");
    let again = get(&app, "/vary", &["accept-language: en"]).await;
    let vary: Vec<_> =
        again.headers.get_all("vary").iter().map(|value| value.to_str().expect("text")).collect();
    let vary = vary.join(", ").to_ascii_lowercase();
    assert!(vary.contains("accept-language") && vary.contains("x-tenant-id"), "{vary}");
    assert_eq!(again.text().await, "1");
}

#[tokio::test]
async fn a_key_is_what_it_says_and_what_is_skipped_is_not_in_it() {
    let app = app();
    assert_eq!(text(&app, "/by-key/x/1", &[]).await, "x 1");
    assert_eq!(text(&app, "/by-key/x/2", &[]).await, "x 1");
    assert_eq!(text(&app, "/by-key/y/1", &[]).await, "y 2");
    assert_eq!(text(&app, "/skip?page=1&trace=1", &[]).await, "Some(1) 3");
    assert_eq!(text(&app, "/skip?page=1&trace=2&unknown=3", &[]).await, "Some(1) 3");
    assert_eq!(text(&app, "/skip?page=2&trace=1", &[]).await, "Some(2) 4");
}

#[tokio::test]
async fn what_is_stored_and_for_how_long_may_depend_on_the_result() {
    let app = app();
    for expected in ["1", "2", "2"] {
        assert_eq!(text(&app, "/when", &[]).await, expected);
    }
    // The first is good for 30 s, less at most a twentieth.
    assert_eq!(text(&app, "/ttl", &[]).await, "30");
    app.advance(Duration::from_secs(28)).await;
    assert_eq!(text(&app, "/ttl", &[]).await, "30");
    app.advance(Duration::from_secs(2)).await;
    assert_eq!(text(&app, "/ttl", &[]).await, "40");
}

#[tokio::test]
async fn a_strategy_decides_all_three() {
    let app = app();
    assert_eq!(text(&app, "/strategy", &[]).await, "1");
    assert_eq!(text(&app, "/strategy", &[]).await, "2", "the first is not to be cached");
    assert_eq!(text(&app, "/strategy", &[]).await, "2");
    HOUR.store(2, Ordering::Relaxed);
    assert_eq!(text(&app, "/strategy", &[]).await, "3", "another key");
    HOUR.store(1, Ordering::Relaxed);
    assert_eq!(text(&app, "/strategy", &[]).await, "2");
    app.advance(Duration::from_secs(5)).await;
    assert_eq!(text(&app, "/strategy", &[]).await, "4", "its ttl outranks the attribute's");
}

#[tokio::test]
async fn a_named_store_is_used_and_one_that_is_missing_is_bypassed() {
    let app = app();
    assert_eq!(text(&app, "/store", &[]).await, "1");
    assert_eq!(text(&app, "/store", &[]).await, "1");
    for _ in 0..2 {
        assert_eq!(status(&get(&app, "/nowhere", &[]).await), "lift; fwd=bypass; detail=unknown-store");
    }
}

#[tokio::test]
async fn what_is_larger_than_its_limit_is_served_and_not_stored() {
    let app = app();
    for _ in 0..2 {
        let large = get(&app, "/large?page=1025", &[]).await;
        assert_eq!((large.status, status(&large)), (http::StatusCode::OK, "lift; fwd=miss"));
    }
    assert_eq!(status(&get(&app, "/large?page=600", &[]).await), "lift; fwd=miss; stored");
}

#[tokio::test]
async fn an_old_answer_stands_in_for_a_fault_and_not_for_a_404() {
    let app = app();
    assert_eq!(text(&app, "/late", &[]).await, "first");
    app.advance(Duration::from_secs(20)).await;
    for _ in 0..2 {
        let late = get(&app, "/late", &[]).await;
        assert!(status(&late).starts_with("lift; hit; ttl=-"), "{}", status(&late));
        assert_eq!(late.text().await, "first");
    }
    assert_eq!(get(&app, "/late", &[]).await.status, 404);
    assert_eq!(get(&app, "/late", &[]).await.status, 404, "what the handler said outranks what is stored");
}

#[tokio::test]
async fn a_method_other_than_get_is_cached_by_its_key() {
    let app = app();
    let search = async |words: &str| {
        app.post("/search").header("x-tenant-id", "acme").json(&words).send().await.text().await
    };
    assert_eq!(search("red shoes").await, "red shoes 1");
    assert_eq!(search("red shoes").await, "red shoes 1");
    assert_eq!(search("blue").await, "blue 2");
}
