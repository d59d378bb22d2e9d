//! Own checks of every spelling and shape, and types whose names the runtime uses as well.

#![deny(warnings)]

use std::borrow::Cow;
use std::collections::HashMap;

use lift::Validate;
use lift::validate::{Violation, Violations};

#[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema, Validate)]
#[validate(schema(function = rules::whole), custom(function = rules::whole::<T>))]
#[garde(custom(rules::whole))]
struct Own<T> {
    #[validate(custom(function = "rules::text"), custom(function = rules::text), length(max = 3))]
    string: String,
    #[validate(custom(function = rules::text))]
    perhaps: Option<String>,
    #[validate(custom(function = rules::text))]
    boxed: Option<Box<str>>,
    #[validate(custom(function = rules::text))]
    twice: Option<Option<Cow<'static, str>>>,
    #[garde(custom(rules::items))]
    items: Vec<T>,
    #[garde(custom(rules::any))]
    place: T,
    parts: HashMap<Place, T>,
}

/// Named like what walks through it.
#[derive(PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema, Validate)]
enum Place {
    Given,
    Finding,
}

mod rules {
    use super::*;

    pub(super) fn whole<T>(_: &Own<T>) -> Violations {
        Violations::new()
    }

    pub(super) fn text(text: &str) -> Result<(), Violation> {
        if text.is_empty() { Err(Violation::new("", "empty", "must not be empty")) } else { Ok(()) }
    }

    pub(super) fn items<T>(_: &[T]) -> Vec<Violation> {
        Vec::new()
    }

    pub(super) fn any<T>(_: &T) {}
}

fn main() {
    let own = Own {
        string: "a".into(),
        perhaps: None,
        boxed: Some("".into()),
        twice: Some(Some("".into())),
        items: vec![1_u8],
        place: 1_u8,
        parts: HashMap::from([(Place::Given, 1), (Place::Finding, 2)]),
    };
    let violations = lift::validate::check(&own).unwrap_err();
    let pointers: Vec<_> = violations.iter().map(|violation| &*violation.pointer).collect();
    assert_eq!(pointers, ["/boxed", "/twice"]);
}
