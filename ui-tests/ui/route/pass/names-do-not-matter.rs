//! Expansions hold whatever else a crate calls by the names that they use.

#![no_implicit_prelude]
#![deny(warnings)]

mod elsewhere {
    pub(crate) use ::lift as renamed;
}

mod core {}
mod std {}

use elsewhere::renamed;

struct Option;
struct Some;
struct Result;
struct S;
#[derive(::core::clone::Clone)]
struct M0;

#[::lift::get("/one/{id}")]
async fn one(
    ::axum::extract::Path(id): ::axum::extract::Path<u32>,
    _: ::axum::extract::State<M0>,
) -> ::std::string::String {
    ::std::string::ToString::to_string(&id)
}

#[::lift::get("/two", crate = renamed)]
async fn two() -> &'static str {
    let _ = (Option, Some, Result, S);
    "two"
}

#[::lift::get("/three", crate = "crate::elsewhere::renamed")]
async fn three() -> &'static str {
    "three"
}

fn main() {
    let app = ::lift::App::new().state(M0).routes(::lift::routes![one, two, three]);
    ::core::assert_eq!(::core::iter::Iterator::count(app.endpoints()), 3);
}
