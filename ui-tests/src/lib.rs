//! Compile-error tests.
