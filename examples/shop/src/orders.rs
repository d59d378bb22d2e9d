//! Orders: a body that is checked in depth, and a stream of what happens to it.

use std::time::{Duration, SystemTime};

use lift::prelude::*;
use lift::stream::{Event, LastEventId};
use lift::validate::{Violation, Violations};

use crate::Shop;
use crate::catalog::Sku;

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(transparent)]
pub(crate) struct OrderId(pub(crate) String);

#[derive(Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewOrder {
    #[schemars(length(min = 1, max = 64))]
    customer: String,
    #[schemars(email)]
    email: String,
    currency: Currency,
    #[schemars(length(min = 1, max = 50))]
    lines: Vec<Line>,
    #[schemars(length(max = 500))]
    note: Option<String>,
    ship_by: Option<Date>,
}

#[derive(Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
struct Line {
    sku: Sku,
    #[schemars(range(min = 1, max = 100))]
    qty: u32,
}

#[derive(Debug, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "UPPERCASE")]
enum Currency {
    Usd,
    Eur,
    Gbp,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    Placed,
    Packed,
    Shipped,
    Delivered,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Self::Placed => "placed",
            Self::Packed => "packed",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
        }
    }
}

const STEPS: [Status; 4] = [Status::Placed, Status::Packed, Status::Shipped, Status::Delivered];

#[derive(Clone, Debug, Serialize, JsonSchema, Validate)]
pub(crate) struct Order {
    id: OrderId,
    customer: String,
    status: Status,
    lines: usize,
    total_cents: u64,
}

/// An order as it is stored: its status follows from the time it was placed, so any process can tell it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PlacedOrder {
    pub(crate) id: OrderId,
    customer: String,
    lines: usize,
    total_cents: u64,
    placed: SystemTime,
}

impl PlacedOrder {
    /// The order as it stands now.
    fn now(self, step: Duration) -> Order {
        let Self { id, customer, lines, total_cents, placed } = self;
        let age = age(placed).as_millis();
        let steps = usize::try_from(age / step.as_millis().max(1)).unwrap_or(usize::MAX);
        Order { id, customer, status: STEPS[steps.min(STEPS.len() - 1)], lines, total_cents }
    }

    /// Waits until a step is reached; 0 is the placing itself.
    async fn reaches(&self, steps: u32, step: Duration) {
        tokio::time::sleep((step * steps).saturating_sub(age(self.placed))).await;
    }
}

fn age(placed: SystemTime) -> Duration {
    Context::current().now().duration_since(placed).unwrap_or_default()
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct OrderEvent {
    order: OrderId,
    status: Status,
}

/// Refuses SKUs that are well formed and not in the catalog.
/// Where the catalog cannot be read, the handler says so.
async fn known_skus(body: &NewOrder, tenant: &Tenant, shop: &Shop) -> Violations {
    let catalog = shop.database.catalog(tenant);
    let mut violations = Violations::new();
    for (n, line) in body.lines.iter().enumerate() {
        if let Ok(None) = catalog.product(&line.sku).await {
            let pointer = format!("/lines/{n}/sku");
            violations.push(Violation::new(pointer, "known_sku", "must be the SKU of a product we have"));
        }
    }
    violations
}

/// Places an order.
#[post("/orders")]
#[validate(response, with = known_skus(body, tenant, shop))]
pub(crate) async fn create_order(
    body: Json<NewOrder>,
    tenant: Tenant,
    State(shop): State<Shop>,
) -> Result<Created<Order>> {
    let catalog = shop.database.catalog(&tenant);
    let mut total_cents = 0;
    for line in &body.lines {
        let price = catalog.product(&line.sku).await?.map_or(0, |product| product.price_cents);
        total_cents += u64::from(price) * u64::from(line.qty);
    }
    let placed = PlacedOrder {
        id: OrderId(lift::random_id()),
        customer: body.customer.clone(),
        lines: body.lines.len(),
        total_cents,
        placed: Context::current().now(),
    };
    shop.database.add_order(&tenant, placed.clone()).await?;
    let order = Order { status: Status::Placed, ..placed.now(shop.settings.step) };
    Ok(Created::at(format!("/orders/{}", order.id.0), order))
}

/// One order.
#[get("/orders/{id}")]
pub(crate) async fn order(
    Path(id): Path<OrderId>,
    tenant: Tenant,
    State(shop): State<Shop>,
) -> Result<Json<Order>> {
    Ok(Json(find(&shop, &tenant, &id).await?.now(shop.settings.step)))
}

/// What happens to an order, as it happens.
#[get("/orders/{id}/events")]
#[stream(sse)]
pub(crate) async fn order_events(
    Path(id): Path<OrderId>,
    resume: LastEventId,
    tenant: Tenant,
    State(shop): State<Shop>,
) -> Result<Event<OrderEvent>> {
    let order = find(&shop, &tenant, &id).await?;
    let seen = resume.parse::<u32>().unwrap_or(0);
    for (n, status) in (1..).zip(STEPS).filter(|(n, _)| *n > seen) {
        order.reaches(n - 1, shop.settings.step).await;
        emit!(Event::new(OrderEvent { order: id.clone(), status }).id(n).event(status.name()));
    }
}

async fn find(shop: &Shop, tenant: &Tenant, id: &OrderId) -> Result<PlacedOrder> {
    let order = shop.database.order(tenant, id).await?;
    order.ok_or_else(|| Error::not_found(format!("There is no order {}.", id.0)))
}
