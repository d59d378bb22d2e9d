//! The cache through its two callers, with expansions written by hand.

mod counters;
mod function;
mod handover;
mod hasty;
mod lab;
mod lookup;
mod near;
mod noise;
mod owed;
mod releases;
mod remote;
mod route;
mod share;
mod stats;
mod store;
