//! Own checks, formats and keywords, through the public attributes.

#![expect(clippy::unwrap_used, reason = "tests")]

mod checks;
mod pointers;
mod who;
mod words;
