//! An input on its way: read, parsed, checked, and, where something is wrong, looked at again by its schema.

use std::future::Future;

use axum::body::Body;
use http::StatusCode;
use http::request::Parts;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::document::Document;
use super::expansion::Options;
use super::file::FileSchema;
use super::finding::{Finding, Validate};
use super::notes::Notes;
use super::own::{Checks, Refused};
use super::refusal::Refusal;
use super::reread::At;
use super::schema::{Contract, Schema};
use super::violation::{Location, Violation, Violations};
use super::{notes, plain, report, strict, twins};
use crate::endpoint::Rejection;
use crate::error::{Error, Result};

/// An extractor whose value comes from the client.
pub trait Input: Sized {
    /// The value.
    type Value: DeserializeOwned;
    /// What is read of the request before it is parsed.
    type Raw: Send;
    /// Where it comes from.
    const LOCATION: Location;
    /// The media type of a body.
    const MEDIA_TYPE: Option<&'static str> = None;

    /// Reads it.
    fn read(
        parts: &mut Parts,
        body: &mut Option<Body>,
        max_body: usize,
    ) -> impl Future<Output = Result<Self::Raw>> + Send;

    /// Parses it.
    fn parse(raw: &Self::Raw) -> Result<Self::Value, Unread>;

    /// The same as a JSON document, as the schema would have it.
    fn document<'a>(raw: &'a Self::Raw, schema: &Schema) -> Result<Document<'a>>;

    /// The JSON text that it is, if it is one.
    fn json(raw: &Self::Raw) -> &[u8] {
        let _ = raw;
        b""
    }

    /// Makes a pointer into the document one that a client understands.
    fn point(raw: &Self::Raw, schema: &Schema, pointer: &mut String) {
        let _ = (raw, schema, pointer);
    }

    /// The extractor around the value.
    fn wrap(value: Self::Value) -> Self;
}

/// What every extractor around a value has: a way in and a way out.
macro_rules! input_wrapper {
    ($wrapper:ident) => {
        impl<T> std::ops::Deref for $wrapper<T> {
            type Target = T;

            fn deref(&self) -> &T {
                &self.0
            }
        }

        impl<T> std::ops::DerefMut for $wrapper<T> {
            fn deref_mut(&mut self) -> &mut T {
                &mut self.0
            }
        }

        impl<T> From<T> for $wrapper<T> {
            fn from(value: T) -> Self {
                Self(value)
            }
        }
    };
}

pub(crate) use input_wrapper;

/// Why a parse made no value.
#[derive(Debug)]
pub enum Unread {
    /// The request cannot be served, whatever the value.
    Unreadable(Error),
    /// The value is not of the type, and it is known where.
    Refused(Refusal),
    /// JSON was not parsed: it is malformed, or not of the type.
    Json(serde_json::Error),
}

/// An input that is parsed and is not checked any further.
pub(crate) fn unchecked<I: Input>(raw: &I::Raw) -> Result<I, Rejection> {
    let unread = match I::parse(raw) {
        Ok(value) => return Ok(I::wrap(value)),
        Err(unread) => unread,
    };
    let violation = match unread {
        Unread::Unreadable(error) => return Err(Rejection::Unreadable(error)),
        Unread::Refused(refusal) => refusal.into_violation(I::LOCATION),
        Unread::Json(_) => {
            let document = parse_json(I::json(raw)).map_err(Rejection::Unreadable)?;
            explain::<I::Value>(&document, twins::has_twins(I::json(raw)))
        }
    };
    Err(Rejection::Invalid(StatusCode::UNPROCESSABLE_ENTITY, violation.into()))
}

/// An input that is checked.
#[inline]
pub(crate) fn checked<I>(raw: &I::Raw, options: &Options, checks: Checks<I::Value>) -> Result<I, Rejection>
where
    I: Input,
    I::Value: JsonSchema + 'static,
{
    if let Some(file) = options.schema_of(I::LOCATION) {
        check_by_file::<I>(raw, options.status_code(), file)?;
    }
    let (parsed, notes) = notes::watch(|| I::parse(raw));
    let judged = match parsed {
        Ok(value) => {
            let finding = (checks.find)(&value);
            let may_be_unknown = options.is_strict() && (notes.has(Notes::UNKNOWN) || finding.is_buffered());
            if finding.accepts(notes) && !may_be_unknown {
                return Ok(I::wrap(value));
            }
            judged::<I>(raw, options, Ok((value, finding)), checks)
        }
        Err(unread) => judged::<I>(raw, options, Err(unread), checks),
    };
    judged.map(I::wrap)
}

/// What a schema of the app's own finds wrong with a body.
fn check_by_file<I: Input>(
    raw: &I::Raw,
    status: StatusCode,
    file: &'static FileSchema,
) -> Result<(), Rejection> {
    let schema = file.schema().map_err(|reason| broken_schema(&reason))?;
    let document = I::document(raw, &schema).map_err(Rejection::Unreadable)?;
    if schema.validator.is_valid(&document) {
        return Ok(());
    }
    let violations = report::violations(&schema, &document, I::LOCATION);
    Err(Rejection::Invalid(status, violations))
}

fn broken_schema(reason: &str) -> Rejection {
    Rejection::Unreadable(Error::internal(format!("a schema is not valid: {reason}")))
}

/// The schema's verdict, and of a value that could be read that of the own checks.
#[cold]
fn judged<I>(
    raw: &I::Raw,
    options: &Options,
    parsed: Result<(I::Value, Finding), Unread>,
    checks: Checks<I::Value>,
) -> Result<I::Value, Rejection>
where
    I: Input,
    I::Value: JsonSchema + 'static,
{
    if let Err(Unread::Unreadable(error)) = parsed {
        return Err(Rejection::Unreadable(error));
    }
    let contract = if options.is_strict() { Contract::StrictInput } else { Contract::Input };
    let schema = Schema::of::<I::Value>(contract).map_err(|reason| broken_schema(&reason))?;
    let mut document = I::document(raw, &schema).map_err(Rejection::Unreadable)?;
    let found = report::violations(&schema, &document, I::LOCATION);
    let reread = |unread| match unread {
        Unread::Json(_) => reread(&mut document, I::json(raw)),
        // The schema knows the types of text better than the type does, where serde buffers it for `flatten`.
        _ => from_document(&mut document).map_err(|refusal| refusal.into_violation(I::LOCATION)),
    };
    let verdict = checks.verdict(found, parsed, reread, I::LOCATION);
    verdict.map_err(|refused| match refused {
        Refused::Wrong(violations) => {
            let violations = violations.map_pointers(|pointer| I::point(raw, &schema, pointer));
            Rejection::Invalid(options.status_code(), violations)
        }
        Refused::Undecidable(reason) => broken_schema(&reason),
    })
}

/// Why serde refused JSON that the schema, if there is one, accepts.
fn explain<T: DeserializeOwned>(document: &Document<'_>, has_twins: bool) -> Violation {
    match T::deserialize(At(document)) {
        Err(refusal) => refusal.into_violation(Location::Body),
        // A document has each member once, and keeps the last one.
        Ok(_) if has_twins => Violation::new("", "duplicate", "has a member twice"),
        Ok(_) => Violation::new("", "format", "is not in the form that is expected here"),
    }
}

/// What serde refused and the schema accepts, read once more, as a document.
fn reread<T: DeserializeOwned>(document: &mut Document<'_>, json: &[u8]) -> Result<T, Violation> {
    // A document does not tell what was given twice.
    if twins::has_twins(json) {
        return Err(explain::<T>(document, true));
    }
    from_document(document).map_err(|refusal| refusal.into_violation(Location::Body))
}

/// A value of what the schema accepts. Of what serde buffers, for `flatten` or `untagged`, it has forgotten that an
/// integer was asked for, so that `1.0` is none; what is refused for that is written as one.
fn from_document<T: DeserializeOwned>(document: &mut Document<'_>) -> Result<T, Refusal> {
    match T::deserialize(At(document)) {
        Err(_) if document.write_integers() => T::deserialize(At(document)),
        read => read,
    }
}

/// Parses JSON as a document.
pub(crate) fn parse_json(json: &[u8]) -> Result<Document<'_>> {
    let document = match std::str::from_utf8(json) {
        Ok(text) => match plain::read(text) {
            Some(document) => return Ok(document),
            None => serde_json::from_str(text),
        },
        Err(_) => serde_json::from_slice(json),
    };
    document.map_err(|error| {
        let text = error.to_string();
        if text.starts_with("recursion limit exceeded") {
            let place = format!("line {} column {}", error.line(), error.column());
            let detail = format!("the body is nested deeper than 128 levels at {place}");
            Error::new(StatusCode::BAD_REQUEST, "too_deep", detail)
        } else {
            Error::new(StatusCode::BAD_REQUEST, "malformed_json", format!("the body is not JSON: {text}"))
        }
    })
}

/// See [`from_slice`](super::from_slice).
pub(crate) fn from_slice<T>(json: &[u8]) -> Result<T, Violations>
where
    T: Validate + DeserializeOwned + 'static,
{
    let (parsed, notes) = notes::watch(|| strict::parse::<T>(json));
    let parsed = match parsed {
        Ok(value) => match value.check() {
            finding if finding.accepts(notes) => return Ok(value),
            finding => Ok((value, finding)),
        },
        Err(error) => Err(error),
    };
    let mut document = parse_json(json).map_err(|error| {
        let detail = error.problem().detail.clone().unwrap_or_default();
        Violation::new("", "json", detail)
    })?;
    let found = report::of::<T>(&document, Contract::Input)?;
    let reread = |_| reread(&mut document, json);
    let verdict = Checks::NATIVE.verdict(found, parsed, reread, Location::Body);
    verdict.map_err(Refused::into_violations::<T>)
}

/// See [`from_value`](super::from_value).
pub(crate) fn from_value<T>(value: &Value) -> Result<T, Violations>
where
    T: Validate + DeserializeOwned + 'static,
{
    let mut document = Document::from(value);
    let (parsed, notes) = notes::watch(|| T::deserialize(At(&document)));
    let parsed = match parsed {
        Ok(value) => match value.check() {
            finding if finding.accepts(notes) => return Ok(value),
            finding => Ok((value, finding)),
        },
        Err(refusal) => Err(refusal),
    };
    let found = report::of::<T>(&document, Contract::Input)?;
    let reread = |_| from_document(&mut document).map_err(|refusal| refusal.into_violation(Location::Body));
    let verdict = Checks::NATIVE.verdict(found, parsed, reread, Location::Body);
    verdict.map_err(Refused::into_violations::<T>)
}
