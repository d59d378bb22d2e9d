//! `assert_isolated`: it passes apps whose tenants are isolated, and catches each kind of leak.

#![allow(missing_docs, reason = "a test")]

mod sockets;
mod sound;

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use axum::response::IntoResponse;
use futures_util::FutureExt as _;
use lift::prelude::*;
use lift::test::{Isolation, assert_isolated};
use lift::{Caller, http};
use serde_json::json;

fn header() -> Tenants {
    Tenants::header("x-tenant-id")
}

/// What the assertion says against an app.
async fn report<S: Clone + Send + Sync + 'static>(isolation: Isolation<S>) -> String {
    let outcome = AssertUnwindSafe(async move { isolation.await }).catch_unwind().await;
    let panic = outcome.expect_err("it is not isolated, or not replayed");
    panic.downcast_ref::<String>().cloned().unwrap_or_else(|| panic!("a panic without a text"))
}

/// Checks that a report holds each of some texts.
async fn check<S: Clone + Send + Sync + 'static>(isolation: Isolation<S>, expected: &[&str]) {
    let report = report(isolation).await;
    for text in expected {
        assert!(report.contains(text), "no `{text}` in: {report}");
    }
}

/// What each tenant has.
#[derive(Clone, Default)]
struct Notes {
    kept: Arc<Mutex<HashMap<Tenant, Vec<String>>>>,
    reads: Arc<AtomicU64>,
}

impl Notes {
    fn of(&self, tenant: &Tenant) -> Vec<String> {
        self.kept.lock().expect("no panic under the lock").get(tenant).cloned().unwrap_or_default()
    }

    fn all(&self) -> Vec<String> {
        self.kept.lock().expect("no panic under the lock").values().flatten().cloned().collect()
    }

    fn add(&self, tenant: &Tenant, note: String) -> usize {
        let mut kept = self.kept.lock().expect("no panic under the lock");
        let notes = kept.entry(tenant.clone()).or_default();
        notes.push(note);
        notes.len()
    }
}

#[derive(Serialize, Deserialize, JsonSchema, Validate)]
struct NewNote {
    #[schemars(length(min = 1, max = 100))]
    text: String,
}

#[derive(Serialize)]
struct Kept {
    id: String,
    number: usize,
}

async fn database() {
    tokio::time::sleep(Duration::from_millis(20)).await;
}

fn sound(tenants: Tenants) -> App<Notes> {
    use sound::*;
    App::new()
        .tenants(tenants)
        .caller(Caller::claim("sub"))
        .state(Notes::default())
        .routes(routes![notes, note, add, receipt, mine, ticks, rates, clear])
}

fn sampled(app: App<Notes>) -> Isolation<Notes> {
    assert_isolated(app)
        .sample("n", "0")
        .body("POST", "/notes", json!({ "text": "buy milk" }))
        .capture("id", "POST", "/notes", "/id")
}

#[tokio::test]
async fn an_app_whose_tenants_are_isolated_passes_wherever_it_reads_the_tenant() {
    for tenants in [
        header(),
        Tenants::query("tenant"),
        Tenants::subdomain(),
        Tenants::claim("org"),
        Tenants::lambda(),
        Tenants::query("tenant").or(header()),
    ] {
        sampled(sound(tenants)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_passes_on_any_runtime_and_in_real_time() {
    sampled(sound(header())).await;
    let sampled = sampled(sound(header()).cache(Cache::memory_of(1 << 20)));
    sampled.real_time(Duration::from_secs(20)).exempt("GET", "/ticks", "it never ends").await;
}

#[get("/once")]
async fn once() -> &'static str {
    static DONE: tokio::sync::OnceCell<()> = tokio::sync::OnceCell::const_new();
    DONE.get_or_init(|| tokio::time::sleep(Duration::from_secs(2))).await;
    "done"
}

#[tokio::test]
async fn in_real_time_what_takes_much_longer_is_caught() {
    let app = App::new().tenants(header()).routes(routes![once]);
    let isolation = assert_isolated(app).real_time(Duration::from_secs(1));
    check(isolation, &["GET /once", "time until the headers", "alone:  2."]).await;
}

#[tokio::test(start_paused = true)]
async fn tenants_are_named_as_the_app_wants_them() {
    let upper = header().matching(|name| name.bytes().all(|byte| byte.is_ascii_uppercase()));
    sampled(sound(upper)).await;
    let uuid = header().matching(|name| name.len() == 36 && name.as_bytes()[14] == b'4');
    sampled(sound(uuid)).await;
    let few = || header().matching(|name| ["aa", "bb", "cc", "dd", "ee"].contains(&name));
    sampled(sound(few())).tenants(["aa", "bb", "cc", "dd", "ee"]).await;
    check(sampled(sound(few())), &["say .tenants(["]).await;
    check(sampled(sound(few())).tenants(["aa", "bb", "cc", "dd", "ff"]), &["does not take `ff`"]).await;
    let custom = Tenants::custom(|parts| {
        Ok(parts.headers.get("x-org").and_then(|org| org.to_str().ok()).map(str::to_owned))
    });
    check(sampled(sound(custom.clone())), &["say .as_tenant("]).await;
    sampled(sound(custom)).as_tenant(|request, name| request.header("x-org", name)).await;
}

#[get("/t/{tenant}/files/{file}")]
async fn file(Path((tenant, file)): Path<(String, String)>) -> String {
    format!("{file} of {tenant}")
}

#[tokio::test]
async fn a_tenant_in_the_path_is_said_there() {
    let app = App::new().tenants(Tenants::path("tenant")).routes(routes![file]);
    assert_isolated(app).sample("file", "a.txt").await;
}

#[tokio::test]
async fn nothing_is_passed_over() {
    check(assert_isolated(sound(header())), &["GET /notes/{n}: say .sample(\"n\"", "GET /receipts/{id}"])
        .await;
    let unfit = assert_isolated(sound(header())).sample("n", "0").sample("id", "1");
    check(unfit, &["POST /notes answers 4", "say .body(\"POST\", \"/notes\""]).await;
    check(sampled(sound(header())).sample("m", "0"), &["no route has a parameter `m`"]).await;
    check(sampled(sound(header())).query("GET", "/note", "a=b"), &["no route GET /note", "GET /notes/{n}"])
        .await;
    check(assert_isolated(App::new().routes(routes![sound::rates])), &["no tenants"]).await;
}

#[get("/count")]
async fn count() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("you are visitor {}", COUNT.fetch_add(1, Ordering::Relaxed))
}

#[tokio::test]
async fn a_counter_of_the_process_is_caught() {
    let app = App::new().tenants(header()).routes(routes![count, sound::rates]);
    check(
        assert_isolated(app),
        &[
            "GET /count tells tenant `t",
            "request: GET /count (first read)",
            "header `content-length`:\n      alone:  17\n      beside: 18",
            "body:\n      alone:  you are visitor 0\n      beside: you are visitor ",
            "who had come first",
            "had done everything it could",
        ],
    )
    .await;
}

#[get("/notes")]
#[cached(ttl = "60s", shared, tags = ["notes"])]
async fn unkeyed(State(notes): State<Notes>) -> String {
    let tenant = Context::current().header("x-tenant-id").map(str::to_owned);
    let tenant = Tenant::new(&tenant.unwrap_or_default()).expect("a name");
    format!("{} notes", notes.of(&tenant).len())
}

/// As [`unkeyed`], but past what Lift notices: the tenant comes by an argument that is not in the key.
#[get("/total")]
#[cached(ttl = "60s", shared, skip(tenant))]
async fn smuggled(tenant: Tenant, State(notes): State<Notes>) -> String {
    format!("{} notes of {tenant}", notes.of(&tenant).len())
}

#[tokio::test]
async fn what_is_cached_without_its_tenant_is_caught() {
    let app = || App::new().tenants(header()).state(Notes::default()).routes(routes![smuggled, unkeyed]);
    let telling = [
        "GET /total tells tenant",
        "header `cache-status`",
        "alone:  lift; fwd=miss; stored",
        "beside: lift; hit",
    ];
    check(assert_isolated(app()), &telling).await;
    // Also where the test says that it is everybody's.
    check(assert_isolated(app()).shared("GET", "/total"), &["GET /total", "0 notes of t"]).await;
}

#[get("/first")]
async fn first(tenant: Tenant) -> String {
    static FIRST: OnceLock<Tenant> = OnceLock::new();
    format!("settings of {}", FIRST.get_or_init(|| tenant))
}

#[tokio::test]
async fn a_global_that_the_first_tenant_fills_is_caught() {
    let app = || App::new().tenants(header()).routes(routes![first]);
    check(
        assert_isolated(app()),
        &["GET /first tells", "alone:  settings of <tenant>", "beside: settings of t"],
    )
    .await;
    // A later one finds it filled by nobody it knows.
    check(assert_isolated(app()), &["GET /first shows tenant", "of an earlier assertion", "body has `t"])
        .await;
}

#[get("/quota")]
async fn quota(State(notes): State<Notes>) -> impl IntoResponse {
    let count = notes.reads.fetch_add(1, Ordering::Relaxed);
    ([("x-requests", count.to_string())], "ok")
}

#[tokio::test]
async fn a_header_that_counts_everybodys_requests_is_caught() {
    let app = App::new().tenants(header()).state(Notes::default()).routes(routes![quota]);
    check(assert_isolated(app), &["GET /quota", "header `x-requests`:\n      alone:  0\n      beside: "])
        .await;
}

static MEMO: Mutex<Option<HashMap<String, usize>>> = Mutex::new(None);

#[get("/length/{word}")]
async fn length(Path(word): Path<String>) -> String {
    let known = MEMO.lock().expect("no panic under the lock").get_or_insert_default().get(&word).copied();
    if known.is_none() {
        database().await;
        MEMO.lock()
            .expect("no panic under the lock")
            .get_or_insert_default()
            .insert(word.clone(), word.len());
    }
    word.len().to_string()
}

#[tokio::test]
async fn a_memo_that_only_time_tells_of_is_caught() {
    let app = App::new().tenants(header()).routes(routes![length]);
    let isolation = assert_isolated(app).sample("word", "word");
    check(isolation, &["GET /length/{word}", "time until the headers", "alone:  2", "beside: 0ns"]).await;
}

#[get("/slow")]
async fn queued(State(queue): State<Arc<tokio::sync::Mutex<()>>>) -> &'static str {
    let _turn = queue.lock().await;
    database().await;
    "done"
}

#[tokio::test]
async fn waiting_for_another_tenant_is_caught() {
    let app = App::new().tenants(header()).state(Arc::default()).routes(routes![queued]);
    check(assert_isolated(app), &["GET /slow", "time until the headers", "asked for the same"]).await;
}

#[post("/notes")]
async fn add_and_clear(
    tenant: Tenant,
    State(notes): State<Notes>,
    cache: Cache,
    Json(note): Json<NewNote>,
) -> Result<String> {
    notes.add(&tenant, note.text);
    cache.invalidate_all().await?;
    Ok("kept".into())
}

#[tokio::test]
async fn an_invalidation_that_reaches_others_is_caught() {
    let app =
        App::new().tenants(header()).state(Notes::default()).routes(routes![sound::notes, add_and_clear]);
    let isolation = assert_isolated(app).body("POST", "/notes", json!({ "text": "buy milk" }));
    check(isolation, &["GET /notes tells", "header `", "alone:  ", "and cleared its cache"]).await;
}

#[get("/search")]
async fn search(State(notes): State<Notes>) -> String {
    notes.all().iter().filter(|note| note.len() > 20).cloned().collect()
}

#[tokio::test]
async fn text_of_another_tenant_is_caught() {
    let app = App::new().tenants(header()).state(Notes::default()).routes(routes![search, sound::add]);
    let isolation = assert_isolated(app)
        .body("POST", "/notes", json!({ "text": "buy milk" }))
        .capture("id", "POST", "/notes", "/id");
    check(isolation, &["GET /search", "body:\n      alone:  (nothing)"]).await;
}

#[post("/tickets")]
async fn ticket(State(notes): State<Notes>) -> Json<Kept> {
    let number = notes.reads.fetch_add(1, Ordering::Relaxed);
    Json(Kept { id: format!("ticket-{number:012}"), number: 0 })
}

#[tokio::test]
async fn an_id_that_counts_is_caught_though_it_is_captured() {
    let app = App::new().tenants(header()).state(Notes::default()).routes(routes![ticket, sound::receipt]);
    let isolation = assert_isolated(app).capture("id", "POST", "/tickets", "/id");
    check(isolation, &["POST /tickets", "alone:  {\"id\":\"ticket-000000000000\""]).await;
}

#[get("/versioned")]
async fn versioned(State(notes): State<Notes>, headers: http::HeaderMap) -> axum::response::Response {
    // Any version that was ever given out counts as known.
    let tag =
        headers.get("x-tenant-id").map(|tenant| format!("\"{}\"", tenant.to_str().expect("text").len()));
    let known = headers.get("if-none-match").is_some() && notes.reads.load(Ordering::Relaxed) > 0;
    notes.reads.fetch_add(1, Ordering::Relaxed);
    match known {
        true => http::StatusCode::NOT_MODIFIED.into_response(),
        false => ([("etag", format!("\"{}{}\"", tag.unwrap_or_default().len(), lift::random_id()))], "x")
            .into_response(),
    }
}

#[tokio::test]
async fn an_etag_of_the_apps_own_is_compared() {
    let app = App::new().tenants(header()).state(Notes::default()).routes(routes![versioned]);
    check(assert_isolated(app), &["GET /versioned", "etag"]).await;
}

/// Takes any version for known that was ever given out to anybody.
#[get("/remembered")]
async fn remembered(headers: http::HeaderMap) -> axum::response::Response {
    static GIVEN: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let tenant = headers["x-tenant-id"].to_str().expect("text");
    let own = format!("\"{tenant}-1\"");
    let known = headers.get("if-none-match").and_then(|tag| tag.to_str().ok()).map(str::to_owned);
    let mut given = GIVEN.lock().expect("no panic under the lock");
    match known {
        Some(tag) if given.contains(&tag) => http::StatusCode::NOT_MODIFIED.into_response(),
        _ => {
            given.push(own.clone());
            ([("etag", own)], format!("of {tenant}")).into_response()
        }
    }
}

#[tokio::test]
async fn an_etag_of_another_tenant_that_says_something_is_caught() {
    let app = App::new().tenants(header()).routes(routes![remembered]);
    check(assert_isolated(app), &["GET /remembered tells", "with the ETag \"t", "answered 304"]).await;
}

#[post("/visits")]
async fn visit(tenant: Tenant, State(notes): State<Notes>) -> Json<Kept> {
    let number = notes.add(&tenant, String::new());
    Json(Kept { id: format!("visit-number-{number}"), number })
}

#[get("/visits/{id}")]
async fn visited(Path(id): Path<String>) -> axum::response::Response {
    ([("etag", format!("\"{id}\""))], "seen").into_response()
}

#[tokio::test]
async fn numbers_of_a_tenants_own_are_no_leak() {
    let app = App::new().tenants(header()).state(Notes::default()).routes(routes![visit, visited]);
    assert_isolated(app).capture("id", "POST", "/visits", "/id").await;
}

#[get("/last")]
async fn last_request(State(last): State<Arc<Mutex<String>>>) -> String {
    let id = Context::current().request_id().to_owned();
    let last = std::mem::replace(&mut *last.lock().expect("no panic under the lock"), id);
    if last.len() > 20 { last } else { "nothing to see".into() }
}

#[tokio::test]
async fn a_request_id_of_another_tenant_is_caught() {
    let app = App::new().tenants(header()).state(Arc::default()).routes(routes![last_request]);
    check(assert_isolated(app), &["GET /last", "alone:  nothing to see"]).await;
}

#[get("/changed")]
async fn changed(State(notes): State<Notes>) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    let millis = u64::try_from(now.as_millis()).expect("few");
    let last = notes.reads.swap(millis, Ordering::Relaxed);
    // The answer of the first one ever has a time, too.
    format!("asked at {millis}, before that at {}", if last == 0 { millis } else { last })
}

#[get("/now")]
async fn now() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    format!("{} {}", now.as_secs(), now.as_millis())
}

#[tokio::test]
async fn the_time_may_be_told_and_the_time_of_anothers_request_may_not() {
    assert_isolated(App::new().tenants(header()).routes(routes![now])).await;
    let app = App::new().tenants(header()).state(Notes::default()).routes(routes![changed]);
    check(assert_isolated(app), &["GET /changed"]).await;
}

#[tokio::test]
async fn an_exempt_route_is_not_replayed_and_said_to_be() {
    let app =
        || App::new().tenants(header()).state(Notes::default()).routes(routes![quota, search, sound::add]);
    let sampled = || {
        assert_isolated(app())
            .body("POST", "/notes", json!({ "text": "buy milk" }))
            .capture("id", "POST", "/notes", "/id")
    };
    let report = report(sampled().exempt("GET", "/quota", "it counts on purpose")).await;
    assert!(report.contains("GET /search tells") && !report.contains("GET /quota tells"), "{report}");
    assert!(report.contains("not replayed: GET /quota, for it counts on purpose"), "{report}");
    sampled().exempt("GET", "/quota", "so").exempt("GET", "/search", "so").await;
}
