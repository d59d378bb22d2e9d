//! `#[websocket]` through the public API.

mod client;
mod handlers;
mod hooks;
mod lambda;
mod messages;
mod protocol;
mod rooms;
mod stores;
