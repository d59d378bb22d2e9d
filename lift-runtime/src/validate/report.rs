//! What is wrong with a document: the schema validator's errors, in words of ours.

use std::borrow::Cow;

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;
use schemars::JsonSchema;
use serde_json::Value;

use super::branches::Branches;
use super::cut::{cut, with_whole};
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

/// A document with more values than this is looked at in part, for the validator lists every error there is: first in a
/// part that holds a hundred errors where it is wrong throughout, then in a larger one.
const SMALL: usize = 1_000;
const LARGE: usize = 10_000;

/// All that the schema finds wrong.
pub(crate) fn violations(schema: &Schema, document: &Document<'_>, location: Location) -> Violations {
    let found = Found { violations: Violations::new(), location, sentences: &schema.sentences };
    let Some((part, cuts)) = cut(document, LARGE) else { return found.in_whole(schema, document) };
    // What is right must not be refused by what a part of it is.
    if schema.validator.is_valid(document) {
        return found.violations;
    }
    let found = match cut(document, SMALL) {
        Some((part, cuts)) => found.in_part(schema, &part, &cuts),
        None => found,
    };
    if found.violations.is_truncated() {
        return found.violations;
    }
    let found = Found { violations: Violations::new(), ..found };
    let mut found = found.in_part(schema, &part, &cuts);
    if found.violations.is_empty() {
        found.add_of_whole(schema, document, &part);
    }
    found.violations.truncate();
    found.violations
}

/// Whether what is said of a part holds of the whole: not of a container that was cut, nor of one with such a container
/// in it where it is a whole that is judged, such as the forms of a union.
fn is_sure(error: &ValidationError<'_>, cuts: &[String]) -> bool {
    let path = error.instance_path().as_str();
    let judges_all = matches!(
        error.kind(),
        Kind::AnyOf { .. }
            | Kind::OneOfNotValid { .. }
            | Kind::OneOfMultipleValid { .. }
            | Kind::Not { .. }
            | Kind::Contains
            | Kind::UniqueItems
            | Kind::Constant { .. }
            | Kind::Enum { .. }
            | Kind::UnevaluatedItems { .. }
            | Kind::UnevaluatedProperties { .. }
    );
    cuts.iter().all(|cut| match cut.strip_prefix(path) {
        Some("") => false,
        Some(rest) => !(judges_all && rest.starts_with('/')),
        None => true,
    })
}

/// What was found so far.
pub(super) struct Found<'a> {
    violations: Violations,
    location: Location,
    sentences: &'a Sentences,
}

impl Found<'_> {
    fn in_whole(mut self, schema: &Schema, document: &Document<'_>) -> Violations {
        let errors = schema.validator.iter_errors(document);
        self.violations.reserve(errors.size_hint().0);
        errors.take(LIMIT + 1).for_each(|error| self.add(&error));
        self.violations
    }

    fn in_part(mut self, schema: &Schema, part: &Document<'_>, cuts: &[String]) -> Self {
        let errors = schema.validator.iter_errors(part).filter(|error| is_sure(error, cuts));
        errors.take(LIMIT + 1).for_each(|error| self.add(&error));
        self
    }

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

    pub(super) fn limited(
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

    pub(super) fn plain(
        &mut self,
        error: &ValidationError<'_>,
        keyword: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) {
        self.push(error.instance_path().as_str().to_owned(), keyword, None, message);
    }

    pub(super) fn member(
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
    /// the document is large; that it is so is known once the value is whole.
    fn add_of_whole(&mut self, schema: &Schema, document: &Document<'_>, part: &Document<'_>) {
        for error in schema.validator.iter_errors(part).take(LIMIT) {
            let keyword = match error.kind() {
                Kind::AnyOf { .. } => "anyOf",
                Kind::OneOfNotValid { .. } => "oneOf",
                _ => continue,
            };
            let whole = with_whole(part, document, error.instance_path().as_str());
            if whole.is_none_or(|whole| !schema.validator.is_valid(&whole)) {
                return self.plain(&error, keyword, "fits none of its forms");
            }
        }
        if let Err(error) = schema.validator.validate(document) {
            self.add(&error);
        }
    }

    /// One error of the validator, without the value that it is about.
    pub(super) fn add(&mut self, error: &ValidationError<'_>) {
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
            Kind::AnyOf { context } => Branches::of(error, "anyOf", context).tell(self),
            Kind::OneOfNotValid { context } => Branches::of(error, "oneOf", context).tell(self),
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
}
