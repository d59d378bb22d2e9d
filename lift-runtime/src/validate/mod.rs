//! Validation.

pub(crate) mod expansion;
mod violation;

pub use self::violation::{Location, Violation, Violations};
