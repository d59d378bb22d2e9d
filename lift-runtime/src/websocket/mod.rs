//! WebSockets: a function is called for each message, locally over real sockets and on Lambda by API Gateway's events.
//!
//! A connection begins as a request, which passes everything that requests pass. `serve` answers it; where the socket is
//! this process's, a `session` then runs in a task of its own, with a `wire` to its client. What is sent goes to an
//! `outbox`; the `network` finds whom a message for a room is for.

mod arrival;
mod audience;
#[cfg(feature = "test")]
mod bench;
mod close;
mod connection;
mod connections;
mod counted;
mod environment;
pub(crate) mod expansion;
mod gateway;
mod handshake;
mod hook;
mod inbox;
mod io;
mod local;
mod member;
mod message;
mod network;
mod options;
mod outbox;
mod rate;
mod record;
mod serve;
mod session;
mod store;
mod wire;

#[cfg(feature = "lambda")]
pub(crate) use self::arrival::{Arrival, Peer, unknown};
pub use self::audience::Audience;
#[cfg(feature = "test")]
pub(crate) use self::bench::Bench;
pub use self::connection::{Connection, Room};
pub use self::connections::Connections;
pub use self::inbox::Inbox;
#[cfg(feature = "test")]
pub(crate) use self::io::Pipe;
pub use self::message::{Message, Text};
#[cfg(feature = "test")]
pub(crate) use self::network::in_time;
#[cfg(feature = "lambda")]
pub(crate) use self::record::Record;
pub use self::store::ConnectionStore;
#[cfg(feature = "dynamodb")]
pub use self::store::DynamoDbConnections;
#[cfg(feature = "redis")]
pub use self::store::RedisConnections;
