//! What expansions may call, and nothing else may: no part of it is stable.

use std::convert::Infallible;

pub use std::marker::PhantomData;

pub use axum::response::Response;
pub use http::Method;

pub use crate::endpoint::{Argument, Call, Endpoint, Route, Routes};

/// What `#[cached]` and `#[invalidates]` expand to.
pub mod cache {
    pub use crate::cache::expansion::*;

    /// The traits by whose methods types are told apart, for a glob import that brings no name.
    pub mod traits {
        pub use crate::cache::expansion::{
            ByBuild as _, BySchema as _, Peel as _, Presence as _, WriteHashed as _, WriteInner as _,
            WriteKeyPart as _,
        };
    }
}

/// What `#[validate]` and `derive(Validate)` expand to.
pub mod validate {
    pub use crate::validate::expansion::*;

    /// The traits by whose methods types are told apart, for a glob import that brings no name.
    pub mod traits {
        pub use crate::validate::expansion::{
            CheckOutputBySchema as _, CheckOutputNever as _, CheckOutputUnknown as _, NoBody as _,
            TakeBySchema as _, TakeNative as _, TakeNever as _, TakeUnchecked as _, VerdictLater as _,
        };
    }
}

/// What every route expands to, so that it can tell its schemas.
pub mod contract {
    pub use crate::contract::expansion::*;

    /// The traits by whose methods types are told apart, for a glob import that brings no name.
    pub mod traits {
        pub use crate::contract::expansion::{
            DescribeAnswer as _, DescribeInput as _, DescribeNoAnswer as _, DescribeNoInput as _,
            DescribeResult as _,
        };
    }
}

/// What `#[stream]` and `emit!` expand to.
pub mod stream {
    pub use crate::stream::expansion::*;

    /// The traits by whose methods types are told apart, for a glob import that brings no name.
    pub mod traits {
        pub use crate::stream::expansion::{EncodeItem as _, EncodeReady as _, PlainItem as _};
    }
}

/// What `#[websocket]` expands to.
#[cfg(feature = "websocket")]
pub mod websocket {
    pub use crate::websocket::expansion::*;

    /// The traits by whose methods types are told apart, for a glob import that brings no name.
    pub mod traits {
        pub use crate::websocket::expansion::{
            Always as _, ReadAsIs as _, ReadJson as _, ReplyAsIs as _, ReplyJson as _, TakeAsIs as _,
            TakeBySchema as _, TakeNative as _, TakeUnchecked as _,
        };
    }
}

/// Refuses, at compile time, a handler of which two arguments read the body.
///
/// # Panics
/// If more than one is true.
#[track_caller]
pub const fn one_body(reads: &[bool]) {
    let (mut index, mut found) = (0, false);
    while index < reads.len() {
        assert!(
            !(found && reads[index]),
            "a request has one body, and two arguments of this handler read it"
        );
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

/// What a body that emits may end with: nothing, a `Result` as other functions do, or never.
#[diagnostic::on_unimplemented(
    message = "a function that emits does not end with `{Self}`",
    note = "end it with nothing or with `Ok(())`; send items by `emit!`"
)]
pub trait Ending<E>: Sized {
    /// As a result.
    ///
    /// # Errors
    /// What the body ended with.
    fn end(self) -> Result<(), E>;
}

impl<E> Ending<E> for () {
    fn end(self) -> Result<(), E> {
        Ok(())
    }
}

impl<E> Ending<E> for Result<(), E> {
    fn end(self) -> Self {
        self
    }
}

/// Names the type that cannot be named yet, of an expression that never ends.
pub trait Returns {
    /// What a function returns.
    type Output;
}

impl<R> Returns for fn() -> R {
    type Output = R;
}

#[diagnostic::do_not_recommend]
impl<E> Ending<E> for <fn() -> ! as Returns>::Output {
    fn end(self) -> Result<(), E> {
        self
    }
}
