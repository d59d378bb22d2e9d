//! Documentation, visibility, lifetimes, `cfg`, patterns, other crates' attributes, modules: all of it compiles.

#![deny(warnings)]

use std::borrow::Cow;

use axum::http::HeaderMap;
use lift::prelude::*;

#[derive(Deserialize)]
struct Page {
    limit: u32,
    after: Option<String>,
}

#[derive(Clone)]
struct Catalog {
    name: &'static str,
}

/// With documentation.
#[get("/products/{sku}")]
async fn product(Path(sku): Path<String>, State(catalog): State<Catalog>) -> Result<String> {
    Ok(format!("{sku} of {}", catalog.name))
}

#[get("/products")]
async fn products(Query(Page { limit, mut after }): Query<Page>, ref headers: HeaderMap) -> String {
    after.get_or_insert_default().push('!');
    format!("{limit} {after:?} {}", headers.len())
}

#[post("/products")]
#[tracing::instrument(skip_all)]
async fn create(mut body: String) -> String {
    body.push('.');
    body
}

#[get("/borrowed/{text}")]
async fn borrowed<'a>(Path(text): Path<Cow<'a, str>>, _: Query<Cow<'_, str>>) -> String {
    text.into_owned()
}

#[get("/never")]
#[cfg(any())]
async fn never(missing: Missing) -> Missing {}

#[cfg_attr(all(), get("/always", no_tenant))]
async fn always() {}

#[allow(unused_variables, reason = "shown")]
#[route(OPTIONS, "/products")]
async fn options(page: Query<Page>) -> &'static str {
    "GET, POST"
}

mod orders {
    #[lift::delete("/orders/{id}")]
    pub(crate) async fn remove(axum::extract::Path(id): axum::extract::Path<u32>) -> String {
        id.to_string()
    }

    pub(super) mod lines {
        #[lift::patch("/orders/{id}/lines/{line}")]
        pub(crate) async fn change(
            axum::extract::Path((id, line)): axum::extract::Path<(u32, u32)>,
        ) -> String {
            format!("{id} {line}")
        }

        pub(crate) use change as change_line;
    }
}

fn main() {
    let app = App::new().state(Catalog { name: "all" }).routes(lift::routes![
        product,
        products,
        create,
        borrowed,
        always,
        options,
        orders::remove,
        orders::lines::change_line,
    ]);
    assert_eq!(app.endpoints().count(), 8);
    let endpoint = app.endpoints().next().expect("the first");
    assert!(endpoint.name.ends_with("::product"), "{}", endpoint.name);
    let response = async { create("text".to_owned()).await };
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    assert_eq!(runtime.block_on(response), "text.");
}
