//! A schema that no argument would be checked by.

use lift::prelude::*;

#[post("/1")]
#[validate(schema = "schemas/object.json")]
async fn text(body: String) -> String {
    body
}

fn main() {
    let _ = App::new().routes(routes![text]);
}
