//! `#[validate(response)]`: what a handler answers, checked before a client sees it.

use std::fmt;

use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;

use super::document::Document;
use super::expansion::{Options, OutputCheck};
use super::finding::{Finding, Validate};
use super::own::{Checks, Place, Refused};
use super::report;
use super::schema::Contract;
use super::violation::{Location, Violation, Violations};
use crate::error::Error;

/// A response with a value that can be checked: `Json`, `Created`, and what is put around them.
pub trait Output {
    /// The value.
    type Value;

    /// The value, if there is one.
    fn value(&self) -> Option<&Self::Value>;
}

impl<T: Output> Output for Option<T> {
    type Value = T::Value;

    fn value(&self) -> Option<&T::Value> {
        self.as_ref().and_then(T::value)
    }
}

/// A status or headers before it, such as `(StatusCode, Json<T>)`.
impl<P, T: Output> Output for (P, T) {
    type Value = T::Value;

    fn value(&self) -> Option<&T::Value> {
        self.1.value()
    }
}

/// A status and headers before it.
impl<P, Q, T: Output> Output for (P, Q, T) {
    type Value = T::Value;

    fn value(&self) -> Option<&T::Value> {
        self.2.value()
    }
}

/// A handler's error, or that its answer was not right.
#[derive(Debug)]
pub enum Unanswered<E> {
    /// What the handler itself returned.
    Handler(E),
    /// Its answer breaks the schema.
    Output(Error),
}

impl<E: IntoResponse> IntoResponse for Unanswered<E> {
    fn into_response(self) -> Response {
        match self {
            Self::Handler(error) => error.into_response(),
            Self::Output(error) => error.into_response(),
        }
    }
}

/// All that is wrong with an answer, for the log.
#[derive(Debug)]
struct WrongOutput(Violations);

impl fmt::Display for WrongOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the response is not what its schema says:")?;
        for Violation { pointer, keyword, message, .. } in &self.0 {
            write!(f, " {pointer:?} {message} ({keyword});")?;
        }
        Ok(())
    }
}

impl std::error::Error for WrongOutput {}

/// What is wrong with a value that is to be written, of which the native checks have found so much.
pub(crate) fn check<T>(value: &T, finding: Finding, checks: Checks<T>) -> Result<(), Violations>
where
    T: JsonSchema + Serialize + 'static,
{
    let Ok(json) = serde_json::to_value(value) else {
        return Err(Violation::new("", "json", "cannot be written as JSON").into());
    };
    let mut found = report::of::<T>(&Document::from(&json), Contract::Output)?;
    if finding.may_be_own() {
        let added = checks.add_own(&mut found, value, &Place::WRITTEN, Location::Body);
        added.map_err(Refused::into_violations::<T>)?;
    }
    if found.is_empty() { Ok(()) } else { Err(found) }
}

impl<T, E> OutputCheck<T, E> {
    fn inspect<V>(mut self, options: &Options, checks: Checks<V>) -> Result<T, Unanswered<E>>
    where
        T: Output<Value = V>,
        V: JsonSchema + Serialize + 'static,
    {
        let answer = self.take().map_err(Unanswered::Handler)?;
        if !options.is_sampled() {
            return Ok(answer);
        }
        let Some(value) = answer.value() else { return Ok(answer) };
        let finding = (checks.find)(value);
        if finding.is_valid() {
            return Ok(answer);
        }
        let Err(violations) = check(value, finding, checks) else { return Ok(answer) };
        let wrong = WrongOutput(violations);
        if options.is_response_refused() {
            return Err(Unanswered::Output(Error::internal(wrong)));
        }
        tracing::error!(error = %wrong, "a response was let through that should not have been");
        Ok(answer)
    }
}

/// Values with native checks.
impl<T, E> OutputCheck<T, E>
where
    T: Output,
    T::Value: Validate + Serialize + 'static,
{
    /// The answer, if its value is right or `response = "log"` lets it through.
    pub fn checked(self, options: &Options) -> Result<T, Unanswered<E>> {
        self.inspect(options, Checks::NATIVE)
    }
}

/// Values that only their schema can check.
pub trait CheckOutputBySchema<T, E> {
    /// The answer, if its value is right or `response = "log"` lets it through.
    fn checked(self, options: &Options) -> Result<T, Unanswered<E>>;
}

impl<T, E> CheckOutputBySchema<T, E> for OutputCheck<T, E>
where
    T: Output,
    T::Value: JsonSchema + Serialize + 'static,
{
    fn checked(self, options: &Options) -> Result<T, Unanswered<E>> {
        self.inspect(options, Checks::BY_SCHEMA)
    }
}

/// Values that nothing can check: an error at compile time.
pub trait CheckOutputNever<T, E> {
    /// Is there for the sake of the message when it cannot be called.
    fn checked(&self, options: &Options) -> Result<T, Unanswered<E>>
    where
        T: Output,
        T::Value: super::expansion::Checkable;
}

impl<T: Output, E> CheckOutputNever<T, E> for OutputCheck<T, E> {
    fn checked(&self, _: &Options) -> Result<T, Unanswered<E>>
    where
        T::Value: super::expansion::Checkable,
    {
        unreachable!("a value with a schema takes the way above this one")
    }
}

/// Responses whose value is not known, such as `Response` itself: there is nothing to check them against.
pub trait CheckOutputUnknown<T, E> {
    /// The answer as it is.
    fn checked(&mut self, options: &Options) -> Result<T, Unanswered<E>>;
}

impl<T, E> CheckOutputUnknown<T, E> for OutputCheck<T, E> {
    fn checked(&mut self, _: &Options) -> Result<T, Unanswered<E>> {
        self.take().map_err(Unanswered::Handler)
    }
}
