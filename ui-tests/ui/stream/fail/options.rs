//! Options that are unknown or wrong, and functions that cannot stream.

#![allow(unused_variables, reason = "what bodies do is not shown")]

use lift::prelude::*;

#[get("/1")]
#[stream(sse, ndjson)]
async fn two_formats() -> Result<u32> {
    emit!(1);
}

#[get("/2")]
#[stream(see, buffer = 0, chunk = 16384, keep_alive = 15, retry = "0s")]
async fn values() -> Result<u32> {
    emit!(1);
}

#[get("/3")]
#[stream(sse)]
fn not_async() -> Result<u32> {
    emit!(1);
}

#[get("/4")]
#[stream(sse)]
async fn yields_what() {
    emit!(1);
}

#[get("/5")]
async fn no_stream() -> Result<u32> {
    emit!(1);
    Ok(1)
}

#[get("/6")]
#[stream(ndjson, content_type = "text/csv")]
async fn another_type() -> Result<u32> {
    emit!(1);
}

#[get("/7")]
#[stream(bytes, content_type = "text/\ncsv")]
async fn no_type() -> Result<&'static str> {
    emit!("a");
}

fn main() {
    lift::emit!(1);
}
