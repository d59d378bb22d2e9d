//! What expansions call.

pub use std::borrow::Cow;
use std::future::Future;
use std::marker::PhantomData;
pub use std::string::{String, ToString};
pub use std::sync::LazyLock;

use http::StatusCode;
use schemars::JsonSchema;

pub use super::amount::{Amount, Limit};
pub use super::constraint::{Items, Length, Pattern, Text, eat};
pub use super::contents::{Closed, Contents};
pub use super::dialect::keyword;
pub use super::extended::{AsMembers, AsNumber, AsText, NoMembers, NoNumber, NoText};
pub use super::file::FileSchema;
pub use super::finding::{Finding, Validate};
pub use super::form::Form;
pub use super::format::{
    date, date_time, duration, email, hostname, idn_email, idn_hostname, ip, ipv4, ipv6, iri, iri_reference,
    json_pointer, regex, relative_json_pointer, time, uri, uri_reference, uri_template, uuid,
};
use super::input::{Input, checked};
pub use super::output::{CheckOutputBySchema, CheckOutputNever, CheckOutputUnknown, Output, Unanswered};
use super::own::Checks;
pub use super::own::{Own, OwnVerdict, Place};
pub use super::verdict::{IntoViolations, Verdict, VerdictLater};
use super::violation::{Location, Violations};
use crate::endpoint::{Argument, Call, Rejection};

/// How large a body may be where nothing else is said: 1 MiB.
pub(crate) const MAX_BODY: usize = 1 << 20;

/// The options of one `#[validate]`.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    max_body: usize,
    status: u16,
    refuse_response: bool,
    /// So many of 2³² answers are looked at.
    sample: u32,
    strict: bool,
    schema: Option<fn() -> &'static FileSchema>,
}

impl Options {
    /// What holds where nothing is said: 1 MiB, 422, responses unchecked.
    #[expect(clippy::new_without_default, reason = "made by expansions only")]
    pub const fn new() -> Self {
        Self {
            max_body: MAX_BODY,
            status: 422,
            refuse_response: false,
            sample: u32::MAX,
            strict: false,
            schema: None,
        }
    }

    /// `max_body`: how many bytes a body may have.
    #[must_use]
    pub const fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// `status`: what a failed check is answered with.
    #[must_use]
    pub const fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// `response`: a wrong answer is a 500.
    #[must_use]
    pub const fn response(mut self) -> Self {
        self.refuse_response = true;
        self
    }

    /// `response = "log"`: a wrong answer is let through and logged.
    #[must_use]
    pub const fn response_log(mut self) -> Self {
        self.refuse_response = false;
        self
    }

    /// `sample`: what share of answers is checked, in parts of 2³²; all of them if it is not said.
    #[must_use]
    pub const fn sample(mut self, sample: u32) -> Self {
        self.sample = sample;
        self
    }

    /// Whether the next answer is one that is checked.
    pub(crate) fn is_sampled(&self) -> bool {
        self.sample == u32::MAX || fastrand::u32(..) < self.sample
    }

    /// `strict`: unknown members are refused at every depth.
    #[must_use]
    pub const fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    /// `schema`: what the body is checked against besides its type.
    #[must_use]
    pub const fn schema(mut self, schema: fn() -> &'static FileSchema) -> Self {
        self.schema = Some(schema);
        self
    }

    pub(crate) fn is_strict(&self) -> bool {
        self.strict
    }

    /// The schema of a body that an input is, if there is one.
    pub(crate) fn schema_of(&self, location: Location) -> Option<&'static FileSchema> {
        self.schema.filter(|_| location == Location::Body).map(|schema| schema())
    }

    pub(crate) fn is_response_refused(&self) -> bool {
        self.refuse_response
    }

    pub(crate) fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY)
    }
}

/// Takes one argument, and checks it if it is an input.
///
/// `(&&&Check::<T>::NEW).take(…)` finds the first of the traits below that `T` satisfies: method look-up goes from
/// three references to none, and each trait is implemented for one reference fewer than the one before it.
pub struct Check<T>(PhantomData<fn() -> T>);

impl<T> Check<T> {
    /// The start of the chain.
    pub const NEW: Self = Self(PhantomData);
}

impl<T: Input> Check<T> {
    /// Whether it is an input of the body, which `schema` can check.
    pub const IS_BODY: bool = matches!(T::LOCATION, Location::Body);
}

/// Arguments that are no inputs.
pub trait NoBody {
    /// They are never checked.
    const IS_BODY: bool = false;
}

impl<T> NoBody for Check<T> {}

/// Refuses, at compile time, a `schema` that no argument would be checked by.
///
/// # Panics
/// If none is true.
#[track_caller]
pub const fn has_body(arguments: &[bool]) {
    let mut index = 0;
    while index < arguments.len() {
        if arguments[index] {
            return;
        }
        index += 1;
    }
    panic!(
        "`schema` describes the body, and no argument takes it as JSON: add `body: Json<serde_json::Value>`"
    );
}

impl<T> Clone for Check<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Check<T> {}

/// Inputs whose value has native checks.
pub trait TakeNative<T> {
    /// Takes it; `None` if it was refused.
    fn take<S, M>(&self, call: &mut Call<S>, options: &Options) -> impl Future<Output = Option<T>> + Send
    where
        S: Clone + Send + Sync + 'static;
}

impl<T> TakeNative<T> for &&Check<T>
where
    T: Input + Send,
    T::Value: Validate + 'static,
{
    async fn take<S, M>(&self, call: &mut Call<S>, options: &Options) -> Option<T>
    where
        S: Clone + Send + Sync + 'static,
    {
        input(call, options, Checks::NATIVE).await
    }
}

/// Inputs whose value only its schema can check.
pub trait TakeBySchema<T> {
    /// Takes it; `None` if it was refused.
    fn take<S, M>(&self, call: &mut Call<S>, options: &Options) -> impl Future<Output = Option<T>> + Send
    where
        S: Clone + Send + Sync + 'static;
}

impl<T> TakeBySchema<T> for &Check<T>
where
    T: Input + Send,
    T::Value: JsonSchema + 'static,
{
    async fn take<S, M>(&self, call: &mut Call<S>, options: &Options) -> Option<T>
    where
        S: Clone + Send + Sync + 'static,
    {
        input(call, options, Checks::BY_SCHEMA).await
    }
}

/// A type whose values can be checked.
#[diagnostic::on_unimplemented(
    message = "`#[validate]` cannot check `{Self}`, for it has no schema",
    note = "add `#[derive(schemars::JsonSchema, lift::Validate)]` to `{Self}`"
)]
pub trait Checkable {}

impl<T: JsonSchema> Checkable for T {}

/// Inputs whose value nothing can check: an error at compile time.
pub trait TakeNever<T> {
    /// Is there for the sake of the message when it cannot be called.
    fn take<S, M>(&self, call: &mut Call<S>, options: &Options) -> impl Future<Output = Option<T>> + Send
    where
        T: Input,
        T::Value: Checkable;
}

impl<T: Input> TakeNever<T> for Check<T> {
    #[expect(clippy::manual_async_fn, reason = "the trait promises `Send`")]
    fn take<S, M>(&self, _: &mut Call<S>, _: &Options) -> impl Future<Output = Option<T>> + Send
    where
        T::Value: Checkable,
    {
        async { unreachable!("an input with a schema takes the way above this one") }
    }
}

/// Arguments that are not inputs, such as `State`.
pub trait TakeUnchecked<T> {
    /// Takes it; `None` if it was refused.
    fn take<S, M>(self, call: &mut Call<S>, options: &Options) -> impl Future<Output = Option<T>> + Send
    where
        S: Clone + Send + Sync + 'static,
        T: Argument<S, M>;
}

impl<T: Send> TakeUnchecked<T> for Check<T> {
    fn take<S, M>(self, call: &mut Call<S>, _: &Options) -> impl Future<Output = Option<T>> + Send
    where
        S: Clone + Send + Sync + 'static,
        T: Argument<S, M>,
    {
        call.argument::<T, M>()
    }
}

async fn input<T: Input + Send, S>(
    call: &mut Call<S>,
    options: &Options,
    checks: Checks<T::Value>,
) -> Option<T>
where
    T::Value: JsonSchema + 'static,
    S: Clone + Send + Sync + 'static,
{
    let taken = match T::read(&mut call.parts, &mut call.body, options.max_body).await {
        Ok(raw) => checked(&raw, options, checks),
        Err(error) => Err(Rejection::Unreadable(error)),
    };
    taken.map_err(|rejection| call.reject(rejection)).ok()
}

impl<S: Clone + Send + Sync + 'static> Call<S> {
    /// Takes an own validator's word: whether all is well.
    pub fn judge(&mut self, options: &Options, found: Violations) -> bool {
        let well = found.is_empty();
        if !well {
            self.reject(Rejection::Invalid(options.status_code(), found));
        }
        well
    }
}

/// A result whose value is about to be checked.
pub struct OutputCheck<T, E>(Option<Result<T, E>>);

/// Checks what a handler returned.
#[expect(non_snake_case, reason = "stands where a type's constructor would, but hides what it holds")]
pub fn CheckOutput<T, E>(result: Result<T, E>) -> OutputCheck<T, E> {
    OutputCheck(Some(result))
}

impl<T, E> OutputCheck<T, E> {
    /// The result; it is there until the one call that takes it.
    #[expect(clippy::expect_used, reason = "an expansion checks a result once")]
    pub(crate) fn take(&mut self) -> Result<T, E> {
        self.0.take().expect("a result is checked once")
    }
}

/// The check of a part whose type may have native checks or not. A function of the type wins over one of the trait,
/// so that a type of another crate takes the second way, and the whole goes to the schema.
pub struct Probe<T: ?Sized>(PhantomData<fn(&T)>);

impl<T: Validate + ?Sized> Probe<T> {
    /// The JSON that it is.
    pub const FORM: Form = T::FORM;

    /// Whether it has native checks.
    pub const IS_NATIVE: bool = true;

    /// What the native checks find.
    #[inline]
    pub fn check(value: &T) -> Finding {
        value.check()
    }

    /// The same of a value that was read member by member.
    #[inline]
    pub fn check_members(value: &T) -> Finding {
        value.check_members()
    }

    /// Calls the own checks.
    pub fn check_own(value: &T, place: &Place<'_>, own: &mut Own) {
        value.check_own(place, own);
    }

    /// The name of a key.
    pub fn key_name<'v>(value: &'v T, place: &Place<'_>) -> Option<Cow<'v, str>> {
        value.key_name(place)
    }
}

/// Types without native checks.
pub trait Foreign {
    /// The type.
    type Value: ?Sized;

    /// Nothing is known of it.
    const FORM: Form = Form::Unknown;

    /// Whether it has native checks.
    const IS_NATIVE: bool = false;

    /// Only the schema can tell.
    #[inline]
    fn check(_: &Self::Value) -> Finding {
        Finding::UNDECIDED
    }

    /// Only the schema can tell.
    #[inline]
    fn check_members(_: &Self::Value) -> Finding {
        Finding::UNDECIDED
    }

    /// There are none that could be called.
    #[inline]
    fn check_own(_: &Self::Value, _: &Place<'_>, _: &mut Own) {}

    /// It has none that could be told.
    fn key_name<'v>(_: &'v Self::Value, _: &Place<'_>) -> Option<Cow<'v, str>> {
        None
    }
}

impl<T: ?Sized> Foreign for Probe<T> {
    type Value = T;
}

/// A field's value, which may be an `Option`: method look-up tells what it is.
pub struct Given<'a, T>(pub &'a T);

impl<T> Given<'_, Option<T>> {
    /// `required`: whether something is there.
    #[inline]
    pub fn is_given(&self) -> bool {
        self.0.is_some()
    }
}

impl<'a, T> Given<'a, Option<Option<T>>> {
    /// What an own check is called with, if something is there.
    #[inline]
    pub fn value(self) -> Option<&'a T> {
        self.0.as_ref()?.as_ref()
    }
}

/// [`Given`] for an `Option`.
pub trait PerhapsGiven<'a, T> {
    /// What an own check is called with, if something is there.
    fn value(self) -> Option<&'a T>;
}

impl<'a, T> PerhapsGiven<'a, T> for Given<'a, Option<T>> {
    #[inline]
    fn value(self) -> Option<&'a T> {
        self.0.as_ref()
    }
}

/// [`Given`] for what is not an `Option`.
pub trait AlwaysGiven<'a, T> {
    /// Always true.
    #[inline]
    fn is_given(&self) -> bool {
        true
    }

    /// What an own check is called with.
    fn value(&self) -> Option<&'a T>;
}

impl<'a, T> AlwaysGiven<'a, T> for Given<'a, T> {
    #[inline]
    fn value(&self) -> Option<&'a T> {
        Some(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Options;

    #[test]
    fn a_sample_is_a_share() {
        let sampled = |options: Options| (0..10_000).filter(|_| options.is_sampled()).count();
        assert_eq!(sampled(Options::new()), 10_000);
        assert!((2_000..3_000).contains(&sampled(Options::new().sample(u32::MAX / 4))));
        assert_eq!(sampled(Options::new().sample(0)), 0);
    }
}
