//! Whether two schemas say the same, but for the names of their definitions.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::node::Schema;
use crate::validate::{NAMED, SCHEMAS};

/// Compares two schemas of two documents.
pub(super) struct Same<'a> {
    one: &'a Schema,
    other: &'a Schema,
    /// Definitions that are taken for the same: if they are not, it shows where they are read.
    assumed: HashSet<(String, String)>,
}

impl<'a> Same<'a> {
    pub(super) fn new(one: &'a Schema, other: &'a Schema) -> Self {
        Self { one, other, assumed: HashSet::new() }
    }

    pub(super) fn schemas(&mut self, one: &Value, other: &Value) -> bool {
        match (one, other) {
            (Value::Object(one), Value::Object(other)) => {
                one.len() == other.len()
                    && one.iter().all(|(keyword, value)| {
                        other.get(keyword).is_some_and(|other| self.keywords(keyword, value, other))
                    })
            }
            (one, other) => one == other,
        }
    }

    /// Whether one keyword says the same.
    pub(super) fn keywords(&mut self, keyword: &str, one: &Value, other: &Value) -> bool {
        match (one, other) {
            (Value::String(one), Value::String(other)) if keyword == "$ref" => self.definitions(one, other),
            (Value::Object(one), Value::Object(other)) if NAMED.contains(&keyword) => self.all(one, other),
            (Value::Array(one), Value::Array(other)) if SCHEMAS.contains(&keyword) => {
                one.len() == other.len() && one.iter().zip(other).all(|(one, other)| self.schemas(one, other))
            }
            (one, other) if SCHEMAS.contains(&keyword) => self.schemas(one, other),
            (Value::Array(one), Value::Array(other)) if matches!(keyword, "required" | "enum" | "type") => {
                one.iter().all(|value| other.contains(value)) && other.iter().all(|value| one.contains(value))
            }
            (one, other) => one == other,
        }
    }

    fn all(&mut self, one: &Map<String, Value>, other: &Map<String, Value>) -> bool {
        one.len() == other.len()
            && one
                .iter()
                .all(|(name, schema)| other.get(name).is_some_and(|other| self.schemas(schema, other)))
    }

    fn definitions(&mut self, one: &str, other: &str) -> bool {
        if !self.assumed.insert((one.to_owned(), other.to_owned())) {
            return true;
        }
        match (self.one.definition(one), self.other.definition(other)) {
            (Some(one), Some(other)) => self.schemas(one, other),
            _ => false,
        }
    }
}
