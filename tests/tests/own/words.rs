//! Formats and keywords of an app's own.

use std::collections::HashMap;

use lift::prelude::*;
use lift::test::{TestApp, TestRequest};
use lift::validate::{check, from_slice};
use serde_json::{Value, json};

#[derive(Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, Validate)]
#[schemars(extend("format" = "sku"))]
struct Sku(String);

#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
struct Line {
    #[schemars(extend("format" = "sku"), length(min = 1))]
    sku: String,
    #[schemars(extend("x-multiple" = 3, "x-note" = "of the annotation"))]
    qty: Option<u32>,
    #[serde(default)]
    others: Vec<Sku>,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[schemars(extend("x-most" = 1))]
struct Few(Vec<u8>);

#[derive(Debug, Deserialize, JsonSchema, Validate)]
#[serde(untagged)]
enum Either {
    #[schemars(extend("format" = "sku"))]
    Sku(String),
    Number(u8),
}

#[post("/lines")]
#[validate]
async fn lines(body: Json<Line>) -> String {
    body.sku.clone()
}

#[get("/lines")]
#[validate]
async fn find(Query(line): Query<Line>) -> String {
    line.sku
}

#[post("/few")]
#[validate]
async fn few(body: Json<HashMap<String, Few>>) -> String {
    body.len().to_string()
}

#[post("/either")]
#[validate]
async fn either(body: Json<Either>) -> String {
    format!("{:?}", *body)
}

#[post("/file")]
#[validate(schema = "schemas/shelf.json")]
async fn file(body: Json<Value>) -> String {
    body["sku"].to_string()
}

#[get("/answers/{sku}")]
#[validate(response)]
async fn answer(Path(sku): Path<String>) -> Json<Line> {
    Json(Line { sku, qty: None, others: Vec::new() })
}

/// What is checked by hand, while a request is served.
#[post("/by-hand")]
async fn by_hand(body: String) -> String {
    match from_slice::<Line>(body.as_bytes()) {
        Ok(line) => line.sku,
        Err(violations) => format!("{:?}", violations.iter().map(|one| &*one.keyword).collect::<Vec<_>>()),
    }
}

fn plain() -> App {
    App::new().routes(routes![lines, find, few, either, file, answer, by_hand])
}

fn multiple(limit: &Value, value: &Value) -> Result<(), String> {
    assert_ne!(value, 666, "a keyword that panics");
    match (limit.as_u64(), value.as_u64()) {
        (Some(limit), Some(value)) if value % limit != 0 => Err(format!("must be {limit} times something")),
        _ => Ok(()),
    }
}

fn with_words(prefix: &'static str) -> TestApp {
    let app = plain()
        .format("sku", move |text| {
            assert_ne!(text, "panic", "a format that panics");
            text.starts_with(prefix)
        })
        .keyword("x-multiple", multiple)
        .keyword("x-most", |limit, value| match (limit.as_u64(), value.as_array()) {
            (Some(limit), Some(items)) if items.len() as u64 > limit => Err("must be few"),
            _ => Ok(()),
        });
    TestApp::new(app)
}

/// The status, and each violation as "pointer keyword limit message".
async fn told(request: TestRequest) -> (u16, Vec<String>) {
    let response = request.send().await;
    let status = response.status.as_u16();
    let text = response.text().await;
    let problem: Value = serde_json::from_str(&text).unwrap_or_default();
    let errors = problem["errors"].as_array().into_iter().flatten();
    let part = |value: &Value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    let line = |one: &Value| ["pointer", "keyword", "limit", "message"].map(|key| part(&one[key])).join(" ");
    (status, errors.map(line).collect())
}

async fn refused(request: TestRequest, expected: &[&str]) {
    let (status, found) = told(request).await;
    assert_eq!(status, 422);
    assert_eq!(found, expected);
}

async fn status(request: TestRequest) -> u16 {
    request.send().await.status.as_u16()
}

#[tokio::test]
async fn formats_and_keywords_hold_in_types() {
    let app = with_words("SKU-");
    let lines = |body: Value| app.post("/lines").json(&body);
    assert_eq!(status(lines(json!({"sku": "SKU-1", "qty": 6, "others": ["SKU-2"]}))).await, 200);
    let expected = [
        "/others/1 format sku must be of the format sku",
        "/qty x-multiple 3 must be 3 times something",
        "/sku format sku must be of the format sku",
    ];
    refused(lines(json!({"sku": "x", "qty": 7, "others": ["SKU-1", "y"]})), &expected).await;
    // The native way asks as well: nothing but the keyword is wrong.
    refused(lines(json!({"sku": "SKU-1", "qty": 7})), &[expected[1]]).await;
    refused(app.get("/lines?sku=x&qty=7"), &expected[1..]).await;
    let few = |body: Value| app.post("/few").json(&body);
    assert_eq!(status(few(json!({"a": [1], "b": []}))).await, 200);
    refused(few(json!({"a": [1], "b": [1, 2]})), &["/b x-most 1 must be few"]).await;
    assert_eq!(status(app.post("/either").json(&json!("SKU-1"))).await, 200);
    assert_eq!(status(app.post("/either").json(&json!("x"))).await, 422);
}

#[tokio::test]
async fn they_hold_in_files_and_in_answers() {
    let app = with_words("SKU-");
    let file = |body: Value| app.post("/file").json(&body);
    assert_eq!(status(file(json!({"sku": "SKU-1", "qty": 3}))).await, 200);
    let expected =
        ["/qty x-multiple 3 must be 3 times something", "/sku format sku must be of the format sku"];
    refused(file(json!({"sku": "x", "qty": 4})), &expected).await;
    assert_eq!(status(app.get("/answers/SKU-1")).await, 200);
    assert_eq!(status(app.get("/answers/x")).await, 500);
}

#[tokio::test]
async fn each_app_has_its_own() {
    let (one, other, none) = (with_words("SKU-"), with_words("ART-"), TestApp::new(plain()));
    for _ in 0..2 {
        for (app, right, wrong) in [(&one, "SKU-1", "ART-1"), (&other, "ART-1", "SKU-1")] {
            for path in ["/lines", "/file"] {
                assert_eq!(status(app.post(path).json(&json!({"sku": right}))).await, 200, "{right}");
                assert_eq!(status(app.post(path).json(&json!({"sku": wrong}))).await, 422, "{wrong}");
            }
            assert_eq!(
                app.post("/by-hand").body(format!(r#"{{"sku":"{right}"}}"#)).send().await.text().await,
                right
            );
            let wrong = format!(r#"{{"sku":"{wrong}"}}"#);
            assert_eq!(app.post("/by-hand").body(wrong).send().await.text().await, r#"["format"]"#);
        }
        // Where nobody has added it, a keyword is an annotation, and a format of a file says nothing.
        assert_eq!(status(none.post("/few").json(&json!({"b": [1, 2]}))).await, 200);
        assert_eq!(status(none.post("/file").json(&json!({"sku": "x", "qty": 4}))).await, 200);
    }
}

#[tokio::test]
async fn a_format_that_nobody_has_added_is_no_silent_pass() {
    let app = TestApp::new(plain());
    assert_eq!(status(app.post("/lines").json(&json!({"sku": "SKU-1"}))).await, 500);
    assert_eq!(status(app.post("/either").json(&json!("SKU-1"))).await, 500);
    assert_eq!(status(app.post("/either").json(&json!(7))).await, 200);
    assert_eq!(status(app.get("/answers/SKU-1")).await, 500);
    // What is wrong anyway is told.
    assert_eq!(status(app.post("/lines").json(&json!({"sku": 1}))).await, 422);
    // Outside of requests there is no app that could have added it.
    let violations = from_slice::<Line>(br#"{"sku":"SKU-1"}"#).unwrap_err();
    assert_eq!(violations.iter().next().unwrap().keyword, "schema");
    assert!(check(&Sku("SKU-1".into())).is_err());
    assert!(check(&Line { sku: String::new(), qty: None, others: Vec::new() }).is_err());
}

#[tokio::test]
async fn a_panic_is_a_500_and_the_app_goes_on() {
    let app = with_words("SKU-");
    for _ in 0..2 {
        assert_eq!(told(app.post("/lines").json(&json!({"sku": "panic"}))).await, (500, vec![]));
        assert_eq!(told(app.post("/lines").json(&json!({"sku": "SKU-1", "qty": 666}))).await, (500, vec![]));
        assert_eq!(told(app.post("/file").json(&json!({"sku": "panic"}))).await, (500, vec![]));
        assert_eq!(status(app.post("/lines").json(&json!({"sku": "SKU-1", "qty": 3}))).await, 200);
    }
}

#[test]
fn words_that_cannot_be_are_refused_at_the_start() {
    let told = |app: App| app.into_router().unwrap_err().to_string();
    let built_in = told(App::new().format("date", |_| true));
    assert!(built_in.contains("`date` is a format of JSON Schema"), "{built_in}");
    let ip = told(App::new().format("ip", |_| true));
    assert!(ip.contains("`ip` is a format of JSON Schema"), "{ip}");
    let no_x = told(App::new().keyword("even", multiple));
    assert!(no_x.contains("call `even` `x-even`"), "{no_x}");
    let twice = told(App::new().keyword("x-a", multiple).keyword("x-b", multiple).keyword("x-a", multiple));
    assert!(twice.contains("`x-a` is added twice"), "{twice}");
    let twice = told(App::new().format("sku", |_| true).format("sku", |_| true));
    assert!(twice.contains("`sku` is added twice"), "{twice}");
    assert!(App::new().format("sku", |_| true).keyword("x-a", multiple).into_router().is_ok());
}
