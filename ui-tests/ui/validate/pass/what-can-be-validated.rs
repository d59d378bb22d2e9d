//! Validators of every shape, and types whose names the runtime uses as well.

#![deny(warnings)]

use lift::prelude::*;
use lift::validate::{Violation, Violations};

#[derive(Clone, Serialize, Deserialize, JsonSchema, Validate)]
struct Limit {
    #[validate(range(min = 1, max = 100))]
    limit: u32,
}

/// Without the derive: by its schema.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Text {
    text: String,
}

mod rules {
    use super::*;

    pub(super) fn check(limit: &Limit, text: &Text) -> Result<(), Violations> {
        match limit.limit as usize >= text.text.len() {
            true => Ok(()),
            false => Err(Violation::new("/text", "limit", "is too long").into()),
        }
    }

    pub(super) async fn later(text: &Text) -> Option<Violation> {
        text.text.is_empty().then(|| Violation::new("/text", "empty", "is empty"))
    }
}

#[post("/1")]
#[validate(with = [rules::check, rules::later(body)], response, max_body = "2MiB", status = 400)]
async fn all(Query(limit): Query<Limit>, body: Json<Text>) -> Result<Created<Limit>> {
    Ok(Created::at(format!("/{}", body.text), limit))
}

#[get("/2")]
#[validate(response = "log")]
async fn logged(State(()): State<()>, _context: Context) -> Json<Limit> {
    Json(Limit { limit: 1 })
}

#[put("/3")]
#[validate]
async fn form(Form(mut limit): Form<Limit>) -> String {
    limit.limit += 1;
    limit.limit.to_string()
}

#[delete("/4")]
#[validate]
async fn nothing() {}

fn main() {
    let app = App::new().routes(routes![all, logged, form, nothing]);
    assert_eq!(app.endpoints().filter(|route| route.validated).count(), 4);
}
