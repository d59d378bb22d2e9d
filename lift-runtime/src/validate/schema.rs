//! The schema of a type: what is published, and the validator that is made of it when it is first needed.

use std::any::TypeId;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use jsonschema::{PatternOptions, Retrieve, Uri, Validator};
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::closed;
use super::dialect::{Compiled, Dialect};
use super::document::Documents;
use super::number::F32;
use super::pattern::Patterns;
use super::sentence::Sentences;
use super::walk::each_schema;

/// The JSON Schema (2020-12) that `T` is checked against, as it is published.
///
/// It is the one that schemars makes of the type, with the limits of its numbers written out.
///
/// ```
/// let schema = lift_runtime::schema_of::<Vec<u32>>();
/// assert_eq!(schema.as_value()["items"]["maximum"], u32::MAX);
/// ```
pub fn schema_of<T: JsonSchema + ?Sized>() -> schemars::Schema {
    generator(Contract::Input).into_root_schema_for::<T>()
}

/// Whether a type is read or written: `#[serde(default)]`, for one, tells the two apart.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Contract {
    Input,
    /// Read, and no member may be unknown.
    StrictInput,
    Output,
}

/// The schema of a type as it is enforced on one way.
pub(crate) fn published<T: JsonSchema + ?Sized>(contract: Contract) -> Value {
    let mut schema = generator(contract).into_root_schema_for::<T>().to_value();
    if contract == Contract::StrictInput {
        closed::close(&mut schema);
    }
    schema
}

fn generator(contract: Contract) -> SchemaGenerator {
    let settings = SchemaSettings::draft2020_12().with_transform(RecursiveTransform(write_limits));
    match contract {
        Contract::Input | Contract::StrictInput => settings.for_deserialize(),
        Contract::Output => settings.for_serialize(),
    }
    .into_generator()
}

/// schemars writes the limits of integers up to 16 bits only, and of floats none; `range(max = 300)` on a `u8` takes
/// their place.
///
/// JSON is read with numbers of 64 bits here, as nearly everywhere (RFC 8259, section 6), so that a type of 128 bits
/// is published, and held, within what those can be.
fn write_limits(schema: &mut schemars::Schema) {
    let (of, least, most) = match schema.get("format").and_then(Value::as_str) {
        Some("int8") => ("integer", json!(i8::MIN), json!(i8::MAX)),
        Some("uint8") => ("integer", json!(0), json!(u8::MAX)),
        Some("int16") => ("integer", json!(i16::MIN), json!(i16::MAX)),
        Some("uint16") => ("integer", json!(0), json!(u16::MAX)),
        Some("int32") => ("integer", json!(i32::MIN), json!(i32::MAX)),
        Some("uint32") => ("integer", json!(0), json!(u32::MAX)),
        Some("int64" | "int") => ("integer", json!(i64::MIN), json!(i64::MAX)),
        Some("uint64" | "uint" | "uint128") => ("integer", json!(0), json!(u64::MAX)),
        Some("int128") => ("integer", json!(i64::MIN), json!(u64::MAX)),
        Some("float") => ("number", json!(-F32), json!(F32)),
        _ => return,
    };
    let is_it = |types: &Value| {
        types == of || types.as_array().is_some_and(|types| types.iter().any(|one| one == of))
    };
    if schema.get("type").is_some_and(is_it) {
        // A bound beyond what the type holds says nothing.
        narrow(schema, "minimum", least, f64::lt);
        narrow(schema, "maximum", most, f64::gt);
    }
}

fn narrow(schema: &mut schemars::Schema, keyword: &str, limit: Value, is_beyond: fn(&f64, &f64) -> bool) {
    let said = schema.get(keyword).and_then(Value::as_f64);
    let limited = limit.as_f64();
    if said.zip(limited).is_none_or(|(said, limited)| is_beyond(&said, &limited)) {
        schema.insert(keyword.to_owned(), limit);
    }
}

/// A type's schema with its validator.
pub struct Schema {
    value: Value,
    pub(crate) validator: Validator<Documents>,
    pub(crate) sentences: Sentences,
}

/// The files that schemas refer to: what is not among them is not there.
struct Files(HashMap<String, Value>);

impl Retrieve for Files {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        self.0.get(uri.as_str()).cloned().ok_or_else(|| format!("there is no schema {uri}").into())
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Schema").field(&self.value).finish()
    }
}

impl Schema {
    /// The schema of a type in the dialect of the current app, compiled at its first use. It fails where the type's schema is not one, such as by a
    /// pattern that no linear engine takes.
    pub(crate) fn of<T: JsonSchema + 'static>(contract: Contract) -> Compiled {
        let dialect = Dialect::current();
        dialect.of_type(TypeId::of::<T>(), contract, || {
            Self::compile(published::<T>(contract), None, &[], &dialect).map(Arc::new).map_err(Arc::from)
        })
    }

    /// A schema, with the URI that it has, if any, and the files that it refers to by theirs.
    pub(crate) fn compile(
        value: Value,
        base: Option<&str>,
        files: &[(&str, Value)],
        dialect: &Dialect,
    ) -> Result<Self, String> {
        let mut patterns = Patterns::default();
        let mut tell = |mut schema: Value| {
            each_schema(&mut schema, &mut spell_out_nullable);
            patterns.translate(&mut schema);
            schema
        };
        let told = tell(value.clone());
        let files: HashMap<_, _> =
            files.iter().map(|(uri, file)| ((*uri).to_owned(), tell(file.clone()))).collect();
        let mut options =
            dialect.options().with_retriever(Files(files)).with_pattern_options(PatternOptions::regex());
        if let Some(base) = base {
            options = options.with_base_uri(base);
        }
        let validator =
            options.build(&told).map_err(|error| format!("{} at {}", error, error.schema_path()))?;
        let sentences = Sentences::of(&value, patterns);
        Ok(Self { value, validator, sentences })
    }

    pub(crate) fn root(&self) -> &Value {
        &self.value
    }

    /// The schema that a reference leads to, or the schema itself.
    fn resolve<'a>(&'a self, mut schema: &'a Value) -> &'a Value {
        // A chain of references is as long as there are definitions at most.
        for _ in 0..32 {
            let Some(pointer) =
                schema.get("$ref").and_then(Value::as_str).and_then(|uri| uri.strip_prefix('#'))
            else {
                break;
            };
            match self.value.pointer(pointer) {
                Some(target) => schema = target,
                None => break,
            }
        }
        schema
    }

    /// Visits a schema and what it is composed of.
    fn parts<'a>(&'a self, schema: &'a Value, depth: usize, visit: &mut dyn FnMut(&'a Value)) {
        let schema = self.resolve(schema);
        visit(schema);
        if depth == 0 {
            return;
        }
        for keyword in ["allOf", "anyOf", "oneOf"] {
            for part in schema.get(keyword).and_then(Value::as_array).into_iter().flatten() {
                self.parts(part, depth - 1, visit);
            }
        }
    }

    /// What a member of an object is to be.
    pub(crate) fn member<'a>(&'a self, schema: &'a Value, name: &str) -> Option<&'a Value> {
        let mut found = None;
        self.parts(schema, DEPTH, &mut |part| {
            if found.is_none() {
                found = part.get("properties").and_then(|members| members.get(name));
            }
        });
        found.or_else(|| self.resolve(schema).get("additionalProperties").filter(|other| other.is_object()))
    }

    /// The members that are named.
    pub(crate) fn members(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.parts(&self.value, DEPTH, &mut |part| {
            let members = part.get("properties").and_then(Value::as_object).into_iter().flatten();
            names.extend(members.map(|(name, _)| name.as_str()));
        });
        names
    }

    /// What the items of an array are to be.
    pub(crate) fn items<'a>(&'a self, schema: &'a Value) -> Option<&'a Value> {
        let mut found = None;
        self.parts(schema, DEPTH, &mut |part| found = found.or_else(|| part.get("items")));
        found
    }

    /// What one place of a tuple is to be.
    pub(crate) fn place<'a>(&'a self, schema: &'a Value, index: usize) -> Option<&'a Value> {
        self.resolve(schema).get("prefixItems")?.get(index)
    }

    /// The types that a schema allows.
    pub(crate) fn types(&self, schema: &Value) -> Types {
        let mut types = Types::default();
        self.parts(schema, DEPTH, &mut |part| {
            let mut add = |name: &Value| types.add(name.as_str().unwrap_or_default());
            match part.get("type") {
                Some(Value::Array(names)) => names.iter().for_each(add),
                Some(name) => add(name),
                None => {}
            }
        });
        types
    }
}

/// How deep a schema's composition is looked into; types of Rust make two or three levels.
const DEPTH: usize = 8;

/// The types that a schema allows, of those that text can become.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Types {
    pub(crate) integer: bool,
    pub(crate) number: bool,
    pub(crate) boolean: bool,
    pub(crate) string: bool,
    pub(crate) array: bool,
    pub(crate) object: bool,
}

impl Types {
    fn add(&mut self, name: &str) {
        match name {
            "integer" => self.integer = true,
            "number" => self.number = true,
            "boolean" => self.boolean = true,
            "string" => self.string = true,
            "array" => self.array = true,
            "object" => self.object = true,
            _ => {}
        }
    }

    pub(crate) fn any_scalar(self) -> bool {
        self.integer || self.number || self.boolean || self.string
    }
}

/// Says `anyOf: [X, null]`, which an `Option` of a struct is, as "if not null, then X". It means the same, and what
/// is wrong with an X is told one by one instead of as "none of these".
fn spell_out_nullable(schema: &mut Map<String, Value>) {
    if let Some(other) = nullable(schema) {
        schema.remove("anyOf");
        schema.insert("if".into(), json!({ "type": "null" }));
        schema.insert("else".into(), other);
    }
}

const CONDITIONAL: [&str; 3] = ["if", "then", "else"];

/// What `anyOf` allows besides null, if those are the two.
fn nullable(members: &Map<String, Value>) -> Option<Value> {
    let branches = members.get("anyOf")?.as_array()?;
    let null = json!({ "type": "null" });
    match &**branches {
        [other, last]
            if *last == null && CONDITIONAL.iter().all(|keyword| !members.contains_key(*keyword)) =>
        {
            Some(other.clone())
        }
        _ => None,
    }
}
