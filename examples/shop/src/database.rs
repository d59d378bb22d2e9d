//! What the shop remembers, in memory: a catalog and the orders of each tenant.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lift::prelude::*;

use crate::catalog::{Category, NewProduct, Page, Product, Sku};
use crate::orders::{OrderId, PlacedOrder};

/// The database: a clone is another handle to the same.
#[derive(Clone, Default)]
pub(crate) struct Database {
    tenants: Tenants,
    orders: Arc<Mutex<HashMap<(Tenant, OrderId), PlacedOrder>>>,
}

impl Database {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A tenant's catalog. What nobody has changed takes no memory.
    pub(crate) fn catalog(&self, tenant: &Tenant) -> Catalog {
        Catalog { tenants: Arc::clone(&self.tenants), tenant: tenant.clone() }
    }

    pub(crate) fn order(&self, tenant: &Tenant, id: &OrderId) -> Option<PlacedOrder> {
        lock(&self.orders).get(&(tenant.clone(), id.clone())).cloned()
    }

    pub(crate) fn add_order(&self, tenant: &Tenant, order: PlacedOrder) {
        lock(&self.orders).insert((tenant.clone(), order.id.clone()), order);
    }
}

type Tenants = Arc<Mutex<HashMap<Tenant, Changes>>>;

/// What a tenant has changed, and how often it has read.
#[derive(Default)]
struct Changes {
    products: BTreeMap<Sku, Product>,
    reads: u64,
}

/// One tenant's products: a thousand that every tenant begins with, and what it has changed or added.
pub(crate) struct Catalog {
    tenants: Tenants,
    tenant: Tenant,
}

impl Catalog {
    /// A read that counts, and takes its time.
    pub(crate) async fn read(&self, latency: Duration) {
        lock(&self.tenants).entry(self.tenant.clone()).or_default().reads += 1;
        tokio::time::sleep(latency).await;
    }

    pub(crate) fn reads(&self) -> u64 {
        self.with(|changes| changes.map_or(0, |changes| changes.reads))
    }

    pub(crate) fn product(&self, sku: &Sku) -> Option<Product> {
        let changed = self.with(|changes| changes?.products.get(sku).cloned());
        changed.or_else(|| Product::seeded(sku.as_number()?))
    }

    /// A page, and whether there is more behind it.
    pub(crate) fn page(&self, page: &Page) -> (Vec<Product>, bool) {
        let mut matching = self
            .all()
            .into_iter()
            .filter(|product| page.after.as_ref().is_none_or(|after| product.sku > *after))
            .filter(|product| page.category.is_none_or(|category| product.category == category));
        let items = matching.by_ref().take(page.limit as usize).collect();
        (items, matching.next().is_some())
    }

    /// Changes a product, or makes it.
    pub(crate) fn put(&self, sku: Sku, new: NewProduct) -> Product {
        let mut tenants = lock(&self.tenants);
        let products = &mut tenants.entry(self.tenant.clone()).or_default().products;
        let earlier = products.get(&sku).cloned().or_else(|| Product::seeded(sku.as_number()?));
        let product = Product {
            category: earlier.as_ref().map_or(Category::Books, |product| product.category),
            version: earlier.map_or(1, |product| product.version + 1),
            name: new.name,
            price_cents: new.price_cents,
            stock: new.stock,
            sku: sku.clone(),
        };
        products.insert(sku, product.clone());
        product
    }

    /// Every product, in the order of the SKUs.
    pub(crate) fn all(&self) -> Vec<Product> {
        let seeded = (1..=1000).filter_map(|n| Some((Sku::number(n), Product::seeded(n)?)));
        let changed =
            self.with(|changes| changes.map(|changes| changes.products.clone()).unwrap_or_default());
        seeded.chain(changed).collect::<BTreeMap<_, _>>().into_values().collect()
    }

    fn with<R>(&self, look: impl FnOnce(Option<&Changes>) -> R) -> R {
        look(lock(&self.tenants).get(&self.tenant))
    }
}

/// A panic under the lock leaves the data as it was before or after one insertion: both are good.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
