//! Patterns that Rust and ECMA-262, by which JSON Schema is read, would read differently.

use lift::Validate;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema, Validate)]
struct Patterns {
    #[schemars(regex(pattern = "(?i)^abc$"))]
    flags: String,
    #[schemars(regex(pattern = r"\A[a-z]+\z"))]
    anchors: String,
    #[garde(pattern(r"^\p{Greek}$"))]
    property: String,
    #[schemars(extend("pattern" = "[a-z"))]
    open: String,
    #[schemars(inner(regex(pattern = "(?P<name>a)")))]
    named: Vec<String>,
    #[schemars(regex(pattern = r"(?i:a)"))]
    group: String,
}

fn main() {}
