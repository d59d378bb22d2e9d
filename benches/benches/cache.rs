//! C1–C5: `#[cached]` beside moka, cached, quick_cache and axum.

use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::task::{Context as Polling, Poll, Waker};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use benches::{compare, median};
use http::Request;
use http_body_util::BodyExt as _;
use lift::{App, Cache, Tenants};
use serde::Serialize;
use tower::ServiceExt as _;

const ENTRIES: u64 = 10_000;

fn main() {
    let _ = metrics::set_global_recorder(Recorder);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let cache = Cache::memory();
        let acme = cache.tenant("acme").expect("a name");
        acme.scope(async {
            fill().await;
            if wanted("C1") {
                c1();
                tail();
            }
            if wanted("C2") {
                c2();
            }
        })
        .await;
        if wanted("C3") {
            c3().await;
        }
        if wanted("C4") {
            c4().await;
        }
        if wanted("C5") {
            c5(&acme);
        }
    });
}

/// Whether a row was asked for by name, or none was.
fn wanted(row: &str) -> bool {
    let mut rows = std::env::args().skip(1).filter(|argument| argument.starts_with('C')).peekable();
    rows.peek().is_none() || rows.any(|asked| asked == row)
}

/// What an app that watches its metrics has: a counter for each name.
struct Recorder;

impl metrics::Recorder for Recorder {
    fn describe_counter(&self, _: metrics::KeyName, _: Option<metrics::Unit>, _: metrics::SharedString) {}
    fn describe_gauge(&self, _: metrics::KeyName, _: Option<metrics::Unit>, _: metrics::SharedString) {}
    fn describe_histogram(&self, _: metrics::KeyName, _: Option<metrics::Unit>, _: metrics::SharedString) {}

    fn register_counter(&self, _: &metrics::Key, _: &metrics::Metadata<'_>) -> metrics::Counter {
        metrics::Counter::from_arc(Arc::new(AtomicU64::new(0)))
    }

    fn register_gauge(&self, _: &metrics::Key, _: &metrics::Metadata<'_>) -> metrics::Gauge {
        metrics::Gauge::noop()
    }

    fn register_histogram(&self, _: &metrics::Key, _: &metrics::Metadata<'_>) -> metrics::Histogram {
        metrics::Histogram::noop()
    }
}

#[lift::cached(ttl = "1h", tags = ["user:{id}"])]
async fn user(id: u64) -> u64 {
    id * 2
}

#[cached::macros::cached(max_size = 20_000, ttl_secs = 3600)]
async fn peer(id: u64) -> u64 {
    id * 2
}

async fn fill() {
    for id in 0..ENTRIES {
        black_box(user(id).await);
        black_box(peer(id).await);
    }
}

/// The output of a future that is ready at once, as a hit is.
fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Polling::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a hit does not wait"),
    }
}

fn c1() {
    let strings: Vec<String> = (0..ENTRIES).map(|id| format!("acme:user:{id}")).collect();
    let moka =
        moka::sync::Cache::builder().max_capacity(20_000).time_to_live(Duration::from_secs(3600)).build();
    let quick = quick_cache::sync::Cache::new(20_000);
    for (id, string) in (0u64..).zip(&strings) {
        moka.insert(string.clone(), id);
        quick.insert(string.clone(), id);
    }
    moka.run_pending_tasks();
    let any = || fastrand::usize(..strings.len());
    compare("C1", || ready(peer(7)), || ready(user(7))).print("hit, one key", "cached", 0.6);
    compare("C1", || ready(peer(any() as u64)), || ready(user(any() as u64))).print(
        "hit, random keys",
        "cached",
        0.6,
    );
    compare("C1", || moka.get(&strings[7]), || ready(user(7))).print(
        "hit, one key",
        "moka::sync, String",
        0.7,
    );
    compare("C1", || moka.get(&strings[any()]), || ready(user(any() as u64))).print(
        "hit, random keys",
        "moka::sync, String",
        0.7,
    );
    compare("C1", || quick.get(&strings[any()]), || ready(user(any() as u64))).print(
        "hit, random keys (to compare)",
        "quick_cache, String",
        f64::INFINITY,
    );
}

/// The slowest hits.
fn tail() {
    let mut nanos: Vec<u64> = (0..1_000_000)
        .map(|_| {
            let id = fastrand::u64(..ENTRIES);
            let start = Instant::now();
            black_box(ready(user(id)));
            u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX)
        })
        .collect();
    nanos.sort_unstable();
    let at = |share: f64| nanos[(nanos.len() as f64 * share) as usize];
    let verdict = if at(0.999) < 1000 { "reached" } else { "MISSED" };
    println!(
        "C1   slowest hits, random keys: p50 {} ns, p99 {} ns, p99.9 {} ns (bound 1000, {verdict})",
        at(0.5),
        at(0.99),
        at(0.999)
    );
}

fn c2() {
    let counted = allocation_counter::measure(|| {
        for id in 0..ENTRIES {
            black_box(ready(user(id)));
        }
    });
    let verdict = if counted.count_total == 0 { "reached" } else { "MISSED" };
    println!("C2   allocations in {ENTRIES} hits: {} (bound 0, {verdict})", counted.count_total);
}

/// About 1 KiB of JSON.
#[derive(Clone, Serialize)]
struct Page {
    items: Vec<Item>,
    next: Option<String>,
}

#[derive(Clone, Serialize)]
struct Item {
    sku: String,
    name: String,
    price_cents: u64,
    category: &'static str,
    stock: u32,
    version: u32,
}

fn page() -> Page {
    let item = |n: u64| Item {
        sku: format!("SKU-{n:04}"),
        name: format!("Product {n}"),
        price_cents: 100 + 7 * n,
        category: ["books", "games", "garden", "music"][(n % 4) as usize],
        stock: 100,
        version: 1,
    };
    Page { items: (1..=10).map(item).collect(), next: Some("SKU-0011".to_owned()) }
}

#[lift::get("/products")]
#[lift::cached(ttl = "1h", tags = ["products"])]
async fn products(State(page): State<Arc<Page>>) -> lift::Json<Page> {
    lift::Json(Page::clone(&page))
}

async fn c3() {
    let lift = |app: App<Arc<Page>>| app.routes(lift::routes![products]).into_router().expect("one route");
    let bare = lift(App::new().state(Arc::new(page())));
    let tenants = lift(App::new().state(Arc::new(page())).tenants(Tenants::header("x-tenant-id")));
    let state = Arc::new(page());
    let handler = move || {
        let page = Arc::clone(&state);
        async move { Json(Page::clone(&page)) }
    };
    let axum: Router = Router::new().route("/products", get(handler));
    let length = ready(answer(&axum)).len();
    for lift in [&bare, &tenants] {
        let _ = answer(lift).await;
        assert_eq!(ready(answer(lift)).len(), length);
    }
    println!("     (a body of {length} bytes)");
    compare("C3", || ready(answer(&axum)), || ready(answer(&bare))).print(
        "routed hit",
        "axum, serialising",
        1.0,
    );
    compare("C3", || ready(answer(&axum)), || ready(answer(&tenants))).print(
        "routed hit of a tenant",
        "axum, serialising",
        1.0,
    );
}

async fn answer(router: &Router) -> bytes::Bytes {
    let request =
        Request::get("/products").header("x-tenant-id", "acme").body(Body::empty()).expect("a request");
    let Ok(response) = router.clone().oneshot(request).await;
    response.into_body().collect().await.expect("a body").to_bytes()
}

const COMPUTATION: Duration = Duration::from_millis(50);
const CALLERS: usize = 1000;

#[lift::cached(ttl = "1h", skip(runs))]
async fn slow(id: u64, runs: Arc<AtomicU32>) -> u64 {
    runs.fetch_add(1, Ordering::Relaxed);
    tokio::time::sleep(COMPUTATION).await;
    id
}

#[cached::macros::cached(max_size = 20_000, sync_writes = "by_key", key = "u64", convert = r#"{ id }"#)]
async fn slow_peer(id: u64, runs: Arc<AtomicU32>) -> u64 {
    runs.fetch_add(1, Ordering::Relaxed);
    tokio::time::sleep(COMPUTATION).await;
    id
}

/// How long the slowest of many callers took, and how often the computation ran.
async fn stampede<F: Future<Output = u64> + Send + 'static>(
    call: impl Fn(Arc<AtomicU32>) -> F,
) -> (f64, u32) {
    let runs = Arc::new(AtomicU32::new(0));
    let timed = |call: F| async move {
        let start = Instant::now();
        black_box(call.await);
        start.elapsed().as_secs_f64()
    };
    let tasks: Vec<_> = (0..CALLERS).map(|_| lift::spawn(timed(call(Arc::clone(&runs))))).collect();
    let mut slowest: f64 = 0.0;
    for task in tasks {
        slowest = slowest.max(task.await.expect("a result"));
    }
    (slowest / COMPUTATION.as_secs_f64(), runs.load(Ordering::Relaxed))
}

async fn c4() {
    let moka = moka::future::Cache::<u64, u64>::new(20_000);
    let cache = Cache::memory();
    let mut rows: [Vec<f64>; 3] = Default::default();
    let mut runs = [0; 3];
    for id in 0..11 {
        let (lift, lift_runs) = cache.scope(stampede(|runs| slow(id, runs))).await;
        let (theirs, their_runs) = stampede(|runs| slow_peer(id, runs)).await;
        let (mokas, moka_runs) = stampede(|runs| {
            let moka = moka.clone();
            async move {
                let compute = async {
                    runs.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(COMPUTATION).await;
                    id
                };
                moka.get_with(id, compute).await
            }
        })
        .await;
        for (row, slowest) in rows.iter_mut().zip([lift, theirs, mokas]) {
            row.push(slowest);
        }
        runs = [runs[0] + lift_runs, runs[1] + their_runs, runs[2] + moka_runs];
    }
    let [lift, theirs, mokas] = rows.map(|mut row| median(&mut row));
    let verdict = if lift <= 1.2 && runs[0] == 11 { "reached" } else { "MISSED" };
    println!(
        "C4   {CALLERS} misses, slowest as a multiple of the computation: cached {theirs:.3}, moka {mokas:.3}, lift {lift:.3} \
         (bound 1.2, {verdict}); computations in 11 rounds: cached {}, moka {}, lift {}",
        runs[1], runs[2], runs[0]
    );
}

const TURN: Duration = Duration::from_millis(15);
const TURNS: usize = 60;

/// How often two threads call something, as a multiple of how often one does. The best of many short turns, for
/// whatever else runs on the machine takes from two threads more than from one.
fn scaling(calls: impl Fn() -> f64 + Sync) -> f64 {
    let run = |threads: usize| -> f64 {
        std::thread::scope(|scope| {
            let running: Vec<_> = (0..threads).map(|_| scope.spawn(&calls)).collect();
            running.into_iter().map(|thread| thread.join().unwrap_or_default()).sum()
        })
    };
    let (mut one, mut two): (f64, f64) = (0.0, 0.0);
    for _ in 0..TURNS {
        one = one.max(run(1));
        two = two.max(run(2));
    }
    two / one
}

/// Calls a second in one turn.
fn turn<R>(mut call: impl FnMut() -> R) -> f64 {
    let (start, mut calls) = (Instant::now(), 0u32);
    while start.elapsed() < TURN {
        for _ in 0..200 {
            black_box(call());
        }
        calls += 200;
    }
    f64::from(calls) / start.elapsed().as_secs_f64()
}

fn c5(acme: &Cache) {
    use std::hash::BuildHasher as _;
    let strings: Vec<String> = (0..ENTRIES).map(|id| format!("acme:user:{id}")).collect();
    let moka = moka::sync::Cache::new(20_000);
    for (id, string) in (0u64..).zip(&strings) {
        moka.insert(string.clone(), id);
    }
    let hasher = quick_cache::DefaultHashBuilder::default();
    let hash = scaling(|| turn(|| hasher.hash_one(fastrand::u64(..))));
    let mokas = scaling(|| turn(|| moka.get(&strings[fastrand::usize(..strings.len())])));
    // Each thread has the context of a task of its own.
    let hits = || async { turn(|| ready(user(fastrand::u64(..ENTRIES)))) };
    let lift = scaling(|| ready(acme.scope(hits())));
    let verdict = if lift >= 1.6 { "reached" } else { "MISSED" };
    println!(
        "C5   two threads against one: hashing alone {hash:.2}, moka {mokas:.2}, lift {lift:.2} (bound 1.6, {verdict})"
    );
}
