//! Keys, tags and `skip` over names that no argument binds.

#![allow(unused_variables, reason = "what bodies do is not shown")]

use lift::prelude::*;

#[derive(Deserialize)]
struct Page {
    limit: u32,
    after: u32,
}

#[get("/1/{sku}")]
#[cached(ttl = "60s", tags = ["product:{skv}"])]
async fn mistyped(Path(sku): Path<String>) {}

#[get("/2")]
#[cached(ttl = "60s", key = "{shop}", tags = ["a", "{b}"])]
async fn no_names() {}

#[get("/3")]
#[cached(ttl = "60s", key = "{limit}:{0}:{limit:?}", tags = ["{", "}", "{limit"], skip(other))]
async fn not_names(Query(Page { limit, after }): Query<Page>) {}

#[get("/4")]
#[cached(ttl = "60s", skip(limit))]
async fn half_an_argument(Query(Page { limit, after }): Query<Page>) {}

#[get("/5")]
#[cached(ttl = "60s", key = "{limit}", skip(after))]
async fn both(Query(Page { limit, after }): Query<Page>) {}

fn main() {}
