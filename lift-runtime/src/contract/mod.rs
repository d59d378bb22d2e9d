//! What an app tells of itself: the schemas of what its routes take and answer, and whether another version of the app
//! keeps to them.
//!
//! ```text
//! describe   what an expansion tells of its route, when it is asked      expansion
//! document   all routes as one JSON document, written and read
//! check      two documents, route by route                               (feature `schema-check`)
//! include    whether one schema takes all that another gives             (feature `schema-check`)
//! ```

#[cfg(feature = "schema-check")]
mod check;
mod describe;
mod document;
pub(crate) mod expansion;
#[cfg(feature = "schema-check")]
mod include;

#[cfg(feature = "schema-check")]
pub(crate) use self::check::{Report, Verdict, check};
pub(crate) use self::describe::Description;
pub(crate) use self::document::Document;
