//! Every constraint keyword: schemars' own attributes, and the others by `extend`.

use std::collections::BTreeMap;

use lift::prelude::*;
use serde::Deserialize;
use serde_json::Value;

use crate::verdict::{Rust, check};

#[derive(Deserialize, JsonSchema, Validate)]
struct Lengths {
    #[schemars(length(min = 2, max = 4))]
    text: String,
    #[schemars(length(equal = 3))]
    exactly: Option<String>,
    #[schemars(length(min = 1, max = 2))]
    items: Vec<u8>,
    #[validate(length(max = 3))]
    boxed: Option<Box<str>>,
    #[garde(length(min = 1))]
    listed: Option<Vec<u8>>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Patterns {
    #[schemars(regex(pattern = r"^[a-z]+\d{2,3}$"))]
    slug: String,
    #[schemars(regex(pattern = r"\d\w\s"))]
    loose: Option<String>,
    #[schemars(regex(pattern = r"^(a|bc)*$"))]
    either: Option<String>,
    #[schemars(regex(pattern = r"^.{1,3}$"))]
    any: Option<String>,
    #[schemars(regex(pattern = r"[^é]$"))]
    not: Option<String>,
    #[schemars(contains(pattern = "a.b"))]
    has: Option<String>,
    #[schemars(inner(length(min = 1, max = 2), regex(pattern = "^[ab]")))]
    inner: Vec<String>,
    #[schemars(inner(range(max = 7)))]
    numbers: Option<Vec<u8>>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Wider {
    #[schemars(range(min = -5, max = 300))]
    byte: u8,
    #[schemars(range(max = 100000))]
    short: Option<i16>,
    #[schemars(extend("minimum" = 3, "maximum" = 9, "multipleOf" = 0.5))]
    float: Option<f64>,
    #[schemars(extend("exclusiveMinimum" = -3, "multipleOf" = 2))]
    boxed: Option<Box<i8>>,
    #[schemars(extend("maximum" = 4))]
    other: Option<Number>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Number(#[schemars(range(min = 2))] u8);

#[derive(Deserialize, JsonSchema, Validate)]
struct Bounds {
    #[schemars(extend("exclusiveMinimum" = 0, "exclusiveMaximum" = 10))]
    a: u8,
    #[schemars(extend("exclusiveMinimum" = 0.5, "exclusiveMaximum" = 1.5))]
    b: f64,
    #[schemars(extend("minimum" = 3))]
    c: Option<i64>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Multiples {
    #[schemars(extend("multipleOf" = 3))]
    three: i64,
    #[schemars(extend("multipleOf" = 0.01))]
    cents: f64,
    #[schemars(extend("multipleOf" = 0.1), range(min = -100, max = 100))]
    tenths: Option<f64>,
    #[schemars(extend("multipleOf" = 2.5))]
    halves: Option<u32>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Items {
    #[schemars(extend("uniqueItems" = true))]
    unique: Vec<u8>,
    #[schemars(extend("uniqueItems" = true))]
    values: Vec<Value>,
    #[schemars(extend("contains" = {"const": 7}))]
    seven: Vec<u8>,
    #[schemars(extend("contains" = {"type": "string"}, "minContains" = 2, "maxContains" = 3))]
    texts: Option<Vec<Value>>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Properties {
    #[schemars(extend("minProperties" = 1, "maxProperties" = 2))]
    map: BTreeMap<String, u8>,
    #[schemars(extend("propertyNames" = {"maxLength": 2}))]
    named: Option<BTreeMap<String, u8>>,
}

#[derive(Deserialize, JsonSchema, Validate)]
#[schemars(extend("minProperties" = 2, "dependentRequired" = {"a": ["b"]}))]
struct Whole {
    a: Option<u8>,
    b: Option<u8>,
    c: Option<u8>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Constants {
    #[schemars(extend("const" = 7))]
    seven: u8,
    #[schemars(extend("const" = "yes"))]
    yes: Option<String>,
    #[schemars(extend("enum" = [1, 2, 2.5]))]
    one_of: f64,
    #[schemars(extend("not" = {"const": "no"}))]
    not: Option<String>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Replaced {
    #[schemars(schema_with = "even")]
    even: u8,
    #[schemars(extend("minLength" = 2, "maxLength" = 3, "pattern" = "^a"))]
    text: String,
}

fn even(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({"type": "integer", "minimum": 0, "maximum": 255, "multipleOf": 2})
}

#[test]
fn lengths_and_patterns() {
    let lengths = [
        r#"{"text":"éé","exactly":"🦀🦀🦀","items":[1],"boxed":"abc","listed":[1]}"#,
        r#"{"text":"abcd","items":[1,2]}"#,
    ];
    check::<Lengths>("Lengths", Rust::AsTheSchema, &lengths);
    let patterns = [
        r#"{"slug":"abc12","loose":"x1a\u00a0","either":"abca","any":"aé","not":"a","has":"xa.by","inner":["a","bé"],"numbers":[7]}"#,
        r#"{"slug":"a123","either":"","inner":[]}"#,
    ];
    check::<Patterns>("Patterns", Rust::AsTheSchema, &patterns);
}

#[test]
fn of_numbers() {
    check::<Bounds>("Bounds", Rust::AsTheSchema, &[r#"{"a":9,"b":1.25,"c":3}"#, r#"{"a":1,"b":1}"#]);
    let wider = [
        r#"{"byte":255,"short":32767,"float":8.5,"boxed":-2,"other":3}"#,
        r#"{"byte":0,"short":-32768,"float":9,"boxed":null}"#,
    ];
    check::<Wider>("Wider", Rust::AsTheSchema, &wider);
    let multiples = [
        r#"{"three":9,"cents":19.99,"tenths":0.3,"halves":10}"#,
        r#"{"three":-3,"cents":1e2,"tenths":0.7,"halves":5}"#,
        r#"{"three":0,"cents":4.35}"#,
    ];
    check::<Multiples>("Multiples", Rust::AsTheSchema, &multiples);
    let constants = [r#"{"seven":7,"yes":"yes","one_of":2.5,"not":"x"}"#, r#"{"seven":7.0,"one_of":1}"#];
    check::<Constants>("Constants", Rust::AsTheSchema, &constants);
}

#[test]
fn of_items_and_members() {
    let items = [
        r#"{"unique":[1,2,3],"values":[1,"1",[1],{"a":1}],"seven":[1,7],"texts":["a","b",1]}"#,
        r#"{"unique":[],"values":[],"seven":[7]}"#,
    ];
    check::<Items>("Items", Rust::AsTheSchema, &items);
    check::<Properties>("Properties", Rust::AsTheSchema, &[r#"{"map":{"a":1,"b":2},"named":{"ab":1}}"#]);
    check::<Whole>("Whole", Rust::AsTheSchema, &[r#"{"a":1,"b":2}"#, r#"{"b":1,"c":null}"#]);
    check::<Replaced>(
        "Replaced",
        Rust::AsTheSchema,
        &[r#"{"even":8,"text":"ab"}"#, r#"{"even":0,"text":"aé"}"#],
    );
}
