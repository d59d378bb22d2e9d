//! Arguments that cannot enter a key or a tag, and functions of the wrong shape.

use std::time::Duration;

use axum::http::HeaderMap;
use lift::prelude::*;

#[derive(Clone, Copy, Deserialize)]
struct Opaque(u32);

#[get("/1")]
#[cached(ttl = "60s")]
async fn headers(headers: HeaderMap) -> String {
    headers.len().to_string()
}

#[get("/2/{id}")]
#[cached(ttl = "60s")]
async fn no_key_part(Path(id): Path<Opaque>) -> String {
    id.0.to_string()
}

#[get("/3/{id}")]
#[cached(ttl = "60s", key = "{id.0}", tags = ["product:{id}"])]
async fn no_display(Path(id): Path<Opaque>) -> String {
    id.0.to_string()
}

fn takes_another(_: &u32) -> bool {
    true
}

fn returns_another(_: &String) -> u64 {
    60
}

#[get("/4")]
#[cached(ttl = returns_another, when = takes_another)]
async fn wrong_functions() -> String {
    String::new()
}

#[cached(ttl = "60s")]
async fn not_encoded(id: u32) -> Duration {
    not_serialisable(id).await.0
}

struct Value(Duration);

#[cached(ttl = "60s")]
async fn not_serialisable(id: u32) -> Value {
    Value(Duration::from_secs(u64::from(id)))
}

fn main() {}
