//! A small shop: what Lift makes easy, on one page per topic.
//!
//! `cargo run -p shop` serves it at <http://127.0.0.1:3000>; the same binary is the Lambda function.

mod catalog;
mod database;
mod orders;
mod rooms;
mod settings;
mod ticker;

use lift::prelude::*;

use crate::catalog::{loads, product, products, products_ndjson, put_product};
use crate::database::Database;
use crate::orders::{create_order, order, order_events};
use crate::rooms::{chat, echo};
use crate::settings::Settings;
use crate::ticker::clock;

/// What every handler shares.
#[derive(Clone)]
pub(crate) struct Shop {
    database: Database,
    settings: Settings,
}

/// The shop as an app; `main` runs it, the tests call it in-process.
pub(crate) fn app(
    settings: Settings,
    database: Database,
    cache: Cache,
    connections: Connections,
) -> App<Shop> {
    let tenants = Tenants::header("x-tenant-id").or(Tenants::query("tenant")).matching(is_tenant);
    App::new()
        .about(settings::HELP)
        .tenants(tenants)
        .cache(cache)
        .connections(connections)
        .state(Shop { database, settings })
        .routes(routes![product, products, put_product, loads, products_ndjson])
        .routes(routes![create_order, order, order_events])
        .routes(routes![clock, chat, echo])
}

/// `[a-z0-9-]{1,64}`
fn is_tenant(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    name.len() <= 64 && name.bytes().all(allowed)
}

#[tokio::main]
async fn main() -> Result<()> {
    let database = Database::at(&std::env::var("SHOP_DB").unwrap_or_else(|_| "memory".to_owned()))?;
    app(Settings::from_env()?, database, Cache::from_env()?, Connections::from_env()?).run().await
}

#[cfg(test)]
mod tests;
