//! APIs on AWS Lambda: plain async functions, annotated.

#![doc(html_root_url = "https://docs.rs/lift")]

extern crate self as lift;

pub use lift_macros::Validate;
pub use lift_runtime::*;

#[doc(hidden)]
pub use lift_runtime::private as __private;
