//! Types of other crates: by their schema, with serde's refusal beside it.

use lift::prelude::*;
use serde::Deserialize;

use crate::verdict::{Rust, check};

/// Without the derive.
#[derive(Deserialize, JsonSchema)]
struct Plain {
    #[schemars(range(min = 10))]
    id: u8,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Holds {
    #[schemars(range(max = 3))]
    n: u8,
    plain: Option<Plain>,
    several: Vec<Plain>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Identified {
    id: uuid::Uuid,
    link: Option<url::Url>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Timed {
    day: chrono::NaiveDate,
    at: Option<chrono::DateTime<chrono::Utc>>,
    weekday: Option<chrono::Weekday>,
}

#[test]
fn foreign() {
    check::<Holds>("Holds", Rust::AsTheSchema, &[r#"{"n":3,"plain":{"id":10},"several":[{"id":255}]}"#]);
    // The types' own parsers are narrower than the formats here and there: a leap second, a URL without a host.
    let identified = r#"{"id":"2eb8aa08-aa98-11ea-b4aa-73b441d16380","link":"https://example.com/a?b"}"#;
    check::<Identified>("Identified", Rust::Narrower, &[identified]);
    let timed = r#"{"day":"2024-02-29","at":"2024-02-29T12:00:00Z","weekday":"Mon"}"#;
    check::<Timed>("Timed", Rust::Narrower, &[timed]);
}
