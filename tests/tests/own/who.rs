//! Rules that depend on who asks: the tenant, the caller, the app's state.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use http::StatusCode;
use lift::prelude::*;
use lift::test::{TestApp, TestRequest};
use lift::validate::Violation;
use serde_json::{Value, json};

#[derive(Clone, Default)]
struct Runs(Arc<AtomicU32>);

/// Only the tenant `large` may ask for more than ten.
fn within_plan(qty: &u32) -> Option<Violation> {
    let context = Context::current();
    let is_large = context.tenant().is_some_and(|tenant| tenant.as_str() == "large");
    (*qty > 10 && !is_large).then(|| Violation::new("", "within_plan", "is more than the plan allows"))
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, Validate)]
struct Order {
    #[validate(custom(function = within_plan))]
    qty: u32,
}

#[post("/orders")]
#[validate]
async fn order(body: Json<Order>) -> String {
    body.qty.to_string()
}

/// What one may compute, all may see.
#[get("/shared")]
#[cached(ttl = "60s", shared)]
#[validate]
async fn shared(Query(order): Query<Order>, State(runs): State<Runs>) -> String {
    format!("{} run {}", order.qty, runs.0.fetch_add(1, Ordering::Relaxed) + 1)
}

/// An answer whose check asks for the tenant is the tenant's.
#[get("/answers")]
#[cached(ttl = "60s", shared)]
#[validate(response)]
async fn answer(State(runs): State<Runs>) -> Json<Order> {
    Json(Order { qty: runs.0.fetch_add(1, Ordering::Relaxed) + 1 })
}

async fn not_twice(body: &Order, context: &Context, runs: &Runs) -> Result<(), Violation> {
    tokio::task::yield_now().await;
    let caller = context.caller().unwrap_or("nobody");
    match runs.0.fetch_add(1, Ordering::Relaxed) {
        0 => Ok(()),
        _ => Err(Violation::new("/qty", "not_twice", format!("{caller} has ordered {} already", body.qty))),
    }
}

#[put("/orders")]
#[validate(with = not_twice(body, context, runs))]
async fn put_order(body: Json<Order>, context: Context, State(runs): State<Runs>) -> String {
    format!("{} {:?} {}", body.qty, context.caller(), runs.0.load(Ordering::Relaxed))
}

fn app() -> TestApp {
    let app = App::new()
        .state(Runs::default())
        .tenants(Tenants::header("x-tenant-id"))
        .caller(lift::Caller::custom(|parts| Some(parts.headers.get("x-caller")?.to_str().ok()?.to_owned())));
    TestApp::new(app.routes(routes![order, shared, answer, put_order]))
}

fn by(tenant: &str, request: TestRequest) -> TestRequest {
    request.header("x-tenant-id", tenant).header("x-caller", "ada")
}

async fn answered(request: TestRequest) -> (StatusCode, String) {
    let response = request.send().await;
    let status = response.status;
    let text = response.text().await;
    let problem: Value = serde_json::from_str(&text).unwrap_or_default();
    match problem["errors"].as_array() {
        Some(errors) => (status, errors.iter().map(|one| one["message"].as_str().unwrap()).collect()),
        None => (status, text),
    }
}

const REFUSED: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;

#[tokio::test]
async fn a_check_of_a_field_knows_the_tenant() {
    let app = app();
    let order = |qty: u32| app.post("/orders").json(&json!({"qty": qty}));
    let refused = (REFUSED, "is more than the plan allows".to_owned());
    assert_eq!(answered(by("small", order(11))).await, refused);
    assert_eq!(answered(by("small", order(10))).await, (StatusCode::OK, "10".into()));
    assert_eq!(answered(by("large", order(11))).await, (StatusCode::OK, "11".into()));
}

#[tokio::test]
async fn what_is_checked_before_the_key_keeps_a_result_storable() {
    let app = app();
    let large = || answered(by("large", app.get("/shared?qty=11")));
    assert_eq!(large().await, (StatusCode::OK, "11 run 1".into()));
    // Kept for all, and still nothing that `small` may ask for.
    assert_eq!(answered(by("small", app.get("/shared?qty=11"))).await.0, REFUSED);
    assert_eq!(large().await, (StatusCode::OK, "11 run 1".into()));
    assert_eq!(answered(by("small", app.get("/shared?qty=1"))).await.1, "1 run 2");
    assert_eq!(answered(by("large", app.get("/shared?qty=1"))).await.1, "1 run 2");
}

#[tokio::test]
async fn what_a_check_of_the_answer_asks_is_part_of_the_computation() {
    let app = app();
    for run in 1..3 {
        let answer = answered(by("small", app.get("/answers"))).await;
        assert_eq!(answer, (StatusCode::OK, format!(r#"{{"qty":{run}}}"#)));
    }
}

#[tokio::test]
async fn a_validator_of_the_handler_takes_what_the_handler_takes() {
    let app = app();
    let put = || answered(by("small", app.put("/orders").json(&json!({"qty": 1}))));
    assert_eq!(put().await, (StatusCode::OK, r#"1 Some("ada") 1"#.into()));
    assert_eq!(put().await, (REFUSED, "ada has ordered 1 already".into()));
}
