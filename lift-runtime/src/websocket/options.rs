//! The options of one `#[websocket]`.

use std::time::Duration;

/// What the attribute says, and what holds where it says nothing.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Bytes.
    pub(crate) max_message: usize,
    /// Messages that may wait to be sent.
    pub(crate) buffer: usize,
    /// Bytes that may wait to be sent.
    pub(crate) buffer_bytes: usize,
    pub(crate) ping: Duration,
    pub(crate) idle_timeout: Duration,
    pub(crate) write_timeout: Duration,
    pub(crate) rate: Option<Rate>,
    /// `None` is the socket's own host only.
    pub(crate) origins: Option<&'static [&'static str]>,
    pub(crate) connects: bool,
    pub(crate) disconnects: bool,
}

/// So many messages in so many milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    pub(crate) messages: u32,
    pub(crate) millis: u64,
}

impl Options {
    /// What holds where nothing is said. The sizes and times are API Gateway's, so that what works here works there.
    #[expect(clippy::new_without_default, reason = "made by expansions only")]
    pub const fn new() -> Self {
        Self {
            max_message: 128 * 1024,
            buffer: 256,
            buffer_bytes: 1 << 20,
            ping: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(600),
            write_timeout: Duration::from_secs(10),
            rate: None,
            origins: None,
            connects: false,
            disconnects: false,
        }
    }

    /// `max_message`: how many bytes a message may have, in or out.
    #[must_use]
    pub const fn max_message(mut self, bytes: usize) -> Self {
        self.max_message = bytes;
        self
    }

    /// `buffer`: how many messages may wait to be sent.
    #[must_use]
    pub const fn buffer(mut self, messages: usize) -> Self {
        self.buffer = messages;
        self
    }

    /// `buffer_bytes`: how many bytes may wait to be sent.
    #[must_use]
    pub const fn buffer_bytes(mut self, bytes: usize) -> Self {
        self.buffer_bytes = bytes;
        self
    }

    /// `ping`: how long a client may be silent before it is asked whether it is there, and then before it is gone.
    #[must_use]
    pub const fn ping(mut self, millis: u64) -> Self {
        self.ping = Duration::from_millis(millis);
        self
    }

    /// `idle_timeout`: how long no message may pass either way.
    #[must_use]
    pub const fn idle_timeout(mut self, millis: u64) -> Self {
        self.idle_timeout = Duration::from_millis(millis);
        self
    }

    /// `write_timeout`: how long a client may take nothing of what is written.
    #[must_use]
    pub const fn write_timeout(mut self, millis: u64) -> Self {
        self.write_timeout = Duration::from_millis(millis);
        self
    }

    /// `rate`: how many messages a client may send in so many milliseconds.
    #[must_use]
    pub const fn rate(mut self, messages: u32, millis: u64) -> Self {
        self.rate = Some(Rate { messages, millis });
        self
    }

    /// `origins`: which pages may connect.
    #[must_use]
    pub const fn origins(mut self, origins: &'static [&'static str]) -> Self {
        self.origins = Some(origins);
        self
    }

    /// There is a `connect`.
    #[must_use]
    pub const fn connects(mut self) -> Self {
        self.connects = true;
        self
    }

    /// There is a `disconnect`.
    #[must_use]
    pub const fn disconnects(mut self) -> Self {
        self.disconnects = true;
        self
    }
}
