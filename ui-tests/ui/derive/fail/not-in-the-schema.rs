//! What the schema would not carry, or would contradict.

use lift::Validate;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema, Validate)]
struct Names {
    #[serde(alias = "nom")]
    name: String,
    kind: Kind,
}

#[derive(Deserialize, JsonSchema, Validate)]
enum Kind {
    Book,
    #[serde(other)]
    Other,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Numbers {
    #[validate(must_match(other = "positive"))]
    even: u32,
    #[validate(range(exclusive_min = 0))]
    positive: f64,
    #[garde(ascii)]
    code: String,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Patterns {
    #[schemars(regex(pattern = "^(?!x)"))]
    ahead: String,
    #[schemars(regex(pattern = r"(a)\1"))]
    back: String,
}

fn main() {}
