//! Constraints that schemars leaves out for another one of the kind.

use lift::prelude::*;

#[derive(Deserialize, JsonSchema, Validate)]
struct Line {
    #[schemars(length(min = 2))]
    #[validate(length(max = 5))]
    length: String,
    #[validate(range(min = 1))]
    #[garde(range(max = 9))]
    range: u8,
    #[schemars(regex(pattern = "^a"))]
    #[validate(contains(pattern = "b"))]
    text: String,
    #[schemars(email)]
    #[validate(url)]
    format: String,
    #[schemars(inner(length(min = 1)))]
    #[garde(inner(length(max = 2)))]
    items: Vec<String>,
}

fn main() {}
