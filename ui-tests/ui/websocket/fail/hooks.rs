//! Hooks that are functions of another kind.

#![allow(unused_variables, reason = "what bodies do is not shown")]

use lift::prelude::*;

#[get("/page")]
async fn page() {}

#[websocket("/1", disconnect = page)]
async fn another_kind(message: String) {}

#[connect]
async fn stateful(State(state): State<u32>) {}

#[websocket("/2", connect = stateful)]
async fn another_state(message: String) {}

fn main() {
    lift::App::new().routes(routes![another_kind, another_state]);
}
