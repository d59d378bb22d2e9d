//! The catalog: cached reads, validated writes that invalidate them.

use std::fmt;

use lift::prelude::*;
use lift::{http::StatusCode, stream::Stream};

use crate::Shop;

/// What a product is known by: `SKU-` and four digits.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema, Validate,
)]
#[serde(transparent)]
pub(crate) struct Sku(#[schemars(regex(pattern = r"^SKU-[0-9]{4}$"))] String);

impl Sku {
    pub(crate) fn number(n: u32) -> Self {
        Self(format!("SKU-{n:04}"))
    }

    pub(crate) fn as_number(&self) -> Option<u32> {
        self.0.strip_prefix("SKU-")?.parse().ok()
    }
}

impl fmt::Display for Sku {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Category {
    Books,
    Games,
    Garden,
    Music,
}

impl Category {
    /// The categories take turns through the catalog.
    pub(crate) fn of(n: u32) -> Self {
        [Self::Books, Self::Games, Self::Garden, Self::Music][n as usize % 4]
    }
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, Validate)]
pub(crate) struct Product {
    pub(crate) sku: Sku,
    pub(crate) name: String,
    pub(crate) price_cents: u32,
    pub(crate) category: Category,
    pub(crate) stock: u32,
    pub(crate) version: u32,
}

impl Product {
    /// What the catalog of every tenant begins with: the products 1 to 1000.
    pub(crate) fn seeded(n: u32) -> Option<Self> {
        (1..=1000).contains(&n).then(|| Self {
            sku: Sku::number(n),
            name: format!("Product {n}"),
            price_cents: 100 + 7 * n,
            category: Category::of(n),
            stock: 100,
            version: 1,
        })
    }
}

#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub(crate) struct NewProduct {
    #[schemars(length(min = 1, max = 120))]
    pub(crate) name: String,
    #[schemars(range(min = 1, max = 10_000_000))]
    pub(crate) price_cents: u32,
    #[schemars(range(min = 0, max = 1_000_000))]
    pub(crate) stock: u32,
}

#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub(crate) struct Page {
    pub(crate) category: Option<Category>,
    #[serde(default = "twenty")]
    #[schemars(range(min = 1, max = 100))]
    pub(crate) limit: u32,
    pub(crate) after: Option<Sku>,
}

fn twenty() -> u32 {
    20
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Products {
    items: Vec<Product>,
    next: Option<Sku>,
}

#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub(crate) struct Rows {
    #[serde(default = "thousand")]
    #[schemars(range(min = 1, max = 1_000_000))]
    count: usize,
}

fn thousand() -> usize {
    1000
}

#[derive(Debug, Serialize)]
pub(crate) struct Loads {
    catalog_reads: u64,
}

/// One product.
#[get("/products/{sku}")]
#[cached(ttl = "60s", stale = "30s", negative = "5s", tags = ["product:{sku}"])]
#[validate]
pub(crate) async fn product(
    Path(sku): Path<Sku>,
    tenant: Tenant,
    State(shop): State<Shop>,
) -> Result<Json<Product>> {
    let catalog = shop.database.catalog(&tenant);
    catalog.read(shop.settings.latency).await;
    let product = catalog.product(&sku).await?;
    product.map(Json).ok_or_else(|| Error::not_found(format!("There is no product {sku}.")))
}

/// A page of products, in the order of their SKUs.
#[get("/products")]
#[cached(ttl = "60s", tags = ["products"])]
#[validate]
pub(crate) async fn products(
    Query(page): Query<Page>,
    tenant: Tenant,
    State(shop): State<Shop>,
) -> Result<Json<Products>> {
    let catalog = shop.database.catalog(&tenant);
    catalog.read(shop.settings.latency).await;
    let (items, more) = catalog.page(&page).await?;
    let next = items.last().filter(|_| more).map(|product| product.sku.clone());
    Ok(Json(Products { items, next }))
}

/// Changes a product, or makes it.
#[put("/products/{sku}")]
#[validate]
#[invalidates("product:{sku}", "products")]
pub(crate) async fn put_product(
    Path(sku): Path<Sku>,
    tenant: Tenant,
    State(shop): State<Shop>,
    Json(new): Json<NewProduct>,
) -> Result<(StatusCode, Json<Product>)> {
    let product = shop.database.catalog(&tenant).put(sku, new).await?;
    let status = if product.version == 1 { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(product)))
}

/// How often the two reads above have run, for this tenant in this process.
#[get("/loads")]
pub(crate) async fn loads(tenant: Tenant, State(shop): State<Shop>) -> Json<Loads> {
    Json(Loads { catalog_reads: shop.database.catalog(&tenant).reads() })
}

/// As many product lines as one likes.
#[get("/products.ndjson")]
#[validate]
#[stream(ndjson)]
pub(crate) async fn products_ndjson(
    Query(rows): Query<Rows>,
    tenant: Tenant,
    State(shop): State<Shop>,
) -> Result<impl Stream<Item = Product>> {
    let products = shop.database.catalog(&tenant).all().await?;
    Ok(lift::stream::iter(products.into_iter().cycle().take(rows.count)))
}
