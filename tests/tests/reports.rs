//! What is told, and where.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, HashMap};

use lift::prelude::*;
use lift::validate::{Violation, from_slice};
use serde::de::DeserializeOwned;

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(try_from = "u8")]
struct Even(u8);

impl TryFrom<u8> for Even {
    type Error = &'static str;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        if number.is_multiple_of(2) { Ok(Self(number)) } else { Err("odd") }
    }
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Line {
    #[schemars(regex(pattern = r"^SKU-[0-9]{4}$"))]
    sku: String,
    #[schemars(range(min = 1, max = 100))]
    qty: u32,
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Tagged {
    Say {
        #[schemars(length(max = 3))]
        text: String,
        line: Option<Line>,
    },
    Order(Line),
    Even {
        n: Even,
        #[serde(default)]
        keys: BTreeMap<u16, u8>,
    },
    Leave,
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(tag = "t", content = "c")]
enum Adjacent {
    Empty,
    Line(Line),
    Even(Vec<Even>),
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(untagged)]
enum Untagged {
    Text(#[schemars(length(max = 3))] String),
    Line(Line),
    Named { name: String, even: Option<Even> },
    Several(Vec<Even>),
}

#[derive(Deserialize, JsonSchema, Validate)]
enum External {
    Nothing,
    Line(Line),
    Even { n: Even },
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Flat {
    id: u8,
    #[serde(flatten)]
    line: Line,
    #[serde(flatten)]
    rest: HashMap<String, Even>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct FlatTagged {
    id: u8,
    #[serde(flatten)]
    tagged: Tagged,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Holds {
    tagged: Option<Tagged>,
    list: Vec<Untagged>,
}

/// Each violation as `pointer: message`, sorted.
fn told<T: Validate + DeserializeOwned + 'static>(json: &str) -> Vec<String> {
    let violations = from_slice::<T>(json.as_bytes()).err().unwrap();
    let told = |violation: &Violation| format!("{}: {}", violation.pointer, violation.message);
    let mut told: Vec<_> = violations.iter().map(told).collect();
    told.sort();
    told
}

fn check<T: Validate + DeserializeOwned + 'static>(cases: &[(&str, &[&str])]) {
    for (json, expected) in cases {
        assert_eq!(told::<T>(json), *expected, "{json}");
    }
}

const SKU: &str = "must match ^SKU-[0-9]{4}$";

#[test]
fn a_tag_says_which_variant_is_meant() {
    let no_tag = "must be one of say, order, even, leave";
    check::<Tagged>(&[
        (r#"{"type":"say","text":"long!"}"#, &["/text: must have at most 3 characters"]),
        (
            r#"{"type":"say","text":"","line":{"sku":"x","qty":0}}"#,
            &["/line/qty: must be at least 1", &format!("/line/sku: {SKU}")],
        ),
        (r#"{"type":"order","sku":"x","qty":0}"#, &["/qty: must be at least 1", &format!("/sku: {SKU}")]),
        (r#"{"type":"say"}"#, &["/text: is required"]),
        (r#"{"type":"even","n":2,"keys":{"7":256}}"#, &["/keys/7: must be at most 255"]),
        (r#"{"type":"nope"}"#, &[&format!("/type: {no_tag}")]),
        (r#"{"type":7,"text":""}"#, &[&format!("/type: {no_tag}")]),
        ("{}", &["/type: is required"]),
        ("7", &[": must be an object"]),
    ]);
    check::<Adjacent>(&[
        (
            r#"{"t":"Line","c":{"sku":"x","qty":0}}"#,
            &["/c/qty: must be at least 1", &format!("/c/sku: {SKU}")],
        ),
        (r#"{"t":"Line"}"#, &["/c: is required"]),
        (r#"{"t":"no","c":{}}"#, &["/t: must be one of Empty, Line, Even"]),
        (r#"{"c":{"sku":"SKU-0001","qty":1}}"#, &["/t: is required"]),
    ]);
    check::<FlatTagged>(&[
        (r#"{"id":1,"type":"say","text":"long!"}"#, &["/text: must have at most 3 characters"]),
        (r#"{"id":1,"type":"nope"}"#, &[&format!("/type: {no_tag}")]),
    ]);
    check::<Holds>(&[(
        r#"{"tagged":{"type":"say","text":"long!"},"list":["long!",{"sku":"x","qty":1}]}"#,
        &[
            "/list/0: must have at most 3 characters",
            &format!("/list/1/sku: {SKU}"),
            "/tagged/text: must have at most 3 characters",
        ],
    )]);
}

#[test]
fn a_name_says_which_variant_is_meant() {
    let forms = ": must be one of Nothing, or have exactly one of Line, Even";
    check::<External>(&[
        (r#"{"Line":{"sku":"x","qty":1}}"#, &[&format!("/Line/sku: {SKU}")]),
        (r#"{"Even":{"n":3}}"#, &["/Even/n: is not in the form that is expected here"]),
        (r#"{"No":{}}"#, &[forms]),
        ("{}", &[forms]),
        (r#"{"Line":{},"Even":{}}"#, &[": must have exactly one member"]),
        (r#""No""#, &[": must be one of Nothing"]),
    ]);
}

#[test]
fn type_and_members_say_which_form_is_meant() {
    check::<Untagged>(&[
        (r#""long!""#, &[": must have at most 3 characters"]),
        (r#"[2,"x"]"#, &["/1: must be an integer"]),
        (r#"{"sku":"x","qty":1}"#, &[&format!("/sku: {SKU}")]),
        (r#"{"name":7}"#, &["/name: must be a string"]),
        ("true", &[": must be a string or an array or an object"]),
        // Both of the two that have members lack one.
        (r#"{"sku":"SKU-0001"}"#, &[": fits none of its forms"]),
    ]);
}

/// serde says of what it buffers that it is wrong, and not where: it is told where what was buffered begins.
#[test]
fn what_a_type_refuses_in_what_serde_buffers() {
    let form = "is not in the form that is expected here";
    check::<Tagged>(&[
        (r#"{"type":"even","n":3}"#, &[&format!(": {form}")]),
        (r#"{"type":"even","n":2,"keys":{"70000":1}}"#, &[": must be an integer"]),
    ]);
    check::<Adjacent>(&[(r#"{"t":"Even","c":[2,3]}"#, &[&format!(": {form}")])]);
    check::<Untagged>(&[("[2,3]", &[&format!(": {form}")])]);
    check::<Flat>(&[
        (r#"{"id":1,"sku":"SKU-0001","qty":1,"more":3}"#, &[&format!(": {form}")]),
        (r#"{"id":1,"sku":"SKU-0001","qty":1,"more":"x"}"#, &["/more: must be an integer"]),
    ]);
    check::<Holds>(&[
        (r#"{"tagged":{"type":"even","n":3},"list":[]}"#, &[&format!("/tagged: {form}")]),
        (r#"{"list":["a",[2],[3]]}"#, &[&format!("/list/2: {form}")]),
    ]);
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(untagged)]
enum Large {
    Many {
        #[schemars(length(min = 11_000))]
        items: Vec<u8>,
    },
    Text(String),
}

/// A report looks at 10,000 values; the verdict is of all.
#[test]
fn a_large_body_is_judged_as_a_whole() {
    let many = |item: &str, times: usize, last: &str| {
        format!("{{\"items\":[{}{last}]}}", format!("{item},").repeat(times))
    };
    // What is right is taken, though a part of it would be wrong.
    assert!(from_slice::<Large>(many("1", 10_999, "2").as_bytes()).is_ok());
    let none = "fits none of its forms";
    check::<Large>(&[
        (&many("1", 10_998, "2"), &[&format!(": {none}")]),
        (&many("1", 11_000, "256"), &[&format!(": {none}")]),
    ]);
    check::<Vec<Large>>(&[
        (&format!("[{}]", many("1", 11_000, "256")), &[&format!("/0: {none}")]),
        (&format!("[7,{}]", many("1", 11_000, "2")), &["/0: must be a string or an object"]),
    ]);
    // Of many mistakes the first hundred are told, and that there are more.
    let violations =
        from_slice::<Vec<Tagged>>(format!("[{}{{}}]", "{},".repeat(9_000)).as_bytes()).err().unwrap();
    let pointers: Vec<_> = violations.iter().map(|violation| violation.pointer.clone()).collect();
    let expected: Vec<_> = (0..100).map(|index| format!("/{index}/type")).collect();
    assert_eq!(pointers, expected);
    assert_eq!(serde_json::to_value(&violations).unwrap()["truncated"], true);
    // A single one is found wherever it is.
    let right = r#"{"type":"leave"},"#;
    for place in [500, 5_000, 12_000] {
        let json = format!(
            "[{}{{\"type\":\"say\"}}{}]",
            right.repeat(place),
            format!(",{}", &right[..16]).repeat(900)
        );
        assert_eq!(told::<Vec<Tagged>>(&json), [format!("/{place}/text: is required")], "{place}");
    }
}
