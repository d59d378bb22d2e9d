//! The cache through its two callers, with expansions written by hand.

mod concurrent;
mod counters;
mod function;
mod handover;
mod hasty;
mod lab;
mod leases;
mod lookup;
mod near;
mod noise;
mod owed;
mod releases;
mod remote;
mod route;
mod share;
mod stale;
mod stats;
mod store;
