//! Every order of attributes is the same function, with paths, and with other crates' attributes between them.

#![deny(warnings)]

use lift::prelude::*;

mod one {
    use super::*;

    #[get("/1/{id}")]
    #[cached(ttl = "1s", tags = ["a:{id}"])]
    #[validate]
    pub(super) async fn first(Path(id): Path<u32>) -> Json<u32> {
        Json(id)
    }

    #[validate]
    #[get("/2/{id}")]
    #[tracing::instrument]
    #[lift::cached(ttl = "1s", tags = ["a:{id}"])]
    pub(super) async fn second(Path(id): Path<u32>) -> Json<u32> {
        Json(id)
    }

    #[::lift::cached(ttl = "1s", tags = ["a:{id}"])]
    #[tracing::instrument(skip_all)]
    #[validate(response)]
    #[lift::prelude::get("/3/{id}")]
    #[must_use]
    pub(super) async fn third(Path(id): Path<u32>) -> Json<u32> {
        Json(id)
    }
}

#[lift::invalidates("a:{id}")]
#[validate]
#[put("/1/{id}")]
async fn fourth(Path(id): Path<u32>) {
    let _ = id;
}

#[cfg_attr(all(), stream(ndjson))]
#[cfg_attr(all(), validate)]
#[get("/5/{id}")]
async fn fifth(Path(id): Path<u32>) -> Result<u32> {
    emit!(id);
}

fn main() {
    let app = App::new().routes(routes![one::first, one::second, one::third, fourth, fifth]);
    assert_eq!(app.endpoints().filter(|route| route.validated).count(), 5);
}
