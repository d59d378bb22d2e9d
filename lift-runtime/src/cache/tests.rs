//! The cache through its two callers, with expansions written by hand.

mod function;
mod lab;
mod lookup;
mod near;
mod remote;
mod route;
mod share;
mod stats;
mod store;
