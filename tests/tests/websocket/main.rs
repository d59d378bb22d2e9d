//! `#[websocket]` through the public API.

mod handlers;
mod hooks;
mod messages;
mod protocol;
mod rooms;
