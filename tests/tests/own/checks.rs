//! Own checks wherever Lift checks: bodies, queries, paths, forms, headers, answers.

use lift::prelude::*;
use lift::test::{TestApp, TestRequest};
use lift::validate::{Violation, Violations};
use serde_json::{Value, json};

fn even(number: &u32) -> Option<Violation> {
    assert!(*number != 666, "a check that panics");
    (number % 2 == 1).then(|| Violation::new("", "even", "must be even"))
}

fn known(sku: &str) -> Result<(), Violations> {
    if sku.starts_with("SKU-") { Ok(()) } else { Err(Violation::new("", "known", "must be known").into()) }
}

fn in_order(stay: &Stay) -> Option<Violation> {
    (stay.from_day > stay.to_day)
        .then(|| Violation::new("/to_day", "in_order", "must not be before `from_day`"))
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, Validate)]
struct Sku(#[validate(custom(function = known))] String);

#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[validate(schema(function = in_order))]
struct Stay {
    #[validate(custom(function = even))]
    #[schemars(range(max = 1000))]
    from_day: u32,
    to_day: u32,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
struct Client {
    #[validate(custom(function = even))]
    x_api_version: Option<u32>,
}

#[post("/stays/{sku}/{number}")]
#[validate]
async fn stay(
    Path((sku, number)): Path<(Sku, u32)>,
    Query(query): Query<Stay>,
    Header(client): Header<Client>,
    body: Json<Stay>,
) -> String {
    format!("{} {number} {} {:?} {}", sku.0, query.to_day, client.x_api_version, body.to_day)
}

#[get("/skus/{sku}")]
#[validate(status = 400)]
async fn sku(Path(sku): Path<Sku>) -> String {
    sku.0
}

#[post("/forms")]
#[validate]
async fn form(Form(stay): Form<Stay>) -> Json<Stay> {
    Json(stay)
}

#[post("/strict")]
#[validate(strict)]
async fn strict(body: Json<Stay>) -> String {
    body.to_day.to_string()
}

#[post("/unchecked")]
async fn unchecked(body: Json<Stay>) -> String {
    body.to_day.to_string()
}

#[get("/answers/{from_day}")]
#[validate(response)]
async fn answer(Path(from_day): Path<u32>) -> Json<Stay> {
    Json(Stay { from_day, to_day: 10 })
}

#[get("/logged/{from_day}")]
#[validate(response = "log")]
async fn logged(Path(from_day): Path<u32>) -> Json<Stay> {
    Json(Stay { from_day, to_day: 10 })
}

fn app() -> TestApp {
    let routes = routes![stay, sku, form, strict, unchecked, answer, logged];
    let reword = |violation: &Violation, _: &http::HeaderMap| {
        (violation.keyword == "known").then(|| "muss bekannt sein".to_owned())
    };
    TestApp::new(App::new().routes(routes).messages(reword))
}

/// Status, code, and "in pointer keyword" of each violation.
async fn told(request: TestRequest) -> (u16, Vec<String>) {
    let response = request.send().await;
    let status = response.status.as_u16();
    let body: Value = response.json().await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let errors = body["errors"].as_array().into_iter().flatten();
    let line =
        |one: &Value| format!("{} {} {}", text(&one["in"]), text(&one["pointer"]), text(&one["keyword"]));
    (status, errors.map(line).collect())
}

async fn refused(request: TestRequest, expected: &[&str]) {
    let (status, found) = told(request).await;
    assert_eq!(status, 422);
    assert_eq!(found, expected);
}

#[tokio::test]
async fn every_input_is_looked_at() {
    let app = app();
    let days = |from: u32, to: u32| json!({"from_day": from, "to_day": to});
    let good = app.post("/stays/SKU-1/2?from_day=2&to_day=3").header("x-api-version", "2").json(&days(2, 4));
    assert_eq!(good.send().await.text().await, "SKU-1 2 3 Some(2) 4");
    let bad = app.post("/stays/x/2?from_day=3&to_day=2").header("x-api-version", "3").json(&days(1001, 1));
    let expected = [
        "path /sku known",
        "query /from_day even",
        "query /to_day in_order",
        "header /x-api-version even",
        "body /from_day maximum",
        "body /from_day even",
        "body /to_day in_order",
    ];
    refused(bad, &expected).await;
    let (status, found) = told(app.get("/skus/x")).await;
    assert_eq!((status, found), (400, vec!["path /sku known".to_owned()]));
    let form = app.post("/forms").header("content-type", "application/x-www-form-urlencoded");
    refused(form.body("from_day=1&to_day=0"), &["body /from_day even", "body /to_day in_order"]).await;
    assert_eq!(app.post("/unchecked").json(&days(1, 0)).send().await.text().await, "0");
}

#[tokio::test]
async fn what_is_unknown_is_told_beside_it() {
    let body = json!({"from_day": 2, "to_day": 3, "more": 1});
    refused(app().post("/strict").json(&body), &["body /more unevaluatedProperties"]).await;
    let body = json!({"from_day": 3, "to_day": 2, "more": 1});
    let expected = ["body /more unevaluatedProperties", "body /from_day even", "body /to_day in_order"];
    refused(app().post("/strict").json(&body), &expected).await;
}

#[tokio::test]
async fn the_app_has_its_own_words_for_it() {
    let body: Value = app().get("/skus/x").send().await.json().await;
    assert_eq!(body["errors"][0]["message"], "muss bekannt sein");
}

#[tokio::test]
async fn an_answer_is_looked_at() {
    let app = app();
    assert_eq!(app.get("/answers/2").send().await.status, 200);
    assert_eq!(told(app.get("/answers/3")).await, (500, vec![]));
    assert_eq!(told(app.get("/answers/20")).await, (500, vec![]));
    assert_eq!(app.get("/logged/3").send().await.status, 200);
}

#[tokio::test]
async fn a_panic_is_a_500_and_the_app_goes_on() {
    let app = app();
    let days = |from: u32| json!({"from_day": from, "to_day": 700});
    for _ in 0..2 {
        assert_eq!(told(app.post("/strict").json(&days(666))).await, (500, vec![]));
        assert_eq!(app.post("/strict").json(&days(2)).send().await.status, 200);
    }
}

#[test]
fn the_published_schema_says_nothing_of_it() {
    #[derive(Deserialize, JsonSchema)]
    #[serde(rename = "Stay")]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Plain {
        #[schemars(range(max = 1000))]
        from_day: u32,
        to_day: u32,
    }
    assert_eq!(lift::schema_of::<Stay>(), lift::schema_of::<Plain>());
}
