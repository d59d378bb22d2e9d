//! A rule of a map's keys that its schema would lose.

use std::collections::HashMap;

use lift::prelude::*;

#[derive(PartialEq, Eq, Hash, Deserialize, JsonSchema, Validate)]
struct Name(#[schemars(length(min = 3))] String);

#[derive(Deserialize, JsonSchema, Validate)]
struct Counts {
    by_name: HashMap<Name, u32>,
}

fn main() {
    assert!(lift::validate::from_slice::<Counts>(b"{}").is_ok());
}
