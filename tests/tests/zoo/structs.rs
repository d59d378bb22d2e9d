//! What serde and schemars say of a struct and its fields.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use lift::prelude::*;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::enums::{Line, Sku};
use crate::verdict::{Rust, check};

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
struct Quantity {
    #[schemars(range(min = 1, max = 100))]
    qty: u32,
    at: Option<Sku>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Flat {
    id: u8,
    #[serde(flatten)]
    quantity: Quantity,
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
struct FlatDenied {
    id: u8,
    #[serde(flatten)]
    quantity: Quantity,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct FlatMap {
    id: u8,
    #[serde(flatten)]
    rest: BTreeMap<String, i8>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct FlatAny {
    #[serde(flatten)]
    quantity: Quantity,
    #[serde(flatten)]
    rest: HashMap<String, Value>,
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(tag = "kind")]
enum Kind {
    A { a: u8 },
    B { b: bool },
}

#[derive(Deserialize, JsonSchema, Validate)]
struct FlatEnum {
    id: u8,
    #[serde(flatten)]
    kind: Kind,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct FlatOption {
    id: u8,
    #[serde(flatten)]
    quantity: Option<Quantity>,
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase")]
struct Renamed {
    first_name: String,
    #[serde(rename = "2nd/name~")]
    second_name: Option<String>,
    #[serde(rename(deserialize = "in", serialize = "out"))]
    #[schemars(length(max = 3))]
    directed: Option<String>,
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "SCREAMING-KEBAB-CASE", deny_unknown_fields)]
struct Screaming {
    first_name: u8,
    #[serde(default)]
    last_name: u8,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Skips {
    a: u8,
    #[serde(skip)]
    b: u8,
    #[serde(skip_serializing)]
    c: Option<u8>,
    #[serde(skip_deserializing)]
    d: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    e: Option<u8>,
}

#[derive(Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
struct Defaults {
    #[schemars(range(min = 1, max = 9))]
    level: u8,
    #[schemars(length(min = 1))]
    name: String,
    list: Vec<i8>,
}

fn comma_separated<'de, D: Deserializer<'de>>(json: D) -> Result<Vec<String>, D::Error> {
    Ok(String::deserialize(json)?.split(',').map(str::to_owned).collect())
}

#[derive(Deserialize, JsonSchema, Validate)]
struct With {
    #[serde(deserialize_with = "comma_separated")]
    #[schemars(with = "String")]
    names: Vec<String>,
    #[schemars(range(max = 7))]
    n: u8,
}

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
#[serde(from = "Quantity")]
struct From {
    qty: u32,
}

impl std::convert::From<Quantity> for From {
    fn from(quantity: Quantity) -> Self {
        Self { qty: quantity.qty }
    }
}

/// A type that cannot have derives.
pub(crate) struct Elsewhere {
    seconds: u32,
}

#[derive(Deserialize, JsonSchema)]
#[serde(remote = "Elsewhere")]
struct ElsewhereHere {
    #[schemars(range(max = 60))]
    seconds: u32,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Remote {
    #[serde(with = "ElsewhereHere")]
    elsewhere: Elsewhere,
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(transparent)]
struct Transparent {
    #[schemars(length(min = 2, max = 3))]
    only: String,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Borrowed {
    #[schemars(length(max = 2))]
    owned_or_not: Cow<'static, str>,
    list: Cow<'static, [u8]>,
    boxed: Box<str>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Page<T> {
    items: Vec<T>,
    next: Option<T>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Wrapped<T>([Option<T>; 2]);

#[test]
fn plain() {
    let order =
        r#"{"customer":"ada","email":"ada@example.com","lines":[{"sku":"SKU-0001","qty":1}],"note":null}"#;
    check::<Order>("Order", Rust::AsTheSchema, &[order]);
    check::<Renamed>("Renamed", Rust::AsTheSchema, &[r#"{"firstName":"a","2nd/name~":"b","in":"abc"}"#]);
    check::<Screaming>("Screaming", Rust::AsTheSchema, &[r#"{"FIRST-NAME":1,"LAST-NAME":2}"#]);
    check::<Skips>("Skips", Rust::AsTheSchema, &[r#"{"a":1,"b":"x","c":2,"d":"x","e":3}"#]);
    check::<Defaults>("Defaults", Rust::AsTheSchema, &[r#"{"level":9,"name":"a","list":[1]}"#, "{}"]);
}

#[test]
fn flattened() {
    check::<Flat>("Flat", Rust::AsTheSchema, &[r#"{"id":1,"qty":2,"at":"SKU-0001"}"#]);
    check::<FlatDenied>("FlatDenied", Rust::AsTheSchema, &[r#"{"id":1,"qty":2,"at":"SKU-0001"}"#]);
    check::<FlatMap>("FlatMap", Rust::AsTheSchema, &[r#"{"id":1,"a":2,"b":-3}"#]);
    check::<FlatAny>("FlatAny", Rust::AsTheSchema, &[r#"{"qty":1,"more":[1,{"a":null}]}"#]);
    let seeds = [r#"{"id":1,"kind":"A","a":1}"#, r#"{"id":1,"kind":"B","b":true}"#];
    check::<FlatEnum>("FlatEnum", Rust::AsTheSchema, &seeds);
    check::<FlatOption>("FlatOption", Rust::AsTheSchema, &[r#"{"id":1,"qty":2,"at":null}"#, r#"{"id":2}"#]);
}

#[test]
fn by_another_type() {
    check::<With>("With", Rust::AsTheSchema, &[r#"{"names":"a,b","n":7}"#]);
    // What a conversion refuses is known to nobody but itself.
    check::<Even>("Even", Rust::Narrower, &["2", "4", "254"]);
    check::<From>("From", Rust::AsTheSchema, &[r#"{"qty":100,"at":"SKU-0001"}"#]);
    check::<Remote>("Remote", Rust::AsTheSchema, &[r#"{"elsewhere":{"seconds":60}}"#]);
    check::<Transparent>("Transparent", Rust::AsTheSchema, &[r#""ab""#, r#""ééé""#]);
    check::<Borrowed>("Borrowed", Rust::AsTheSchema, &[r#"{"owned_or_not":"é","list":[1,2],"boxed":""}"#]);
}

#[test]
fn generic() {
    check::<Page<Line>>(
        "Page",
        Rust::AsTheSchema,
        &[r#"{"items":[{"sku":"SKU-0001","qty":1}],"next":null}"#],
    );
    check::<Page<Option<Page<u8>>>>(
        "PageOfPages",
        Rust::AsTheSchema,
        &[r#"{"items":[{"items":[7]},null],"next":null}"#],
    );
    check::<Wrapped<Sku>>("Wrapped", Rust::AsTheSchema, &[r#"["SKU-0001",null]"#]);
}
