//! Routes and plain functions, with options of every kind, and names that the runtime uses as well.

#![deny(warnings)]

use std::time::Duration;

use axum::http::HeaderMap;
use lift::cache::{CacheStrategy, Key};
use lift::prelude::*;

#[derive(Clone, Deserialize, Hash)]
struct Filter {
    category: String,
    limit: u32,
}

// Names that occur within expansions.
#[derive(Clone, Deserialize, Hash)]
struct Part(u32);
#[derive(Clone, Deserialize, Hash)]
struct Tags(u32);
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
struct Options(u32);

#[get("/list")]
#[cached(
    ttl = "1h30m",
    key = "{filter.category}:{filter.limit}",
    tags = ["list:{filter.category}", "{{all}}"],
    vary("Accept-Language"),
    shared,
    stale = "30s",
    stale_if_error = "10m",
    negative = "5s",
    cache_control = "public, max-age=30",
    version = 2,
    store = "second",
    max_bytes = "64KiB",
    when = is_long,
)]
async fn list(Query(filter): Query<Filter>, headers: HeaderMap, context: Context) -> Result<String> {
    Ok(format!("{}{}{}{}", filter.category, filter.limit, headers.len(), context.request_id()))
}

fn is_long(text: &str) -> bool {
    text.len() > 3
}

#[get("/names/{part}/{tags}")]
#[cached(ttl = age, private, skip(headers), strategy = Hourly)]
async fn names(Path((part, tags)): Path<(Part, Tags)>, headers: HeaderMap) -> Json<Options> {
    let _ = headers;
    Json(Options(part.0 + tags.0))
}

fn age(options: &Options) -> Duration {
    Duration::from_secs(u64::from(options.0))
}

struct Hourly;

impl CacheStrategy for Hourly {
    type Value = Options;

    fn ttl(&self, _: &Options) -> Option<Duration> {
        Some(Duration::from_secs(3600))
    }

    fn key(&self, key: &mut Key) {
        key.part("hour");
    }
}

#[post("/search")]
#[cached(ttl = "5s", key = "{body}")]
async fn search(body: String) -> impl axum::response::IntoResponse {
    body
}

#[cached(ttl = "5m")]
async fn number(id: u64) -> Result<u64, String> {
    Ok(id)
}

#[cached(ttl = "5m", local)]
async fn opaque<'a>(_name: &'a str, _: &[u8]) -> Duration {
    Duration::ZERO
}

#[cached(ttl = "5m")]
async fn nothing() {}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let cache = Cache::memory();
    let app = App::new().cache(cache.clone()).store("second", Cache::memory()).routes(routes![list, names, search]);
    assert_eq!(app.endpoints().filter(|route| route.cached).count(), 3);
    list::invalidate(&cache, Filter { category: String::new(), limit: 1 }).await?;
    names::invalidate(&cache, (Part(1), Tags(2))).await?;
    search::invalidate(&cache, "body").await?;
    number::prime(&cache, 1, 2).await?;
    nothing::invalidate(&cache).await?;
    nothing().await;
    assert_eq!(cache.scope(number(1)).await, Ok(2));
    assert_eq!(number::uncached(1).await, Ok(1));
    assert_eq!(opaque("a", b"b").await, Duration::ZERO);
    Ok(())
}
