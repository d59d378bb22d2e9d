//! What `#[stream(…)]` says, as a constant.

use std::time::Duration;

use http::HeaderValue;

/// After how long a browser that was cut off is told to come back, unless `retry` says it.
const RESUME: Duration = Duration::from_secs(1);

/// How many items are made before the transport asks for any, unless `buffer` says it.
const BUFFER: usize = 32;

/// The options of one `#[stream]`, with their defaults. Times are in milliseconds, sizes in bytes.
#[derive(Clone, Debug)]
pub struct Options {
    format: Format,
    buffer: Option<usize>,
    pub(crate) chunk: usize,
    keep_alive: Option<u64>,
    item_timeout: Option<u64>,
    max_duration: Option<u64>,
    open_after: u64,
    retry: Option<u64>,
    content_type: &'static str,
}

/// What the attribute says the stream is on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `text/event-stream`.
    Sse,
    /// `application/x-ndjson`.
    Ndjson,
    /// Chunks as they come.
    Bytes,
    /// Server-sent events or NDJSON, as the request's `Accept` prefers.
    Negotiated,
}

/// What one answer is on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// `text/event-stream`.
    Sse,
    /// `application/x-ndjson`.
    Ndjson,
    /// Chunks as they come.
    Bytes,
}

impl Wire {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Sse => "sse",
            Self::Ndjson => "ndjson",
            Self::Bytes => "bytes",
        }
    }
}

impl Options {
    /// The defaults of a format.
    pub const fn new(format: Format) -> Self {
        Self {
            format,
            buffer: None,
            chunk: 16 * 1024,
            keep_alive: None,
            item_timeout: None,
            max_duration: None,
            open_after: 100,
            retry: None,
            content_type: "application/octet-stream",
        }
    }

    /// At most so many items are made ahead of what the transport took; 32. Where it is said, no more are joined
    /// into one frame, either; where it is not, a frame that the transport has asked for is bounded by `chunk` alone.
    #[must_use]
    pub const fn buffer(mut self, items: usize) -> Self {
        self.buffer = Some(if items == 0 { 1 } else { items });
        self
    }

    /// Small items are joined up to so many bytes; 16 KiB.
    #[must_use]
    pub const fn chunk(mut self, bytes: usize) -> Self {
        self.chunk = if bytes == 0 { 1 } else { bytes };
        self
    }

    /// How long the stream may be silent before something is written that clients ignore: a comment in server-sent
    /// events (15 s), an empty line in NDJSON (never). 0 is never.
    #[must_use]
    pub const fn keep_alive(mut self, millis: u64) -> Self {
        self.keep_alive = Some(millis);
        self
    }

    /// How long the producer may take for an item; without end unless it is said.
    #[must_use]
    pub const fn item_timeout(mut self, millis: u64) -> Self {
        self.item_timeout = Some(millis);
        self
    }

    /// How long the stream may last; without end unless it is said.
    #[must_use]
    pub const fn max_duration(mut self, millis: u64) -> Self {
        self.max_duration = Some(millis);
        self
    }

    /// How long the headers wait for the first item; 100 ms.
    #[must_use]
    pub const fn open_after(mut self, millis: u64) -> Self {
        self.open_after = millis;
        self
    }

    /// After how long a browser comes back whose stream broke; the browser's own default (3 s in most).
    #[must_use]
    pub const fn retry(mut self, millis: u64) -> Self {
        self.retry = Some(millis);
        self
    }

    /// The media type of a `bytes` stream; `application/octet-stream`.
    ///
    /// # Panics
    /// If it is not visible ASCII; in a constant, that is a compile error.
    #[must_use]
    pub const fn content_type(mut self, media_type: &'static str) -> Self {
        // Said here so that a wrong one does not wait for the first answer.
        std::mem::forget(HeaderValue::from_static(media_type));
        self.content_type = media_type;
        self
    }
}

impl Options {
    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// How many items may be made at once. One of no bytes counts as one of one byte: a producer of such items must
    /// come to a stop too.
    pub(crate) fn most_items(&self, asked: bool) -> usize {
        self.buffer.unwrap_or(if asked { self.chunk } else { BUFFER })
    }

    /// `None` where silence is never broken.
    pub(crate) fn silence(&self, wire: Wire) -> Option<Duration> {
        let default = match wire {
            Wire::Sse => Some(15_000),
            Wire::Ndjson => None,
            Wire::Bytes => return None,
        };
        self.keep_alive.or(default).filter(|millis| *millis > 0).map(Duration::from_millis)
    }

    pub(crate) fn patience(&self) -> Option<Duration> {
        self.item_timeout.filter(|millis| *millis > 0).map(Duration::from_millis)
    }

    pub(crate) fn lifetime(&self) -> Option<Duration> {
        self.max_duration.filter(|millis| *millis > 0).map(Duration::from_millis)
    }

    pub(crate) fn opening(&self) -> Duration {
        Duration::from_millis(self.open_after)
    }

    /// What a browser is told at the start.
    pub(crate) fn retry_hint(&self) -> Option<Duration> {
        self.retry.map(Duration::from_millis)
    }

    /// What a browser is told when it is cut off.
    pub(crate) fn resume_hint(&self) -> Duration {
        self.retry_hint().unwrap_or(RESUME)
    }

    pub(crate) fn media_type(&self, wire: Wire) -> HeaderValue {
        match wire {
            Wire::Sse => HeaderValue::from_static("text/event-stream"),
            Wire::Ndjson => HeaderValue::from_static("application/x-ndjson"),
            Wire::Bytes => HeaderValue::from_static(self.content_type),
        }
    }
}
