//! The attributes together, through the public API: what one function becomes with several of them.

#![allow(missing_docs, reason = "a test")]

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::StreamExt as _;
use lift::prelude::*;
use lift::test::TestApp;
use lift::validate::{Violation, Violations};

#[derive(Clone, Default)]
struct Runs(Arc<AtomicU32>);

impl Runs {
    fn count(&self) -> u32 {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
struct Product {
    #[schemars(length(min = 1, max = 8))]
    name: String,
    #[schemars(range(min = 1))]
    run: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(transparent)]
struct Sku(#[schemars(regex(pattern = r"^SKU-[0-9]{4}$"))] String);

impl fmt::Display for Sku {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn not_the_last(sku: &Sku, _: &Runs) -> Option<Violation> {
    (sku.0 == "SKU-9999").then(|| Violation::new("/sku", "known_sku", "is not known"))
}

async fn not_too_long(product: &Product) -> Violations {
    match product.name.as_str() {
        "long" => Violation::new("/name", "short", "must be short").into(),
        _ => Violations::new(),
    }
}

/// A reader with all that goes together.
#[tracing::instrument(skip_all)]
#[cached(ttl = "60s", stale = "30s", negative = "5s", tags = ["product:{sku}", "products"])]
#[get("/products/{sku}")]
#[validate(response, with = not_the_last)]
async fn product(Path(sku): Path<Sku>, State(runs): State<Runs>) -> Result<Json<Product>> {
    match sku.0.as_str() {
        "SKU-0404" => Err(Error::not_found("there is no such product")),
        "SKU-0500" => Ok(Json(Product { name: String::new(), run: runs.count() })),
        _ => Ok(Json(Product { name: sku.0.clone(), run: runs.count() })),
    }
}

/// Its writer.
#[validate(with = [not_too_long(body)], max_body = "1KiB", status = 400)]
#[lift::invalidates("product:{sku}")]
#[put("/products/{sku}")]
async fn put_product(Path(sku): Path<Sku>, body: Json<Product>) -> Json<Product> {
    assert_ne!(sku.0, "");
    body
}

#[stream(sse)]
#[get("/count/{to}")]
async fn count(Path(to): Path<u32>) -> Result<u32> {
    if to == 0 {
        return Err(Error::bad_request("there is nothing to count"));
    }
    for n in 1..=to {
        match n {
            13 => return Err(Error::conflict("thirteen").with_code("unlucky")),
            n if n % 2 == 0 => async { emit!(n) }.await,
            n => emit!(n),
        }
    }
}

fn app() -> TestApp {
    TestApp::paused(App::new().state(Runs::default()).routes(routes![product, put_product, count]))
}

async fn run(app: &TestApp, path: &str) -> u32 {
    let response = app.get(path).send().await;
    assert_eq!(response.status, 200, "{path}");
    response.json::<Product>().await.run
}

#[tokio::test]
async fn a_reader_is_cached_until_its_writer_has_run() {
    let app = app();
    assert_eq!(run(&app, "/products/SKU-0001").await, 1);
    assert_eq!(run(&app, "/products/SKU-0001").await, 1);
    assert_eq!(run(&app, "/products/SKU-0002").await, 2);
    let new = Product { name: "new".to_owned(), run: 7 };
    assert_eq!(app.put("/products/SKU-0001").json(&new).send().await.status, 200);
    assert_eq!(run(&app, "/products/SKU-0001").await, 3);
    assert_eq!(run(&app, "/products/SKU-0002").await, 2);
}

#[tokio::test]
async fn what_is_wrong_is_refused_before_the_cache_and_after_the_handler() {
    let app = app();
    for (path, status, keyword) in [
        ("/products/SKU-1", 422, "pattern"),
        ("/products/SKU-9999", 422, "known_sku"),
        ("/products/SKU-0500", 500, "internal"),
        ("/products/SKU-0404", 404, "there is no such product"),
    ] {
        let response = app.get(path).send().await;
        assert_eq!(response.status, status, "{path}");
        assert!(response.text().await.contains(keyword), "{path}");
    }
    let wrong = Product { name: "long".to_owned(), run: 1 };
    let response = app.put("/products/SKU-0001").json(&wrong).send().await;
    assert_eq!(response.status, 400);
    assert!(response.text().await.contains("must be short"));
    let large = Product { name: "x".repeat(2000), run: 1 };
    assert_eq!(app.put("/products/SKU-0001").json(&large).send().await.status, 413);
}

#[tokio::test]
async fn functions_are_called_like_any_other() {
    let found = product(Path(Sku("SKU-0001".to_owned())), State(Runs::default())).await.expect("it is found");
    assert_eq!(found.0.run, 1);
    let items: Vec<u32> = count(Path(3)).filter_map(|item| async { item.ok() }).collect().await;
    assert_eq!(items, [1, 2, 3]);
}

#[tokio::test]
async fn items_are_events_and_errors_come_where_they_can() {
    let app = app();
    let response = app.get("/count/2").send().await;
    assert_eq!(response.header("content-type"), Some("text/event-stream"));
    assert_eq!(response.text().await, "data: 1\n\ndata: 2\n\n");
    assert_eq!(app.get("/count/0").send().await.status, 400);
    let text = app.get("/count/20").send().await.text().await;
    assert!(text.contains("data: 12\n\nevent: problem\n") && text.contains("unlucky"), "{text}");
}

#[tokio::test]
async fn a_cached_handler_forgets_by_its_arguments() {
    let cache = Cache::memory();
    let app = App::new().cache(cache.clone()).state(Runs::default()).routes(routes![product]);
    let app = TestApp::paused(app);
    assert_eq!(run(&app, "/products/SKU-0001").await, 1);
    product::invalidate(&cache, Sku("SKU-0002".to_owned())).await.expect("it is told");
    assert_eq!(run(&app, "/products/SKU-0001").await, 1);
    product::invalidate(&cache, Path(Sku("SKU-0001".to_owned()))).await.expect("it is told");
    assert_eq!(run(&app, "/products/SKU-0001").await, 2);
}

static RUNS: AtomicU32 = AtomicU32::new(0);

fn is_small(n: &u32) -> bool {
    *n < 10
}

fn lifetime(n: &u32) -> Duration {
    Duration::from_secs(if n % 2 == 1 { 3600 } else { 60 })
}

#[cached(ttl = lifetime, when = is_small, skip(label), tags = ["squares", "squares:{label}"], stale = "1s")]
async fn square((n, _): (u32, ()), label: &'static str) -> Result<u32, String> {
    RUNS.fetch_add(1, Ordering::Relaxed);
    n.checked_mul(n).ok_or_else(|| format!("{label} is too large"))
}

#[derive(Clone, Debug, PartialEq)]
struct Opaque(String);

#[cached(ttl = "1m", local, key = "{name}", version = 2)]
pub(crate) async fn opaque<'a>(name: &'a str, mut times: usize) -> Option<Opaque>
where
    'a: 'a,
{
    times += 1;
    (!name.is_empty()).then(|| Opaque(name.repeat(times)))
}

type Answer = Result<u64, String>;

#[cached(ttl = "1m")]
async fn aliased(n: u64) -> Answer {
    Ok(n)
}

#[tokio::test]
async fn a_plain_function_caches_its_value() {
    let cache = Cache::memory();
    let work = cache.scope(async {
        let runs = || RUNS.load(Ordering::Relaxed);
        assert_eq!(square((3, ()), "a").await, Ok(9));
        assert_eq!(square((3, ()), "b").await, Ok(9));
        assert_eq!(runs(), 1);
        // Not small, and an error: neither is kept.
        for _ in 0..2 {
            assert_eq!(square((4, ()), "c").await, Ok(16));
            assert_eq!(square((u32::MAX, ()), "d").await, Err("d is too large".to_owned()));
        }
        assert_eq!(runs(), 5);
        assert_eq!(square::uncached((3, ()), "e").await, Ok(9));
        assert_eq!(runs(), 6);
        square::prime(&cache, (5, ()), "f", 7).await.expect("it is kept");
        assert_eq!(square((5, ()), "g").await, Ok(7));
        cache.invalidate_tag("squares:f").await.expect("it is told");
        assert_eq!(square((5, ()), "h").await, Ok(25));
        square::invalidate(&cache, (3, ())).await.expect("it is told");
        assert_eq!(square((3, ()), "i").await, Ok(9));
        assert_eq!(runs(), 8);
    });
    work.await;
}

#[tokio::test]
async fn a_value_is_primed_as_the_function_returns_it() {
    let cache = Cache::memory();
    let work = cache.scope(async {
        assert_eq!(opaque("a", 1).await, Some(Opaque("aa".to_owned())));
        assert_eq!(opaque("a", 9).await, Some(Opaque("aa".to_owned())));
        assert_eq!(opaque("", 9).await, None);
        opaque::prime(&cache, "b", Some(Opaque("c".to_owned()))).await.expect("it is kept");
        assert_eq!(opaque("b", 1).await, Some(Opaque("c".to_owned())));

        aliased::prime(&cache, 1, Ok(2)).await.expect("it is kept");
        aliased::prime(&cache, 1, Err(String::new())).await.expect("an error is not kept");
        assert_eq!(aliased(1).await, Ok(2));
        assert_eq!(aliased(3).await, Ok(3));
    });
    work.await;
}

/// A type whose parts come from a macro's caller: what is derived must not take its own names for the caller's.
macro_rules! named {
    ($name:ident { $($(#[$attribute:meta])* $field:ident: $held:ty),* }) => {
        #[derive(Deserialize, JsonSchema, Validate)]
        struct $name { $($(#[$attribute])* $field: $held),* }
    };
}

named! {
    Named {
        #[schemars(length(max = 3), regex(pattern = "^[a-z]+é?$"))] text: String,
        #[schemars(email)] email: Option<String>,
        #[schemars(range(min = 1), extend("exclusiveMaximum" = 9))] number: u8,
        #[schemars(inner(range(max = 3)))] items: Vec<u8>
    }
}

#[test]
fn a_type_may_come_from_a_macro() {
    let named: Named =
        lift::validate::from_slice(br#"{"text":"ab","email":"a@b.c","number":8,"items":[3]}"#).unwrap();
    assert_eq!(
        (&*named.text, named.email.as_deref(), named.number, named.items.len()),
        ("ab", Some("a@b.c"), 8, 1)
    );
    let wrong = br#"{"text":"Bcde","email":"a","number":9,"items":[4]}"#;
    let violations = lift::validate::from_slice::<Named>(wrong).err().unwrap();
    let mut keywords: Vec<_> = violations.iter().map(|violation| &*violation.keyword).collect();
    keywords.sort_unstable();
    assert_eq!(keywords, ["exclusiveMaximum", "format", "maxLength", "maximum", "pattern"]);
}
