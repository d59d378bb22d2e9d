//! The refutation: values of what is given, on the bounds of both schemas, judged by both validators.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::canonical::is_beyond_judges;
use super::node::{Schema, required, values};
use super::prove::Prover;
use crate::validate::{self, Dialect, Document, NAMED, SCHEMAS};

mod text;

/// How many values are made of one schema.
const MOST: usize = 48;

/// How deep values are made.
const DEPTH: usize = 5;

/// The longest text that is made.
const LONGEST: u64 = 5_000;

/// A validator of one schema of a document.
pub(super) struct Judge(validate::Schema);

impl Judge {
    /// None if the schema does not compile.
    pub(super) fn of(document: &Schema, schema: &Value) -> Option<Self> {
        if *schema == Value::Bool(false) {
            return Self::of(document, &json!({ "not": {} }));
        }
        validate::Schema::compile(document.whole(schema), None, &[], &Dialect::built_in()).ok().map(Self)
    }

    pub(super) fn accepts(&self, value: &Value) -> bool {
        self.0.validator.is_valid(&Document::from(value))
    }
}

/// A value that is given and not taken, if one is found.
pub(super) fn refute(prover: &Prover<'_>, gives: &Value, takes: &Value) -> Option<Value> {
    // What the app's own code refuses was never given.
    if is_beyond_judges(&prover.gives.whole(gives)) {
        return None;
    }
    let (given, taken) = (Judge::of(prover.gives, gives)?, Judge::of(prover.takes, takes)?);
    let mut hints = Hints::default();
    for schema in [gives, takes]
        .into_iter()
        .chain(prover.gives.definitions.values())
        .chain(prover.takes.definitions.values())
    {
        hints.read(schema);
    }
    let maker = Maker { schema: prover.gives, hints };
    maker.values(gives, DEPTH).into_iter().find(|value| given.accepts(value) && !taken.accepts(value))
}

/// Whether a keyword occurs in a schema, or something of its name.
pub(super) fn mentions(schema: &Value, keyword: &str) -> bool {
    match schema {
        Value::Object(members) => {
            members.contains_key(keyword) || members.values().any(|value| mentions(value, keyword))
        }
        Value::Array(values) => values.iter().any(|value| mentions(value, keyword)),
        _ => false,
    }
}

/// What is likely to tell two schemas apart.
#[derive(Default)]
struct Hints {
    numbers: Vec<Value>,
    lengths: BTreeSet<u64>,
    strings: BTreeSet<String>,
}

impl Hints {
    fn read(&mut self, schema: &Value) {
        let Value::Object(members) = schema else { return };
        for (keyword, value) in members {
            match &**keyword {
                "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" => {
                    self.near(value);
                }
                "minLength" | "maxLength" => {
                    let length = value.as_u64().unwrap_or_default();
                    self.lengths.extend([length.saturating_sub(1), length, length.saturating_add(1)]);
                }
                "const" => self.value(value),
                "enum" => value.as_array().into_iter().flatten().for_each(|value| self.value(value)),
                "pattern" => self.strings.extend(value.as_str().into_iter().flat_map(text::of_pattern)),
                "format" => self.strings.extend(value.as_str().and_then(text::of_format).map(str::to_owned)),
                keyword if NAMED.contains(&keyword) => {
                    value.as_object().into_iter().flatten().for_each(|(_, schema)| self.read(schema));
                }
                keyword if SCHEMAS.contains(&keyword) => match value {
                    Value::Array(schemas) => schemas.iter().for_each(|schema| self.read(schema)),
                    schema => self.read(schema),
                },
                _ => {}
            }
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::String(text) => {
                self.strings.insert(text.clone());
            }
            Value::Number(_) => self.near(value),
            _ => {}
        }
    }

    fn near(&mut self, bound: &Value) {
        let mut numbers = vec![bound.clone()];
        if let Some(bound) = bound.as_i64() {
            numbers
                .extend([bound.checked_sub(1), bound.checked_add(1)].into_iter().flatten().map(Value::from));
        } else if let Some(bound) = bound.as_f64() {
            numbers.extend([bound - 1.0, bound + 1.0, bound.floor(), bound.ceil()].map(Value::from));
        }
        for number in numbers {
            if self.numbers.len() < MOST && !self.numbers.contains(&number) {
                self.numbers.push(number);
            }
        }
    }
}

struct Maker<'a> {
    schema: &'a Schema,
    hints: Hints,
}

impl Maker<'_> {
    /// Values that may be of a schema, the plain ones first.
    fn values(&self, schema: &Value, depth: usize) -> Vec<Value> {
        let schema = self.schema.expand(schema);
        let Value::Object(members) = &schema else {
            return if schema == Value::Bool(true) { self.of_types(&Map::new(), depth) } else { Vec::new() };
        };
        if let Some(values) = values(members) {
            return values.to_vec();
        }
        let Some(within) = depth.checked_sub(1) else { return Vec::new() };
        let composed =
            ["anyOf", "oneOf", "allOf"].into_iter().filter_map(|keyword| members.get(keyword)?.as_array());
        let mut made: Vec<Value> = composed.flatten().flat_map(|form| self.values(form, within)).collect();
        if made.is_empty() || members.contains_key("type") || members.contains_key("properties") {
            made.extend(self.of_types(members, depth));
        }
        made
    }

    fn of_types(&self, schema: &Map<String, Value>, depth: usize) -> Vec<Value> {
        let types: Vec<&str> = match schema.get("type") {
            Some(Value::String(of)) => vec![of],
            Some(Value::Array(types)) => types.iter().filter_map(Value::as_str).collect(),
            _ => vec!["null", "boolean", "number", "string", "array", "object"],
        };
        types.into_iter().flat_map(|of| self.of_type(of, schema, depth)).collect()
    }

    fn of_type(&self, of: &str, schema: &Map<String, Value>, depth: usize) -> Vec<Value> {
        match of {
            "null" => vec![Value::Null],
            "boolean" => vec![json!(true), json!(false)],
            "integer" => {
                self.numbers().filter(|number| number.as_f64().is_some_and(|n| n.fract() == 0.0)).collect()
            }
            "number" => self.numbers().chain([json!(0.5)]).collect(),
            "string" => self.strings(schema),
            "array" => self.arrays(schema, depth),
            "object" => self.objects(schema, depth),
            _ => Vec::new(),
        }
    }

    fn numbers(&self) -> impl Iterator<Item = Value> {
        [json!(0), json!(1), json!(-1)].into_iter().chain(self.hints.numbers.iter().cloned())
    }

    fn strings(&self, schema: &Map<String, Value>) -> Vec<Value> {
        let lengths = self.hints.lengths.iter().filter(|length| **length <= LONGEST);
        let long = lengths.map(|length| "x".repeat(usize::try_from(*length).unwrap_or_default()));
        let own = schema.get("pattern").and_then(Value::as_str).map(text::of_pattern).unwrap_or_default();
        let plain = ["x", "", "0", "A b"].map(str::to_owned);
        own.into_iter()
            .chain(plain)
            .chain(long)
            .chain(self.hints.strings.iter().cloned())
            .map(Value::from)
            .collect()
    }

    /// Values of a part, of which each is right by itself.
    fn right(&self, schema: &Value, depth: usize) -> Vec<Value> {
        let Some(depth) = depth.checked_sub(1) else { return Vec::new() };
        let Some(judge) = Judge::of(self.schema, schema) else { return Vec::new() };
        let mut made = self.values(schema, depth);
        made.retain(|value| judge.accepts(value));
        made.truncate(MOST);
        made
    }

    fn arrays(&self, schema: &Map<String, Value>, depth: usize) -> Vec<Value> {
        let anything = Value::Bool(true);
        let places =
            schema.get("prefixItems").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let items = schema.get("items").unwrap_or(&anything);
        let first: Vec<Vec<Value>> = places.iter().map(|place| self.right(place, depth)).collect();
        let Some(head) = first.iter().map(|values| values.first().cloned()).collect::<Option<Vec<Value>>>()
        else {
            return vec![json!([])];
        };
        let rest = self.right(items, depth);
        let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or_default();
        let least = usize::try_from(least).unwrap_or(usize::MAX).min(MOST);
        let filled = |head: &[Value], count: usize| {
            let missing = count.saturating_sub(head.len());
            let rest = rest.iter().cycle().take(missing).cloned();
            Value::Array(head.iter().cloned().chain(rest).collect())
        };
        let mut made = vec![filled(&head, least), filled(&head, least.max(head.len()) + 1)];
        for value in &rest {
            made.push(filled(&[head.as_slice(), std::slice::from_ref(value)].concat(), least));
        }
        for (place, values) in first.iter().enumerate() {
            for value in values {
                let mut head = head.clone();
                head[place] = value.clone();
                made.push(filled(&head, least));
            }
        }
        made
    }

    fn objects(&self, schema: &Map<String, Value>, depth: usize) -> Vec<Value> {
        let named = schema.get("properties").and_then(Value::as_object);
        let parts: Vec<(&String, Vec<Value>)> =
            named.into_iter().flatten().map(|(name, part)| (name, self.right(part, depth))).collect();
        let needed: BTreeSet<&str> = required(schema).collect();
        let plain = |is_meant: &dyn Fn(&str) -> bool| -> Map<String, Value> {
            let meant = parts.iter().filter(|(name, _)| is_meant(name));
            meant.filter_map(|(name, values)| Some(((*name).clone(), values.first()?.clone()))).collect()
        };
        let least = plain(&|name| needed.contains(name));
        let mut made = vec![Value::Object(least.clone()), Value::Object(plain(&|_| true))];
        for (name, values) in &parts {
            for value in values {
                let mut object = least.clone();
                object.insert((*name).clone(), value.clone());
                made.push(Value::Object(object));
            }
        }
        if let Some(others) = schema.get("additionalProperties") {
            for value in self.right(others, depth) {
                let mut object = least.clone();
                object.insert("other".to_owned(), value);
                made.push(Value::Object(object));
            }
        }
        made
    }
}
