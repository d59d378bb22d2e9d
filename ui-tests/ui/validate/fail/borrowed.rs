//! A type that borrows of the body: it is owned by its type, as `String` or `Cow<'static, str>`.

use std::borrow::Cow;

use lift::prelude::*;

#[derive(Deserialize, JsonSchema, Validate)]
struct Borrowed<'a> {
    name: &'a str,
}

/// It is read into a `String`, and is the fix.
#[derive(Deserialize, JsonSchema, Validate)]
struct Owned<'a> {
    name: Cow<'a, str>,
}

#[post("/1")]
#[validate]
async fn handler(body: Json<Borrowed<'static>>) -> String {
    body.name.to_owned()
}

fn main() {
    let _ = lift::validate::from_slice::<Owned<'static>>(b"");
    let _ = lift::validate::from_slice::<Borrowed<'_>>(b"");
}
