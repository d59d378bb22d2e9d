//! L1: an API Gateway event in, its answer out, in process: `POST /orders` with validation.

use std::hint::black_box;

use axum::extract::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::{Router, routing::post};
use benches::compare;
use garde::Validate;
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, LambdaEvent};
use lift::test::TestApp;
use serde::{Deserialize, Serialize};
use tokio::runtime::Runtime;

const ORDER: &str = r#"{"customer":"Ada Lovelace","email":"ada@example.com","lines":[{"sku":"SKU-0001","qty":2,"price":1299},{"sku":"SKU-0042","qty":1,"price":499},{"sku":"SKU-0815","qty":12,"price":99}],"note":"ring twice, please"}"#;

#[derive(Deserialize, Validate)]
struct Order {
    #[garde(length(chars, min = 1, max = 64))]
    customer: String,
    #[garde(email)]
    email: String,
    #[garde(length(min = 1, max = 50), dive)]
    lines: Vec<Line>,
    #[garde(length(chars, max = 500))]
    note: Option<String>,
}

#[derive(Deserialize, Validate)]
struct Line {
    #[garde(pattern("^SKU-[0-9]{4}$"))]
    sku: String,
    #[garde(range(min = 1, max = 100))]
    qty: u32,
    #[garde(range(min = 1, max = 10_000_000))]
    price: u64,
}

#[derive(Serialize)]
struct Placed {
    customer: String,
    status: &'static str,
    lines: usize,
    total_cents: u64,
}

async fn create_order(Json(order): Json<Order>) -> Response {
    if let Err(report) = order.validate() {
        return (StatusCode::UNPROCESSABLE_ENTITY, report.to_string()).into_response();
    }
    black_box((&order.email, &order.note, order.lines.iter().map(|line| line.sku.len()).sum::<usize>()));
    let placed = Placed {
        customer: order.customer,
        status: "placed",
        lines: order.lines.len(),
        total_cents: order.lines.iter().map(|line| u64::from(line.qty) * line.price).sum(),
    };
    (StatusCode::CREATED, Json(placed)).into_response()
}

/// What an HTTP API sends for a browser's request.
fn event() -> Vec<u8> {
    serde_json::json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/orders",
        "rawQueryString": "",
        "headers": {
            "accept": "application/json",
            "accept-encoding": "gzip, deflate, br",
            "accept-language": "de-DE,de;q=0.9,en;q=0.8",
            "content-length": ORDER.len().to_string(),
            "content-type": "application/json",
            "host": "k3v9x1example.execute-api.eu-central-1.amazonaws.com",
            "origin": "https://shop.example.com",
            "referer": "https://shop.example.com/cart",
            "user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36",
            "x-amzn-trace-id": "Root=1-5e9f0c65-1de4d666d4dd26aced652b6c",
            "x-forwarded-for": "203.0.113.7",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
            "x-tenant-id": "acme"
        },
        "requestContext": {
            "accountId": "111122223333",
            "apiId": "k3v9x1example",
            "domainName": "k3v9x1example.execute-api.eu-central-1.amazonaws.com",
            "domainPrefix": "k3v9x1example",
            "http": {
                "method": "POST", "path": "/orders", "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7",
                "userAgent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36"
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": "$default",
            "stage": "$default",
            "time": "23/Nov/2026:12:00:00 +0000",
            "timeEpoch": 1_795_435_200_000_u64
        },
        "body": ORDER,
        "isBase64Encoded": false
    })
    .to_string()
    .into_bytes()
}

fn router() -> Router {
    Router::new().route("/orders", post(create_order))
}

/// The same in Lift.
mod ours {
    use lift::prelude::*;

    use super::{Placed, StatusCode, black_box};

    #[derive(Deserialize, JsonSchema, Validate)]
    struct Order {
        #[schemars(length(min = 1, max = 64))]
        customer: String,
        #[schemars(email)]
        email: String,
        #[schemars(length(min = 1, max = 50))]
        lines: Vec<Line>,
        #[schemars(length(max = 500))]
        note: Option<String>,
    }

    #[derive(Deserialize, JsonSchema, Validate)]
    struct Line {
        #[schemars(regex(pattern = r"^SKU-[0-9]{4}$"))]
        sku: String,
        #[schemars(range(min = 1, max = 100))]
        qty: u32,
        #[schemars(range(min = 1, max = 10_000_000))]
        price: u64,
    }

    #[post("/orders")]
    #[validate]
    async fn create_order(Json(order): Json<Order>) -> (StatusCode, Json<Placed>) {
        black_box((&order.email, &order.note, order.lines.iter().map(|line| line.sku.len()).sum::<usize>()));
        let placed = Placed {
            customer: order.customer,
            status: "placed",
            lines: order.lines.len(),
            total_cents: order.lines.iter().map(|line| u64::from(line.qty) * line.price).sum(),
        };
        (StatusCode::CREATED, Json(placed))
    }

    pub(super) fn app() -> App {
        App::new().routes(routes![create_order])
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let event = event();
    let app = TestApp::new(ours::app());
    let mut peer = Adapter::from(router());
    let mut peer = || peer_once(&runtime, &mut peer, &event);
    let ours = || lift_once(&runtime, &app, &event);
    println!("peer {}\nlift {}", String::from_utf8_lossy(&peer()), String::from_utf8_lossy(&ours()));
    let row = compare("L1", peer, ours);
    row.print("event → response, POST /orders, HTTP API", "lambda_http + axum + garde", 1.0);
    Ok(())
}

fn peer_once<S>(runtime: &Runtime, service: &mut S, event: &[u8]) -> Vec<u8>
where
    S: lambda_http::Service<LambdaEvent<LambdaRequest>>,
    S::Response: Serialize,
    S::Error: std::fmt::Debug,
{
    runtime.block_on(async {
        let request: LambdaRequest = serde_json::from_slice(event).expect("an event");
        let response = service
            .call(LambdaEvent::new(request, lambda_http::Context::default()))
            .await
            .expect("a response");
        serde_json::to_vec(&response).expect("JSON")
    })
}

fn lift_once(runtime: &Runtime, app: &TestApp, event: &[u8]) -> Vec<u8> {
    runtime.block_on(async { app.invoke(event.to_vec()).await.expect("an answer").to_vec() })
}
