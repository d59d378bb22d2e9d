//! Stores outside the process, against real servers.

mod conformance;
mod redis;
mod shelf;
