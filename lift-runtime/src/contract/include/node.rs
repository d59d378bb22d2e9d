//! A schema in the form in which it is compared.

use serde_json::{Map, Value, json};

use super::sample::mentions;
use crate::validate::each_schema;

/// A schema without what says nothing of values, whose every reference is to one of its definitions.
#[derive(Debug)]
pub(super) struct Schema {
    pub(super) root: Value,
    pub(super) definitions: Map<String, Value>,
}

/// What says nothing of values. Formats of numbers are among it: their limits are written out.
const ANNOTATIONS: [&str; 9] = [
    "$comment",
    "$schema",
    "default",
    "deprecated",
    "description",
    "examples",
    "readOnly",
    "title",
    "writeOnly",
];

const NUMBERS: [&str; 14] = [
    "double", "float", "int", "int128", "int16", "int32", "int64", "int8", "uint", "uint128", "uint16",
    "uint32", "uint64", "uint8",
];

/// How many references are followed at one place: a chain of them is as long as there are definitions at most.
const CHAIN: usize = 32;

/// How many forms within forms are looked into.
const FORMS: usize = 4;

impl Schema {
    /// Reads a schema; none if it refers to more than its definitions and itself.
    pub(super) fn read(schema: &Value) -> Option<Self> {
        let mut root = schema.clone();
        let definitions = root.as_object_mut().and_then(|members| members.remove("$defs"));
        let mut definitions = match definitions {
            Some(Value::Object(definitions)) => definitions,
            Some(_) => return None,
            None => Map::new(),
        };
        let mut own = "Self".to_owned();
        while definitions.contains_key(&own) {
            own.push('_');
        }
        let to_own = format!("#/$defs/{own}");
        let mut is_plain = true;
        let mut is_recursive = false;
        let mut tidy = |schema: &mut Map<String, Value>| {
            tidy(schema);
            is_plain &= !["$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$defs", "definitions"]
                .iter()
                .any(|keyword| schema.contains_key(*keyword));
            match schema.get_mut("$ref") {
                Some(Value::String(uri)) if uri == "#" => {
                    is_recursive = true;
                    uri.clone_from(&to_own);
                }
                Some(Value::String(uri)) => {
                    is_plain &= uri.strip_prefix("#/$defs/").is_some_and(|name| !name.contains(['/', '%']));
                }
                Some(_) => is_plain = false,
                None => {}
            }
        };
        each_schema(&mut root, &mut tidy);
        definitions.values_mut().for_each(|schema| each_schema(schema, &mut tidy));
        if !is_plain {
            return None;
        }
        if is_recursive {
            definitions.insert(own, root);
            root = json!({ "$ref": to_own });
        }
        Some(Self { root, definitions })
    }

    /// What a reference names.
    pub(super) fn definition(&self, uri: &str) -> Option<&Value> {
        let name = uri.strip_prefix("#/$defs/")?.replace("~1", "/").replace("~0", "~");
        self.definitions.get(&name)
    }

    /// A schema of this document with the definitions it may refer to.
    pub(super) fn whole(&self, schema: &Value) -> Value {
        let mut schema = match schema {
            Value::Object(members) => members.clone(),
            Value::Bool(true) => Map::new(),
            other => Map::from_iter([("allOf".to_owned(), json!([other]))]),
        };
        let refers = schema.contains_key("$ref") || schema.values().any(|value| mentions(value, "$ref"));
        if refers {
            schema.insert("$defs".to_owned(), Value::Object(self.definitions.clone()));
        }
        Value::Object(schema)
    }

    /// A schema with its outermost reference followed, and what stands before its forms put into each of them, where
    /// that says the same.
    pub(super) fn expand(&self, schema: &Value) -> Value {
        self.expand_within(schema, FORMS)
    }

    fn expand_within(&self, schema: &Value, depth: usize) -> Value {
        let mut schema = schema.clone();
        for _ in 0..CHAIN {
            let Some(next) = self.follow(&schema) else { break };
            schema = next;
        }
        if let Value::Object(members) = &mut schema {
            close_plainly(members);
            if let Some(distributed) = self.distribute(members, depth) {
                return distributed;
            }
        }
        schema
    }

    fn follow(&self, schema: &Value) -> Option<Value> {
        let members = schema.as_object()?;
        let target = self.definition(members.get("$ref")?.as_str()?)?;
        if members.len() == 1 {
            return Some(target.clone());
        }
        // `strict` says it beside a reference: it sees through to what is referred to.
        let closes = members.len() == 2 && members.get("unevaluatedProperties") == Some(&Value::Bool(false));
        let target = target.as_object().filter(|target| {
            closes
                && !target.contains_key("unevaluatedProperties")
                && !target.contains_key("additionalProperties")
        })?;
        let mut target = target.clone();
        target.insert("unevaluatedProperties".to_owned(), Value::Bool(false));
        Some(Value::Object(target))
    }

    /// `{properties: A, oneOf: [{properties: B}, …]}` as `oneOf: [{properties: A and B}, …]`, which an enum that is
    /// flattened or internally tagged is.
    fn distribute(&self, members: &Map<String, Value>, depth: usize) -> Option<Value> {
        let depth = depth.checked_sub(1)?;
        let keyword = ["oneOf", "anyOf"].into_iter().find(|keyword| members.contains_key(*keyword))?;
        if members.len() == 1 {
            return None;
        }
        let mut outer = members.clone();
        let forms = outer.remove(keyword)?;
        let closes = outer.remove("unevaluatedProperties").is_some_and(|closes| closes == Value::Bool(false));
        if members.contains_key("unevaluatedProperties") && !(closes && keyword == "oneOf") {
            return None;
        }
        if !only_names(&outer) {
            return None;
        }
        let forms: Option<Vec<Value>> = forms
            .as_array()?
            .iter()
            .map(|form| {
                let form = self.expand_within(form, depth);
                merge(&outer, form.as_object()?).map(Value::Object)
            })
            .collect();
        let mut forms = forms?;
        if closes {
            // A value of two forms is refused; closed forms could tell the two apart.
            let apart = |(at, form): (usize, &Value)| {
                forms[at + 1..].iter().all(|other| self.are_apart(form, self, other))
            };
            if !forms.iter().enumerate().all(apart) {
                return None;
            }
            for form in &mut forms {
                form["additionalProperties"] = Value::Bool(false);
            }
        }
        Some(json!({ keyword: forms }))
    }

    /// Whether no value is of both schemas, as far as is seen at a glance.
    pub(super) fn are_apart(&self, one: &Value, theirs: &Self, other: &Value) -> bool {
        let (one, other) = (self.expand(one), theirs.expand(other));
        let (Some(one), Some(other)) = (one.as_object(), other.as_object()) else { return false };
        if let (Some(one), Some(other)) = (values(one), values(other)) {
            return share_none(one, other);
        }
        match (one.get("type").and_then(Value::as_str), other.get("type").and_then(Value::as_str)) {
            (Some("object"), Some("object")) => {}
            (Some("integer"), Some("number")) | (Some("number"), Some("integer")) => return false,
            (Some(one), Some(other)) => return one != other,
            _ => return false,
        }
        let (ones, others) = (named(one), named(other));
        let tagged = required(one).filter(|name| required(other).any(|other| other == *name)).any(|name| {
            let tag = |named: &Map<String, Value>| Some(values(named.get(name)?.as_object()?)?.to_vec());
            match (tag(&ones), tag(&others)) {
                (Some(one), Some(other)) => share_none(&one, &other),
                _ => false,
            }
        });
        let unknown_to = |name: &str, closed: &Map<String, Value>, named: &Map<String, Value>| {
            closed.get("additionalProperties") == Some(&Value::Bool(false))
                && !closed.contains_key("patternProperties")
                && !named.contains_key(name)
        };
        tagged
            || required(one).any(|name| unknown_to(name, other, &others))
            || required(other).any(|name| unknown_to(name, one, &ones))
    }
}

/// Says in one way what can be said in several.
fn tidy(schema: &mut Map<String, Value>) {
    schema.retain(|keyword, _| !ANNOTATIONS.contains(&&**keyword) && !keyword.starts_with("x-"));
    // Of text, it would be a format of the app's own.
    if schema.get("format").and_then(Value::as_str).is_some_and(|format| NUMBERS.contains(&format))
        && is_number(schema)
    {
        schema.remove("format");
    }
    if let Some(Value::Array(types)) = schema.get("type")
        && let [only] = types.as_slice()
    {
        let only = only.clone();
        schema.insert("type".to_owned(), only);
    }
    enumerate(schema);
    if let Some(value) =
        schema.get("enum").and_then(Value::as_array).and_then(|values| match values.as_slice() {
            [only] => Some(only.clone()),
            _ => None,
        })
        && !schema.contains_key("const")
    {
        schema.remove("enum");
        schema.insert("const".to_owned(), value);
    }
}

/// Whether a schema is of numbers, or `null`.
fn is_number(schema: &Map<String, Value>) -> bool {
    let is_one = |of: &Value| matches!(of.as_str(), Some("integer" | "number" | "null"));
    match schema.get("type") {
        Some(Value::Array(types)) => types.iter().all(is_one),
        Some(of) => is_one(of),
        None => false,
    }
}

/// Forms that are constants, which the variants of an enum with documentation are, as an `enum`.
fn enumerate(schema: &mut Map<String, Value>) {
    let Some(forms) = schema
        .get("oneOf")
        .and_then(Value::as_array)
        .filter(|_| !schema.contains_key("enum") && !schema.contains_key("type"))
    else {
        return;
    };
    let mut found: Vec<Value> = Vec::new();
    for form in forms {
        let Some(form) = form.as_object() else { return };
        let is_text = form.get("type").is_none_or(|of| of == "string");
        let only = form.keys().all(|keyword| matches!(&**keyword, "type" | "const" | "enum"));
        let Some(values) = values(form).filter(|_| is_text && only) else { return };
        // Of what is in two forms, `oneOf` says that it is refused.
        if values.iter().any(|value| !value.is_string() || found.contains(value)) {
            return;
        }
        found.extend_from_slice(values);
    }
    schema.remove("oneOf");
    schema.insert("enum".to_owned(), Value::Array(found));
    schema.insert("type".to_owned(), "string".into());
}

/// `unevaluatedProperties: false` of an object that is not composed says what `additionalProperties: false` says.
fn close_plainly(schema: &mut Map<String, Value>) {
    const COMPOSING: [&str; 9] =
        ["$ref", "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas"];
    if schema.get("unevaluatedProperties") == Some(&Value::Bool(false))
        && !schema.contains_key("additionalProperties")
        && !COMPOSING.iter().any(|keyword| schema.contains_key(*keyword))
    {
        schema.remove("unevaluatedProperties");
        schema.insert("additionalProperties".to_owned(), Value::Bool(false));
    }
}

/// Whether a schema says of an object what members it has, and nothing else.
fn only_names(schema: &Map<String, Value>) -> bool {
    schema.iter().all(|(keyword, value)| match &**keyword {
        "type" => value == "object",
        keyword => matches!(keyword, "properties" | "required"),
    })
}

/// What two schemas of the same object say together, if they name different members.
fn merge(outer: &Map<String, Value>, form: &Map<String, Value>) -> Option<Map<String, Value>> {
    let (outers, forms) = (named(outer), named(form));
    let is_object = [outer, form].iter().any(|schema| schema.get("type").is_some_and(|of| of == "object"));
    if !only_names(form) || !is_object || outers.keys().any(|name| forms.contains_key(name)) {
        return None;
    }
    let mut needed: Vec<&str> = required(outer).chain(required(form)).collect();
    needed.sort_unstable();
    needed.dedup();
    let needed = json!(needed);
    let members: Map<String, Value> = outers.into_iter().chain(forms).collect();
    Some(Map::from_iter([
        ("type".to_owned(), json!("object")),
        ("properties".to_owned(), Value::Object(members)),
        ("required".to_owned(), needed),
    ]))
}

/// Whether two lists have no value in common. Numbers have several forms, and are not compared.
fn share_none(one: &[Value], other: &[Value]) -> bool {
    let is_simple = |value: &Value| value.is_string() || value.is_boolean() || value.is_null();
    one.iter().chain(other).all(is_simple) && !one.iter().any(|value| other.contains(value))
}

/// The values of a schema that lists them.
pub(super) fn values(schema: &Map<String, Value>) -> Option<&[Value]> {
    match (schema.get("const"), schema.get("enum")) {
        (Some(value), None) => Some(std::slice::from_ref(value)),
        (None, Some(Value::Array(values))) => Some(values),
        _ => None,
    }
}

/// The members that a schema names.
fn named(schema: &Map<String, Value>) -> Map<String, Value> {
    schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default()
}

/// The members that a schema requires.
pub(super) fn required(schema: &Map<String, Value>) -> impl Iterator<Item = &str> {
    schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}
