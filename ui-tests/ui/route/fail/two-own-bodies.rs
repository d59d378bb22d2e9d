//! Two extractors of the app's own that read the body: only their types tell.

use axum::extract::{FromRequest, Request};
use lift::prelude::*;

struct Signed;

impl<S: Send + Sync> FromRequest<S> for Signed {
    type Rejection = Error;

    async fn from_request(_: Request, _: &S) -> Result<Self> {
        Ok(Self)
    }
}

#[post("/")]
async fn twice(_: Signed, _: Signed) {}

fn main() {
    let _ = App::new().routes(routes![twice]).into_router();
}
