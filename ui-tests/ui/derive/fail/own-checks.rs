//! Own checks that are not spelled as validator and garde spell them, or stand where none is called.

use lift::Validate;
use lift::validate::Violation;
use schemars::JsonSchema;
use serde::Deserialize;

fn even(_: &u32) -> Option<Violation> {
    None
}

#[derive(Deserialize, JsonSchema, Validate)]
#[validate(schema)]
struct Spelling {
    #[validate(custom)]
    alone: u32,
    #[validate(custom())]
    empty: u32,
    #[validate(custom(function = even, message = "must be even"))]
    message: u32,
    #[validate(custom(funktion = even))]
    misspelled: u32,
    #[validate(custom(function = |number: &u32| None))]
    closure: u32,
    #[garde(custom(|number: &u32, _| Ok(())))]
    garde: u32,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Places {
    #[validate(schema(function = even))]
    schema: u32,
    #[serde(skip)]
    #[validate(custom(function = even))]
    skipped: u32,
}

#[derive(Deserialize, JsonSchema, Validate)]
enum Variants {
    #[validate(custom(function = even))]
    One(u32),
}

fn main() {}
