//! An import under another name, which Lift's other attributes cannot know; and imports that are missing.

#![allow(unused_variables, reason = "what bodies do is not shown")]

use lift::{App, cached as memo, get, routes};

#[get("/a")]
#[memo(ttl = "60s")]
async fn renamed() -> String {
    String::new()
}

#[get("/b")]
#[validate]
async fn not_imported() {}

fn main() {
    let _ = App::new().routes(routes![renamed, not_imported]);
}
