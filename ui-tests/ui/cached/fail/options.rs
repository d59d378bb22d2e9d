//! Options that are unknown, repeated, missing or wrong.

#![allow(unused_variables, reason = "what bodies do is not shown")]

use lift::prelude::*;

#[get("/1")]
#[cached]
async fn no_ttl() {}

#[get("/2")]
#[cached(ttl = 60s)]
async fn unquoted() {}

#[get("/3")]
#[cached(ttl = 60, stale = "30 s", stale_if_error = "1.5h", negative = "0s")]
async fn durations() {}

#[get("/4")]
#[cached(ttl = "60s", max_bytes = "1MB ", version = "2", store = second, cache_control = "a\nb")]
async fn values() {}

#[get("/5")]
#[cached(ttl = "60s", ttl = "30s")]
async fn repeated() {}

#[get("/6")]
#[cached(ttl = "60s", tag = ["products"], colour = "red", "product")]
async fn unknown() {}

#[get("/7")]
#[cached(ttl = "60s", shared, private)]
async fn everybodys_and_ones() {}

#[get("/8")]
#[cached(ttl = "60s", shared = true, tags = "products", vary = "accept", skip = page, when)]
async fn forms(page: Query<u32>) {}

#[get("/9")]
#[cached(ttl = "60s", when = |value| true, vary("accept language"), skip())]
async fn more_forms() {}

#[get("/10")]
#[cached(ttl = "60s" stale = "30s")]
async fn no_comma() {}

#[post("/11")]
#[cached(ttl = "60s")]
async fn not_a_get(body: Json<u32>) {}

#[get("/12")]
#[cached(ttl = "60s", local)]
async fn local_answer() {}

#[cached(ttl = "60s", cache_control = "no-cache")]
async fn not_an_answer() -> u32 {
    1
}

#[cached(ttl = "60s")]
async fn no_name_for_the_value() -> impl Sized {}

#[cached(ttl = "60s")]
fn not_async() -> u32 {
    1
}

fn main() {}
