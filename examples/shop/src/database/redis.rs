//! In Redis: for each tenant a hash of the products it has changed, and one of its orders.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use lift::prelude::*;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{AsyncCommands as _, Client, RedisError, Script};
use serde::de::DeserializeOwned;

use crate::catalog::{Product, Sku};
use crate::orders::{OrderId, PlacedOrder};

/// Two writers at once get two versions, and the higher one stays.
const PUT: &str = "local product = cjson.decode(ARGV[2]) \
    local earlier = redis.call('HGET', KEYS[1], ARGV[1]) \
    if earlier then product.version = cjson.decode(earlier).version + 1 end \
    local kept = cjson.encode(product) redis.call('HSET', KEYS[1], ARGV[1], kept) return kept";

#[derive(Clone)]
pub(super) struct Redis {
    client: Arc<Client>,
    /// It connects when it is first asked, for only then a runtime is there for sure.
    connection: Arc<OnceLock<ConnectionManager>>,
}

impl Redis {
    pub(super) fn at(url: &str) -> Result<Self> {
        let wrong = |_| Error::startup("SHOP_DB must be `memory` or a URL such as `redis://host:6379/0`");
        Ok(Self { client: Arc::new(Client::open(url).map_err(wrong)?), connection: Arc::default() })
    }

    fn connection(&self) -> Result<ConnectionManager> {
        if let Some(connection) = self.connection.get() {
            return Ok(connection.clone());
        }
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(Duration::from_secs(2)))
            .set_response_timeout(Some(Duration::from_secs(2)));
        let made =
            ConnectionManager::new_lazy_with_config(Client::clone(&self.client), config).map_err(down)?;
        Ok(self.connection.get_or_init(|| made).clone())
    }

    pub(super) async fn product(&self, tenant: &Tenant, sku: &Sku) -> Result<Option<Product>> {
        self.read(products(tenant), &sku.to_string()).await
    }

    pub(super) async fn products(&self, tenant: &Tenant) -> Result<Vec<Product>> {
        let kept: Vec<String> = self.connection()?.hvals(products(tenant)).await.map_err(down)?;
        kept.iter().map(|json| parse(json)).collect()
    }

    /// Keeps a product; one that was changed before goes on from its version.
    pub(super) async fn put(&self, tenant: &Tenant, product: Product) -> Result<Product> {
        let script = Script::new(PUT);
        let mut put = script.key(products(tenant));
        put.arg(product.sku.to_string()).arg(json(&product)?);
        let kept: String = put.invoke_async(&mut self.connection()?).await.map_err(down)?;
        parse(&kept)
    }

    pub(super) async fn order(&self, tenant: &Tenant, id: &OrderId) -> Result<Option<PlacedOrder>> {
        self.read(orders(tenant), &id.0).await
    }

    pub(super) async fn add_order(&self, tenant: &Tenant, order: &PlacedOrder) -> Result<()> {
        self.connection()?.hset(orders(tenant), &order.id.0, json(order)?).await.map_err(down)
    }

    async fn read<T: DeserializeOwned>(&self, key: String, field: &str) -> Result<Option<T>> {
        let kept: Option<String> = self.connection()?.hget(key, field).await.map_err(down)?;
        kept.as_deref().map(parse).transpose()
    }
}

fn products(tenant: &Tenant) -> String {
    format!("shop:{tenant}:products")
}

fn orders(tenant: &Tenant) -> String {
    format!("shop:{tenant}:orders")
}

fn json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(Error::internal)
}

fn parse<T: DeserializeOwned>(json: &str) -> Result<T> {
    serde_json::from_str(json).map_err(Error::internal)
}

fn down(error: RedisError) -> Error {
    Error::unavailable("The shop's database does not answer.").with_source(error)
}
