//! What an attribute cannot stand on.

#![allow(unused_variables, reason = "what bodies do is not shown")]

use lift::prelude::*;

#[get("/struct")]
#[validate]
struct Product;

#[get("/a")]
fn not_async() {}

#[get("/b")]
async fn generic<T: Send, const N: usize>(_: State<T>) {}

#[get("/c")]
async fn unnamed(body: impl Send, more: Option<impl Send>) {}

#[get("/d")]
async unsafe fn not_safe() {}

#[get("/e")]
async extern "C" fn foreign() {}

#[get("/f")]
async fn maybe(#[cfg(all())] body: String) {}

struct Shop;

impl Shop {
    #[get("/g")]
    async fn method(&self) {}
}

#[get("/h")]
#[post("/h")]
async fn two_routes() {}

#[get("/i")]
#[get("/j")]
async fn one_route_twice() {}

#[post("/k")]
async fn two_bodies(first: Json<u32>, second: String) {}

#[get("/l")]
async fn no_extractor(id: u32) {}

#[get("/m")]
async fn no_response() -> std::time::Instant {
    std::time::Instant::now()
}

#[get("/n")]
async fn not_send() -> String {
    let local = std::rc::Rc::new(1);
    std::future::ready(()).await;
    local.to_string()
}

#[get("/o", no_tenant = true, no_tennant, no_tenant, "/p")]
async fn options() {}

mod taken {}

#[get("/q")]
async fn taken() {}

fn main() {
    let _ = App::new().routes(routes![not_async, two_routes, two_bodies, no_extractor, options]);
}
