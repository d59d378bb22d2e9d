//! `#[validate]` and the extractors, through the public attributes.

#![expect(clippy::unwrap_used, reason = "tests")]

use http::StatusCode;
use lift::prelude::*;
use lift::test::{TestApp, TestRequest};
use lift::validate::{Violation, Violations};
use serde_json::{Value, json};

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, Validate)]
struct Sku(#[schemars(regex(pattern = r"^SKU-[0-9]{4}$"))] String);

#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
struct Line {
    sku: Sku,
    #[schemars(range(min = 1, max = 100))]
    qty: u32,
}

#[derive(Debug, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "lowercase")]
enum Category {
    Books,
    Music,
}

fn twenty() -> u32 {
    20
}

#[derive(Debug, Deserialize, JsonSchema, Validate)]
struct Page {
    category: Option<Category>,
    #[serde(default = "twenty")]
    #[schemars(range(min = 1, max = 100))]
    limit: u32,
    #[serde(default)]
    tag: Vec<u8>,
    after: Option<Sku>,
    exact: Option<bool>,
}

#[derive(Debug, Deserialize, JsonSchema, Validate)]
struct Client {
    #[schemars(range(max = 3))]
    x_api_version: u16,
    accept_language: Option<String>,
    #[serde(default)]
    x_tag: Vec<String>,
}

#[get("/products/{sku}")]
#[validate]
async fn product(Path(Sku(sku)): Path<Sku>) -> String {
    sku
}

#[get("/products")]
#[validate]
async fn list(Query(page): Query<Page>) -> String {
    let Page { category, limit, tag, after, exact } = page;
    format!("{category:?} {limit} {tag:?} {} {exact:?}", after.map_or_else(String::new, |Sku(sku)| sku))
}

#[get("/plain")]
async fn plain_list(Query(page): Query<Page>) -> String {
    page.limit.to_string()
}

#[put("/orders/{id}/lines/{n}")]
#[validate(max_body = "1KiB", status = 400)]
async fn put_line(Path((id, n)): Path<(u64, u8)>, Query(page): Query<Page>, body: Json<Line>) -> Json<Value> {
    Json(json!([id, n, page.limit, body.qty]))
}

#[post("/plain")]
async fn plain(body: Json<Line>) -> Json<Line> {
    body
}

#[post("/form")]
#[validate]
async fn form(Form(line): Form<Line>) -> Json<Line> {
    Json(line)
}

#[get("/header")]
#[validate]
async fn header(Header(client): Header<Client>) -> String {
    format!("{} {:?} {:?}", client.x_api_version, client.accept_language, client.x_tag)
}

async fn known(Sku(sku): &Sku) -> Result<(), Violation> {
    tokio::task::yield_now().await;
    if sku == "SKU-0000" { Err(Violation::new("/sku", "known_sku", "must be known")) } else { Ok(()) }
}

fn small(body: &Line) -> Option<Violation> {
    (body.qty > 50).then(|| Violation::new("/qty", "small", "must be small"))
}

fn never(_: &Line) -> Violations {
    Violations::new()
}

async fn line_sku(body: &Line) -> Result<(), Violation> {
    known(&body.sku).await
}

#[post("/own")]
#[validate(with = [line_sku, small, never])]
async fn own(body: Json<Line>) -> Created<Line> {
    Created::at(format!("/lines/{} é", body.qty), body.0)
}

#[get("/answers/{qty}")]
#[validate(response)]
async fn answer(Path(qty): Path<u32>) -> Result<Json<Line>> {
    Ok(Json(Line { sku: Sku("SKU-0001".into()), qty }))
}

#[get("/logged/{qty}")]
#[validate(response = "log")]
async fn logged(Path(qty): Path<u32>) -> Json<Line> {
    Json(Line { sku: Sku("SKU-0001".into()), qty })
}

fn app() -> TestApp {
    let routes = routes![product, list, plain_list, put_line, plain, form, header, own, answer, logged];
    TestApp::new(App::new().routes(routes))
}

/// Status, code, and "in pointer keyword" of each violation.
async fn problem(request: TestRequest) -> (u16, String, Vec<String>) {
    let response = request.send().await;
    let status = response.status.as_u16();
    assert_eq!(response.header("content-type"), Some("application/problem+json"));
    let body: Value = response.json().await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let told = body["errors"].as_array().into_iter().flatten();
    let told = told.map(|error| {
        format!("{} {} {}", text(&error["in"]), text(&error["pointer"]), text(&error["keyword"]))
    });
    (status, text(&body["code"]), told.collect())
}

async fn refused(request: TestRequest, status: u16, expected: &[&str]) {
    assert_eq!(
        problem(request).await,
        (status, "validation_failed".to_owned(), expected.iter().map(ToString::to_string).collect())
    );
}

async fn unreadable(request: TestRequest, status: u16, code: &str) {
    assert_eq!(problem(request).await, (status, code.to_owned(), Vec::new()));
}

async fn text(request: TestRequest) -> String {
    let response = request.send().await;
    assert!(response.status.is_success(), "{}", response.status);
    response.text().await
}

fn json_body(request: TestRequest, body: impl Into<axum::body::Body>) -> TestRequest {
    request.header("content-type", "application/json").body(body)
}

#[tokio::test]
async fn a_path_is_checked() {
    let app = app();
    assert_eq!(text(app.get("/products/SKU-0001")).await, "SKU-0001");
    refused(app.get("/products/SKU-1"), 422, &["path /sku pattern"]).await;
    refused(app.get("/products/a%2Fb"), 422, &["path /sku pattern"]).await;
    unreadable(app.get("/products/%FF"), 400, "invalid_utf8").await;
}

#[tokio::test]
async fn a_query_takes_the_types_of_its_fields() {
    let app = app();
    assert_eq!(text(app.get("/products")).await, "None 20 []  None");
    let full = "/products?tag=1&limit=7&category=music&tag=2&after=SKU-0001&exact=true&unknown=x";
    assert_eq!(text(app.get(full)).await, "Some(Music) 7 [1, 2] SKU-0001 Some(true)");
    assert_eq!(text(app.get("/products?tag=3")).await, "None 20 [3]  None");
    for (query, expected) in [
        ("limit=0", "query /limit minimum"),
        ("limit=101", "query /limit maximum"),
        ("limit=x", "query /limit type"),
        ("limit=", "query /limit type"),
        ("limit=1.5", "query /limit type"),
        ("limit=NaN", "query /limit type"),
        ("limit=1&limit=2", "query /limit type"),
        ("limit=99999999999999999999", "query /limit maximum"),
        ("category=food", "query /category enum"),
        ("tag=1&tag=x", "query /tag/1 type"),
        ("exact=1", "query /exact type"),
        ("after=SKU", "query /after pattern"),
    ] {
        refused(app.get(&format!("/products?{query}")), 422, &[expected]).await;
    }
    let several = ["query /category enum", "query /exact type", "query /limit type"];
    refused(app.get("/products?limit=x&exact=y&category=z"), 422, &several).await;
    unreadable(app.get("/products?limit=%FF"), 400, "invalid_utf8").await;
    let absurd = format!("/products?{}", "a=b&".repeat(10_000));
    assert_eq!(text(app.get(&absurd)).await, "None 20 []  None");
}

#[tokio::test]
async fn a_plain_extractor_tells_the_first_wrong_type() {
    let app = app();
    assert_eq!(text(app.get("/plain?limit=999")).await, "999");
    refused(app.get("/plain?limit=x"), 422, &["query /limit type"]).await;
    refused(json_body(app.post("/plain"), r#"{"sku":"x","qty":"1"}"#), 422, &["body /qty type"]).await;
    refused(json_body(app.post("/plain"), r#"{"sku":"x"}"#), 422, &["body /qty required"]).await;
    refused(
        json_body(app.post("/plain"), r#"{"sku":"x","qty":1,"x":1}"#),
        422,
        &["body /x additionalProperties"],
    )
    .await;
    refused(json_body(app.post("/plain"), r#"{"sku":"x","qty":-1}"#), 422, &["body /qty type"]).await;
    let answer = text(json_body(app.post("/plain"), r#"{"sku":"x","qty":1e2}"#)).await;
    assert_eq!(answer, r#"{"sku":"x","qty":100}"#);
}

#[tokio::test]
async fn all_failures_of_all_arguments_are_in_one_answer() {
    let app = app();
    let request = json_body(app.put("/orders/x/lines/300?limit=0"), r#"{"sku":"x","qty":0}"#);
    let expected = [
        "path /id type",
        "path /n maximum",
        "query /limit minimum",
        "body /qty minimum",
        "body /sku pattern",
    ];
    refused(request, 400, &expected).await;
    let request = json_body(app.put("/orders/1/lines/2?limit=3"), r#"{"sku":"SKU-0001","qty":4}"#);
    assert_eq!(text(request).await, "[1,2,3,4]");
}

#[tokio::test]
async fn a_body_that_cannot_be_read() {
    let app = app();
    let put = || app.put("/orders/1/lines/2");
    unreadable(put().body("{}"), 415, "unsupported_media_type").await;
    unreadable(put().header("content-type", "text/plain").body("{}"), 415, "unsupported_media_type").await;
    unreadable(json_body(put(), " ".repeat(1025)), 413, "payload_too_large").await;
    for body in ["", "{", "\u{feff}{}", "[1,]", "{\"sku\":1e999}", r#"{"sku":"\ud800"}"#] {
        unreadable(json_body(put(), body.to_owned()), 400, "malformed_json").await;
    }
    unreadable(json_body(put(), b"{\"sku\":\"\xff\"}".to_vec()), 400, "malformed_json").await;
    unreadable(json_body(put(), "[".repeat(200)), 400, "too_deep").await;
    unreadable(json_body(app.post("/plain"), "[".repeat(1 << 20)), 400, "too_deep").await;
    unreadable(json_body(app.post("/plain"), vec![b' '; (1 << 20) + 1]), 413, "payload_too_large").await;
    let merge = put().header("content-type", "application/merge-patch+json; charset=utf-8");
    assert_eq!(text(merge.body(r#"{"sku":"SKU-0001","qty":4}"#)).await, "[1,2,20,4]");
    let broken = futures_util::stream::iter([Ok("{"), Err(std::io::Error::other("gone"))]);
    unreadable(json_body(put(), axum::body::Body::from_stream(broken)), 400, "body_aborted").await;
    let endless = futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(" ".repeat(100)));
    unreadable(json_body(put(), axum::body::Body::from_stream(endless)), 413, "payload_too_large").await;
}

#[tokio::test]
async fn malformed_json_tells_line_and_column() {
    let response = json_body(app().post("/plain"), "{\n  \"sku\" 1}").send().await;
    assert_eq!(response.status, StatusCode::BAD_REQUEST);
    let body: Value = response.json().await;
    assert_eq!(body["detail"], "the body is not JSON: expected `:` at line 2 column 9");
}

#[tokio::test]
async fn a_form_is_checked_like_a_query() {
    let app = app();
    let form = |body: &'static str| {
        app.post("/form").header("content-type", "application/x-www-form-urlencoded").body(body)
    };
    assert_eq!(text(form("qty=3&sku=SKU%2D0001")).await, r#"{"sku":"SKU-0001","qty":3}"#);
    let expected = ["body /extra additionalProperties", "body /qty minimum", "body /sku required"];
    let (status, _, mut told) = problem(form("qty=0&extra=1")).await;
    told.sort();
    assert_eq!((status, told), (422, expected.map(ToOwned::to_owned).to_vec()));
    unreadable(form("qty=%FF"), 400, "invalid_utf8").await;
    unreadable(app.post("/form").body("qty=1"), 415, "unsupported_media_type").await;
}

#[tokio::test]
async fn headers_are_fields() {
    let app = app();
    let request = app.get("/header").header("x-api-version", "2").header("x-tag", "a").header("x-tag", "b");
    assert_eq!(text(request).await, r#"2 None ["a", "b"]"#);
    refused(app.get("/header"), 422, &["header /x-api-version required"]).await;
    refused(app.get("/header").header("x-api-version", "4"), 422, &["header /x-api-version maximum"]).await;
    refused(app.get("/header").header("x-api-version", "x"), 422, &["header /x-api-version type"]).await;
    let request = app.get("/header").header("x-api-version", "1").header("accept-language", b"\xff");
    unreadable(request, 400, "invalid_utf8").await;
}

#[tokio::test]
async fn own_validators_are_heard_after_the_checks() {
    let app = app();
    let send = |body: Value| app.post("/own").json(&body);
    let response = send(json!({"sku": "SKU-0001", "qty": 3})).send().await;
    assert_eq!((response.status.as_u16(), response.header("location")), (201, Some("/lines/3%20%C3%A9")));
    let (one, two) = ("body /sku known_sku", "body /qty small");
    refused(send(json!({"sku": "SKU-0000", "qty": 60})), 422, &[one, two]).await;
    refused(send(json!({"sku": "SKU-0000", "qty": 160})), 422, &["body /qty maximum"]).await;
}

#[tokio::test]
async fn a_wrong_answer_is_a_500_or_logged() {
    let app = app();
    assert_eq!(text(app.get("/answers/3")).await, r#"{"sku":"SKU-0001","qty":3}"#);
    unreadable(app.get("/answers/300"), 500, "internal").await;
    assert_eq!(text(app.get("/logged/300")).await, r#"{"sku":"SKU-0001","qty":300}"#);
}
