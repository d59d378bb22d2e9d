//! Samples of nothing, and shares that are none.

use lift::prelude::*;

#[get("/1")]
#[validate(sample = 0.01)]
async fn of_nothing() -> Json<u8> {
    Json(1)
}

#[get("/2")]
#[validate(response, sample = 0.01)]
async fn of_what_is_refused() -> Json<u8> {
    Json(1)
}

#[get("/3")]
#[validate(response = "log", sample = 5)]
async fn no_share() -> Json<u8> {
    Json(1)
}

#[get("/4")]
#[validate(response = "log", sample = 0.5)]
async fn a_share() -> Json<u8> {
    Json(1)
}

fn main() {}
