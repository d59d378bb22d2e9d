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
    #[schemars(extend("minimun" = 3, "format" = "date_time"))]
    several: String,
    #[schemars(extend("format" = "URI"))]
    case: String,
    /// The app's own.
    #[schemars(extend("format" = "postcode", "x-even" = true))]
    own: String,
}

fn main() {}
