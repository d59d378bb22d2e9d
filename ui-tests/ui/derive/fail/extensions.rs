//! What `extend` says and nothing would check.

use lift::Validate;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema, Validate)]
struct Extended {
    #[schemars(extend("minLenght" = 3))]
    keyword: String,
    #[schemars(extend("format" = "emial"))]
    format: String,
    #[schemars(extend("minimum" = 3, "format" = "postcode"))]
    several: String,
}

fn main() {}
