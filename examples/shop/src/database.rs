//! What the shop remembers, apart from any cache: what tenants have changed in their catalogs, and their orders.

mod memory;
mod redis;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lift::prelude::*;

use self::memory::Memory;
use self::redis::Redis;
use crate::catalog::{Category, NewProduct, Page, Product, Sku};
use crate::orders::{OrderId, PlacedOrder};

/// The database: a clone is another handle to the same.
#[derive(Clone)]
pub(crate) struct Database {
    kept: Kept,
    /// How often each tenant has read in this process.
    reads: Arc<Mutex<HashMap<Tenant, u64>>>,
}

/// Where it is kept.
#[derive(Clone)]
enum Kept {
    Memory(Memory),
    /// For all processes, and for longer than any of them.
    Redis(Redis),
}

impl Database {
    /// In this process's memory.
    pub(crate) fn memory() -> Self {
        Self { kept: Kept::Memory(Memory::default()), reads: Arc::default() }
    }

    /// Where `SHOP_DB` says: `memory` or a Redis URL.
    pub(crate) fn at(place: &str) -> Result<Self> {
        match place {
            "memory" => Ok(Self::memory()),
            url => Ok(Self { kept: Kept::Redis(Redis::at(url)?), reads: Arc::default() }),
        }
    }

    /// A tenant's catalog. What nobody has changed takes no memory.
    pub(crate) fn catalog(&self, tenant: &Tenant) -> Catalog<'_> {
        Catalog { database: self, tenant: tenant.clone() }
    }

    pub(crate) async fn order(&self, tenant: &Tenant, id: &OrderId) -> Result<Option<PlacedOrder>> {
        match &self.kept {
            Kept::Memory(memory) => Ok(memory.order(tenant, id)),
            Kept::Redis(redis) => redis.order(tenant, id).await,
        }
    }

    pub(crate) async fn add_order(&self, tenant: &Tenant, order: PlacedOrder) -> Result<()> {
        match &self.kept {
            Kept::Memory(memory) => {
                memory.add_order(tenant, order);
                Ok(())
            }
            Kept::Redis(redis) => redis.add_order(tenant, &order).await,
        }
    }
}

/// One tenant's products: a thousand that every tenant begins with, and what it has changed or added.
pub(crate) struct Catalog<'a> {
    database: &'a Database,
    tenant: Tenant,
}

impl Catalog<'_> {
    /// A read that counts, and takes its time.
    pub(crate) async fn read(&self, latency: Duration) {
        *self.counted().entry(self.tenant.clone()).or_default() += 1;
        tokio::time::sleep(latency).await;
    }

    pub(crate) fn reads(&self) -> u64 {
        self.counted().get(&self.tenant).copied().unwrap_or_default()
    }

    fn counted(&self) -> std::sync::MutexGuard<'_, HashMap<Tenant, u64>> {
        self.database.reads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) async fn product(&self, sku: &Sku) -> Result<Option<Product>> {
        let changed = match &self.database.kept {
            Kept::Memory(memory) => memory.product(&self.tenant, sku),
            Kept::Redis(redis) => redis.product(&self.tenant, sku).await?,
        };
        Ok(changed.or_else(|| Product::seeded(sku.as_number()?)))
    }

    /// Every product, in the order of the SKUs.
    pub(crate) async fn all(&self) -> Result<Vec<Product>> {
        let changed = match &self.database.kept {
            Kept::Memory(memory) => memory.products(&self.tenant),
            Kept::Redis(redis) => redis.products(&self.tenant).await?,
        };
        let all = (1..=1000).filter_map(Product::seeded).chain(changed);
        let by_sku: BTreeMap<_, _> = all.map(|product| (product.sku.clone(), product)).collect();
        Ok(by_sku.into_values().collect())
    }

    /// A page, and whether there is more behind it.
    pub(crate) async fn page(&self, page: &Page) -> Result<(Vec<Product>, bool)> {
        let mut matching = self
            .all()
            .await?
            .into_iter()
            .filter(|product| page.after.as_ref().is_none_or(|after| product.sku > *after))
            .filter(|product| page.category.is_none_or(|category| product.category == category));
        let items = matching.by_ref().take(page.limit as usize).collect();
        Ok((items, matching.next().is_some()))
    }

    /// Changes a product, or makes it.
    pub(crate) async fn put(&self, sku: Sku, new: NewProduct) -> Result<Product> {
        let seeded = sku.as_number().and_then(Product::seeded);
        let first = Product {
            category: seeded.as_ref().map_or(Category::Books, |product| product.category),
            version: seeded.map_or(1, |product| product.version + 1),
            name: new.name,
            price_cents: new.price_cents,
            stock: new.stock,
            sku,
        };
        match &self.database.kept {
            Kept::Memory(memory) => Ok(memory.put(&self.tenant, first)),
            Kept::Redis(redis) => redis.put(&self.tenant, first).await,
        }
    }
}
