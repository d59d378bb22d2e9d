//! All mistakes of one function are told together, each where it is; and nothing else is told.

#![deny(warnings)]

use lift::prelude::*;

#[get("/products/:sku")]
#[cached(tll = "60s", tags = ["product:{skv}"], stale = 30)]
#[validate(status = 200, strikt)]
#[lift::invalidates("{shop}")]
async fn product(Path(sku): Path<String>) -> Result<String> {
    Ok(sku)
}

fn main() {
    let _ = App::new().routes(routes![product]);
    let _ = product(Path(String::new()));
}
