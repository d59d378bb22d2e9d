//! What expansions call.

use std::marker::PhantomData;

use schemars::JsonSchema;

pub use super::describe::Description;
use crate::stream::Event;
use crate::validate::Input;
use crate::validate::expansion::Output;

/// Tells of a type what a client may know.
///
/// `(&&&Describe::<T>::NEW).response(…)` finds the first of the traits below that `T` satisfies, as
/// [`Check`](crate::validate::expansion::Check) does.
pub struct Describe<T>(PhantomData<fn() -> T>);

impl<T> Describe<T> {
    /// The start of the chain.
    pub const NEW: Self = Self(PhantomData);
}

/// What a function that emits says it returns; whether it is right to say so is told elsewhere.
pub struct Emits<R>(PhantomData<fn() -> R>);

/// Arguments that come from the client and have a schema.
pub trait DescribeInput {
    /// Tells it.
    fn input(&self, description: &mut Description);
}

impl<T: Input> DescribeInput for &Describe<T>
where
    T::Value: JsonSchema,
{
    fn input(&self, description: &mut Description) {
        description.input::<T>();
    }
}

/// Arguments of which nothing is known.
pub trait DescribeNoInput {
    /// Tells nothing.
    fn input(&self, _: &mut Description) {}
}

impl<T> DescribeNoInput for Describe<T> {}

/// Results whose value has a schema, and streams whose items do.
pub trait DescribeResult {
    /// Tells it.
    fn response(&self, description: &mut Description);
}

impl<T: Output, E> DescribeResult for &&Describe<Result<T, E>>
where
    T::Value: JsonSchema,
{
    fn response(&self, description: &mut Description) {
        description.response::<T::Value>();
    }
}

impl<T: JsonSchema, E> DescribeResult for &&Describe<Emits<Result<T, E>>> {
    fn response(&self, description: &mut Description) {
        description.items::<T>();
    }
}

/// Answers that cannot fail, and streams of events.
pub trait DescribeAnswer {
    /// Tells it.
    fn response(&self, description: &mut Description);
}

impl<T: Output> DescribeAnswer for &Describe<T>
where
    T::Value: JsonSchema,
{
    fn response(&self, description: &mut Description) {
        description.response::<T::Value>();
    }
}

impl<T: JsonSchema, E> DescribeAnswer for &Describe<Emits<Result<Event<T>, E>>> {
    fn response(&self, description: &mut Description) {
        description.items::<T>();
    }
}

/// Answers of which nothing is known.
pub trait DescribeNoAnswer {
    /// Tells nothing.
    fn response(&self, _: &mut Description) {}
}

impl<T> DescribeNoAnswer for Describe<T> {}
