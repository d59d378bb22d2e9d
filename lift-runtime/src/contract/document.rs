//! All routes of an app as one JSON document.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::describe::Description;
use crate::endpoint::Route;
use crate::validate::Location;

/// The version of the format, and the one that is read.
pub(crate) const FORMAT: u64 = 1;

/// What keywords of an app's own are marked with.
#[cfg(feature = "schema-check")]
pub(super) const OWN: &str = "own:";

/// What `schema` prints.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Document {
    lift_schema: u64,
    /// The app's own, which mean something where others of the kind are annotations.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) keywords: Vec<String>,
    pub(super) routes: Vec<RoutePart>,
}

/// One route.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct RoutePart {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) inputs: Vec<InputPart>,
    /// Of the value that is answered, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) response: Option<Value>,
    /// Of what a stream sends, item by item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) items: Option<Value>,
}

/// What a client sends in one place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct InputPart {
    #[serde(rename = "in")]
    pub(super) location: Location,
    /// Of a body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) media_type: Option<String>,
    pub(super) schema: Value,
    /// `schema = "…"`: what a body is checked against besides, and the files that it refers to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) files: Vec<FilePart>,
    pub(super) validated: bool,
}

/// A file by its URI.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct FilePart {
    pub(super) uri: String,
    pub(super) schema: Value,
}

impl Document {
    /// What routes tell of themselves, in their order, and the keywords that are the app's own.
    pub(crate) fn of<'a>(routes: impl Iterator<Item = &'a Route>, keywords: Vec<&str>) -> Self {
        let keywords = keywords.into_iter().map(str::to_owned).collect();
        Self { lift_schema: FORMAT, keywords, routes: routes.map(RoutePart::of).collect() }
    }

    /// The same, with these keywords marked, so that they are not taken for annotations.
    #[cfg(feature = "schema-check")]
    pub(super) fn marked(&self, keywords: &[&String]) -> Vec<RoutePart> {
        let mut routes = self.routes.clone();
        for route in &mut routes {
            let inputs = route.inputs.iter_mut();
            let inputs = inputs.flat_map(|input| {
                input.files.iter_mut().map(|file| &mut file.schema).chain([&mut input.schema])
            });
            inputs
                .chain(&mut route.response)
                .chain(&mut route.items)
                .for_each(|schema| mark(schema, keywords));
        }
        routes
    }

    /// Reads what `schema` has printed.
    #[cfg(any(feature = "schema-check", test))]
    pub(crate) fn read(json: &[u8]) -> Result<Self, String> {
        let value: Value =
            serde_json::from_slice(json).map_err(|error| format!("it is not JSON: {error}"))?;
        match value.get("lift_schema").and_then(Value::as_u64) {
            Some(FORMAT) => {}
            Some(other) => return Err(format!("its format is {other}, and this program reads {FORMAT}")),
            None => return Err("it is nothing that `schema` has printed: it has no `lift_schema`".to_owned()),
        }
        let document: Self = serde_json::from_value(value).map_err(|error| error.to_string())?;
        for (at, RoutePart { method, path, .. }) in document.routes.iter().enumerate() {
            if document.routes[..at].iter().any(|other| other.method == *method && other.path == *path) {
                return Err(format!("it has {method} {path} twice"));
            }
        }
        Ok(document)
    }

    /// The document as text, the members of its objects in the order of their names.
    pub(crate) fn write(&self) -> String {
        // By way of a value, whose members are sorted. Nothing in it can fail to be written.
        serde_json::to_value(self).map(|value| format!("{value:#}")).unwrap_or_default()
    }
}

#[cfg(feature = "schema-check")]
fn mark(schema: &mut Value, keywords: &[&String]) {
    crate::validate::each_schema(schema, &mut |schema| {
        for keyword in keywords {
            if let Some(limit) = schema.remove(*keyword) {
                schema.insert([OWN, keyword].concat(), limit);
            }
        }
    });
}

impl RoutePart {
    fn of(route: &Route) -> Self {
        let mut description = Description::new();
        if let Some(describe) = route.describe {
            describe(&mut description);
        }
        let Description { inputs, response, items, .. } = description;
        Self { method: route.method.to_string(), path: route.path.to_owned(), inputs, response, items }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_what_was_written() {
        let text = r#"{"lift_schema": 1, "routes": [{"method": "GET", "path": "/", "inputs": [
            {"in": "query", "schema": {"type": "object"}, "validated": true}]}]}"#;
        let document = Document::read(text.as_bytes()).expect("it is one");
        assert_eq!(Document::read(document.write().as_bytes()), Ok(document));
    }

    #[test]
    fn what_is_no_document_is_told() {
        for (text, expected) in [
            ("{", "not JSON"),
            ("[]", "no `lift_schema`"),
            (r#"{"lift_schema": 2}"#, "its format is 2"),
            (r#"{"lift_schema": 1}"#, "routes"),
            (
                r#"{"lift_schema": 1, "routes": [{"method": "GET", "path": "/", "inputs": []},
                {"method": "GET", "path": "/", "inputs": []}]}"#,
                "GET / twice",
            ),
        ] {
            let error = Document::read(text.as_bytes()).expect_err(text);
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
