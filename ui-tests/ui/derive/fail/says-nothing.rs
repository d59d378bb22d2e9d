//! Constraints on types of which the schema would not carry them.

use lift::Validate;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::HashMap;

#[derive(Deserialize, JsonSchema, Validate)]
struct Sku(String);

#[derive(Deserialize, JsonSchema, Validate)]
struct Line {
    #[schemars(length(min = 1))]
    sku: Sku,
    #[schemars(length(max = 3))]
    notes: HashMap<String, String>,
    #[schemars(range(min = 1))]
    price: String,
    #[schemars(email)]
    email: u8,
}

fn main() {}
