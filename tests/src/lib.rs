//! Integration tests of Lift, and what they share.

pub mod runtime_api;
