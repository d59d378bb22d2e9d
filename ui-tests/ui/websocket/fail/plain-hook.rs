//! A hook without its attribute, and one that is not there.

#![allow(unused_variables, reason = "what bodies do is not shown")]

use lift::prelude::*;

async fn plain(conn: Connection) {}

#[websocket("/1", connect = plain)]
async fn no_hook(message: String) {}

mod hooks {
    pub(crate) async fn plain() {}
}

#[websocket("/2", connect = hooks::plain, disconnect = hooks::nowhere)]
async fn nowhere(message: String) {}

fn main() {
    lift::App::new().routes(routes![no_hook, nowhere]);
}
