//! `strict`: a schema that refuses unknown members at every depth.
//!
//! `unevaluatedProperties` stands where a value begins: at the root, in members, in items. There it sees all that
//! references and compositions say of the same value, which `additionalProperties` in one of them would not.

use serde_json::{Map, Value};

/// Closes a schema and every schema of a part of the value.
pub(crate) fn close(schema: &mut Value) {
    let root = schema.clone();
    close_in(schema, &root);
    close_value(schema, &root);
}

/// Closes the parts of the value that a schema describes, itself left open.
fn close_in(schema: &mut Value, root: &Value) {
    let Value::Object(members) = schema else { return };
    for (keyword, value) in members.iter_mut() {
        match (&**keyword, value) {
            ("properties" | "patternProperties", Value::Object(named)) => {
                for part in named.values_mut() {
                    close_part(part, root);
                }
            }
            ("additionalProperties" | "items", part) => close_part(part, root),
            ("prefixItems", Value::Array(parts)) => parts.iter_mut().for_each(|part| close_part(part, root)),
            ("$defs" | "definitions", Value::Object(named)) => {
                named.values_mut().for_each(|schema| close_in(schema, root));
            }
            ("allOf" | "anyOf" | "oneOf", Value::Array(forms)) => {
                forms.iter_mut().for_each(|form| close_in(form, root));
            }
            ("if" | "then" | "else", form) => close_in(form, root),
            _ => {}
        }
    }
}

fn close_part(schema: &mut Value, root: &Value) {
    close_in(schema, root);
    close_value(schema, root);
}

fn close_value(schema: &mut Value, root: &Value) {
    if !names_members(schema, root, DEPTH) {
        return;
    }
    if let Value::Object(members) = schema
        && !members.contains_key("additionalProperties")
    {
        members.insert("unevaluatedProperties".to_owned(), Value::Bool(false));
    }
}

/// How deep compositions are looked into; types of Rust make two or three levels.
const DEPTH: usize = 8;

/// Whether a schema, or what it is composed of, names members. A value of any kind, such as `serde_json::Value`, has
/// none that could be unknown.
fn names_members(schema: &Value, root: &Value, depth: usize) -> bool {
    let Value::Object(members) = schema else { return false };
    if members.contains_key("properties") {
        return true;
    }
    if depth == 0 {
        return false;
    }
    let referred = referred(members, root).into_iter();
    let forms =
        ["allOf", "anyOf", "oneOf"].iter().filter_map(|keyword| members.get(*keyword)?.as_array()).flatten();
    // An empty struct names none, and is an object all the same.
    let is_empty_struct = members.get("type").is_some_and(|of| of == "object")
        && ["additionalProperties", "patternProperties", "unevaluatedProperties"]
            .iter()
            .all(|keyword| !members.contains_key(*keyword));
    is_empty_struct || referred.chain(forms).any(|part| names_members(part, root, depth - 1))
}

fn referred<'a>(members: &Map<String, Value>, root: &'a Value) -> Option<&'a Value> {
    root.pointer(members.get("$ref")?.as_str()?.strip_prefix('#')?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_closed_and_their_forms_are_not() {
        let mut schema = json!({
            "type": "object",
            "properties": {"line": {"$ref": "#/$defs/Line"}, "any": true, "map": {"additionalProperties": {"$ref": "#/$defs/Line"}}},
            "oneOf": [{"properties": {"tag": {"const": "a"}}}, {"$ref": "#/$defs/Line"}],
            "$defs": {"Line": {"properties": {"qty": {"type": "integer"}}}},
        });
        close(&mut schema);
        let expected = json!({
            "type": "object",
            "properties": {
                "line": {"$ref": "#/$defs/Line", "unevaluatedProperties": false},
                "any": true,
                "map": {"additionalProperties": {"$ref": "#/$defs/Line", "unevaluatedProperties": false}},
            },
            "oneOf": [{"properties": {"tag": {"const": "a"}}}, {"$ref": "#/$defs/Line"}],
            "$defs": {"Line": {"properties": {"qty": {"type": "integer"}}}},
            "unevaluatedProperties": false,
        });
        assert_eq!(schema, expected);
    }

    #[test]
    fn what_is_open_on_purpose_stays_open() {
        let mut schema = json!({"properties": {"a": {"properties": {}, "additionalProperties": true}}});
        close(&mut schema);
        assert_eq!(schema["properties"]["a"], json!({"properties": {}, "additionalProperties": true}));
    }
}
