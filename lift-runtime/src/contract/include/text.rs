//! Inputs that are text: a value becomes the type that the schema names, so that another type reads another value.

use serde_json::Value;

use super::node::Schema;
use super::prove::is_anything;
use super::{Certainty, Finding};

/// The types that text can become.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
struct Types {
    number: bool,
    integer: bool,
    boolean: bool,
    string: bool,
    array: bool,
    /// An object, or what is not looked into.
    other: bool,
}

impl Types {
    /// The same; a number may be an integer.
    fn with_integer(self) -> Self {
        Self { integer: true, ..self }
    }

    fn of(document: &Schema, schema: &Value) -> Self {
        let mut types = Self::default();
        types.add(document, schema, 8);
        // Where nothing is said, text stays text.
        if types == Self::default() { Self { string: true, ..types } } else { types }
    }

    fn add(&mut self, document: &Schema, schema: &Value, depth: usize) {
        let schema = document.expand(schema);
        let name = |types: &mut Self, name: &Value| match name.as_str() {
            Some("number") => types.number = true,
            Some("integer") => types.integer = true,
            Some("boolean") => types.boolean = true,
            Some("string") => types.string = true,
            Some("array") => types.array = true,
            Some("null") => {}
            _ => types.other = true,
        };
        match schema.get("type") {
            Some(Value::Array(names)) => names.iter().for_each(|of| name(self, of)),
            Some(of) => name(self, of),
            None => {}
        }
        for keyword in ["allOf", "anyOf", "oneOf"] {
            for form in schema.get(keyword).and_then(Value::as_array).into_iter().flatten() {
                match depth.checked_sub(1) {
                    Some(depth) => self.add(document, form, depth),
                    None => self.other = true,
                }
            }
        }
    }
}

/// Corrects what was found of values by what is known of their texts.
pub(super) fn correct(gives: &Schema, takes: &Schema, findings: &mut Vec<Finding>) {
    let (given, taken) = (gives.expand(&gives.root), takes.expand(&takes.root));
    let Some(places) = places(&given, &taken) else {
        if Types::of(gives, &given).other || !reads_alike(gives, &given, takes, &taken) {
            at_place(gives, &given, takes, &taken, "", findings);
        }
        return;
    };
    for (pointer, given, taken) in places {
        if !reads_alike(gives, given, takes, taken) {
            at_place(gives, given, takes, taken, &pointer, findings);
        }
    }
}

/// A text that is read as another value than it was: nothing that is known of values tells whether it is taken,
/// unless any text is.
fn at_place(
    gives: &Schema,
    given: &Value,
    takes: &Schema,
    taken: &Value,
    pointer: &str,
    findings: &mut Vec<Finding>,
) {
    let within = format!("{pointer}/");
    findings.retain(|finding| finding.pointer != pointer && !finding.pointer.starts_with(&within));
    let is_one = |types: Types| !types.array && !types.other;
    if !is_any_text(&takes.expand(taken)) || !is_one(Types::of(gives, given)) {
        let what = "its text is read as another type than before, which cannot be compared".to_owned();
        findings.push(Finding { certainty: Certainty::Unknown, pointer: pointer.to_owned(), what });
    }
}

type Place<'a> = (String, &'a Value, &'a Value);

/// The members of both, or the places of both tuples; none where the whole is one text, or cannot be told apart.
fn places<'a>(given: &'a Value, taken: &'a Value) -> Option<Vec<Place<'a>>> {
    let both = |keyword: &str| given.get(keyword).zip(taken.get(keyword));
    if let Some((given, taken)) = both("prefixItems") {
        let pairs = given.as_array()?.iter().zip(taken.as_array()?).enumerate();
        return Some(pairs.map(|(index, (given, taken))| (format!("/{index}"), given, taken)).collect());
    }
    const NAMING: [&str; 4] = ["type", "properties", "required", "additionalProperties"];
    let is_plain = |schema: &Value| {
        schema.as_object().is_some_and(|members| {
            members.keys().all(|keyword| NAMING.contains(&&**keyword))
                && members.get("additionalProperties").is_none_or(|others| *others == Value::Bool(false))
        })
    };
    let (given_members, taken_members) = both("properties").filter(|_| is_plain(given) && is_plain(taken))?;
    let (given_members, taken_members) = (given_members.as_object()?, taken_members.as_object()?);
    let pairs =
        given_members.iter().filter_map(|(name, given)| Some((name, given, taken_members.get(name)?)));
    let pointer = |name: &str| format!("/{}", name.replace('~', "~0").replace('/', "~1"));
    Some(pairs.map(|(name, given, taken)| (pointer(name), given, taken)).collect())
}

/// Whether every text that was taken is read as the same value still.
fn reads_alike(gives: &Schema, given: &Value, takes: &Schema, taken: &Value) -> bool {
    let (one, other) = (Types::of(gives, given), Types::of(takes, taken));
    if one.array && other.array {
        let (given, taken) = (gives.expand(given), takes.expand(taken));
        return match (given.get("items"), taken.get("items")) {
            (Some(given), Some(taken)) => one == other && reads_alike(gives, given, takes, taken),
            (given, taken) => one == other && given == taken,
        };
    }
    // What was a number is one still, and what was none was refused.
    let is_wider =
        !one.string && !one.array && Types { integer: true, number: true, ..one } == other.with_integer();
    one == other || (is_wider && one.integer)
}

/// Whether a schema takes any text.
fn is_any_text(schema: &Value) -> bool {
    let is_string = |of: &Value| match of {
        Value::Array(names) => names.iter().all(|of| of == "string" || of == "null") && !names.is_empty(),
        of => of == "string",
    };
    is_anything(schema)
        || schema.as_object().is_some_and(|members| members.len() == 1)
            && schema.get("type").is_some_and(is_string)
}
