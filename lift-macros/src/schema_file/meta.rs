//! The meta-schema of JSON Schema 2020-12, as a table: what each keyword must be.
//!
//! jsonschema could tell it, too, and would have to be built for the compiler as well as for the app, at half a
//! minute. A test holds this table against it.

use serde_json::{Map, Value};

use crate::derive::dialect;

/// What a keyword must be.
#[derive(Clone, Copy)]
enum Shape {
    Schema,
    Schemas,
    Named,
    Text,
    Id,
    Anchor,
    Vocabulary,
    Pattern,
    ByPattern,
    Count,
    Number,
    Positive,
    Flag,
    List,
    Types,
    Names,
    NamesByName,
    SchemaOrNames,
}

use Shape::{
    Anchor, ByPattern, Count, Flag, Id, List, Named, Names, NamesByName, Number, Pattern, Positive, Schema,
    SchemaOrNames, Schemas, Text, Types, Vocabulary,
};

const KEYWORDS: [(&str, Shape); 59] = [
    ("$anchor", Anchor),
    ("$comment", Text),
    ("$defs", Named),
    ("$dynamicAnchor", Anchor),
    ("$dynamicRef", Text),
    ("$id", Id),
    ("$recursiveAnchor", Anchor),
    ("$recursiveRef", Text),
    ("$ref", Text),
    ("$schema", Text),
    ("$vocabulary", Vocabulary),
    ("additionalProperties", Schema),
    ("allOf", Schemas),
    ("anyOf", Schemas),
    ("contains", Schema),
    ("contentEncoding", Text),
    ("contentMediaType", Text),
    ("contentSchema", Schema),
    ("definitions", Named),
    ("dependencies", SchemaOrNames),
    ("dependentRequired", NamesByName),
    ("dependentSchemas", Named),
    ("deprecated", Flag),
    ("description", Text),
    ("else", Schema),
    ("enum", List),
    ("examples", List),
    ("exclusiveMaximum", Number),
    ("exclusiveMinimum", Number),
    ("format", Text),
    ("if", Schema),
    ("items", Schema),
    ("maxContains", Count),
    ("maxItems", Count),
    ("maxLength", Count),
    ("maxProperties", Count),
    ("maximum", Number),
    ("minContains", Count),
    ("minItems", Count),
    ("minLength", Count),
    ("minProperties", Count),
    ("minimum", Number),
    ("multipleOf", Positive),
    ("not", Schema),
    ("oneOf", Schemas),
    ("pattern", Pattern),
    ("patternProperties", ByPattern),
    ("prefixItems", Schemas),
    ("properties", Named),
    ("propertyNames", Schema),
    ("readOnly", Flag),
    ("required", Names),
    ("then", Schema),
    ("title", Text),
    ("type", Types),
    ("unevaluatedItems", Schema),
    ("unevaluatedProperties", Schema),
    ("uniqueItems", Flag),
    ("writeOnly", Flag),
];

/// What is wrong, and where.
#[derive(Debug, PartialEq)]
pub(super) struct Mistake {
    pub(super) pointer: String,
    pub(super) message: String,
}

/// Every subschema, with its pointer.
pub(super) type Visit<'a, 'v> = &'a mut dyn FnMut(&str, &'v Map<String, Value>);

/// What is wrong with a schema; `visit` sees each object that is one.
pub(super) fn check<'v>(schema: &'v Value, visit: Visit<'_, 'v>) -> Vec<Mistake> {
    let mut checker = Checker { mistakes: Vec::new(), pointer: String::new(), visit };
    checker.schema(schema);
    checker.mistakes
}

struct Checker<'a, 'v> {
    mistakes: Vec<Mistake>,
    pointer: String,
    visit: Visit<'a, 'v>,
}

impl<'v> Checker<'_, 'v> {
    fn mistake(&mut self, message: impl Into<String>) {
        self.mistakes.push(Mistake { pointer: self.pointer.clone(), message: message.into() });
    }

    fn expect(&mut self, is_right: bool, message: &str) {
        if !is_right {
            self.mistake(message);
        }
    }

    fn within(&mut self, segment: &str, check: impl FnOnce(&mut Self)) {
        let length = self.pointer.len();
        self.pointer.push('/');
        self.pointer.push_str(&segment.replace('~', "~0").replace('/', "~1"));
        check(self);
        self.pointer.truncate(length);
    }

    fn schema(&mut self, schema: &'v Value) {
        match schema {
            Value::Bool(_) => {}
            Value::Object(members) => {
                (self.visit)(&self.pointer, members);
                for (name, value) in members {
                    if let Some((_, shape)) = KEYWORDS.iter().find(|(keyword, _)| keyword == name) {
                        self.within(name, |this| this.keyword(*shape, value));
                    }
                }
            }
            _ => self.mistake("a schema is an object, `true` or `false`"),
        }
    }

    fn keyword(&mut self, shape: Shape, value: &'v Value) {
        match shape {
            Schema => self.schema(value),
            Schemas => self.schemas(value),
            Named | ByPattern => self.named(value, matches!(shape, ByPattern)),
            Text => self.expect(value.is_string(), "must be a string"),
            Pattern => match value.as_str() {
                Some(pattern) => self.pattern(pattern),
                None => self.mistake("must be a string"),
            },
            Id => {
                let is_id = |id: &str| !id.trim_end_matches('#').contains('#');
                self.expect(value.as_str().is_some_and(is_id), "must be a URI without a fragment");
            }
            Anchor => self.expect(value.as_str().is_some_and(is_anchor), "must be a name without `#`"),
            Vocabulary => {
                let flags = |members: &Map<String, Value>| members.values().all(Value::is_boolean);
                self.expect(value.as_object().is_some_and(flags), "must be an object of `true` and `false`");
            }
            Count => {
                let is_count = |number: f64| number >= 0.0 && number.fract() == 0.0;
                self.expect(value.as_f64().is_some_and(is_count), "must be a whole number, not below zero");
            }
            Number => self.expect(value.is_number(), "must be a number"),
            Positive => {
                self.expect(value.as_f64().is_some_and(|number| number > 0.0), "must be a number above zero");
            }
            Flag => self.expect(value.is_boolean(), "must be `true` or `false`"),
            List => self.expect(value.is_array(), "must be an array"),
            Types => self.types(value),
            Names => self.expect(is_names(value), "must be an array of strings, each of them once"),
            NamesByName => {
                let all = |members: &Map<String, Value>| members.values().all(is_names);
                let message = "must be an object of arrays of strings, each of them once";
                self.expect(value.as_object().is_some_and(all), message);
            }
            SchemaOrNames => match value {
                Value::Object(members) => members
                    .iter()
                    .filter(|(_, value)| !is_names(value))
                    .for_each(|(name, value)| self.within(name, |this| this.schema(value))),
                _ => self.mistake("must be an object"),
            },
        }
    }

    fn schemas(&mut self, value: &'v Value) {
        match value {
            Value::Array(schemas) if !schemas.is_empty() => {
                for (index, schema) in schemas.iter().enumerate() {
                    self.within(&index.to_string(), |this| this.schema(schema));
                }
            }
            _ => self.mistake("must be an array of schemas, at least one"),
        }
    }

    fn named(&mut self, value: &'v Value, by_pattern: bool) {
        let Value::Object(members) = value else {
            self.mistake("must be an object of schemas");
            return;
        };
        for (name, schema) in members {
            self.within(name, |this| {
                if by_pattern {
                    this.pattern(name);
                }
                this.schema(schema);
            });
        }
    }

    fn pattern(&mut self, pattern: &str) {
        for mistake in dialect::mistakes(pattern) {
            self.mistake(mistake);
        }
    }

    fn types(&mut self, value: &Value) {
        const TYPES: [&str; 7] = ["array", "boolean", "integer", "null", "number", "object", "string"];
        let is_type = |value: &Value| value.as_str().is_some_and(|name| TYPES.contains(&name));
        let is_right = match value {
            Value::Array(types) => !types.is_empty() && types.iter().all(is_type) && is_names(value),
            one => is_type(one),
        };
        self.expect(is_right, "must be `array`, `boolean`, `integer`, `null`, `number`, `object`, `string`, or an array of these");
    }
}

fn is_names(value: &Value) -> bool {
    let Some(names) = value.as_array() else { return false };
    names.iter().enumerate().all(|(index, name)| name.is_string() && !names[..index].contains(name))
}

fn is_anchor(anchor: &str) -> bool {
    let begins = anchor.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_');
    begins && anchor.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mistakes(schema: &Value) -> Vec<Mistake> {
        check(schema, &mut |_, _| {})
    }

    /// Every keyword with values of every kind, against jsonschema's own meta-schema.
    #[test]
    fn the_table_is_the_meta_schema() {
        let values = [
            json!(null),
            json!(true),
            json!(-1),
            json!(0),
            json!(2),
            json!(2.0),
            json!(0.5),
            json!(""),
            json!("a"),
            json!("#a"),
            json!("a#"),
            json!("string"),
            json!([]),
            json!(["a"]),
            json!(["a", "a"]),
            json!(["string", "null"]),
            json!(["string", "string"]),
            json!([1]),
            json!([{}]),
            json!([true, {"type": 1}]),
            json!({}),
            json!({"a": true}),
            json!({"a": {}}),
            json!({"a": []}),
            json!({"a": ["b"]}),
            json!({"a": ["b", "b"]}),
            json!({"a": 1}),
            json!({"a": {"minLength": -1}}),
            json!({"minLength": "1"}),
        ];
        for (keyword, _) in &KEYWORDS {
            for value in &values {
                let schema = json!({ *keyword: value });
                // An identifier is resolved before it is checked.
                if matches!(*keyword, "$id" | "$schema" | "$ref" | "$dynamicRef") && value.is_string() {
                    continue;
                }
                let expected = jsonschema::draft202012::meta::is_valid(&schema);
                assert_eq!(mistakes(&schema).is_empty(), expected, "{schema}: {:?}", mistakes(&schema));
            }
        }
    }

    #[test]
    fn a_mistake_has_a_pointer() {
        let schema = json!({"properties": {"a/b": {"items": {"minLength": -1}}}, "allOf": [true, {"pattern": "(?=a)"}]});
        let pointers: Vec<_> = mistakes(&schema).into_iter().map(|mistake| mistake.pointer).collect();
        assert_eq!(pointers, ["/allOf/1/pattern", "/properties/a~1b/items/minLength"]);
    }
}
