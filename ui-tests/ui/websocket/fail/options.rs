//! Options that are unknown or wrong, and paths that are missing.

#![allow(unused_variables, reason = "what bodies do is not shown")]

use lift::prelude::*;

#[websocket]
async fn no_path(message: String) {}

#[websocket("chat")]
async fn no_slash(message: String) {}

#[websocket("/1", max_message = 16384, buffer = 0, buffer_bytes = "1 MB", ping = "30")]
async fn sizes(message: String) {}

#[websocket("/2", rate = "20", idle_timeout = "0s", write_timeout = 5)]
async fn times(message: String) {}

#[websocket("/3", rate = "0/s")]
async fn no_rate(message: String) {}

#[websocket("/4", origins("shop.example", "https://shop.example/chat", "https://*.example", "https://shop.example:443"))]
async fn origins(message: String) {}

#[websocket("/5", conect = join, disconnect = "leave", timeout = "5s")]
async fn hooks(message: String) {}

#[connect("/6")]
async fn join(conn: Connection) {}

fn main() {
    lift::App::new().routes(routes![no_path, no_slash, sizes, times, no_rate, origins, hooks]);
}
