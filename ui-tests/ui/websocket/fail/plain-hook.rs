//! A hook without its attribute.

#![allow(unused_variables, reason = "what bodies do is not shown")]

use lift::prelude::*;

async fn plain(conn: Connection) {}

#[websocket("/1", connect = plain)]
async fn no_hook(message: String) {}

fn main() {
    lift::App::new().routes(routes![no_hook]);
}
