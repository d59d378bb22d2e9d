//! The patterns of a schema, written for the engine that matches them.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use serde_json::{Map, Value};

use super::ecma;
use super::walk::each_schema;

/// What was written otherwise, and what it was: reports tell the pattern that is published.
#[derive(Default)]
pub(crate) struct Patterns(HashMap<String, String, RandomState>);

impl Patterns {
    /// Writes the patterns of a schema, and of the schemas in it, for the `regex` crate.
    pub(crate) fn translate(&mut self, schema: &mut Value) {
        each_schema(schema, &mut |schema| {
            if let Some(Value::String(pattern)) = schema.get_mut("pattern") {
                self.write(pattern);
            }
            if let Some(Value::Object(by_pattern)) = schema.get_mut("patternProperties") {
                self.translate_names(by_pattern);
            }
        });
    }

    fn write(&mut self, pattern: &mut String) {
        let translated = ecma::in_rust(pattern);
        if *translated != **pattern {
            let translated = translated.into_owned();
            self.0.insert(translated.clone(), std::mem::replace(pattern, translated));
        }
    }

    fn translate_names(&mut self, by_pattern: &mut Map<String, Value>) {
        for (mut pattern, schema) in std::mem::take(by_pattern) {
            self.write(&mut pattern);
            by_pattern.insert(pattern, schema);
        }
    }

    /// A pattern as it is published.
    pub(crate) fn original<'a>(&'a self, pattern: &'a str) -> &'a str {
        self.0.get(pattern).map_or(pattern, |original| original)
    }
}

/// Writes the patterns of a schema for the `regex` crate, where nobody asks what they were.
#[cfg(feature = "schema-check")]
pub(crate) fn translate(schema: &mut Value) {
    Patterns::default().translate(schema);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_patterns_are_translated() {
        let mut schema = json!({
            "properties": {"pattern": {"pattern": "^.$", "const": {"pattern": "^.$"}}, "enum": {"pattern": "."}},
            "patternProperties": {"^.": {"pattern": "a"}},
        });
        let mut patterns = Patterns::default();
        patterns.translate(&mut schema);
        let dot = r"[^\n\r\u{2028}\u{2029}]";
        let mut expected = json!({
            "properties": {"pattern": {"pattern": format!("^{dot}$"), "const": {"pattern": "^.$"}}, "enum": {"pattern": dot}},
            "patternProperties": {},
        });
        expected["patternProperties"][format!("^{dot}")] = json!({"pattern": "a"});
        assert_eq!(schema, expected);
        assert_eq!(patterns.original(&format!("^{dot}$")), "^.$");
        assert_eq!(patterns.original("a"), "a");
    }
}
