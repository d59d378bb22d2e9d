//! What the zoo has found, each as a case of its own.

use std::collections::HashMap;

use lift::prelude::*;
use lift::validate::from_slice;
use serde::Deserialize;

use crate::verdict::judge;

#[derive(Deserialize, JsonSchema, Validate)]
struct Count {
    n: u8,
    ratio: Option<f64>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Flat {
    #[serde(flatten)]
    count: Count,
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(tag = "t")]
enum Tagged {
    Count(Count),
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(untagged)]
enum Untagged {
    One(u8),
    Several(Vec<u8>),
}

/// serde buffers what it flattens, and the buffer of `1.0` was no integer.
#[test]
fn an_integer_with_a_point_in_what_serde_buffers() {
    judge::<Flat>(r#"{"n":1.0}"#, true);
    judge::<Flat>(r#"{"n":1e2,"ratio":-0.0}"#, true);
    judge::<Tagged>(r#"{"n":10E-1,"t":"Count"}"#, true);
    judge::<Untagged>("7.0", true);
    judge::<Untagged>("[1,-0.0]", true);
    judge::<Flat>(r#"{"n":1.5}"#, false);
    judge::<Untagged>("256.0", false);
}

/// The second reading forgets what was given twice, and must not take it for that.
#[test]
fn a_member_given_twice_beside_an_integer_with_a_point() {
    assert!(from_slice::<Flat>(br#"{"n":1.0,"ratio":1,"ratio":2}"#).is_err());
    assert!(from_slice::<Tagged>(br#"{"t":"Count","n":1.0,"n":2}"#).is_err());
}

/// serde met the first, which was of another type, and the report had no reason but `format`.
#[test]
fn a_member_given_twice_the_first_time_wrong() {
    let refused = from_slice::<Count>(br#"{"n":"a","n":1}"#).err().unwrap();
    assert_eq!(refused.iter().map(|one| &*one.keyword).collect::<Vec<_>>(), ["duplicate"]);
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(untagged)]
enum Twice {
    Tagged(Tagged),
}

/// The buffer of a buffer took the number of a variant for its name.
#[test]
fn a_tag_that_is_a_number() {
    judge::<Twice>(r#"{"t":"Count","n":1}"#, true);
    judge::<Twice>(r#"{"t":0,"n":1}"#, false);
}

/// Infinity was made of it, and the published schema had no limit.
#[test]
fn a_number_past_the_range_of_f32() {
    judge::<f32>("3.4028235e38", true);
    judge::<f32>("-3.4028234663852886e38", true);
    judge::<f32>("3.4028235000000003e38", false);
    judge::<f32>("1e300", false);
}

/// serde_json reads them to 128 bits, the schema's view of a document to 64.
#[test]
fn integers_of_128_bits() {
    judge::<u128>("1.0", true);
    judge::<i128>("1e2", true);
    judge::<u128>("18446744073709551615", true);
    judge::<u128>("18446744073709551616", false);
    judge::<i128>("-9223372036854775808", true);
    // What is past 64 bits is read as the double next to it, here as in the schema's view.
    judge::<i128>("-9223372036854775809", true);
    judge::<i128>("-9223372036854777857", false);
}

/// As a value it was taken for an empty one.
#[test]
fn null_is_no_map() {
    judge::<serde_json::Map<String, serde_json::Value>>("null", false);
    judge::<serde_json::Map<String, serde_json::Value>>("{}", true);
}

/// serde_json parses the digits of a key as they are written.
#[test]
fn an_integer_key_with_an_escape() {
    judge::<HashMap<u16, u8>>(r#"{"\u0037":1}"#, true);
    judge::<HashMap<i8, u8>>(r#"{"-\u0037":1}"#, true);
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Trailing(u8, #[serde(default)] Option<u8>);

#[derive(Deserialize, JsonSchema, Validate)]
enum TrailingVariant {
    Pair(u8, #[serde(default)] u8),
}

/// serde makes up for what an array lacks, and the schema asks for all of its items.
#[test]
fn a_tuple_with_a_default() {
    judge::<Trailing>("[1,null]", true);
    judge::<Trailing>("[1]", false);
    judge::<TrailingVariant>(r#"{"Pair":[1,2]}"#, true);
    judge::<TrailingVariant>(r#"{"Pair":[1]}"#, false);
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Tree {
    branches: Vec<Branch>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Branch {
    #[schemars(range(max = 9))]
    length: u8,
    tree: Option<Box<Tree>>,
}

/// Each asked for the other to be a part of keys, which rustc refused.
#[test]
fn two_types_that_hold_each_other() {
    judge::<Tree>(r#"{"branches":[{"length":9,"tree":{"branches":[{"length":1}]}}]}"#, true);
    judge::<Tree>(r#"{"branches":[{"length":9,"tree":{"branches":[{"length":10}]}}]}"#, false);
}
