//! Enums in the four ways that serde writes them.

use lift::prelude::*;
use serde::Deserialize;

use crate::verdict::{Rust, check};

#[derive(Deserialize, JsonSchema, Validate)]
pub(crate) struct Sku(#[schemars(regex(pattern = r"^SKU-[0-9]{4}$"))] pub(crate) String);

#[derive(Deserialize, JsonSchema, Validate)]
pub(crate) struct Line {
    pub(crate) sku: Sku,
    #[schemars(range(min = 1, max = 100))]
    pub(crate) qty: u32,
}

#[derive(Deserialize, JsonSchema, Validate)]
enum Units {
    Red,
    #[serde(rename = "dark green")]
    Green,
    /// Documented, so that the schema lists it apart.
    Blue,
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "snake_case")]
enum External {
    Nothing,
    Named(Sku),
    Number(#[schemars(range(min = 3))] u8),
    TwoOf(u8, #[schemars(range(max = 5))] i8),
    Boxed {
        #[schemars(length(min = 1, max = 2))]
        label: String,
        line: Option<Line>,
    },
    Listed(Vec<Line>),
    Maybe(Option<u8>),
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
enum ExternalDenied {
    Point { x: i8, y: Option<i8> },
    None {},
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(tag = "type", rename_all = "kebab-case")]
enum Internal {
    SayIt {
        #[schemars(length(min = 1, max = 5))]
        text: String,
        at: Option<Line>,
    },
    Order(Line),
    Leave,
    Counted {
        n: u64,
        ratio: f64,
    },
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(tag = "type", deny_unknown_fields)]
enum InternalDenied {
    Say { text: String },
    Count { n: u8 },
    Leave,
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(tag = "t", content = "c")]
enum Adjacent {
    Empty,
    Named(Sku),
    Pair(u8, bool),
    Line {
        #[schemars(range(min = 1))]
        qty: u16,
    },
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(tag = "t", content = "c", deny_unknown_fields)]
enum AdjacentDenied {
    Empty,
    Line { qty: u16 },
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(untagged)]
enum Untagged {
    Number(u8),
    Named(Sku),
    Line(Line),
    Several(Vec<u8>),
    Nothing,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct HoldsAll {
    units: Option<Units>,
    external: External,
    internal: Option<Internal>,
    untagged: Vec<Untagged>,
}

#[test]
fn external() {
    check::<Units>("Units", Rust::AsTheSchema, &[r#""Red""#, r#""dark green""#, r#""Blue""#]);
    let seeds = [
        r#""nothing""#,
        r#"{"named":"SKU-0001"}"#,
        r#"{"number":3}"#,
        r#"{"two_of":[1,5]}"#,
        r#"{"boxed":{"label":"é","line":{"sku":"SKU-0001","qty":1}}}"#,
        r#"{"listed":[{"sku":"SKU-0001","qty":100}]}"#,
        r#"{"maybe":null}"#,
    ];
    check::<External>("External", Rust::AsTheSchema, &seeds);
    check::<ExternalDenied>(
        "ExternalDenied",
        Rust::AsTheSchema,
        &[r#"{"Point":{"x":1,"y":null}}"#, r#"{"None":{}}"#],
    );
}

#[test]
fn internal_and_adjacent() {
    let seeds = [
        r#"{"type":"say-it","text":"hi","at":{"sku":"SKU-0001","qty":1}}"#,
        r#"{"type":"order","sku":"SKU-0001","qty":100}"#,
        r#"{"type":"leave"}"#,
        r#"{"type":"counted","n":1,"ratio":2}"#,
    ];
    check::<Internal>("Internal", Rust::AsTheSchema, &seeds);
    let seeds = [r#"{"type":"Say","text":"hi"}"#, r#"{"type":"Count","n":7}"#, r#"{"type":"Leave"}"#];
    check::<InternalDenied>("InternalDenied", Rust::AsTheSchema, &seeds);
    let seeds = [
        r#"{"t":"Empty"}"#,
        r#"{"t":"Named","c":"SKU-0001"}"#,
        r#"{"t":"Pair","c":[1,true]}"#,
        r#"{"t":"Line","c":{"qty":1}}"#,
    ];
    // The content of a unit variant is a member like any other to the schema, and must be null to serde.
    check::<Adjacent>("Adjacent", Rust::Narrower, &seeds);
    check::<AdjacentDenied>(
        "AdjacentDenied",
        Rust::AsTheSchema,
        &[r#"{"t":"Empty"}"#, r#"{"t":"Line","c":{"qty":1}}"#],
    );
}

#[test]
fn untagged_and_nested() {
    let seeds = ["7", r#""SKU-0001""#, r#"{"sku":"SKU-0001","qty":1}"#, "[1,2]", "null"];
    check::<Untagged>("Untagged", Rust::AsTheSchema, &seeds);
    let seeds = [
        r#"{"units":"Red","external":{"number":3},"internal":{"type":"leave"},"untagged":[1,null]}"#,
        r#"{"external":"nothing","untagged":["SKU-0001"]}"#,
    ];
    check::<HoldsAll>("HoldsAll", Rust::AsTheSchema, &seeds);
}
