//! What jsonschema's canonical schemas tell of two schemas.

use jsonschema::canonical::{self, Satisfiability};
use jsonschema::{Draft, PatternOptions};
use serde_json::{Map, Value};

use super::prove::Prover;
use super::sample::mentions;
use crate::contract::document::OWN;
use crate::validate::{each_schema, translate_patterns};

/// Formats that jsonschema reads as Lift does. `email`, `ip`, days and times are not among them, and no format of an app's own is.
const COMMON_FORMATS: [&str; 15] = [
    "duration",
    "hostname",
    "idn-email",
    "idn-hostname",
    "ipv4",
    "ipv6",
    "iri",
    "iri-reference",
    "json-pointer",
    "regex",
    "relative-json-pointer",
    "uri",
    "uri-reference",
    "uri-template",
    "uuid",
];

/// What one schema accepts and another does not.
pub(super) enum Difference {
    Nothing,
    Schema(Value),
    Undecided,
}

/// What is given and not taken.
pub(super) fn difference(prover: &Prover<'_>, gives: &Value, takes: &Value) -> Difference {
    let mut takes = takes.clone();
    if let (Value::Object(given), Value::Object(taken)) = (gives, &mut takes) {
        cancel(given, taken);
    }
    let (mut gives, mut takes) = (prover.gives.whole(gives), prover.takes.whole(&takes));
    // A giver without words of its own gives more, and what it gives more may be what is not taken.
    let is_exact = !has_own_words(&gives);
    if has_own_words(&takes) || (!is_exact && is_negative(&gives)) {
        return Difference::Undecided;
    }
    each_schema(&mut gives, &mut |schema| schema.retain(|keyword, value| !is_own(keyword, value)));
    translate_patterns(&mut gives);
    translate_patterns(&mut takes);
    let canonical = |schema: &Value| {
        canonical::options()
            .with_draft(Draft::Draft202012)
            .should_validate_formats(true)
            .with_pattern_options(PatternOptions::regex())
            .offline()
            .canonicalize(schema)
    };
    let (Ok(gives), Ok(takes)) = (canonical(&gives), canonical(&takes)) else { return Difference::Undecided };
    let Ok(difference) = gives.subtract(&takes) else { return Difference::Undecided };
    match difference.satisfiability() {
        Satisfiability::No => Difference::Nothing,
        Satisfiability::Yes if is_exact => {
            let mut schema = difference.to_json_schema();
            if let Value::Object(members) = &mut schema {
                members.remove("$schema");
            }
            Difference::Schema(schema)
        }
        _ => Difference::Undecided,
    }
}

/// Takes off what both say: who gives keeps to it already.
fn cancel(gives: &Map<String, Value>, takes: &mut Map<String, Value>) {
    for keyword in ["format", "pattern"] {
        if gives.get(keyword).is_some_and(|given| takes.get(keyword) == Some(given)) {
            takes.remove(keyword);
        }
    }
}

/// Whether a schema says what jsonschema does not know, or reads otherwise.
fn has_own_words(schema: &Value) -> bool {
    any(schema, &is_own)
}

/// Whether a schema says what only the app's code knows, so that no validator that is made of it can judge.
pub(super) fn is_beyond_judges(schema: &Value) -> bool {
    any(schema, &|keyword, value| is_own(keyword, value) && *value != "email" && *value != "ip")
}

fn any(schema: &Value, is: &dyn Fn(&str, &Value) -> bool) -> bool {
    let mut found = false;
    let mut visit = |schema: &mut Map<String, Value>| {
        found |= schema.iter().any(|(keyword, value)| is(keyword, value));
    };
    each_schema(&mut schema.clone(), &mut visit);
    found
}

fn is_own(keyword: &str, value: &Value) -> bool {
    match keyword {
        "format" => value.as_str().is_some_and(|format| !COMMON_FORMATS.contains(&format)),
        _ => keyword.starts_with(OWN),
    }
}

/// Whether a schema that allows more within may allow less.
fn is_negative(schema: &Value) -> bool {
    ["if", "not", "oneOf", "maxContains"].iter().any(|keyword| mentions(schema, keyword))
}
