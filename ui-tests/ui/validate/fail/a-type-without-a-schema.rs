//! `#[validate]` on inputs, answers and validators that cannot be what they must be.

use lift::prelude::*;

#[derive(Deserialize, Serialize)]
struct Bare {
    n: u32,
}

#[post("/in")]
#[validate]
async fn taken(body: Json<Bare>) -> String {
    body.n.to_string()
}

#[get("/out")]
#[validate(response)]
async fn answered() -> Json<Bare> {
    Json(Bare { n: 1 })
}

fn always(_: &str) -> bool {
    true
}

#[post("/own/{name}")]
#[validate(with = always)]
async fn own(Path(name): Path<String>) -> String {
    name
}

fn main() {}
