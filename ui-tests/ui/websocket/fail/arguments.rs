//! What is no message, and what a socket's request does not have.

#![allow(unused_variables, reason = "what bodies do is not shown")]

use lift::prelude::*;

#[derive(Deserialize)]
struct Said;

#[websocket("/1")]
async fn no_message() {}

#[websocket("/2")]
async fn message_last(conn: Connection, said: Said) {}

#[websocket("/3/{room}")]
async fn path_first(Path(room): Path<String>, said: Said) {}

#[websocket("/4")]
async fn json(said: Json<Said>) {}

#[websocket("/5")]
async fn body(said: Said, body: Json<Said>) {}

#[websocket("/6/{room}")]
async fn no_taker(said: Said) {}

#[connect]
async fn join(body: Json<Said>) {}

#[websocket("/7", connect = join)]
async fn joined(said: Said) {}

fn main() {
    lift::App::new().routes(routes![no_message, message_last, path_first, json, body, no_taker, joined]);
}
