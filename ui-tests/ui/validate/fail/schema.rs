//! Schema files that are not there or are none, and a schema of nothing. (The test lends the cases what is in `ui-tests/schemas`.)

use lift::prelude::*;

#[post("/1")]
#[validate(schema = "schemas/order.json")]
async fn missing(body: Json<String>) -> Json<String> {
    body
}

#[post("/2")]
#[validate(schema = "schemas/broken.json", strict = true)]
async fn broken(body: Json<String>) -> Json<String> {
    body
}

#[post("/3")]
#[validate(schema = 7)]
async fn number(body: Json<String>) -> Json<String> {
    body
}

fn main() {}
