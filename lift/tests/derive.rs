//! `derive(Validate)`: the native path and the schema path have one verdict.

#![expect(dead_code, reason = "fields are parsed and checked, not read")]
#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::{BTreeMap, HashMap, HashSet};

use jsonschema::{PatternOptions, Validator};
use lift::validate::{Violations, from_slice, from_value};
use lift::{Validate, schema_of};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

#[derive(Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
struct Order {
    #[schemars(length(min = 1, max = 64))]
    customer: String,
    #[schemars(email)]
    email: String,
    currency: Currency,
    #[schemars(length(min = 1, max = 5))]
    lines: Vec<Line>,
    #[schemars(length(max = 12))]
    note: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
struct Line {
    #[schemars(regex(pattern = r"^SKU-[0-9]{4}$"))]
    sku: String,
    #[schemars(range(min = 1, max = 100))]
    qty: u32,
    price: Option<f64>,
}

#[derive(Debug, Deserialize, JsonSchema, Validate)]
enum Currency {
    #[serde(rename = "USD")]
    Usd,
    #[serde(rename = "EUR")]
    Eur,
}

#[derive(Debug, Deserialize, JsonSchema, Validate)]
struct Sku(#[schemars(regex(pattern = r"^SKU-[0-9]{4}$"))] String);

#[derive(Debug, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase")]
struct Everything {
    #[schemars(range(min = -2.5, max = 1000))]
    wide: i64,
    #[schemars(range(min = 0.5))]
    ratio: Option<f64>,
    #[schemars(range(min = 0.5))]
    small: Option<f32>,
    tiny: u8,
    huge: u64,
    #[schemars(required, length(equal = 3))]
    code: Option<String>,
    #[validate(url)]
    link: Option<String>,
    #[garde(ip)]
    address: Option<String>,
    #[schemars(contains(pattern = "a.b"))]
    has: Option<String>,
    #[schemars(inner(length(min = 2, max = 3)))]
    tags: Vec<String>,
    #[serde(default)]
    #[schemars(range(min = 1, max = 9))]
    level: u8,
    #[schemars(regex(pattern = r"\d\w$"))]
    loose: Option<String>,
    by_name: BTreeMap<String, Line>,
    by_number: HashMap<u16, u8>,
    by_sku: HashMap<String, Sku>,
    pair: (u8, Option<Sku>),
    tree: Option<Box<Tree>>,
    shape: Option<Shape>,
    #[serde(skip)]
    skipped: u8,
}

#[derive(Debug, Deserialize, JsonSchema, Validate)]
struct Tree {
    #[schemars(length(max = 3))]
    name: String,
    #[serde(default)]
    children: Vec<Tree>,
}

#[derive(Debug, Deserialize, JsonSchema, Validate)]
enum Shape {
    Empty,
    Named(Sku),
    Pair(u8, #[schemars(range(max = 5))] u8),
    Box {
        #[schemars(range(min = 1))]
        width: u16,
        inner: Option<Line>,
    },
}

#[derive(Debug, Deserialize, JsonSchema, Validate)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Message {
    Say {
        #[schemars(length(min = 1, max = 5))]
        text: String,
        at: Option<Line>,
    },
    Leave,
}

#[derive(Debug, Deserialize, JsonSchema, Validate)]
struct Flat {
    id: u8,
    #[serde(flatten)]
    line: Quantity,
    #[serde(flatten)]
    rest: HashMap<String, Value>,
}

#[derive(Debug, Deserialize, JsonSchema, Validate)]
struct Quantity {
    #[schemars(range(min = 1, max = 100))]
    qty: u32,
    at: Option<Box<Tree>>,
}

/// A type of another crate, without the derive.
#[derive(Debug, Deserialize, JsonSchema)]
struct Foreign {
    #[schemars(range(min = 10))]
    id: u8,
}

#[derive(Debug, Deserialize, JsonSchema, Validate)]
struct Outer {
    #[schemars(range(max = 3))]
    n: u8,
    foreign: Option<Foreign>,
    several: Vec<Foreign>,
    set: HashSet<u8>,
}

#[derive(Debug, Deserialize, JsonSchema, Validate)]
struct Page<T> {
    items: Vec<T>,
    next: Option<T>,
}

fn order() -> Value {
    json!({
        "customer": "ada", "email": "ada@example.com", "currency": "EUR",
        "lines": [{"sku": "SKU-0001", "qty": 1}, {"sku": "SKU-0002", "qty": 100, "price": 2.5}], "note": null,
    })
}

fn everything() -> Value {
    json!({
        "wide": -2, "ratio": 0.5, "small": 0.5, "tiny": 255, "huge": u64::MAX, "code": "abc", "link": "https://a.b/c",
        "address": "::1", "has": "xa.by", "tags": ["ab", "abc"], "level": 9, "loose": "x1_",
        "byName": {"x": {"sku": "SKU-0001", "qty": 1}}, "byNumber": {"7": 7}, "bySku": {"k": "SKU-1234"},
        "pair": [1, "SKU-0001"], "tree": {"name": "abc", "children": [{"name": "x"}, {"name": "", "children": []}]},
        "shape": {"Box": {"width": 3, "inner": {"sku": "SKU-0001", "qty": 1}}},
    })
}

fn validator<T: JsonSchema>() -> Validator {
    let schema = schema_of::<T>();
    let options = jsonschema::draft202012::options().with_pattern_options(PatternOptions::regex());
    let ip = |text: &str| text.parse::<std::net::IpAddr>().is_ok();
    options.should_validate_formats(true).with_format("ip", ip).build(schema.as_value()).unwrap()
}

/// Values that are wrong somewhere or right somewhere else.
fn odd(random: &mut fastrand::Rng) -> Value {
    let odd = [
        json!(null),
        json!(true),
        json!(0),
        json!(1),
        json!(-1),
        json!(1.0),
        json!(100),
        json!(100.0),
        json!(101),
        json!(1e2),
        json!(-0.0),
        json!(0.5),
        json!(0.1),
        json!(1e300),
        json!(256),
        json!(4294967296_u64),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(1.8446744073709552e19),
        json!(""),
        json!("a"),
        json!("ab"),
        json!("ééé"),
        json!("🦀🦀🦀"),
        json!("SKU-0001"),
        json!("SKU-00011"),
        json!("SKU-000٣"),
        json!("sku-0001"),
        json!("USD"),
        json!("Empty"),
        json!("a@b.c"),
        json!("a@b"),
        json!("a@@b"),
        json!("http://x"),
        json!("1.2.3.4"),
        json!("a.b"),
        json!("1_\n"),
        json!("1é"),
        json!([]),
        json!([1, 2]),
        json!([1, 1]),
        json!(["a"]),
        json!({}),
        json!({"Empty": null}),
        json!({"Named": "SKU-0001"}),
        json!({"Pair": [1, 5]}),
        json!({"Pair": [1, 6]}),
        json!({"name": "x"}),
        json!({"Box": [1, null]}),
        json!(["SKU-0001", 1, null]),
        json!({"type": "leave"}),
        json!({"id": 10}),
        json!({"id": 9}),
    ];
    odd[random.usize(..odd.len())].clone()
}

/// Changes one thing somewhere.
fn mutate(value: &mut Value, random: &mut fastrand::Rng) {
    let stop = random.u8(..4) == 0;
    match value {
        Value::Object(members) if !stop && !members.is_empty() => {
            let name = members.keys().nth(random.usize(..members.len())).unwrap().clone();
            match random.u8(..12) {
                0 => drop(members.remove(&name)),
                1 => {
                    drop(members.insert(["extra", "01", "x/y~", "7"][random.usize(..4)].into(), odd(random)));
                }
                2 => *value = members.values().cloned().collect(),
                _ => mutate(&mut members[&name], random),
            }
        }
        Value::Array(items) if !stop && !items.is_empty() => {
            let index = random.usize(..items.len());
            match random.u8(..8) {
                0 => drop(items.remove(index)),
                1 => items.push(odd(random)),
                2 => items.push(items[index].clone()),
                _ => mutate(&mut items[index], random),
            }
        }
        _ => *value = odd(random),
    }
}

/// Runs many documents through both paths; returns how many were accepted.
fn compare<T: Validate + DeserializeOwned + 'static>(starts: &[Value], runs: usize) -> usize {
    let schema = validator::<T>();
    let mut random = fastrand::Rng::with_seed(11);
    let mut accepted = 0;
    for start in starts {
        let refused = from_slice::<T>(start.to_string().as_bytes()).err();
        assert_eq!(refused, None, "{start}");
    }
    for run in 0..runs {
        let mut document = starts[run % starts.len()].clone();
        for _ in 0..random.u8(..3) {
            mutate(&mut document, &mut random);
        }
        let json = document.to_string();
        let read = from_slice::<T>(json.as_bytes());
        assert_eq!(read.is_ok(), from_value::<T>(&document).is_ok(), "{json}");
        match read {
            Ok(_) => {
                accepted += 1;
                assert!(schema.is_valid(&document), "accepted, though the schema refuses {json}");
            }
            Err(violations) => {
                assert!(!violations.is_empty(), "refused without a reason: {json}");
                points_into(&violations, &document);
                let both = schema.is_valid(&document) && serde_json::from_str::<T>(&json).is_ok();
                assert!(!both, "refused, though schema and serde accept {json}: {violations:?}");
            }
        }
    }
    accepted
}

/// Each pointer leads to a value, or to a member that is missing from one.
fn points_into(violations: &Violations, document: &Value) {
    for violation in violations {
        let parent = violation.pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
        assert!(document.pointer(parent).is_some(), "{} in {document}", violation.pointer);
    }
}

#[test]
fn one_verdict_on_orders() {
    let accepted = compare::<Order>(&[order()], 20_000);
    assert!((2_000..18_000).contains(&accepted), "{accepted}");
}

#[test]
fn one_verdict_on_everything() {
    let accepted = compare::<Everything>(&[everything()], 30_000);
    assert!((2_000..28_000).contains(&accepted), "{accepted}");
}

#[test]
fn one_verdict_on_what_the_schema_alone_can_check() {
    let say = json!({"type": "say", "text": "hi", "at": {"sku": "SKU-0001", "qty": 1}});
    compare::<Message>(&[say, json!({"type": "leave"})], 10_000);
    compare::<Flat>(&[json!({"id": 1, "qty": 2, "at": {"name": "x"}, "more": [1]})], 10_000);
    compare::<Outer>(
        &[json!({"n": 1, "foreign": {"id": 10}, "several": [{"id": 11}], "set": [1, 2]})],
        10_000,
    );
}

#[test]
fn one_verdict_on_generic_and_plain_types() {
    compare::<Page<Line>>(&[json!({"items": [{"sku": "SKU-0001", "qty": 1}], "next": null})], 5_000);
    compare::<Shape>(&[json!("Empty"), json!({"Named": "SKU-0001"}), json!({"Pair": [1, 2]})], 5_000);
    compare::<(u8, Vec<Sku>)>(&[json!([1, ["SKU-0001"]])], 5_000);
    compare::<Option<Order>>(&[order(), json!(null)], 5_000);
    compare::<HashMap<u32, Sku>>(&[json!({"7": "SKU-0001"})], 5_000);
}

fn told<T: Validate + DeserializeOwned + 'static>(json: &str) -> Vec<(String, String, String)> {
    let violations = from_slice::<T>(json.as_bytes()).err().unwrap_or_default();
    let told =
        |v: &lift::validate::Violation| (v.pointer.clone(), v.keyword.to_string(), v.message.to_string());
    violations.iter().map(told).collect()
}

#[test]
fn every_mistake_is_told_without_the_value() {
    let mut order = order();
    order["customer"] = json!("");
    order["email"] = json!("secret");
    order["currency"] = json!("XXX");
    order["lines"][1]["qty"] = json!(101);
    order["lines"][0]["sku"] = json!(17);
    order["extra/one"] = json!(1);
    order.as_object_mut().unwrap().remove("note");
    let told = told::<Order>(&order.to_string());
    let expected = [
        ("/currency", "enum", "must be one of USD, EUR"),
        ("/customer", "minLength", "must have at least 1 character"),
        ("/email", "format", "must be an email address"),
        ("/extra~1one", "additionalProperties", "is not expected here"),
        ("/lines/0/sku", "type", "must be a string"),
        ("/lines/1/qty", "maximum", "must be at most 100"),
    ];
    let mut sorted = told.clone();
    sorted.sort();
    let sorted: Vec<_> = sorted.iter().map(|(a, b, c)| (&**a, &**b, &**c)).collect();
    assert_eq!(sorted, expected);
    assert_eq!(told, self::told::<Order>(&order.to_string()), "the order is stable");
}

#[test]
fn an_optional_struct_is_told_in_full() {
    let mut document = everything();
    document["tree"] = json!({"name": "long", "children": [{"name": 1}]});
    document["shape"] = json!({"Box": {"width": 0}});
    let mut told = told::<Everything>(&document.to_string());
    told.sort();
    let pointers: Vec<_> = told.iter().map(|(pointer, keyword, _)| (&**pointer, &**keyword)).collect();
    assert_eq!(
        pointers,
        [("/shape/Box/width", "minimum"), ("/tree/children/0/name", "type"), ("/tree/name", "maxLength")]
    );
}

#[test]
fn what_only_serde_refuses_is_told_where() {
    let twice = told::<Order>(&order().to_string().replacen('{', r#"{"customer":"x","#, 1));
    assert_eq!(twice, [(String::new(), "duplicate".into(), "has a member twice".into())]);
    let key = told::<HashMap<u16, u8>>(r#"{"70000":1}"#);
    assert_eq!(key[0].1, "type");
}

#[test]
fn what_is_not_json_is_one_violation() {
    for json in ["", "{", "[1,]", "\u{feff}{}", "{\"a\":1e999}", "nul", &"[".repeat(1 << 20)] {
        let told = told::<Order>(json);
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(told[0].1, "json");
    }
}

#[test]
fn at_most_a_hundred_are_told_and_more_are_noted() {
    let json = format!("[{}]", vec!["-1"; 500].join(","));
    let violations = from_slice::<Vec<u8>>(json.as_bytes()).unwrap_err();
    assert_eq!(violations.iter().count(), 100);
    assert_eq!(serde_json::to_value(&violations).unwrap()["truncated"], true);
}

#[test]
fn a_large_document_is_refused_wherever_it_is_wrong() {
    let many = format!("[{}]", vec!["-1"; 500_000].join(","));
    assert_eq!(from_slice::<Vec<u8>>(many.as_bytes()).unwrap_err().iter().count(), 100);
    let late = format!("[{}-1]", "1,".repeat(500_000));
    let told = told::<Vec<u8>>(&late);
    assert_eq!(told, [("/500000".into(), "minimum".into(), "must be at least 0".into())]);
    let fine = format!("[{}1]", "1,".repeat(500_000));
    assert!(from_slice::<Vec<u8>>(fine.as_bytes()).is_ok());
    let too_many = format!(r#"{{"name":"x","children":[{}1]}}"#, r#"{"name":"x"},"#.repeat(20_000));
    assert_eq!(self::told::<Tree>(&too_many)[0].0, "/children/20000");
}

#[test]
fn a_default_may_break_its_own_constraint() {
    let mut everything = everything();
    everything.as_object_mut().unwrap().remove("level");
    assert_eq!(from_value::<Everything>(&everything).unwrap().level, 0);
}
