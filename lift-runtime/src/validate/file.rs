//! `schema = "file.json"`: a body that a schema of the app's own describes.

use std::sync::{Arc, OnceLock};

use serde_json::Value;

use super::dialect::{Compiled, Dialect};
use super::document::Document;
use super::schema::Schema;

/// A schema file, and the files that it refers to. All of them were checked when the app was compiled.
#[derive(Debug)]
pub struct FileSchema {
    /// By URI; the schema itself is the first.
    files: &'static [(&'static str, &'static str)],
    compiled: OnceLock<Compiled>,
}

impl FileSchema {
    /// Files by their URIs, the schema itself first.
    pub const fn new(files: &'static [(&'static str, &'static str)]) -> Self {
        Self { files, compiled: OnceLock::new() }
    }

    /// The schema in the dialect of the current app, compiled at its first use.
    pub(crate) fn schema(&'static self) -> Compiled {
        let dialect = Dialect::current();
        if dialect.has_words() { dialect.of_file(self, || self.compile(&dialect)) } else { self.built_in() }
    }

    /// Nearly every app has no words of its own: its schemas are found without a look-up.
    fn built_in(&self) -> Compiled {
        self.compiled.get_or_init(|| self.compile(&Dialect::built_in())).clone()
    }

    fn compile(&self, dialect: &Dialect) -> Compiled {
        self.read(dialect).map(Arc::new).map_err(Arc::from)
    }

    /// The files by their URIs, the schema itself first.
    pub(crate) fn parts(&self) -> impl Iterator<Item = Result<(&'static str, Value), String>> {
        self.files.iter().map(|(uri, text)| match serde_json::from_str::<Value>(text) {
            Ok(value) => Ok((*uri, value)),
            Err(error) => Err(format!("{uri} is not JSON: {error}")),
        })
    }

    fn read(&self, dialect: &Dialect) -> Result<Schema, String> {
        let files = self.parts().collect::<Result<Vec<_>, _>>()?;
        let Some((uri, schema)) = files.first() else { return Err("there is no schema".to_owned()) };
        Schema::compile(schema.clone(), Some(uri), &files, dialect)
    }

    /// Whether JSON is right by the schema; what is no schema, or no JSON, is told.
    ///
    /// # Errors
    /// The schema does not compile, or the text is not JSON.
    pub fn accepts(&self, json: &[u8]) -> Result<bool, String> {
        let document: Document<'_> = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        let schema = self.built_in().map_err(|reason| reason.to_string())?;
        Ok(schema.validator.is_valid(&document))
    }
}

#[cfg(test)]
mod tests {
    use super::FileSchema;

    #[test]
    fn files_refer_to_each_other() {
        static ORDER: FileSchema = FileSchema::new(&[
            (
                "file:///schemas/order.json",
                r##"{"properties": {"lines": {"items": {"$ref": "line.json"}}}}"##,
            ),
            ("file:///schemas/line.json", r##"{"$ref": "../common.json#/$defs/count"}"##),
            ("file:///common.json", r##"{"$defs": {"count": {"type": "integer", "minimum": 1}}}"##),
        ]);
        assert_eq!(ORDER.accepts(br#"{"lines": [1, 2]}"#), Ok(true));
        assert_eq!(ORDER.accepts(br#"{"lines": [1, 0]}"#), Ok(false));
    }

    #[test]
    fn what_is_not_there_is_told() {
        static LOST: FileSchema = FileSchema::new(&[("file:///a.json", r##"{"$ref": "b.json"}"##)]);
        assert!(LOST.accepts(b"1").is_err_and(|error| error.contains("b.json")));
    }
}
