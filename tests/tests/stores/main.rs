//! Stores outside the process, against real servers.

mod conformance;
mod dynamodb;
mod redis;
mod shelf;
