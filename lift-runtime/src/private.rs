//! What expansions may call, and nothing else may: no part of it is stable.

use std::convert::Infallible;

pub use std::marker::PhantomData;

pub use axum::response::Response;
pub use http::Method;

pub use crate::endpoint::{Argument, Call, Endpoint, Route, Routes};

/// What `#[cached]` and `#[invalidates]` expand to.
pub mod cache {
    pub use crate::cache::expansion::*;
}

/// What `#[validate]` and `derive(Validate)` expand to.
pub mod validate {
    pub use crate::validate::expansion::*;
}

/// What `#[stream]` and `emit!` expand to.
pub mod stream {
    pub use crate::stream::expansion::*;
}

/// Refuses, at compile time, a handler of which two arguments read the body.
///
/// # Panics
/// If more than one is true.
#[track_caller]
pub const fn one_body(reads: &[bool]) {
    let (mut index, mut found) = (0, false);
    while index < reads.len() {
        assert!(!(found && reads[index]), "a request has one body, and two arguments of this handler read it");
        found |= reads[index];
        index += 1;
    }
}

/// What a function returned, taken apart into a value and an error whatever it was. Methods of the type win over
/// those of the trait, so `Result` goes the first way and everything else the second.
pub struct Returned<R>(pub R);

impl<T, E> Returned<Result<T, E>> {
    /// The result itself.
    pub fn split(self) -> Result<T, E> {
        self.0
    }

    /// The way back.
    pub fn join(result: Result<T, E>) -> Result<T, E> {
        result
    }
}

/// [`Returned`] for what is not a `Result`.
pub trait Infallibly {
    /// What was returned.
    type Value;

    /// The value, as a result that cannot fail.
    fn split(self) -> Result<Self::Value, Infallible>;

    /// The way back.
    fn join(result: Result<Self::Value, Infallible>) -> Self::Value;
}

impl<T> Infallibly for Returned<T> {
    type Value = T;

    fn split(self) -> Result<T, Infallible> {
        Ok(self.0)
    }

    fn join(result: Result<T, Infallible>) -> T {
        match result {
            Ok(value) => value,
        }
    }
}
