//! What the shop's page fixes, asked of the app in-process.

use std::time::Duration;

use lift::App;
use lift::http::StatusCode;
use lift::test::{Event, TestApp, TestRequest, assert_isolated};
use lift::websocket::{Connections, Message};
use serde_json::{Value, json};

use crate::database::Database;
use crate::settings::Settings;

const SETTINGS: Settings = Settings { latency: Duration::from_millis(20), step: Duration::from_millis(20) };

fn app() -> App<crate::Shop> {
    crate::app(SETTINGS, Database::memory(), lift::Cache::memory(), Connections::memory())
}

fn shop() -> TestApp {
    TestApp::new(app())
}

fn acme(request: TestRequest) -> TestRequest {
    request.header("x-tenant-id", "acme")
}

fn order() -> Value {
    json!({
        "customer": "Ada", "email": "ada@example.com", "currency": "EUR",
        "lines": [{ "sku": "SKU-0001", "qty": 2 }, { "sku": "SKU-0010", "qty": 1 }],
    })
}

/// The problem document's status, code, and the pointers and keywords of its errors.
async fn problem(request: TestRequest) -> (u16, String, Vec<(String, String)>) {
    let response = request.send().await;
    assert_eq!(response.header("content-type"), Some("application/problem+json"));
    let document: Value = response.json().await;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let errors = document["errors"].as_array().cloned().unwrap_or_default();
    let errors = errors.iter().map(|error| (text(&error["pointer"]), text(&error["keyword"]))).collect();
    (u16::try_from(document["status"].as_u64().unwrap()).unwrap(), text(&document["code"]), errors)
}

#[tokio::test]
async fn a_product_is_made_on_first_touch() {
    let product: Value = acme(shop().get("/products/SKU-0007")).send().await.json().await;
    let expected = json!({
        "sku": "SKU-0007", "name": "Product 7", "price_cents": 149, "category": "music", "stock": 100, "version": 1,
    });
    assert_eq!(product, expected);
}

#[tokio::test]
async fn a_read_is_cached_until_a_write() {
    let shop = shop();
    let status = async |tenant: &str| {
        let response = shop.get("/products/SKU-0007").header("x-tenant-id", tenant).send().await;
        response.header("cache-status").unwrap().to_owned()
    };
    assert_eq!(status("acme").await, "lift; fwd=miss; stored");
    assert!(status("acme").await.starts_with("lift; hit; ttl="));
    assert_eq!(status("globex").await, "lift; fwd=miss; stored");

    let new = json!({ "name": "Better", "price_cents": 200, "stock": 5 });
    let put = acme(shop.put("/products/SKU-0007")).json(&new).send().await;
    assert_eq!(put.status, StatusCode::OK);
    assert_eq!(put.json::<Value>().await["version"], 2);

    assert_eq!(status("acme").await, "lift; fwd=miss; stored");
    assert!(status("globex").await.starts_with("lift; hit; ttl="), "another tenant's entry stands");
    let loads: Value = acme(shop.get("/loads")).send().await.json().await;
    assert_eq!(loads, json!({ "catalog_reads": 2 }));
}

#[tokio::test]
async fn a_product_that_is_made_ends_its_remembered_absence() {
    let shop = shop();
    let missing = || acme(shop.get("/products/SKU-2000"));
    assert_eq!(problem(missing()).await.0, 404);
    assert_eq!(problem(missing()).await.0, 404);
    let loads: Value = acme(shop.get("/loads")).send().await.json().await;
    assert_eq!(loads["catalog_reads"], 1, "the second 404 was remembered");

    let new = json!({ "name": "New", "price_cents": 1, "stock": 0 });
    assert_eq!(acme(shop.put("/products/SKU-2000")).json(&new).send().await.status, StatusCode::CREATED);
    assert_eq!(missing().send().await.status, StatusCode::OK);
    let last: Value = acme(shop.get("/products?after=SKU-1000")).send().await.json().await;
    assert_eq!(last["items"][0]["sku"], "SKU-2000");
    assert_eq!(last["next"], Value::Null);
}

#[tokio::test]
async fn a_list_is_paged() {
    let shop = shop();
    let page: Value = acme(shop.get("/products?unknown=1")).send().await.json().await;
    assert_eq!(page["items"].as_array().unwrap().len(), 20);
    assert_eq!(page["next"], "SKU-0020");
    let games: Value =
        acme(shop.get("/products?category=games&limit=2&after=SKU-0005")).send().await.json().await;
    assert_eq!(games["items"][0]["sku"], "SKU-0009");
    assert_eq!(games["next"], "SKU-0013");
}

#[tokio::test]
async fn wrong_inputs_are_told() {
    let shop = shop();
    let check = async |request: TestRequest, expected: &[(&str, &str)]| {
        let (status, code, errors) = problem(acme(request)).await;
        assert_eq!((status, &*code), (422, "validation_failed"));
        let errors: Vec<_> = errors.iter().map(|(pointer, keyword)| (&**pointer, &**keyword)).collect();
        assert_eq!(errors, expected);
    };
    check(shop.get("/products/nonsense"), &[("/sku", "pattern")]).await;
    check(shop.get("/products?limit=0"), &[("/limit", "minimum")]).await;
    check(shop.get("/products?limit=many"), &[("/limit", "type")]).await;
    check(shop.get("/products?category=cars"), &[("/category", "enum")]).await;

    let mut wrong = order();
    wrong["customer"] = json!("");
    wrong["lines"][1]["qty"] = json!(101);
    wrong["email"] = json!("nobody");
    let expected = [("/customer", "minLength"), ("/email", "format"), ("/lines/1/qty", "maximum")];
    check(shop.post("/orders").json(&wrong), &expected).await;

    let eight = json!({
        "customer": "", "email": "nobody", "currency": "XXX", "ship_by": "2023-02-29", "extra": 1,
        "lines": [{ "sku": "1", "qty": 0 }, { "sku": "SKU-0001" }],
    });
    let expected = [
        ("/currency", "enum"),
        ("/customer", "minLength"),
        ("/email", "format"),
        ("/lines/0/qty", "minimum"),
        ("/lines/0/sku", "pattern"),
        ("/lines/1/qty", "required"),
        ("/ship_by", "format"),
        ("/extra", "additionalProperties"),
    ];
    check(shop.post("/orders").json(&eight), &expected).await;

    let mut unknown = order();
    unknown["lines"][0]["sku"] = json!("SKU-4711");
    check(shop.post("/orders").json(&unknown), &[("/lines/0/sku", "known_sku")]).await;

    let mut extra = order();
    extra["lines"][0]["colour"] = json!("red");
    check(shop.post("/orders").json(&extra), &[("/lines/0/colour", "additionalProperties")]).await;
}

#[tokio::test]
async fn tenants_are_required_and_checked() {
    let shop = shop();
    let check = async |request: TestRequest, expected: &str| {
        let (status, code, _) = problem(request).await;
        assert_eq!((status, &*code), (400, expected));
    };
    let product = || shop.get("/products/SKU-0007");
    check(product(), "tenant_required").await;
    for name in ["", "Acme", "a/b", "a%0ab", "a b", &"a".repeat(65), &"a".repeat(10_240)] {
        check(product().header("x-tenant-id", name), "tenant_invalid").await;
    }
    check(product().header("x-tenant-id", "acme").header("x-tenant-id", "acme"), "tenant_invalid").await;
    check(shop.get("/products/SKU-0007?tenant=globex").header("x-tenant-id", "acme"), "tenant_conflict")
        .await;
    assert_eq!(shop.get("/products/SKU-0007?tenant=acme").send().await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_order_is_placed_and_followed() {
    let shop = shop();
    let placed = acme(shop.post("/orders")).json(&order()).send().await;
    assert_eq!(placed.status, StatusCode::CREATED);
    let location = placed.header("location").unwrap().to_owned();
    let placed: Value = placed.json().await;
    assert_eq!((&placed["status"], &placed["lines"]), (&json!("placed"), &json!(2)));
    assert_eq!(placed["total_cents"], 2 * 107 + 170);

    let events = async |last: Option<&str>| {
        let mut request = acme(shop.get(&format!("{location}/events")));
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = request.send().await;
        (response.status, response.text().await)
    };
    let (_, all) = events(None).await;
    let named = |text: &str| text.lines().filter(|line| line.starts_with("event:")).count();
    assert_eq!(named(&all), 4, "{all}");
    let (_, rest) = events(Some("2")).await;
    assert!(
        rest.starts_with("id: 3\nevent: shipped\n") || rest.starts_with("event: shipped\nid: 3\n"),
        "{rest}"
    );
    assert_eq!(named(&rest), 2);
    assert_eq!(events(Some("4")).await, (StatusCode::NO_CONTENT, String::new()));
    assert_eq!(named(&events(Some("garbage")).await.1), 4, "an id that cannot be read starts anew");

    let order: Value = acme(shop.get(&location)).send().await.json().await;
    assert_eq!(order["status"], "delivered");
    assert_eq!(
        shop.get(&location).header("x-tenant-id", "globex").send().await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn no_tenant_learns_anything_of_another() {
    assert_isolated(app())
        .sample("sku", "SKU-0007")
        .query("GET", "/products", "category=music&limit=3")
        .query("GET", "/products", "after=SKU-0999")
        .query("GET", "/clock", "count=3")
        .sample("room", "blue")
        .body("GET", "/chat/{room}", json!({ "type": "say", "text": "hello" }))
        .body("GET", "/echo", "hello")
        .body("PUT", "/products/{sku}", json!({ "name": "Better", "price_cents": 200, "stock": 5 }))
        .body("POST", "/orders", order())
        .capture("id", "POST", "/orders", "/id")
        .await;
}

#[tokio::test]
async fn ndjson_is_as_long_as_asked() {
    let text = acme(shop().get("/products.ndjson?count=1500")).send().await.text().await;
    assert_eq!(text.lines().count(), 1500);
    let last: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!(last["sku"], "SKU-0500", "it is cyclic");
}

#[tokio::test]
async fn the_clock_ticks_for_everybody_in_both_formats() {
    let shop = shop();
    let lines = shop.get("/clock?count=3&interval_ms=10").send().await.text().await;
    let numbers: Vec<_> =
        lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["n"].clone()).collect();
    assert_eq!(numbers, [1, 2, 3]);
    let events = shop.get("/clock?count=2&interval_ms=10").header("accept", "text/event-stream").send().await;
    assert_eq!(events.header("content-type"), Some("text/event-stream"));
    assert_eq!(events.text().await.lines().filter(|line| line.starts_with("data:")).count(), 2);
}

#[tokio::test]
async fn events_of_every_source_get_the_same_answers() {
    let shop = shop();
    for event in Event::of_every_source("GET", "/products/SKU-0007") {
        let response = shop.event(event.header("x-tenant-id", "acme")).send().await;
        assert_eq!(response.status, StatusCode::OK);
        assert_eq!(response.json::<Value>().await["name"], "Product 7");
    }
    for event in Event::of_every_source("POST", "/orders") {
        let response = shop.event(event.header("x-tenant-id", "acme").json(&json!({}))).send().await;
        assert_eq!(response.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(response.json::<Value>().await["errors"].as_array().unwrap().len(), 4);
    }
}

#[tokio::test]
async fn what_is_said_in_a_room_is_heard_in_it() {
    let shop = shop();
    let mut ada = shop.socket("/chat/blue").header("x-tenant-id", "acme").await;
    let mut bob = shop.socket("/chat/blue?tenant=acme").await;
    let mut eve = shop.socket("/chat/blue?tenant=globex").await;
    let bob_id = ada.json::<Value>().await["from"].as_str().unwrap().to_owned();
    bob.send(&json!({ "type": "say", "text": "hello" })).await;
    for socket in [&mut ada, &mut bob] {
        let said: Value = socket.json().await;
        assert_eq!(said, json!({ "type": "said", "from": bob_id, "text": "hello" }));
    }
    bob.send(&json!({ "type": "say", "text": "x".repeat(501) })).await;
    let refused: Value = bob.json().await;
    assert_eq!(refused["type"], "error");
    assert_eq!(refused["problem"]["errors"][0]["pointer"], "/text");
    bob.close().await;
    assert_eq!(ada.json::<Value>().await, json!({ "type": "left", "from": bob_id }));
    eve.send(&json!({ "type": "say", "text": "anybody?" })).await;
    assert_eq!(eve.json::<Value>().await["text"], "anybody?", "globex has a room of its own");
    let refused = shop.socket("/chat/blue").connect().await.err().unwrap();
    assert_eq!(refused.json::<Value>().await["code"], "tenant_required");
}

#[tokio::test]
async fn the_echo_answers_in_kind() {
    let shop = shop();
    let mut echo = shop.socket("/echo").await;
    for message in [Message::from("a"), vec![0, 1].into(), "x".repeat(16 << 20).into()] {
        echo.send_message(message.clone()).await;
        assert!(echo.next().await == Some(message));
    }
    echo.send_message(vec![0; (16 << 20) + 1]).await;
    assert_eq!(echo.next().await, None);
    assert_eq!(echo.closed().map(|(code, _)| code), Some(1009));
}
