//! The schemas in a schema, told from the values that look like them.

use serde_json::{Map, Value};

/// Keywords whose value is one schema, or an array of them.
pub(crate) const SCHEMAS: [&str; 16] = [
    "additionalProperties",
    "allOf",
    "anyOf",
    "contains",
    "contentSchema",
    "else",
    "if",
    "items",
    "not",
    "oneOf",
    "prefixItems",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
    "additionalItems",
];

/// Keywords whose value is an object of schemas by name.
pub(crate) const NAMED: [&str; 5] =
    ["$defs", "definitions", "dependentSchemas", "patternProperties", "properties"];

/// Visits every schema that is an object, the inner ones first.
pub(crate) fn each_schema(schema: &mut Value, visit: &mut dyn FnMut(&mut Map<String, Value>)) {
    match schema {
        Value::Object(members) => {
            for (keyword, value) in members.iter_mut() {
                if SCHEMAS.contains(&&**keyword) {
                    each_schema(value, visit);
                } else if NAMED.contains(&&**keyword)
                    && let Value::Object(named) = value
                {
                    named.values_mut().for_each(|schema| each_schema(schema, visit));
                }
            }
            visit(members);
        }
        Value::Array(several) => several.iter_mut().for_each(|schema| each_schema(schema, visit)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_not_visited() {
        let mut schema = json!({
            "properties": {"const": {"items": [{"n": 1}]}, "enum": {"n": 2}},
            "const": {"n": 3}, "enum": [{"n": 4}], "default": {"properties": {"a": {"n": 5}}}, "n": 6,
            "allOf": [{"not": {"n": 7}}, true],
        });
        let mut seen = Vec::new();
        each_schema(&mut schema, &mut |schema| seen.extend(schema.get("n").and_then(Value::as_u64)));
        seen.sort_unstable();
        assert_eq!(seen, [1, 2, 6, 7]);
    }
}
