//! Types that say a schema of the suite, and the proof that they do.

use lift::Validate;
use lift::validate::{from_slice, from_value};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// A type that says a schema of the suite, or says it of the values that it can hold.
pub(crate) struct Mirror {
    pub(crate) name: fn() -> &'static str,
    pub(crate) schema: fn() -> schemars::Schema,
    /// Whether a text is read, and whether the same is as a value.
    pub(crate) accepts: fn(&str) -> (bool, bool),
}

impl Mirror {
    pub(crate) const fn of<T: Validate + JsonSchema + DeserializeOwned + 'static>() -> Self {
        Self {
            name: || std::any::type_name::<T>(),
            schema: lift::schema_of::<T>,
            accepts: |json| {
                let value = serde_json::from_str(json);
                (
                    from_slice::<T>(json.as_bytes()).is_ok(),
                    value.is_ok_and(|value| from_value::<T>(&value).is_ok()),
                )
            },
        }
    }
}

/// What a mirror's schema adds to one of the suite: `None` if it does not say it at all; `{}` if it is the same.
///
/// All that a mirror may add is which kind of value it holds: a type, the width of a number, how long a tuple is.
/// Values that are right by what it adds are those that both schemas must judge alike.
pub(crate) fn added(suite: &Value, mirror: &Value) -> Option<Value> {
    let (suite, mirror) = (plain(suite), plain(mirror));
    // Whatever is said of a member or an item makes it an evaluated one.
    if suite != mirror && suite.to_string().contains("\"unevaluated") {
        return None;
    }
    Added { definitions: mirror.get("$defs") }.of(&suite, &mirror)
}

struct Added<'a> {
    /// The types that the mirror's schema refers to.
    definitions: Option<&'a Value>,
}

impl Added<'_> {
    fn of(&self, suite: &Value, mirror: &Value) -> Option<Value> {
        if suite == mirror {
            return Some(json!({}));
        }
        let suite = suite.as_object()?;
        let mirror = &self.meant(suite, mirror.as_object()?);
        if !suite.keys().all(|keyword| mirror.contains_key(keyword)) {
            return None;
        }
        let added: Option<Vec<_>> = mirror
            .iter()
            .filter(|(keyword, said)| suite.get(*keyword) != Some(said))
            .map(|(keyword, said)| self.by(keyword, suite.get(keyword), said, mirror))
            .collect();
        Some(together(added?))
    }

    /// A reference that stands alone is a type's name for its schema, which the suite writes where it is meant.
    fn meant(&self, suite: &Map<String, Value>, mirror: &Map<String, Value>) -> Map<String, Value> {
        let mut mirror = mirror.clone();
        if !suite.contains_key("$defs") {
            mirror.remove("$defs");
        }
        match self.target(&mirror) {
            Some(target) if !suite.contains_key("$ref") && mirror.len() == 1 => target.clone(),
            _ => mirror,
        }
    }

    fn target(&self, mirror: &Map<String, Value>) -> Option<&Map<String, Value>> {
        let name = mirror.get("$ref")?.as_str()?.strip_prefix("#/$defs/")?;
        self.definitions?.get(name)?.as_object()
    }

    /// What one keyword of the mirror adds, where the suite says another, or none.
    fn by(
        &self,
        keyword: &str,
        suite: Option<&Value>,
        said: &Value,
        mirror: &Map<String, Value>,
    ) -> Option<Value> {
        match (keyword, suite, said) {
            ("properties", Some(Value::Object(wanted)), Value::Object(members)) => {
                if !wanted.keys().eq(members.keys()) {
                    return None;
                }
                let each =
                    members.iter().map(|(name, said)| Some((name.clone(), self.of(&wanted[name], said)?)));
                Some(json!({"properties": each.collect::<Option<Map<_, _>>>()?}))
            }
            ("prefixItems", Some(Value::Array(wanted)), Value::Array(said)) => {
                Some(json!({"prefixItems": self.all(wanted, said)?}))
            }
            ("anyOf" | "oneOf" | "allOf", Some(Value::Array(wanted)), Value::Array(said)) => {
                Some(together(self.all(wanted, said)?))
            }
            ("additionalProperties" | "items", suite, said) => {
                let mut added = Map::new();
                added.insert(keyword.to_owned(), self.of(suite.unwrap_or(&json!({})), said)?);
                // It does not concern the members that are named, nor the first items.
                for beside in ["properties", "patternProperties", "prefixItems"] {
                    added.extend(mirror.get(beside).map(|named| (beside.to_owned(), anything(named))));
                }
                Some(added.into())
            }
            (_, None, said) if is_kind(keyword, mirror) => {
                Some(Map::from_iter([(keyword.to_owned(), said.clone())]).into())
            }
            _ => None,
        }
    }

    fn all(&self, wanted: &[Value], said: &[Value]) -> Option<Vec<Value>> {
        if wanted.len() != said.len() {
            return None;
        }
        wanted.iter().zip(said).map(|(wanted, said)| self.of(wanted, said)).collect()
    }
}

/// All of several schemas.
fn together(mut schemas: Vec<Value>) -> Value {
    schemas.retain(|schema| *schema != json!({}));
    if schemas.is_empty() { json!({}) } else { json!({"allOf": schemas}) }
}

/// Whether a keyword says no more than which kind of value a Rust type holds.
fn is_kind(keyword: &str, mirror: &Map<String, Value>) -> bool {
    let format = mirror.get("format").and_then(Value::as_str).unwrap_or_default();
    match keyword {
        "type" => true,
        "format" | "minimum" | "maximum" => {
            ["int", "uint", "float", "double"].iter().any(|width| format.starts_with(width))
        }
        "minItems" | "maxItems" => mirror.contains_key("prefixItems"),
        _ => false,
    }
}

/// The same names or places, with nothing asked of them.
fn anything(named: &Value) -> Value {
    match named {
        Value::Object(members) => members.keys().map(|name| (name.clone(), json!(true))).collect(),
        Value::Array(items) => items.iter().map(|_| json!(true)).collect(),
        _ => Value::Null,
    }
}

/// What says nothing of what is right.
const ANNOTATIONS: [&str; 7] =
    ["$schema", "$comment", "title", "description", "default", "deprecated", "examples"];

/// Keywords whose value is a schema, or an array of them.
const SCHEMAS: [&str; 16] = [
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
const NAMED: [&str; 4] = ["$defs", "dependentSchemas", "patternProperties", "properties"];

/// A schema in one of the ways that it can be written: without annotations, `{}` for true, `2` for `2.0`.
fn plain(schema: &Value) -> Value {
    match schema {
        Value::Bool(true) => json!({}),
        Value::Bool(false) => json!({"not": {}}),
        Value::Array(several) => several.iter().map(plain).collect(),
        Value::Object(members) => members
            .iter()
            .filter(|(keyword, _)| !ANNOTATIONS.contains(&&***keyword))
            .map(|(keyword, said)| (keyword.clone(), plain_keyword(keyword, said)))
            .collect(),
        other => other.clone(),
    }
}

fn plain_keyword(keyword: &str, said: &Value) -> Value {
    match said {
        said if SCHEMAS.contains(&keyword) => plain(said),
        Value::Object(named) if NAMED.contains(&keyword) => {
            named.iter().map(|(name, schema)| (name.clone(), plain(schema))).collect()
        }
        Value::Array(types) if keyword == "type" && types.len() == 1 => types[0].clone(),
        said => numbers(said),
    }
}

fn numbers(value: &Value) -> Value {
    match value {
        Value::Number(number) => match number.as_f64() {
            // Limits are compared as such; those past it are written alike.
            Some(float) if float.fract() == 0.0 && float.abs() < 1e15 => json!(float as i64),
            _ => value.clone(),
        },
        Value::Array(items) => items.iter().map(numbers).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), numbers(value))).collect()
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(suite: &Value, mirror: &Value, expected: Option<&Value>) {
        assert_eq!(added(suite, mirror).as_ref(), expected, "{suite} and {mirror}");
    }

    #[test]
    fn a_mirror_says_the_schema_or_adds_what_it_holds() {
        check(&json!({"minLength": 2}), &json!({"minLength": 2.0, "title": "A"}), Some(&json!({})));
        check(&json!({"minLength": 2}), &json!({"minLength": 3}), None);
        check(&json!({"minLength": 2}), &json!({"type": "string"}), None);
        check(&json!({"const": true}), &json!({"const": {}}), None);
        check(&json!({"properties": {"title": false}}), &json!({"properties": {"title": true}}), None);
        let expected = json!({"allOf": [{"type": "string"}]});
        check(&json!({"minLength": 2}), &json!({"type": "string", "minLength": 2}), Some(&expected));
        check(&json!({}), &json!({"minLength": 2}), None);
        check(&json!({"maximum": 3}), &json!({"maximum": 3, "minimum": 0}), None);
        check(&json!(false), &json!({"not": {}}), Some(&json!({})));
        let mirror = json!({"$ref": "#/$defs/A", "$defs": {"A": {"minLength": 2}}});
        check(&json!({"minLength": 2}), &mirror, Some(&json!({})));
        let mirror = json!({"$ref": "#/$defs/A", "$defs": {"A": {"minLength": 2}}, "maxLength": 3});
        check(&json!({"minLength": 2, "maxLength": 3}), &mirror, None);
        check(&json!({"const": 1}), &json!({"const": {"title": 1}}), None);
    }

    #[test]
    fn what_is_added_stands_where_it_is_added() {
        let suite = json!({"properties": {"a": {}}, "additionalProperties": {"maximum": 3}});
        let mirror = json!({
            "type": "object", "properties": {"a": {"type": "null"}},
            "additionalProperties": {"maximum": 3, "minimum": 0, "type": "integer", "format": "uint8"},
        });
        let added = added(&suite, &mirror).expect("a mirror");
        for (value, right) in [
            (json!({"a": null, "b": 2}), true),
            (json!({"a": null}), true),
            (json!({"a": 1, "b": 2}), false),
            (json!({"b": -1}), false),
            (json!([]), false),
        ] {
            assert_eq!(jsonschema::is_valid(&added, &value), right, "{value}");
        }
    }
}
