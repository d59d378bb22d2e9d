//! Attributes that do not go together, and those that need another one.

#![deny(warnings)]

use lift::prelude::*;

#[get("/a")]
#[stream(sse)]
#[cached(ttl = "1s")]
async fn a_cached_stream() -> Result<u32> {
    emit!(1);
}

#[put("/b")]
#[cached(ttl = "1s", key = "all")]
#[invalidates("b")]
async fn a_cached_writer() -> Result<String> {
    Ok(String::new())
}

#[post("/c")]
#[stream(ndjson)]
#[invalidates("c")]
async fn a_streaming_writer() -> Result<u32> {
    emit!(1);
}

#[get("/d")]
#[validate(response)]
#[stream(bytes)]
async fn a_checked_stream_of_bytes() -> Result<String> {
    emit!(String::new());
}

#[validate]
async fn no_route_to_validate() {}

#[stream(sse)]
async fn no_route_to_stream() -> Result<u32> {
    emit!(1);
}

#[lift::invalidates("d")]
async fn no_route_to_invalidate() {}

#[get("/e")]
#[validate]
#[validate(status = 400)]
async fn validated_twice() {}

#[cached(ttl = "1s")]
#[lift::cached(ttl = "2s")]
async fn cached_twice() -> u32 {
    1
}

fn main() {}
