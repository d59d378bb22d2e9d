//! Integration tests of Lift, and what they share.

pub mod dynamodb;
pub mod gateway;
pub mod history;
pub mod process;
pub mod proxy;
pub mod redis;
pub mod runtime_api;
