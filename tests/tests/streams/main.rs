//! Streams over real sockets: HTTP/1.1 and HTTP/2, each format, and what clients do to them.

mod app;
mod client;
mod connection;
mod hub;
mod hub_redis;
mod items;
mod leaving;
mod memory;
mod workers;
