//! Items that are to be checked, and nothing to check them by.

use lift::prelude::*;

#[derive(Serialize)]
struct NoSchema;

#[get("/1")]
#[stream(ndjson)]
#[validate(response)]
async fn nothing_to_check_by() -> Result<NoSchema> {
    emit!(NoSchema);
}

fn main() {}
