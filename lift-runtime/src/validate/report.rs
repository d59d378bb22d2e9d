//! What is wrong with a document: the schema validator's errors, in words of ours.

use std::borrow::Cow;

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;
use schemars::JsonSchema;
use serde_json::Value;

use super::cut::cut;
use super::dialect::limit_and_sentence;
use super::document::Document;
use super::refusal::escape;
use super::schema::{Contract, Schema};
use super::sentence::{self, Limit, Sentences};
use super::violation::{LIMIT, Location, Violation, Violations};

/// What the schema of a type finds wrong with a body.
///
/// # Errors
/// The type's schema is not one.
pub(crate) fn of<T: JsonSchema + 'static>(
    document: &Document<'_>,
    contract: Contract,
) -> Result<Violations, Violations> {
    let schema = Schema::of::<T>(contract).map_err(|reason| broken_schema::<T>(&reason))?;
    Ok(violations(&schema, document, Location::Body))
}

/// What is said of a type whose schema is not one; the log has the reason.
pub(crate) fn broken_schema<T>(reason: &str) -> Violations {
    tracing::error!(type_name = std::any::type_name::<T>(), reason, "the type's JSON Schema is not valid");
    Violation::new("", "schema", "cannot be checked").into()
}

/// A document with more values than this is looked at in part, for the validator lists every error there is.
const WHOLE: usize = 10_000;

/// All that the schema finds wrong.
pub(crate) fn violations(schema: &Schema, document: &Document<'_>, location: Location) -> Violations {
    let mut found = Found { violations: Violations::new(), location, sentences: &schema.sentences };
    let Some((part, cuts)) = cut(document, WHOLE) else {
        schema.validator.iter_errors(document).take(LIMIT + 1).for_each(|error| found.add(&error));
        return found.violations;
    };
    // What is said of a container that was cut may be said because it was.
    let whole = |error: &ValidationError<'_>| cuts.iter().all(|cut| cut != error.instance_path().as_str());
    schema.validator.iter_errors(&part).filter(whole).take(LIMIT + 1).for_each(|error| found.add(&error));
    if found.violations.is_empty() && !schema.validator.is_valid(document) {
        found.add_of_whole(schema, document, &part);
    }
    if !found.violations.is_empty() {
        found.violations.truncate();
    }
    found.violations
}

struct Found<'a> {
    violations: Violations,
    location: Location,
    sentences: &'a Sentences,
}

impl Found<'_> {
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

    fn limit(&mut self, error: &ValidationError<'_>, limit: Limit, number: u64) {
        self.limited(error, limit.keyword(), number, self.sentences.limit(limit, number));
    }

    fn bound(&mut self, error: &ValidationError<'_>, limit: Limit, number: &Value) {
        self.limited(error, limit.keyword(), number.clone(), self.sentences.bound(limit, number));
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
        let pointer = [error.instance_path().as_str(), "/", &escape(name)].concat();
        self.push(pointer, keyword, None, message);
    }

    /// The first error of a large document, of which the first part has none that is sure.
    ///
    /// Where none of several forms fits, the validator would list all errors of all of them, which are more than
    /// the document is large; that it is so is known from the part already.
    fn add_of_whole(&mut self, schema: &Schema, document: &Document<'_>, part: &Document<'_>) {
        for error in schema.validator.iter_errors(part).take(LIMIT) {
            match error.kind() {
                Kind::AnyOf { .. } => return self.plain(&error, "anyOf", "fits none of its forms"),
                Kind::OneOfNotValid { .. } => return self.plain(&error, "oneOf", "fits none of its forms"),
                _ => {}
            }
        }
        if let Err(error) = schema.validator.validate(document) {
            self.add(&error);
        }
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
                let mut names = Self { violations: Violations::new(), ..*self };
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
            Kind::Type { kind } => self.plain(error, "type", sentence::types(kind)),
            Kind::Minimum { limit } => self.bound(error, Limit::Minimum, limit),
            Kind::Maximum { limit } => self.bound(error, Limit::Maximum, limit),
            Kind::ExclusiveMinimum { limit } => self.bound(error, Limit::ExclusiveMinimum, limit),
            Kind::ExclusiveMaximum { limit } => self.bound(error, Limit::ExclusiveMaximum, limit),
            Kind::MultipleOf { multiple_of } => {
                let message = format!("must be a multiple of {multiple_of}");
                self.limited(error, "multipleOf", *multiple_of, message);
            }
            Kind::MinLength { limit } => self.limit(error, Limit::MinLength, *limit),
            Kind::MaxLength { limit } => self.limit(error, Limit::MaxLength, *limit),
            Kind::MinItems { limit } => self.limit(error, Limit::MinItems, *limit),
            Kind::MaxItems { limit } => self.limit(error, Limit::MaxItems, *limit),
            Kind::AdditionalItems { limit } => self.limit(error, Limit::MaxItems, *limit as u64),
            Kind::MinProperties { limit } => self.limit(error, Limit::MinProperties, *limit),
            Kind::MaxProperties { limit } => self.limit(error, Limit::MaxProperties, *limit),
            Kind::Pattern { pattern } => {
                let pattern = self.sentences.published(pattern);
                self.limited(error, "pattern", pattern, self.sentences.pattern(pattern));
            }
            Kind::Format { format } => {
                self.limited(error, "format", format.clone(), sentence::format(format));
            }
            Kind::Enum { options } => {
                self.limited(
                    error,
                    "enum",
                    Value::clone(options),
                    ["must be one of ", &sentence::listed(options)].concat(),
                );
            }
            Kind::Constant { expected_value } => {
                let message = ["must be ", &sentence::one(expected_value)].concat();
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
            Kind::Custom { keyword, message } => {
                let Some((limit, sentence)) = limit_and_sentence(message) else { return };
                let violation = Violation::new(error.instance_path().as_str(), keyword.clone(), sentence);
                self.violations.push(Violation { limit: Some(limit), ..violation.at(self.location) });
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
            let message = format!("must be one of {}", sentence::listed(&allowed));
            self.limited(error, "enum", allowed, message);
        }
    }
}
