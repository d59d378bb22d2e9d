//! Streaming.

pub(crate) mod expansion;
