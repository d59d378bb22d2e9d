//! Types that are neither read nor written.

#![allow(unused_variables, reason = "what bodies do is not shown")]

use lift::prelude::*;

struct Opaque;

#[derive(Deserialize)]
struct Unchecked {
    text: String,
}

#[websocket("/1")]
async fn not_read(message: Opaque) {}

#[websocket("/2")]
async fn not_written(message: String) -> Result<Option<Opaque>> {
    Ok(None)
}

#[websocket("/3")]
#[validate]
async fn not_checked(message: Unchecked) {}

#[websocket("/7")]
async fn no_error(message: String) -> Result<String, Opaque> {
    Ok(message)
}

fn main() {}
