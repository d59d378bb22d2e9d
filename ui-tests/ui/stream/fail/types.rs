//! Items that cannot be sent.

use axum::body::Bytes;
use lift::prelude::*;

struct Opaque;

#[get("/1")]
#[stream(sse)]
async fn not_serialisable() -> Result<Opaque> {
    emit!(Opaque);
}

#[get("/2")]
#[stream(bytes)]
async fn no_bytes() -> Result<u32> {
    emit!(1);
}

#[get("/3")]
#[stream(bytes)]
async fn another_item() -> Result<Bytes> {
    emit!(1);
}

#[get("/4")]
#[stream(sse)]
async fn no_result() -> u32 {
    emit!(1);
}

#[get("/5")]
#[stream(sse)]
async fn another_ending() -> Result<u32> {
    emit!(1);
    "done"
}

fn main() {}
