//! Why serde refused a value: the error type of Lift's own deserializers, which know where they are.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error, Expected, Unexpected};

use super::violation::{Location, Violation};

/// What serde refused, and where.
#[derive(Debug)]
pub struct Refusal(Box<Inner>);

#[derive(Debug)]
struct Inner {
    /// From the innermost outwards, as it is found out on the way back.
    path: Vec<String>,
    keyword: &'static str,
    message: String,
}

impl Refusal {
    pub(crate) fn new(keyword: &'static str, message: impl Into<String>) -> Self {
        Self(Box::new(Inner { path: Vec::new(), keyword, message: message.into() }))
    }

    /// The same, in a member or item of what is looked at.
    pub(crate) fn within(mut self, segment: impl fmt::Display) -> Self {
        self.0.path.push(escape(&segment.to_string()).into_owned());
        self
    }

    pub(crate) fn keyword(&self) -> &'static str {
        self.0.keyword
    }

    /// The same, with other names on the way.
    pub(crate) fn rename(mut self, rename: impl Fn(&str) -> String) -> Self {
        self.0.path.iter_mut().for_each(|segment| *segment = rename(segment));
        self
    }

    /// As a client is told.
    pub(crate) fn into_violation(self, location: Location) -> Violation {
        let Inner { path, keyword, message } = *self.0;
        let pointer: String = path.iter().rev().flat_map(|segment| ["/", segment]).collect();
        Violation::new(pointer, keyword, message).at(location)
    }
}

/// A segment of a JSON Pointer (RFC 6901, section 3).
pub(crate) fn escape(segment: &str) -> Cow<'_, str> {
    if segment.contains(['~', '/']) {
        Cow::Owned(segment.replace('~', "~0").replace('/', "~1"))
    } else {
        Cow::Borrowed(segment)
    }
}

impl Error for Refusal {
    /// What a type's own `Deserialize` says may quote the value, which a client is never told.
    fn custom<T: fmt::Display>(message: T) -> Self {
        tracing::debug!(%message, "a value was refused by its type");
        Self::new("format", "is not in the form that is expected here")
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new("type", format!("must be {}", plain(&expected.to_string())))
    }

    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let expected = expected.to_string();
        match unexpected {
            Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Float(_)
                if is_integer(&expected) =>
            {
                Self::new("type", format!("must be an integer in the range of {expected}"))
            }
            _ => Self::new("type", format!("must be {}", plain(&expected))),
        }
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        Self::new("type", format!("must be {}", plain(&expected.to_string())))
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::new("enum", format!("must be one of {}", expected.join(", ")))
    }

    fn unknown_field(field: &str, _: &'static [&'static str]) -> Self {
        Self::new("additionalProperties", "is not expected here").within(field)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new("required", "is required").within(field)
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new("duplicate", "must be given once").within(field)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Refusal {}

fn is_integer(expected: &str) -> bool {
    matches!(
        expected,
        "i8" | "i16" | "i32" | "i64" | "i128" | "isize" | "u8" | "u16" | "u32" | "u64" | "u128" | "usize"
    )
}

/// What serde expects, in words that mean something outside Rust.
fn plain(expected: &str) -> &str {
    match expected {
        _ if is_integer(expected) => "an integer",
        "f32" | "f64" => "a number",
        "a borrowed string" | "path string" => "a string",
        "unit" => "null",
        _ if expected.starts_with("unit ") => "null",
        _ if expected.starts_with("struct ") || expected == "a map" => "an object",
        _ if expected.starts_with("a sequence")
            || expected.starts_with("a tuple")
            || expected.starts_with("tuple ") =>
        {
            "an array"
        }
        _ => expected,
    }
}
