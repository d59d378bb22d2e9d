//! What the shop remembers, in memory: a catalog and the orders of each tenant.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lift::prelude::*;

use crate::catalog::{Category, NewProduct, Page, Product, Sku};
use crate::orders::{OrderId, PlacedOrder};

/// The database: a clone is another handle to the same.
#[derive(Clone, Default)]
pub(crate) struct Database {
    tenants: Arc<Mutex<HashMap<Tenant, Arc<Catalog>>>>,
    orders: Arc<Mutex<HashMap<(Tenant, OrderId), PlacedOrder>>>,
}

impl Database {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A tenant's catalog, made on first touch.
    pub(crate) fn catalog(&self, tenant: &Tenant) -> Arc<Catalog> {
        let mut tenants = lock(&self.tenants);
        Arc::clone(tenants.entry(tenant.clone()).or_insert_with(|| Arc::new(Catalog::seeded())))
    }

    pub(crate) fn order(&self, tenant: &Tenant, id: &OrderId) -> Option<PlacedOrder> {
        lock(&self.orders).get(&(tenant.clone(), id.clone())).cloned()
    }

    pub(crate) fn add_order(&self, tenant: &Tenant, order: PlacedOrder) {
        lock(&self.orders).insert((tenant.clone(), order.id.clone()), order);
    }
}

/// One tenant's products.
pub(crate) struct Catalog {
    products: Mutex<BTreeMap<Sku, Product>>,
    reads: AtomicU64,
}

impl Catalog {
    fn seeded() -> Self {
        let product = |n: u32| Product {
            sku: Sku::number(n),
            name: format!("Product {n}"),
            price_cents: 100 + 7 * n,
            category: Category::of(n),
            stock: 100,
            version: 1,
        };
        let products = (1..=1000).map(|n| (Sku::number(n), product(n))).collect();
        Self { products: Mutex::new(products), reads: AtomicU64::new(0) }
    }

    /// A read that counts, and takes its time.
    pub(crate) async fn read(&self, latency: Duration) {
        self.reads.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(latency).await;
    }

    pub(crate) fn reads(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }

    pub(crate) fn product(&self, sku: &Sku) -> Option<Product> {
        lock(&self.products).get(sku).cloned()
    }

    /// A page, and whether there is more behind it.
    pub(crate) fn page(&self, page: &Page) -> (Vec<Product>, bool) {
        let start = page.after.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
        let products = lock(&self.products);
        let mut matching = products
            .range((start, Bound::Unbounded))
            .map(|(_, product)| product)
            .filter(|product| page.category.is_none_or(|category| product.category == category));
        let items = matching.by_ref().take(page.limit as usize).cloned().collect();
        (items, matching.next().is_some())
    }

    /// Changes a product, or makes it.
    pub(crate) fn put(&self, sku: Sku, new: NewProduct) -> Product {
        let mut products = lock(&self.products);
        let earlier = products.get(&sku);
        let product = Product {
            category: earlier.map_or(Category::Books, |product| product.category),
            version: earlier.map_or(1, |product| product.version + 1),
            name: new.name,
            price_cents: new.price_cents,
            stock: new.stock,
            sku: sku.clone(),
        };
        products.insert(sku, product.clone());
        product
    }

    pub(crate) fn all(&self) -> Vec<Product> {
        lock(&self.products).values().cloned().collect()
    }
}

/// A panic under the lock leaves the data as it was before or after one insertion: both are good.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
