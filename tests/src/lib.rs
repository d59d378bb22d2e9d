//! Integration tests of Lift, and what they share.

pub mod process;
pub mod redis;
pub mod runtime_api;
