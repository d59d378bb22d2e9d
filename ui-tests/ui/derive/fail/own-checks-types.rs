//! Functions that are no checks of what they stand on.

use lift::Validate;
use lift::validate::Violation;
use schemars::JsonSchema;
use serde::Deserialize;

fn even(_: &u32) -> Option<Violation> {
    None
}

fn by_value(_: u32) -> Option<Violation> {
    None
}

fn is_even(_: &u32) -> bool {
    true
}

async fn later(_: &u32) -> Option<Violation> {
    None
}

#[derive(Deserialize, JsonSchema, Validate)]
#[validate(schema(function = even))]
struct Functions {
    #[validate(custom(function = even))]
    text: String,
    #[validate(custom(function = by_value))]
    value: u32,
    #[validate(custom(function = is_even))]
    yes_or_no: u32,
    #[validate(custom(function = later))]
    future: Option<u32>,
    #[garde(custom(nowhere))]
    nothing: u32,
}

fn main() {}
