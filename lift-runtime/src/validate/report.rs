//! What is wrong with a document: the schema validator's errors, in words of ours.

use std::borrow::Cow;

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::types::JsonType;
use schemars::JsonSchema;
use serde_json::Value;

use super::cut::cut;
use super::document::Document;
use super::refusal::escape;
use super::schema::{Contract, Schema};
use super::violation::{LIMIT, Location, Violation, Violations};

/// What the schema of a type finds wrong with a body.
pub(crate) fn of<T: JsonSchema + 'static>(
    document: &Document<'_>,
    contract: Contract,
) -> Result<(), Violations> {
    let schema = Schema::of::<T>(contract).map_err(|reason| broken_schema::<T>(&reason))?;
    let found = violations(&schema, document, Location::Body);
    if found.is_empty() { Ok(()) } else { Err(found) }
}

/// What is said of a type whose schema is not one; the log has the reason.
fn broken_schema<T>(reason: &str) -> Violations {
    tracing::error!(type_name = std::any::type_name::<T>(), reason, "the type's JSON Schema is not valid");
    Violation::new("", "schema", "cannot be checked").into()
}

/// A document with more values than this is looked at in part, for the validator lists every error there is.
const WHOLE: usize = 10_000;

/// All that the schema finds wrong.
pub(crate) fn violations(schema: &Schema, document: &Document<'_>, location: Location) -> Violations {
    let mut found = Found { violations: Violations::new(), location };
    let Some((part, cuts)) = cut(document, WHOLE) else {
        schema.validator.iter_errors(document).take(LIMIT + 1).for_each(|error| found.add(&error));
        return found.violations;
    };
    // What is said of a container that was cut may be said because it was.
    let whole = |error: &ValidationError<'_>| cuts.iter().all(|cut| cut != error.instance_path().as_str());
    schema.validator.iter_errors(&part).filter(whole).take(LIMIT + 1).for_each(|error| found.add(&error));
    if found.violations.is_empty()
        && let Err(error) = schema.validator.validate(document)
    {
        found.add(&error);
    }
    if !found.violations.is_empty() {
        found.violations.truncate();
    }
    found.violations
}

struct Found {
    violations: Violations,
    location: Location,
}

impl Found {
    fn push(
        &mut self,
        pointer: String,
        keyword: &'static str,
        limit: Option<Value>,
        message: impl Into<Cow<'static, str>>,
    ) {
        let (keyword, message) = (keyword.into(), message.into());
        self.violations.push(Violation { r#in: self.location, pointer, keyword, limit, message });
    }

    fn limited(
        &mut self,
        error: &ValidationError<'_>,
        keyword: &'static str,
        limit: impl Into<Value>,
        message: impl Into<Cow<'static, str>>,
    ) {
        self.push(error.instance_path().as_str().to_owned(), keyword, Some(limit.into()), message);
    }

    fn bound(&mut self, error: &ValidationError<'_>, keyword: &'static str, must: &str, limit: &Value) {
        let message = match limit.as_u64() {
            Some(limit) => [must, itoa::Buffer::new().format(limit)].concat(),
            None => format!("{must}{limit}"),
        };
        self.limited(error, keyword, limit.clone(), message);
    }

    fn least(&mut self, error: &ValidationError<'_>, keyword: &'static str, limit: u64, what: &str) {
        self.limited(error, keyword, limit, count("must have at least ", limit, what));
    }

    fn most(&mut self, error: &ValidationError<'_>, keyword: &'static str, limit: u64, what: &str) {
        self.limited(error, keyword, limit, count("must have at most ", limit, what));
    }

    fn plain(
        &mut self,
        error: &ValidationError<'_>,
        keyword: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) {
        self.push(error.instance_path().as_str().to_owned(), keyword, None, message);
    }

    fn member(
        &mut self,
        error: &ValidationError<'_>,
        name: &str,
        keyword: &'static str,
        message: &'static str,
    ) {
        self.push(format!("{}/{}", error.instance_path(), escape(name)), keyword, None, message);
    }

    /// One error of the validator, without the value that it is about.
    fn add(&mut self, error: &ValidationError<'_>) {
        match error.kind() {
            Kind::Required { property } => {
                self.member(error, property.as_str().unwrap_or_default(), "required", "is required");
            }
            Kind::AdditionalProperties { unexpected } => {
                for name in unexpected.iter().take(LIMIT + 1) {
                    self.member(error, name, "additionalProperties", "is not expected here");
                }
            }
            Kind::UnevaluatedProperties { unexpected } => {
                for name in unexpected.iter().take(LIMIT + 1) {
                    self.member(error, name, "unevaluatedProperties", "is not expected here");
                }
            }
            Kind::AnyOf { context } => self.add_branches(error, "anyOf", context),
            Kind::OneOfNotValid { context } => self.add_branches(error, "oneOf", context),
            Kind::PropertyNames { error: inner } => {
                let mut names = Self { violations: Violations::new(), location: self.location };
                names.add(inner);
                let message =
                    names.violations.into_iter().next().map_or("is not allowed".into(), |name| name.message);
                self.plain(error, "propertyNames", format!("has a name that {message}"));
            }
            _ => self.add_simple(error),
        }
    }

    fn add_simple(&mut self, error: &ValidationError<'_>) {
        match error.kind() {
            Kind::Type { kind } => self.plain(error, "type", format!("must be {}", types(kind))),
            Kind::Minimum { limit } => self.bound(error, "minimum", "must be at least ", limit),
            Kind::Maximum { limit } => self.bound(error, "maximum", "must be at most ", limit),
            Kind::ExclusiveMinimum { limit } => {
                self.bound(error, "exclusiveMinimum", "must be more than ", limit);
            }
            Kind::ExclusiveMaximum { limit } => {
                self.bound(error, "exclusiveMaximum", "must be less than ", limit);
            }
            Kind::MultipleOf { multiple_of } => {
                let message = format!("must be a multiple of {multiple_of}");
                self.limited(error, "multipleOf", *multiple_of, message);
            }
            Kind::MinLength { limit } => self.least(error, "minLength", *limit, "character"),
            Kind::MaxLength { limit } => self.most(error, "maxLength", *limit, "character"),
            Kind::MinItems { limit } => self.least(error, "minItems", *limit, "item"),
            Kind::MaxItems { limit } => self.most(error, "maxItems", *limit, "item"),
            Kind::AdditionalItems { limit } => self.most(error, "maxItems", *limit as u64, "item"),
            Kind::MinProperties { limit } => self.least(error, "minProperties", *limit, "member"),
            Kind::MaxProperties { limit } => self.most(error, "maxProperties", *limit, "member"),
            Kind::Pattern { pattern } => {
                self.limited(error, "pattern", pattern.clone(), ["must match ", pattern].concat());
            }
            Kind::Format { format } => self.limited(error, "format", format.clone(), format_message(format)),
            Kind::Enum { options } => {
                self.limited(
                    error,
                    "enum",
                    Value::clone(options),
                    ["must be one of ", &listed(options)].concat(),
                );
            }
            Kind::Constant { expected_value } => {
                let message = ["must be ", &one(expected_value)].concat();
                self.limited(error, "const", Value::clone(expected_value), message);
            }
            Kind::UniqueItems => self.plain(error, "uniqueItems", "must not have an item twice"),
            Kind::Contains => self.plain(error, "contains", "must have an item of the required kind"),
            Kind::UnevaluatedItems { .. } => {
                self.plain(error, "unevaluatedItems", "has items that are not expected");
            }
            Kind::FalseSchema => self.plain(error, "false", "is not expected here"),
            Kind::Not { .. } => self.plain(error, "not", "has a value that is excluded"),
            Kind::OneOfMultipleValid { .. } => self.plain(error, "oneOf", "fits more than one of its forms"),
            Kind::Custom { keyword, .. } => {
                let violation =
                    Violation::new(error.instance_path().as_str(), keyword.clone(), "is not valid");
                self.violations.push(violation.at(self.location));
            }
            _ => self.plain(error, "schema", "cannot be checked"),
        }
    }

    /// None of several forms fits. If it is clear which one was meant, its own errors are told instead.
    fn add_branches(
        &mut self,
        error: &ValidationError<'_>,
        keyword: &'static str,
        branches: &[Vec<ValidationError<'static>>],
    ) {
        let here = error.instance_path();
        // A form is not meant if the value has another type, or another tag.
        let elsewhere = |branch: &&Vec<ValidationError<'static>>| {
            !branch.iter().any(|inner| match inner.kind() {
                Kind::Type { .. } | Kind::Enum { .. } => inner.instance_path() == here,
                Kind::Constant { .. } => true,
                Kind::AdditionalProperties { .. } | Kind::Required { .. } => {
                    inner.instance_path() == here && keyword == "oneOf" && branch.len() > 1
                }
                _ => false,
            })
        };
        let mut meant = branches.iter().filter(elsewhere);
        match (meant.next(), meant.next()) {
            (Some(branch), None) => branch.iter().take(LIMIT + 1).for_each(|inner| self.add(inner)),
            _ => self.add_forms(error, keyword, branches),
        }
    }

    /// None of several forms fits, and all that is known is which values or types would.
    fn add_forms(
        &mut self,
        error: &ValidationError<'_>,
        keyword: &'static str,
        branches: &[Vec<ValidationError<'static>>],
    ) {
        let mut allowed = Vec::new();
        for inner in branches.iter().flatten().filter(|inner| inner.instance_path() == error.instance_path())
        {
            match inner.kind() {
                Kind::Constant { expected_value } => allowed.push(Value::clone(expected_value)),
                Kind::Enum { options } => allowed.extend(options.as_array().into_iter().flatten().cloned()),
                _ => {}
            }
        }
        if allowed.is_empty() {
            self.plain(error, keyword, "fits none of its forms");
        } else {
            let allowed = Value::Array(allowed);
            let message = format!("must be one of {}", listed(&allowed));
            self.limited(error, "enum", allowed, message);
        }
    }
}

/// A report is made of requests that anybody may send, so its sentences are put together without `format!`, whose
/// machinery costs as much as checking them.
fn count(must: &str, limit: u64, what: &str) -> String {
    let plural = if limit == 1 { "" } else { "s" };
    [must, itoa::Buffer::new().format(limit), " ", what, plural].concat()
}

/// A value of the schema (never of the input), as a person writes it.
fn one(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

fn listed(options: &Value) -> String {
    let options: Vec<_> = options.as_array().into_iter().flatten().map(one).collect();
    options.join(", ")
}

fn types(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(one) => name(*one).to_owned(),
        TypeKind::Multiple(several) => several.iter().map(name).collect::<Vec<_>>().join(" or "),
    }
}

fn name(kind: JsonType) -> &'static str {
    match kind {
        JsonType::Array => "an array",
        JsonType::Boolean => "true or false",
        JsonType::Integer => "an integer",
        JsonType::Null => "null",
        JsonType::Number => "a number",
        JsonType::Object => "an object",
        JsonType::String => "a string",
    }
}

fn format_message(format: &str) -> Cow<'static, str> {
    let message = match format {
        "email" => "must be an email address",
        "uri" => "must be a URL",
        "uuid" => "must be a UUID",
        "date" => "must be a date such as 2026-01-31",
        "date-time" => "must be a date and time such as 2026-01-31T12:00:00Z",
        "time" => "must be a time such as 12:00:00Z",
        "ip" => "must be an IP address",
        "ipv4" => "must be an IPv4 address",
        "ipv6" => "must be an IPv6 address",
        other => return ["must be of the format ", other].concat().into(),
    };
    message.into()
}
