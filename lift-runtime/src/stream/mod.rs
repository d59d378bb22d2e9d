//! `#[stream]`: answers that go out while they are made.
//!
//! A handler's items are encoded into a chunk that becomes a frame of the body when it is full or when the
//! producer pauses. The producer runs only while the transport asks for more, on the task that serves the
//! connection: that is the backpressure, and why a client that leaves takes its producer with it. A stream that is
//! silent holds its producer, one timer and a place in the list of those who want to know of the shutdown; it has no
//! buffer.
//!
//! ```text
//! answer     the call: format, headers, what decides the status        negotiate, last_event_id, options
//! body       frames for the transport, keep-alive, endings              ending, shutdown, turn
//! progress   the producer under way, in its context
//! source     who fills chunks: a producer that emits (emitted, filling), or a stream that was returned
//! encode     an item as an event, a line or bytes                       event, chunk, item
//! hub        what is published once, for many streams
//! interval   ticks that come to many streams at once
//! ```

mod answer;
mod body;
mod chunk;
mod emitted;
mod encode;
mod ending;
mod event;
pub(crate) mod expansion;
mod filling;
mod hub;
mod interval;
mod item;
mod last_event_id;
mod negotiate;
mod options;
mod progress;
mod shutdown;
mod source;
#[cfg(test)]
mod tests;
mod turn;

pub use async_stream::{stream, try_stream};
pub use futures_core::Stream;
pub use futures_util::stream::iter;

pub(crate) use self::answer::Streamed;
pub(crate) use self::chunk::recycle;
pub use self::emitted::{Emitted, Emitter, Sending, StreamResult};
pub use self::event::Event;
pub use self::hub::{Hub, OnLag, Published, Subscription};
pub use self::interval::{Interval, interval};
pub use self::last_event_id::LastEventId;
pub(crate) use self::shutdown::Shutdown;
pub(crate) use self::turn::turn;
