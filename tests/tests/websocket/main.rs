//! `#[websocket]` through the public API.

mod buffers;
mod client;
mod handlers;
mod hooks;
mod http2;
mod lambda;
mod messages;
mod protocol;
mod rooms;
mod stores;
