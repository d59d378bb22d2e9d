//! Checks of what comes in and of what goes out.
//!
//! Constraints are written once, where schemars reads them; it makes the JSON Schema of them, and
//! `#[derive(Validate)]` native checks. A right value costs one typed parse and the native checks; only when something
//! is wrong, or when a value cannot tell, is the document read again and the schema's verdict taken, which is final. Beside
//! it stands what an app's own checks say of the value.

mod amount;
mod branches;
mod buffer;
mod closed;
mod constraint;
mod contents;
mod cut;
mod dialect;
mod document;
mod ecma;
mod equality;
pub(crate) mod expansion;
mod extended;
mod file;
mod finding;
mod form;
mod format;
mod input;
mod keys;
mod notes;
mod number;
mod output;
mod own;
mod pattern;
mod plain;
mod refusal;
mod report;
mod reread;
mod schema;
mod sentence;
mod standard;
pub(crate) mod strict;
mod text;
mod twins;
mod variants;
mod verdict;
mod violation;
mod walk;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

#[cfg(all(test, feature = "schema-check"))]
pub(crate) use self::closed::close;
pub(crate) use self::dialect::Dialect;
pub(crate) use self::document::Document;
#[cfg(feature = "schema-check")]
pub(crate) use self::ecma::in_rust as ecma_in_rust;
pub use self::finding::{Finding, Validate};
pub(crate) use self::form::Form;
#[cfg(feature = "websocket")]
pub(crate) use self::input::checked;
pub(crate) use self::input::{Input, Unread, input_wrapper, parse_json, unchecked};
#[cfg(feature = "websocket")]
pub(crate) use self::own::Checks;
pub(crate) use self::own::Place;
#[cfg(feature = "schema-check")]
pub(crate) use self::pattern::translate as translate_patterns;
pub(crate) use self::refusal::{Refusal, escape};
pub use self::schema::schema_of;
pub(crate) use self::schema::{Contract, Schema, published};
pub(crate) use self::text::{InOrder, Pair, Pairs, Texts, coerce};
pub use self::violation::{Location, Violation, Violations};
#[cfg(feature = "schema-check")]
pub(crate) use self::walk::{NAMED, SCHEMAS, each_schema};

/// Parses JSON and checks it, as a handler with `#[validate]` does with its body.
///
/// ```
/// use lift_runtime::validate::from_slice;
///
/// assert_eq!(from_slice::<Vec<u8>>(b"[1, 2]").unwrap(), [1, 2]);
/// let violations = from_slice::<Vec<u8>>(b"[1, -2, 999]").unwrap_err();
/// let pointers: Vec<_> = violations.iter().map(|violation| &*violation.pointer).collect();
/// assert_eq!(pointers, ["/1", "/2"]);
/// ```
///
/// # Errors
/// All that is wrong, at most 100 of it. What is not JSON at all is one violation of the whole, with the keyword
/// `json`.
pub fn from_slice<T>(json: &[u8]) -> Result<T, Violations>
where
    T: Validate + DeserializeOwned + 'static,
{
    input::from_slice(json)
}

/// Checks a JSON value that is there already, and makes a `T` of it.
///
/// # Errors
/// All that is wrong, at most 100 of it.
pub fn from_value<T>(value: &Value) -> Result<T, Violations>
where
    T: Validate + DeserializeOwned + 'static,
{
    input::from_value(value)
}

/// Checks a value against the schema of what a `T` is written as.
///
/// # Errors
/// All that is wrong, at most 100 of it.
pub fn check<T>(value: &T) -> Result<(), Violations>
where
    T: Validate + Serialize + 'static,
{
    match value.check() {
        finding if finding.is_valid() => Ok(()),
        finding => output::check(value, finding, own::Checks::NATIVE),
    }
}
