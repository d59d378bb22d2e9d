//! The sentences of a report.
//!
//! Reports are made of requests that anybody may send. What a sentence says of a limit is known before the first
//! of them, so that those of a schema are written once, when it is compiled, and only lent afterwards.

use std::borrow::Cow;
use std::collections::HashMap;

use foldhash::fast::RandomState;
use jsonschema::error::TypeKind;
use jsonschema::types::JsonType;
use serde_json::Value;

use super::pattern::Patterns;

/// A keyword whose limit is a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Limit {
    Minimum,
    Maximum,
    ExclusiveMinimum,
    ExclusiveMaximum,
    MinLength,
    MaxLength,
    MinItems,
    MaxItems,
    MinProperties,
    MaxProperties,
}

impl Limit {
    const ALL: [Self; 10] = [
        Self::Minimum,
        Self::Maximum,
        Self::ExclusiveMinimum,
        Self::ExclusiveMaximum,
        Self::MinLength,
        Self::MaxLength,
        Self::MinItems,
        Self::MaxItems,
        Self::MinProperties,
        Self::MaxProperties,
    ];

    pub(crate) fn keyword(self) -> &'static str {
        self.words().0
    }

    /// The keyword, what is said before the limit, and what is counted.
    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Minimum => ("minimum", "must be at least ", ""),
            Self::Maximum => ("maximum", "must be at most ", ""),
            Self::ExclusiveMinimum => ("exclusiveMinimum", "must be more than ", ""),
            Self::ExclusiveMaximum => ("exclusiveMaximum", "must be less than ", ""),
            Self::MinLength => ("minLength", "must have at least ", " character"),
            Self::MaxLength => ("maxLength", "must have at most ", " character"),
            Self::MinItems => ("minItems", "must have at least ", " item"),
            Self::MaxItems => ("maxItems", "must have at most ", " item"),
            Self::MinProperties => ("minProperties", "must have at least ", " member"),
            Self::MaxProperties => ("maxProperties", "must have at most ", " member"),
        }
    }

    fn sentence(self, limit: u64) -> String {
        let (_, must, what) = self.words();
        let plural = if what.is_empty() || limit == 1 { "" } else { "s" };
        [must, itoa::Buffer::new().format(limit), what, plural].concat()
    }
}

/// The sentences of one schema. They are never freed, no more than the schema of a type is: they grow with the types
/// of the program, not with its requests.
#[derive(Default)]
pub(crate) struct Sentences {
    limits: HashMap<(Limit, u64), &'static str, RandomState>,
    patterns: HashMap<String, &'static str, RandomState>,
    written: Patterns,
}

impl Sentences {
    /// Those of a schema. What only looks like a keyword, such as a member of a default, makes one too many, which
    /// does no harm.
    pub(crate) fn of(schema: &Value, written: Patterns) -> Self {
        let mut sentences = Self { written, ..Self::default() };
        sentences.add(schema);
        sentences
    }

    fn add(&mut self, schema: &Value) {
        match schema {
            Value::Object(members) => members.iter().for_each(|(name, value)| {
                self.add_keyword(name, value);
                self.add(value);
            }),
            Value::Array(items) => items.iter().for_each(|item| self.add(item)),
            _ => {}
        }
    }

    fn add_keyword(&mut self, name: &str, value: &Value) {
        let limit = Limit::ALL.into_iter().find(|limit| limit.keyword() == name);
        if let (Some(limit), Some(number)) = (limit, value.as_u64()) {
            self.limits.entry((limit, number)).or_insert_with(|| limit.sentence(number).leak());
        }
        if let ("pattern", Some(pattern)) = (name, value.as_str()) {
            let sentence = self.patterns.entry(pattern.to_owned());
            sentence.or_insert_with(|| match_pattern(pattern).leak());
        }
    }

    /// What a limit asks for.
    pub(crate) fn limit(&self, limit: Limit, number: u64) -> Cow<'static, str> {
        match self.limits.get(&(limit, number)) {
            Some(sentence) => Cow::Borrowed(sentence),
            None => Cow::Owned(limit.sentence(number)),
        }
    }

    /// What a limit asks for that need not be a whole number.
    pub(crate) fn bound(&self, limit: Limit, number: &Value) -> Cow<'static, str> {
        match number.as_u64() {
            Some(number) => self.limit(limit, number),
            None => Cow::Owned([limit.words().1, &number.to_string()].concat()),
        }
    }

    /// A pattern as it is published, of the one that is matched.
    pub(crate) fn published<'a>(&'a self, pattern: &'a str) -> &'a str {
        self.written.original(pattern)
    }

    /// What a pattern asks for.
    pub(crate) fn pattern(&self, pattern: &str) -> Cow<'static, str> {
        match self.patterns.get(pattern) {
            Some(sentence) => Cow::Borrowed(sentence),
            None => Cow::Owned(match_pattern(pattern)),
        }
    }
}

fn match_pattern(pattern: &str) -> String {
    ["must match ", pattern].concat()
}

/// A value of the schema (never of the input), as a person writes it.
pub(crate) fn one(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

/// The same of several.
pub(crate) fn listed(options: &Value) -> String {
    let options: Vec<_> = options.as_array().into_iter().flatten().map(one).collect();
    options.join(", ")
}

/// What a value must be.
pub(crate) fn types(kind: &TypeKind) -> Cow<'static, str> {
    match kind {
        TypeKind::Single(one) => Cow::Borrowed(must_be(*one)),
        TypeKind::Multiple(several) => {
            let names: Vec<_> = several.iter().map(name).collect();
            Cow::Owned([MUST_BE, &names.join(" or ")].concat())
        }
    }
}

const MUST_BE: &str = "must be ";

fn name(kind: JsonType) -> &'static str {
    &must_be(kind)[MUST_BE.len()..]
}

fn must_be(kind: JsonType) -> &'static str {
    match kind {
        JsonType::Array => "must be an array",
        JsonType::Boolean => "must be true or false",
        JsonType::Integer => "must be an integer",
        JsonType::Null => "must be null",
        JsonType::Number => "must be a number",
        JsonType::Object => "must be an object",
        JsonType::String => "must be a string",
    }
}

/// What a format asks for.
pub(crate) fn format(format: &str) -> Cow<'static, str> {
    let message = match format {
        "email" => "must be an email address",
        "uri" => "must be a URL",
        "uuid" => "must be a UUID",
        "date" => "must be a date such as 2026-01-31",
        "date-time" => "must be a date and time such as 2026-01-31T12:00:00Z",
        "time" => "must be a time such as 12:00:00Z",
        "ip" => "must be an IP address",
        "ipv4" => "must be an IPv4 address",
        "ipv6" => "must be an IPv6 address",
        other => return ["must be of the format ", other].concat().into(),
    };
    message.into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_schemas_sentences_are_lent_and_others_are_written() {
        let schema = json!({
            "properties": {"a": {"minLength": 1, "maximum": 1.5}, "b": [{"maxItems": 20, "pattern": "^x$"}]},
        });
        let sentences = Sentences::of(&schema, Patterns::default());
        let check = |found: Cow<'static, str>, expected: &str, lent: bool| {
            assert_eq!(found, expected);
            assert_eq!(matches!(found, Cow::Borrowed(_)), lent, "{expected}");
        };
        check(sentences.limit(Limit::MinLength, 1), "must have at least 1 character", true);
        check(sentences.limit(Limit::MaxItems, 20), "must have at most 20 items", true);
        check(sentences.limit(Limit::MinProperties, 0), "must have at least 0 members", false);
        check(sentences.pattern("^x$"), "must match ^x$", true);
        check(sentences.pattern("^y$"), "must match ^y$", false);
        check(sentences.bound(Limit::Maximum, &json!(1.5)), "must be at most 1.5", false);
        check(sentences.bound(Limit::ExclusiveMinimum, &json!(-3)), "must be more than -3", false);
    }
}
