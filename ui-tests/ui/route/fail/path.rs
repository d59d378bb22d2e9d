//! Paths that axum cannot route, or that do not agree with the arguments.

#![allow(unused_variables, reason = "what bodies do is not shown")]

use lift::prelude::*;

#[get("products")]
async fn no_slash() {}

#[get("/products/:sku")]
async fn colon(Path(sku): Path<String>) {}

#[get("/files/*rest")]
async fn star(Path(rest): Path<String>) {}

#[get("/x/{")]
async fn unclosed() {}

#[get("/x/{id}.json")]
async fn suffix(Path(id): Path<u32>) {}

#[get("/{*rest}/x")]
async fn not_last(Path(rest): Path<String>) {}

#[get("/{id}/{id}")]
async fn twice(Path((a, b)): Path<(u32, u32)>) {}

#[get("/search?q={q}")]
async fn query(Query(q): Query<String>) {}

#[get("/products/{sku}")]
async fn nobody_takes_it(Query(page): Query<u32>) {}

#[get("/shops/{shop}/products/{sku}")]
async fn nobody_takes_them() {}

#[get("/products")]
async fn nothing_to_take(Path(sku): Path<String>) {}

#[get("/shops/{shop}/products/{sku}")]
async fn too_few(Path(sku): Path<String>) {}

#[get("/products/{sku}")]
async fn too_many(Path((shop, sku)): Path<(String, String)>) {}

#[get]
async fn no_path() {}

#[get(42)]
async fn no_string() {}

#[get("/a", "/b")]
async fn two_paths() {}

#[route("/a")]
async fn no_method() {}

#[route(get, "/a")]
async fn lower_case() {}

#[route(BREW, "/pot")]
async fn no_such_method() {}

fn main() {
    let _ = App::new().routes(routes![no_slash, colon, nothing_to_take, no_method]);
}
