//! `#[validate(strict)]` and `#[validate(schema = "…")]`, and what is the same on every way about JSON itself.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::HashMap;

use lift::prelude::*;
use lift::test::{TestApp, TestRequest};
use serde_json::{Value, json};

#[derive(Debug, Deserialize, JsonSchema, Validate)]
struct Order {
    customer: String,
    lines: Vec<Line>,
    note: Option<Box<Line>>,
    labels: HashMap<String, Value>,
}

#[derive(Debug, Deserialize, JsonSchema, Validate)]
struct Line {
    #[schemars(range(min = 1))]
    qty: u32,
}

#[derive(Debug, Deserialize, JsonSchema, Validate)]
#[serde(tag = "type")]
enum Event {
    Line(Line),
    Both {
        #[serde(flatten)]
        line: Line,
        more: bool,
    },
    Nothing,
}

#[derive(Debug, Deserialize, JsonSchema, Validate)]
struct Page {
    limit: Option<u32>,
}

#[post("/orders")]
#[validate(strict)]
async fn orders(Query(page): Query<Page>, body: Json<Order>) -> String {
    format!("{} {:?}", body.lines.len(), page.limit)
}

#[post("/events")]
#[validate(strict, status = 400)]
async fn events(body: Json<Event>) -> String {
    format!("{:?}", *body)
}

#[post("/lax")]
#[validate]
async fn lax(body: Json<Order>) -> String {
    body.lines.len().to_string()
}

#[post("/untyped")]
#[validate(schema = "schemas/order.json", max_body = "64KiB")]
async fn untyped(Query(_): Query<Page>, body: Json<Value>) -> Json<Value> {
    body
}

#[post("/both")]
#[validate(schema = "schemas/order.json")]
async fn both(body: Json<HashMap<String, Value>>) -> String {
    body.len().to_string()
}

#[post("/plain")]
async fn plain(body: Json<Line>) -> String {
    body.qty.to_string()
}

fn app() -> TestApp {
    TestApp::new(App::new().routes(routes![orders, events, lax, untyped, both, plain]))
}

/// The status, and either the text or each violation as `pointer keyword`, sorted.
async fn answer(request: TestRequest, body: &str) -> (u16, String) {
    let request = request.header("content-type", "application/json").body(body.to_owned());
    let response = request.send().await;
    let status = response.status.as_u16();
    let text = response.text().await;
    let problem = serde_json::from_str::<Value>(&text).unwrap_or_default();
    let Some(errors) = problem["errors"].as_array() else { return (status, text) };
    let told = |error: &Value| {
        format!("{} {}", error["pointer"].as_str().unwrap(), error["keyword"].as_str().unwrap())
    };
    let mut told: Vec<_> = errors.iter().map(told).collect();
    told.sort();
    (status, told.join(", "))
}

#[tokio::test]
async fn strict_refuses_what_is_unknown_at_every_depth() {
    let app = app();
    let good = r#"{"customer":"a","lines":[{"qty":1}],"note":null,"labels":{"any":{"x":1}}}"#;
    assert_eq!(answer(app.post("/orders?limit=3"), good).await, (200, "1 Some(3)".into()));
    for (query, body, told) in [
        ("", r#"{"customer":"a","lines":[{"qty":1,"x":1}],"labels":{}}"#, "/lines/0/x unevaluatedProperties"),
        ("", r#"{"customer":"a","lines":[],"labels":{},"y":1}"#, "/y unevaluatedProperties"),
        (
            "",
            r#"{"customer":"a","lines":[],"note":{"qty":1,"z":[]},"labels":{}}"#,
            "/note/z unevaluatedProperties",
        ),
        ("?other=1", good, "/other unevaluatedProperties"),
        (
            "?other=1",
            r#"{"customer":"a","lines":[{"qty":0,"x":1}],"labels":{}}"#,
            "/lines/0/qty minimum, /lines/0/x unevaluatedProperties, /other unevaluatedProperties",
        ),
    ] {
        assert_eq!(answer(app.post(&format!("/orders{query}")), body).await, (422, told.into()), "{body}");
    }
    assert_eq!(answer(app.post("/lax"), r#"{"customer":"a","lines":[],"labels":{},"y":1}"#).await.0, 200);
}

#[tokio::test]
async fn strict_knows_what_enums_and_flatten_add() {
    let app = app();
    for body in
        [r#"{"type":"Line","qty":1}"#, r#"{"type":"Both","qty":1,"more":true}"#, r#"{"type":"Nothing"}"#]
    {
        assert_eq!(answer(app.post("/events"), body).await.0, 200, "{body}");
    }
    for body in [
        r#"{"type":"Line","qty":1,"x":1}"#,
        r#"{"type":"Both","qty":1,"more":true,"x":1}"#,
        r#"{"type":"Nothing","qty":1}"#,
    ] {
        let (status, told) = answer(app.post("/events"), body).await;
        assert_eq!(status, 400, "{body}: {told}");
        assert!(!told.is_empty(), "{body}");
    }
}

#[tokio::test]
async fn a_schema_file_describes_an_untyped_body() {
    let app = app();
    let good = r#"{"customer":"Ada","day":"2024-02-29","lines":[{"qty":100.0,"sku":"SKU-0001"}]}"#;
    assert_eq!(answer(app.post("/untyped"), good).await, (200, good.into()));
    assert_eq!(answer(app.post("/both"), good).await, (200, "3".into()));
    let bad = r#"{"customer":"","day":"2023-02-29","lines":[{"sku":"x","qty":101},{}],"more":1}"#;
    let told = "/customer minLength, /customer pattern, /day format, /lines/0/qty maximum, /lines/0/sku pattern, \
                /lines/1/qty required, /lines/1/sku required, /more additionalProperties";
    assert_eq!(answer(app.post("/untyped"), bad).await, (422, told.into()));
    assert_eq!(answer(app.post("/both"), bad).await, (422, told.into()));
    // What is wrong with the other arguments is told in the same answer.
    assert_eq!(answer(app.post("/untyped?limit=x"), r#"{"lines":[]}"#).await, {
        (422, "/customer required, /limit type, /lines minItems".into())
    });
    assert_eq!(answer(app.post("/untyped"), "{").await.0, 400);
    assert_eq!(
        answer(app.post("/untyped"), r#"{"customer":"\u000d","lines":[]}"#).await.1,
        "/customer pattern, /lines minItems"
    );
}

#[tokio::test]
async fn a_pattern_is_told_as_it_was_written() {
    let app = app();
    let request = app.post("/untyped").header("content-type", "application/json");
    let text = request.body(r#"{"customer":"","lines":[]}"#).send().await.text().await;
    assert!(text.contains(r#""limit":"^.+$""#) && text.contains("must match ^.+$"), "{text}");
}

#[tokio::test]
async fn messages_are_the_apps_own() {
    let app = App::new().routes(routes![orders, plain]).messages(|violation, headers| {
        let german = headers.get("accept-language").is_some_and(|language| language == "de");
        match &*violation.keyword {
            "minimum" if german => violation.limit.as_ref().map(|limit| format!("mindestens {limit}")),
            "required" if german => Some("fehlt".into()),
            _ => None,
        }
    });
    let app = TestApp::new(app);
    let told = async |request: TestRequest, body: &'static str| {
        let request = request.header("content-type", "application/json").body(body);
        let problem: Value = request.send().await.json().await;
        let errors = problem["errors"].as_array().cloned().unwrap_or_default();
        let mut told: Vec<_> =
            errors.iter().map(|error| error["message"].as_str().unwrap().to_owned()).collect();
        told.sort();
        told
    };
    let wrong = r#"{"customer":1,"lines":[{"qty":0}]}"#;
    let german = app.post("/orders").header("accept-language", "de");
    assert_eq!(told(german, wrong).await, ["fehlt", "mindestens 1", "must be a string"]);
    assert_eq!(
        told(app.post("/orders"), wrong).await,
        ["is required", "must be a string", "must be at least 1"]
    );
    let german = app.post("/plain").header("accept-language", "de");
    assert_eq!(told(german, "{}").await, ["fehlt"], "without #[validate], too");
}

#[tokio::test]
async fn a_report_is_what_its_schema_says() {
    let app = app();
    let request = app.post("/orders").header("content-type", "application/json");
    let problem: Value = request.body(r#"{"customer":1,"lines":[{"qty":0}]}"#).send().await.json().await;
    let schema = lift::schema_of::<lift::validate::Violations>();
    assert!(jsonschema::is_valid(schema.as_value(), &problem), "{problem}");
    assert_eq!(schema.as_value()["$defs"]["Violation"]["properties"]["pointer"]["type"], "string");
    assert!(!jsonschema::is_valid(schema.as_value(), &serde_json::json!({"errors": [{"pointer": 1}]})));
}

fn standard() -> String {
    "standard".to_owned()
}

/// How an order is sent.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
#[schemars(title = "Shipping", extend("x-owner" = "logistics"))]
#[serde(deny_unknown_fields)]
struct Shipping {
    /// How fast.
    ///
    /// Not on Sundays.
    #[serde(default = "standard")]
    #[schemars(example = &"express", length(min = 1))]
    service: String,
    /// Pieces of at most 65,535.
    #[serde(default)]
    pieces: u16,
    #[deprecated]
    #[schemars(title = "Weight in grams", extend("examples" = [1, 2], "readOnly" = true))]
    grams: Option<u32>,
    carrier: Option<Carrier>,
}

/// Who carries it.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
enum Carrier {
    Rail,
    /// Not over the sea.
    Road,
}

#[test]
fn a_published_schema_says_what_a_person_wrote() {
    let schema = lift::schema_of::<Shipping>().to_value();
    assert_eq!(schema["title"], "Shipping");
    assert_eq!(schema["description"], "How an order is sent.");
    assert_eq!(schema["x-owner"], "logistics");
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(schema.get("required"), None, "all have a default, or may be missing");
    let members = &schema["properties"];
    assert_eq!(
        members["service"],
        json!({
            "type": "string", "minLength": 1, "default": "standard", "examples": ["express"],
            "description": "How fast.\n\nNot on Sundays.",
        })
    );
    assert_eq!(
        members["pieces"],
        json!({
            "type": "integer", "format": "uint16", "minimum": 0, "maximum": 65_535, "default": 0,
            "description": "Pieces of at most 65,535.",
        })
    );
    let grams = &members["grams"];
    assert_eq!((&grams["title"], &grams["deprecated"]), (&json!("Weight in grams"), &json!(true)));
    assert_eq!((&grams["examples"], &grams["readOnly"]), (&json!([1, 2]), &json!(true)));
    let carrier = &schema["$defs"]["Carrier"];
    assert_eq!(carrier["description"], "Who carries it.");
    assert_eq!(
        carrier["oneOf"][1],
        json!({"type": "string", "const": "Road", "description": "Not over the sea."})
    );
}

#[test]
fn a_published_schema_says_how_wide_integers_are() {
    fn check<T: JsonSchema>(minimum: impl Into<Value>, maximum: impl Into<Value>) {
        let schema = lift::schema_of::<T>().to_value();
        let name = std::any::type_name::<T>();
        assert_eq!((&schema["minimum"], &schema["maximum"]), (&minimum.into(), &maximum.into()), "{name}");
    }
    check::<u8>(0, u8::MAX);
    check::<i8>(i8::MIN, i8::MAX);
    check::<u16>(0, u16::MAX);
    check::<i16>(i16::MIN, i16::MAX);
    check::<u32>(0, u32::MAX);
    check::<i32>(i32::MIN, i32::MAX);
    check::<u64>(0, u64::MAX);
    check::<i64>(i64::MIN, i64::MAX);
    check::<usize>(0, u64::MAX);
    check::<isize>(i64::MIN, i64::MAX);
    check::<u128>(0, u64::MAX);
    check::<i128>(i64::MIN, u64::MAX);
    check::<std::num::NonZeroU8>(1, u8::MAX);
}

/// It could not be matched in linear time, which no macro sees through a constant.
const LOOKS_AHEAD: &str = "^(?=a)";

#[derive(Debug, Deserialize, JsonSchema, Validate)]
struct Unmatchable {
    #[schemars(regex(pattern = LOOKS_AHEAD))]
    text: String,
}

#[post("/unmatchable")]
#[validate]
async fn unmatchable(body: Json<Unmatchable>) -> String {
    body.text.clone()
}

#[tokio::test]
async fn a_constants_pattern_that_cannot_be_matched_fails_every_request() {
    let app = TestApp::new(App::new().routes(routes![unmatchable]));
    assert_eq!(answer(app.post("/unmatchable"), r#"{"text":"a"}"#).await.0, 500);
    let violations = lift::validate::from_slice::<Unmatchable>(br#"{"text":"a"}"#).unwrap_err();
    assert_eq!(violations.iter().map(|violation| &*violation.keyword).collect::<Vec<_>>(), ["schema"]);
}
