//! Attributes that are for answers to requests.

#![allow(unused_variables, reason = "what bodies do is not shown")]

use lift::prelude::*;

#[websocket("/1")]
#[cached(ttl = "60s")]
async fn cached_socket(message: String) {}

#[websocket("/2")]
#[stream(sse)]
async fn streamed_socket(message: String) -> Result<u32> {
    emit!(1);
}

#[websocket("/3")]
#[invalidates("a")]
async fn writing_socket(message: String) {}

#[websocket("/4")]
#[get("/4")]
async fn two_routes(message: String) {}

#[websocket("/5")]
#[validate(response, max_body = "1MiB")]
async fn checks(message: String) {}

#[connect]
#[disconnect]
async fn two_hooks(conn: Connection) {}

#[connect]
#[cached(ttl = "60s")]
async fn cached_hook(conn: Connection) {}

fn main() {
    lift::App::new().routes(routes![cached_socket, streamed_socket, writing_socket, two_routes, checks]);
}
