//! `schema = "schemas/order.json"`: a schema file and those that it refers to, read and checked at compile time.

mod meta;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use proc_macro2::TokenStream;
use quote::quote;
use serde_json::Value;

/// The files of a schema by their URIs, the schema itself first; paths are those from the package's root.
#[derive(Debug)]
pub(crate) struct SchemaFile {
    files: Vec<(String, String)>,
}

impl SchemaFile {
    /// Reads a schema and all that it refers to, from the root of the package that is being compiled.
    pub(crate) fn read(path: &str, root: &Path) -> Result<Self, Vec<String>> {
        let uri = format!("file:///{}", path.replace(std::path::MAIN_SEPARATOR, "/"));
        let mut reader = Reader { root, files: Vec::new(), documents: BTreeMap::new(), mistakes: Vec::new() };
        reader.read(uri, path, None);
        reader.check_references();
        if reader.mistakes.is_empty() { Ok(Self { files: reader.files }) } else { Err(reader.mistakes) }
    }

    /// The static that holds it; `include_str!` makes a changed file one that is compiled again.
    pub(crate) fn expand(&self, private: &TokenStream) -> TokenStream {
        let files = self.files.iter().map(|(uri, path)| {
            let path = format!("/{path}");
            quote! { (#uri, ::core::include_str!(::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), #path))) }
        });
        quote! {
            static __LIFT_SCHEMA: #private::validate::FileSchema =
                #private::validate::FileSchema::new(&[#(#files),*]);
        }
    }
}

struct Reader<'a> {
    root: &'a Path,
    /// URI and path of each file, in the order in which they were met.
    files: Vec<(String, String)>,
    documents: BTreeMap<String, Document>,
    mistakes: Vec<String>,
}

struct Document {
    path: String,
    value: Value,
    references: Vec<Reference>,
    anchors: Vec<String>,
    /// Identifiers below the root, which make pointers and anchors relative to something else.
    ids: Vec<String>,
}

struct Reference {
    pointer: String,
    uri: String,
    fragment: String,
}

impl Reader<'_> {
    fn read(&mut self, uri: String, path: &str, referrer: Option<&str>) {
        if self.documents.contains_key(&uri) {
            return;
        }
        let from = referrer.map(|referrer| format!(", to which {referrer} refers,")).unwrap_or_default();
        let text = match std::fs::read_to_string(self.root.join(path)) {
            Ok(text) => text,
            Err(error) => {
                self.mistakes.push(format!(
                    "`{path}`{from} cannot be read: {error}; the path is relative to the package's `Cargo.toml`"
                ));
                return;
            }
        };
        let value: Value = match serde_json::from_str(&text) {
            Ok(value) => value,
            Err(error) => {
                self.mistakes.push(format!("`{path}`{from} is not JSON: {error}"));
                return;
            }
        };
        let document = self.examine(&uri, path.to_owned(), value);
        let beside: Vec<_> = document
            .references
            .iter()
            .filter_map(|one| Some((one.uri.clone(), beside(one, &uri, &document)?)))
            .collect();
        self.files.push((uri.clone(), path.to_owned()));
        self.documents.insert(uri, document);
        for (uri, file) in beside {
            self.read(uri, &file, Some(&format!("`{path}`")));
        }
    }

    /// Checks a document by the meta-schema, and finds what it refers to and what may be referred to.
    fn examine(&mut self, uri: &str, path: String, value: Value) -> Document {
        let mut document =
            Document { path, value, references: Vec::new(), anchors: Vec::new(), ids: Vec::new() };
        let own_id = document.value.get("$id").and_then(Value::as_str);
        let base = own_id.map_or_else(|| uri.to_owned(), |id| join(uri, id.trim_end_matches('#')));
        let (mut references, mut anchors, mut ids) = (Vec::new(), Vec::new(), Vec::new());
        let mistakes = meta::check(&document.value, &mut |pointer, schema| {
            let text = |keyword: &str| schema.get(keyword).and_then(Value::as_str);
            for keyword in ["$ref", "$dynamicRef"] {
                let Some(reference) = text(keyword) else { continue };
                let (to, fragment) = reference.split_once('#').unwrap_or((reference, ""));
                let uri = if to.is_empty() { String::new() } else { join(&base, to) };
                let pointer = format!("{pointer}/{keyword}");
                references.push(Reference { pointer, uri, fragment: fragment.to_owned() });
            }
            anchors.extend(
                ["$anchor", "$dynamicAnchor"].iter().filter_map(|keyword| text(keyword)).map(str::to_owned),
            );
            ids.extend(text("$id").map(|id| join(&base, id.trim_end_matches('#'))));
        });
        for meta::Mistake { pointer, message } in mistakes {
            self.mistakes
                .push(format!("`{}` is not a JSON Schema: at `{pointer}`: {message}", document.path));
        }
        document.references = references;
        document.anchors = anchors;
        document.ids = ids;
        document
    }

    /// Whether what is referred to is there.
    fn check_references(&mut self) {
        let mut mistakes = Vec::new();
        for (uri, document) in &self.documents {
            for reference in &document.references {
                let Reference { pointer, uri: to, fragment } = reference;
                let target = if to.is_empty() { uri } else { to };
                if let Err(what) = self.look_up(target, fragment) {
                    mistakes
                        .push(format!("`{}` is not a JSON Schema: at `{pointer}`: {what}", document.path));
                }
            }
        }
        // Of a file that could not be read, that has been told.
        if self.mistakes.is_empty() {
            self.mistakes = mistakes;
        }
    }

    fn look_up(&self, uri: &str, fragment: &str) -> Result<(), String> {
        let is_known = |document: &&Document| document.ids.iter().any(|id| id == uri);
        let Some(document) = self.documents.get(uri).or_else(|| self.documents.values().find(is_known))
        else {
            let known = uri.starts_with("https://json-schema.org/draft/");
            return if known { Ok(()) } else { Err(format!("there is no `{uri}` beside it")) };
        };
        // Below an identifier of its own, a schema is another document.
        if document.ids.len() > usize::from(document.value.get("$id").is_some()) {
            return Ok(());
        }
        let is_there = match fragment {
            "" => true,
            pointer if pointer.starts_with('/') => document.value.pointer(&decoded(pointer)).is_some(),
            anchor => document.anchors.iter().any(|other| other == anchor),
        };
        if is_there { Ok(()) } else { Err(format!("there is no `#{fragment}` in `{}`", document.path)) }
    }
}

/// The path of a file that a reference means: beside the one that refers to it.
fn beside(reference: &Reference, uri: &str, document: &Document) -> Option<String> {
    let base =
        document.value.get("$id").and_then(Value::as_str).map_or_else(|| uri.to_owned(), |id| join(uri, id));
    if reference.uri.is_empty() || document.ids.contains(&reference.uri) {
        return None;
    }
    let folder = base.rsplit_once('/').map_or("", |(folder, _)| folder);
    let here = Path::new(&document.path).parent().unwrap_or(Path::new("")).to_owned();
    relative(folder, &reference.uri).map(|relative| normal(&here.join(relative)))
}

/// How one URI is reached from the folder of another, if they are of one place.
fn relative(folder: &str, uri: &str) -> Option<String> {
    let mut up = String::new();
    let mut folder = folder;
    loop {
        if let Some(rest) = uri.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')) {
            return (!rest.is_empty()).then(|| up + rest);
        }
        let (above, _) = folder.rsplit_once('/')?;
        // Past `https://host` there is nothing in common.
        if above.ends_with('/') || above.ends_with(':') {
            return None;
        }
        folder = above;
        up.push_str("../");
    }
}

fn normal(path: &Path) -> String {
    let mut parts = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir if parts.file_name().is_some() => drop(parts.pop()),
            std::path::Component::CurDir => {}
            part => parts.push(part),
        }
    }
    parts.to_string_lossy().into_owned()
}

/// A reference made absolute (RFC 3986, section 5.2), as far as paths of files need it.
fn join(base: &str, reference: &str) -> String {
    let has_scheme =
        |text: &str| text.split_once(':').is_some_and(|(scheme, _)| !scheme.contains(['/', '.']));
    if has_scheme(reference) {
        return reference.to_owned();
    }
    let start = base.find("://").map_or(0, |at| at + 3);
    let host = base[start..].find('/').map_or(base.len(), |at| start + at);
    let (origin, path) = base.split_at(host);
    let path = match reference.strip_prefix('/') {
        Some(absolute) => absolute.to_owned(),
        None => format!("{}/{reference}", path.rsplit_once('/').map_or("", |(folder, _)| folder)),
    };
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            ".." => drop(parts.pop()),
            "." | "" => {}
            part => parts.push(part),
        }
    }
    format!("{origin}/{}", parts.join("/"))
}

/// A fragment without its percent signs, which pointers seldom have.
fn decoded(fragment: &str) -> String {
    let mut bytes = Vec::with_capacity(fragment.len());
    let mut rest = fragment.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = (*first == b'%').then(|| after.get(..2)).flatten();
        let byte = digits.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// The mistakes of `a.json` in a folder with these files.
    fn mistakes(files: &[(&str, &str)]) -> Vec<String> {
        static FOLDERS: AtomicUsize = AtomicUsize::new(0);
        let folder = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let root = std::env::temp_dir().join(format!("lift-schemas-{}-{folder}", std::process::id()));
        for (path, text) in files {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
        let read = SchemaFile::read("a.json", &root);
        std::fs::remove_dir_all(root).expect("the folder");
        read.err().unwrap_or_default()
    }

    #[test]
    fn a_mistake_names_its_file_and_pointer() {
        let refers = r#"{"properties": {"b": {"$ref": "sub/b.json#/$defs/n"}}}"#;
        let good = r#"{"$defs": {"n": {"type": "integer"}}, "items": {"$ref": "../a.json"}}"#;
        assert_eq!(mistakes(&[("a.json", refers), ("sub/b.json", good)]), Vec::<String>::new());
        let bad = r#"{"$defs": {"n": {"type": "int"}}}"#;
        let found = mistakes(&[("a.json", refers), ("sub/b.json", bad)]);
        assert!(
            found.len() == 1
                && found[0].starts_with("`sub/b.json` is not a JSON Schema: at `/$defs/n/type`: must be")
        );
        for (file, told) in [
            (r##"{"$ref": "#/$defs/none"}"##, "at `/$ref`: there is no `#/$defs/none` in `a.json`"),
            (r##"{"$ref": "#none"}"##, "at `/$ref`: there is no `#none` in `a.json`"),
            (r#"{"$ref": "none.json"}"#, "`none.json`, to which `a.json` refers, cannot be read"),
            (
                r#"{"$ref": "https://example.com/none.json"}"#,
                "there is no `https://example.com/none.json` beside it",
            ),
            ("{", "is not JSON: EOF"),
            (r#"{"pattern": "(?=a)"}"#, "at `/pattern`: a pattern cannot look around"),
            (r#"{"allOf": [{"minLength": -1}]}"#, "at `/allOf/0/minLength`: must be a whole number"),
        ] {
            let found = mistakes(&[("a.json", file)]);
            assert!(found.len() == 1 && found[0].contains(told), "{file}: {found:?}");
        }
    }

    #[test]
    fn identifiers_and_anchors_are_followed() {
        for file in [
            r##"{"$id": "https://example.com/schemas/a.json", "items": {"$ref": "b.json"}, "$defs": {"c": {"$anchor": "c"}}}"##,
            r##"{"items": {"$ref": "#c"}, "$defs": {"c": {"$anchor": "c"}}}"##,
            r##"{"items": {"$ref": "https://example.com/c"}, "$defs": {"c": {"$id": "https://example.com/c"}}}"##,
            r##"{"$schema": "https://json-schema.org/draft/2020-12/schema", "$ref": "https://json-schema.org/draft/2020-12/schema"}"##,
        ] {
            assert_eq!(mistakes(&[("a.json", file), ("b.json", "true")]), Vec::<String>::new(), "{file}");
        }
    }

    #[test]
    fn references_are_made_absolute() {
        for (base, reference, expected) in [
            ("file:///schemas/order.json", "line.json", "file:///schemas/line.json"),
            ("file:///schemas/order.json", "../common.json", "file:///common.json"),
            ("file:///schemas/order.json", "./a/b.json", "file:///schemas/a/b.json"),
            ("https://example.com/a/b", "/c", "https://example.com/c"),
            ("https://example.com/a/b", "urn:x:y", "urn:x:y"),
        ] {
            assert_eq!(join(base, reference), expected, "{base} and {reference}");
        }
        assert_eq!(relative("file:///a/b", "file:///a/c.json").as_deref(), Some("../c.json"));
        assert_eq!(relative("https://x.y/a", "https://x.y/a/c.json").as_deref(), Some("c.json"));
        assert_eq!(relative("https://x.y/a", "https://z.y/a/c.json"), None);
        assert_eq!(decoded("/a%20b~1c%"), "/a b~1c%");
        assert_eq!(normal(Path::new("../a/./b/../c.json")), "../a/c.json");
    }
}
