//! One verdict on raw bytes: the first says which type is meant, the others are the body.

#![no_main]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::LazyLock;

use jsonschema::{PatternOptions, Validator};
use libfuzzer_sys::fuzz_target;
use lift::prelude::*;
use lift::validate::from_slice;
use serde::de::DeserializeOwned;
use serde_json::Value;

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
struct Order {
    #[schemars(length(min = 1, max = 8))]
    customer: String,
    #[schemars(email)]
    email: String,
    #[schemars(length(min = 1, max = 3))]
    lines: Vec<Line>,
    note: Option<String>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Line {
    #[schemars(regex(pattern = r"^SKU-[0-9]{4}$"))]
    sku: String,
    #[schemars(range(min = 1, max = 100))]
    qty: u32,
}

#[derive(Deserialize, JsonSchema, Validate)]
enum External {
    Nothing,
    Number(#[schemars(range(min = 3))] u8),
    Pair(i8, Line),
    Boxed { line: Option<Line> },
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(tag = "t")]
enum Internal {
    Line(Line),
    Say { text: String },
    Leave,
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(tag = "t", content = "c", deny_unknown_fields)]
enum Adjacent {
    Line { line: Line, at: Option<(i8, f32)> },
    Inner(Internal),
    Maybe(Option<u16>),
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(tag = "op")]
enum Nested {
    Flat {
        #[serde(flatten)]
        line: Line,
        note: Option<String>,
    },
    Inner(Internal),
    Listed {
        numbers: Vec<i32>,
        lines: Vec<Line>,
    },
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Keys {
    bools: BTreeMap<bool, i8>,
    letters: HashMap<char, u8>,
    numbers: BTreeMap<i64, Line>,
    set: BTreeSet<u8>,
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(untagged)]
enum Untagged {
    Number(u8),
    Line(Line),
    Several(Vec<f64>),
    Internal(Internal),
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Flat {
    id: u8,
    #[serde(flatten)]
    line: Line,
    #[serde(flatten)]
    rest: HashMap<String, Value>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Numbers {
    a: Option<u64>,
    b: Option<i64>,
    c: Option<f32>,
    d: Option<f64>,
    e: Option<u128>,
    #[schemars(extend("multipleOf" = 0.01, "exclusiveMinimum" = -1))]
    f: Option<f64>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Texts {
    #[schemars(extend("format" = "date-time"))]
    a: Option<String>,
    #[schemars(url)]
    b: Option<String>,
    #[schemars(extend("format" = "hostname"))]
    c: Option<String>,
    #[schemars(regex(pattern = r"\d\w\s[^a-c]"))]
    d: Option<String>,
    e: Option<char>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Tree {
    #[schemars(length(max = 3))]
    name: String,
    #[serde(default)]
    children: Vec<Tree>,
    named: Option<BTreeMap<String, Tree>>,
}

/// Formats of days and times, by format and pattern: jsonschema 0.60.2 takes `1.:00:00Z` and the like, which RFC 3339
/// does not.
fn is_exact(format: &str, pattern: &str) -> impl Fn(&str) -> bool + Send + Sync + 'static {
    let options = jsonschema::draft202012::options().should_validate_formats(true);
    let schema = serde_json::json!({ "format": format, "pattern": pattern });
    let schema = options.build(&schema).expect("a schema");
    move |text| schema.is_valid(&Value::from(text))
}

const DATE: &str = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$";
const TIME: &str = "^[0-9:]{8}([.][0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$";
const DATE_TIME: &str = "^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9:]{8}([.][0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$";

fn validator<T: JsonSchema>() -> Validator {
    let options = jsonschema::draft202012::options()
        .with_pattern_options(PatternOptions::regex())
        .with_format("date", is_exact("date", DATE))
        .with_format("time", is_exact("time", TIME))
        .with_format("date-time", is_exact("date-time", DATE_TIME));
    options.should_validate_formats(true).build(lift::schema_of::<T>().as_value()).expect("a schema")
}

/// What is accepted is right by the schema; what is refused is wrong by it, or has a member twice, and has a reason.
/// Where Rust is narrower than any schema, as with the keys of a map, it may be wrong by that alone.
fn judge<T: Validate + DeserializeOwned + 'static>(schema: &Validator, json: &[u8], is_narrower: bool) {
    let value = serde_json::from_slice::<Value>(json);
    let right = value.as_ref().is_ok_and(|value| schema.is_valid(value));
    match from_slice::<T>(json) {
        Ok(_) => assert!(right, "accepted, though the schema refuses it"),
        Err(violations) => {
            assert!(!violations.is_empty(), "refused without a reason");
            if is_narrower {
                return;
            }
            let is_duplicate = violations.iter().any(|violation| violation.keyword == "duplicate");
            // As a value it has each member once, so that it is what the schema sees.
            let again = value.map(|value| lift::validate::from_value::<T>(&value).is_ok());
            assert!(
                !right || is_duplicate || again.unwrap_or_default(),
                "refused, though the schema accepts it"
            );
        }
    }
}

macro_rules! kind {
    ($type:ty, $is_narrower:literal) => {
        |json| {
            static SCHEMA: LazyLock<Validator> = LazyLock::new(validator::<$type>);
            judge::<$type>(&SCHEMA, json, $is_narrower);
        }
    };
}

macro_rules! kinds {
    ($($type:ty)*; $($narrower:ty)*) => {
        const KINDS: &[fn(&[u8])] = &[$(kind!($type, false),)* $(kind!($narrower, true),)*];
    };
}

kinds! { Order External Internal Untagged Flat Numbers Texts Tree Value Vec<(u8, bool)> Adjacent Nested; Keys }

fuzz_target!(|data: &[u8]| {
    let Some((kind, json)) = data.split_first() else { return };
    KINDS[usize::from(*kind) % KINDS.len()](json);
});
