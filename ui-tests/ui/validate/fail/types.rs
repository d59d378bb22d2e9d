//! Types that cannot be checked, and validators of the wrong shape.

use lift::prelude::*;

#[derive(Serialize, Deserialize)]
struct NoSchema {
    text: String,
}

#[post("/1")]
#[validate]
async fn no_schema(Json(body): Json<NoSchema>) -> String {
    body.text
}

fn returns_another(_: &str) -> u32 {
    1
}

fn takes_another(_: &u32) {}

#[post("/2")]
#[validate(with = returns_another)]
async fn wrong_result(body: String) -> String {
    body
}

#[post("/3")]
#[validate(with = takes_another)]
async fn wrong_argument(body: String) -> String {
    body
}

fn main() {}
