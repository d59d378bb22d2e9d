//! In this process's memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lift::prelude::*;

use crate::catalog::{Product, Sku};
use crate::orders::{OrderId, PlacedOrder};

#[derive(Clone, Default)]
pub(super) struct Memory {
    products: Arc<Mutex<HashMap<Tenant, HashMap<Sku, Product>>>>,
    orders: Arc<Mutex<HashMap<(Tenant, OrderId), PlacedOrder>>>,
}

impl Memory {
    pub(super) fn product(&self, tenant: &Tenant, sku: &Sku) -> Option<Product> {
        lock(&self.products).get(tenant)?.get(sku).cloned()
    }

    pub(super) fn products(&self, tenant: &Tenant) -> Vec<Product> {
        lock(&self.products).get(tenant).into_iter().flat_map(HashMap::values).cloned().collect()
    }

    /// Keeps a product; one that was changed before goes on from its version.
    pub(super) fn put(&self, tenant: &Tenant, mut product: Product) -> Product {
        let mut products = lock(&self.products);
        let products = products.entry(tenant.clone()).or_default();
        if let Some(earlier) = products.get(&product.sku) {
            product.version = earlier.version + 1;
        }
        products.insert(product.sku.clone(), product.clone());
        product
    }

    pub(super) fn order(&self, tenant: &Tenant, id: &OrderId) -> Option<PlacedOrder> {
        lock(&self.orders).get(&(tenant.clone(), id.clone())).cloned()
    }

    pub(super) fn add_order(&self, tenant: &Tenant, order: PlacedOrder) {
        lock(&self.orders).insert((tenant.clone(), order.id.clone()), order);
    }
}

/// A panic under the lock leaves the data as it was before or after one insertion: both are good.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
