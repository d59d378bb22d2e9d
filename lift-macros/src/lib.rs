//! The attributes of Lift. Apps depend on the `lift` crate, which re-exports and documents them.
//!
//! An attribute's tokens become `arguments`, these and the function a `model`, which is checked and expanded once
//! (`expand`), whichever of a function's attributes the compiler has come to first.

mod arguments;
mod cached;
mod companions;
mod derive;
mod endpoint;
mod errors;
mod expand;
mod handler;
mod invalidates;
mod model;
mod patterns;
mod plain;
mod route;
mod schema_file;
#[cfg(test)]
mod snapshots;
mod stream;
mod template;
mod units;
mod validate;
mod websocket;

use proc_macro::TokenStream;

use crate::handler::Kind;

/// Serves `GET` requests: `#[get("/products/{sku}")]`, with `no_tenant` for a route that serves everyone.
#[proc_macro_attribute]
pub fn get(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::attribute(Kind::Route("get"), arguments.into(), item.into()).into()
}

/// Serves `POST` requests: `#[post("/orders")]`.
#[proc_macro_attribute]
pub fn post(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::attribute(Kind::Route("post"), arguments.into(), item.into()).into()
}

/// Serves `PUT` requests: `#[put("/products/{sku}")]`.
#[proc_macro_attribute]
pub fn put(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::attribute(Kind::Route("put"), arguments.into(), item.into()).into()
}

/// Serves `PATCH` requests: `#[patch("/products/{sku}")]`.
#[proc_macro_attribute]
pub fn patch(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::attribute(Kind::Route("patch"), arguments.into(), item.into()).into()
}

/// Serves `DELETE` requests: `#[delete("/products/{sku}")]`.
#[proc_macro_attribute]
pub fn delete(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::attribute(Kind::Route("delete"), arguments.into(), item.into()).into()
}

/// Serves requests of any method that can be routed: `#[route(OPTIONS, "/products")]`.
#[proc_macro_attribute]
pub fn route(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::attribute(Kind::Route("route"), arguments.into(), item.into()).into()
}

/// Keeps what a function returns: `#[cached(ttl = "60s", tags = ["product:{sku}"])]`.
#[proc_macro_attribute]
pub fn cached(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::attribute(Kind::Cached, arguments.into(), item.into()).into()
}

/// Checks what a handler takes and, if asked to, what it returns: `#[validate(response, with = known_skus)]`.
#[proc_macro_attribute]
pub fn validate(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::attribute(Kind::Validate, arguments.into(), item.into()).into()
}

/// Sends items as they come: `#[stream(sse, keep_alive = "15s")]`.
#[proc_macro_attribute]
pub fn stream(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::attribute(Kind::Stream, arguments.into(), item.into()).into()
}

/// Serves a WebSocket, a message at a time: `#[websocket("/chat/{room}", connect = join, disconnect = leave)]`.
#[proc_macro_attribute]
pub fn websocket(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::attribute(Kind::Websocket, arguments.into(), item.into()).into()
}

/// Runs before a socket opens, and may refuse it: `#[connect]` on a function that `#[websocket(…, connect = name)]` names.
#[proc_macro_attribute]
pub fn connect(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::attribute(Kind::Hook("connect"), arguments.into(), item.into()).into()
}

/// Runs once when a socket has ended: `#[disconnect]` on a function that `#[websocket(…, disconnect = name)]` names.
#[proc_macro_attribute]
pub fn disconnect(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::attribute(Kind::Hook("disconnect"), arguments.into(), item.into()).into()
}

/// Makes entries stale by their tags when a writer has run: `#[invalidates("product:{sku}", "products")]`.
#[proc_macro_attribute]
pub fn invalidates(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::attribute(Kind::Invalidates, arguments.into(), item.into()).into()
}

/// Native checks of the constraints that a type publishes in its JSON Schema, and own ones by `custom(function = path)`; see
/// `lift::Validate`.
#[proc_macro_derive(Validate, attributes(validate, garde, schemars))]
pub fn derive_validate(input: TokenStream) -> TokenStream {
    derive::expand(&syn::parse_macro_input!(input as syn::DeriveInput)).into()
}
