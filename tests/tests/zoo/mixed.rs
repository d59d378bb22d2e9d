//! What serde's attributes make of each other: names by rule, forms within forms, flattened enums.

use std::collections::{BTreeMap, HashMap};

use lift::prelude::*;
use serde::Deserialize;

use crate::enums::{Line, Sku};
use crate::verdict::{Rust, check};

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", rename_all_fields = "camelCase")]
enum RenamedFields {
    FirstKind {
        #[schemars(range(max = 3))]
        how_many: u8,
    },
    #[serde(rename_all = "PascalCase")]
    SecondKind { how_long: Option<i8>, is_on: bool },
    #[serde(rename = "3")]
    Third { r#type: String },
}

#[derive(Deserialize, JsonSchema, Validate)]
enum WithUntaggedVariant {
    Tagged(Sku),
    Unit,
    #[serde(untagged)]
    Other {
        #[schemars(range(min = 2))]
        other: u8,
    },
    #[serde(untagged)]
    Number(#[schemars(range(max = 9))] i32),
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(tag = "type")]
struct TaggedStruct {
    #[schemars(length(max = 2))]
    name: String,
    qty: Option<u8>,
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "lowercase")]
enum Tone {
    High,
    Low,
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "UPPERCASE")]
struct Upper<T> {
    tones: [Tone; 2],
    other: T,
}

#[derive(Deserialize, JsonSchema, Validate)]
enum Shape {
    Circle { r: f64 },
    Named(Sku),
}

#[derive(Deserialize, JsonSchema, Validate)]
struct FlatExternal {
    id: u8,
    #[serde(flatten)]
    shape: Shape,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Inner {
    #[schemars(range(max = 5))]
    depth: u8,
    #[serde(flatten)]
    line: Line,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct FlatTwice {
    id: i16,
    #[serde(flatten)]
    inner: Inner,
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(tag = "op")]
enum Nested {
    Flat {
        #[serde(flatten)]
        line: Line,
        note: Option<String>,
    },
    Map(BTreeMap<String, String>),
    Deeper(Deeper),
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(tag = "kind")]
enum Deeper {
    One { n: u8 },
    Two,
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(tag = "t", content = "c")]
enum AdjacentNested {
    Inner(Nested),
    Listed { lines: Vec<Line> },
    Maybe(Option<Sku>),
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(untagged)]
enum UntaggedNested {
    Deeper(Deeper),
    Adjacent(AdjacentNested),
    Flat(FlatTwice),
    Text(String),
}

#[derive(Deserialize, JsonSchema, Validate)]
struct OddKeys {
    letters: HashMap<char, u8>,
    bools: BTreeMap<bool, i8>,
    outcome: Result<u8, Sku>,
}

#[test]
fn names_by_rule() {
    let seeds = [
        r#"{"FIRST_KIND":{"howMany":3}}"#,
        r#"{"SECOND_KIND":{"HowLong":null,"IsOn":true}}"#,
        r#"{"3":{"type":"x"}}"#,
    ];
    check::<RenamedFields>("RenamedFields", Rust::AsTheSchema, &seeds);
    check::<Upper<u8>>("Upper", Rust::AsTheSchema, &[r#"{"TONES":["high","low"],"OTHER":1}"#]);
    check::<TaggedStruct>(
        "TaggedStruct",
        Rust::AsTheSchema,
        &[r#"{"type":"TaggedStruct","name":"ab","qty":1}"#],
    );
}

#[test]
fn untagged_variants() {
    let seeds = [r#"{"Tagged":"SKU-0001"}"#, r#""Unit""#, r#"{"other":2}"#, "9"];
    check::<WithUntaggedVariant>("WithUntaggedVariant", Rust::AsTheSchema, &seeds);
}

#[test]
fn forms_within_forms() {
    let seeds = [r#"{"id":1,"Circle":{"r":0.5}}"#, r#"{"id":1,"Named":"SKU-0001"}"#];
    // Of two members that name variants serde takes the first, even if only the other is right.
    check::<FlatExternal>("FlatExternal", Rust::ByOrder, &seeds);
    let flat = r#"{"id":1,"depth":5,"sku":"SKU-0001","qty":1}"#;
    check::<FlatTwice>("FlatTwice", Rust::AsTheSchema, &[flat]);
    let nested = [
        r#"{"op":"Flat","sku":"SKU-0001","qty":1,"note":"x"}"#,
        r#"{"op":"Map","a":"b"}"#,
        r#"{"op":"Deeper","kind":"One","n":1}"#,
        r#"{"op":"Deeper","kind":"Two"}"#,
    ];
    check::<Nested>("Nested", Rust::AsTheSchema, &nested);
    let adjacent = [
        r#"{"t":"Inner","c":{"op":"Map"}}"#,
        r#"{"t":"Listed","c":{"lines":[{"sku":"SKU-0001","qty":1}]}}"#,
        r#"{"t":"Maybe","c":"SKU-0001"}"#,
    ];
    check::<AdjacentNested>("AdjacentNested", Rust::AsTheSchema, &adjacent);
    let untagged = [r#"{"kind":"One","n":1}"#, adjacent[1], flat, r#""text""#];
    check::<UntaggedNested>("UntaggedNested", Rust::AsTheSchema, &untagged);
}

#[test]
fn odd_keys() {
    let seeds = [
        r#"{"letters":{"é":1},"bools":{"true":1,"false":-1},"outcome":{"Ok":1}}"#,
        r#"{"letters":{},"bools":{},"outcome":{"Err":"SKU-0001"}}"#,
    ];
    // A schema of text keys cannot say that a key is one letter, nor that it is a truth value.
    check::<OddKeys>("OddKeys", Rust::Narrower, &seeds);
}
