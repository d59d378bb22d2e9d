//! How a stream ends, on each format.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;

use crate::app;
use crate::error::Error;
use crate::stream::event;
use crate::stream::options::{Options, Wire};

/// Why there is nothing more to come.
#[derive(Debug)]
pub(crate) enum End {
    /// The producer has come to its end.
    Complete,
    /// It failed, panicked or took too long.
    Failed(Error),
    /// It would have gone on.
    Cut(Cut),
}

/// Who ended a stream that would have gone on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    MaxDuration,
    Deadline,
    Shutdown,
}

impl Cut {
    /// What a client is told that cannot simply come back.
    pub(crate) fn error(self) -> Error {
        let unavailable = |code, detail| Error::new(StatusCode::SERVICE_UNAVAILABLE, code, detail);
        match self {
            Self::MaxDuration => unavailable("max_duration", "The stream has lasted as long as it may."),
            Self::Deadline => app::late(),
            Self::Shutdown => unavailable("shutting_down", "The server is going down; come back."),
        }
    }
}

/// The producer took too long for an item.
pub(crate) fn item_timeout(patience: Duration) -> Error {
    Error::new(StatusCode::GATEWAY_TIMEOUT, "item_timeout", "The next item was not ready in time.")
        .with_source(format!("the producer was silent for {patience:?}"))
}

/// What is still to be sent, and whether the connection is aborted then, so that the client can tell.
#[derive(Debug, Default)]
pub(crate) struct Farewell {
    pub(crate) last: Option<Bytes>,
    pub(crate) abort: bool,
}

impl End {
    /// The format's own ending. Call it in the request's context: it logs, and a problem names its request.
    pub(crate) fn farewell(self, wire: Wire, options: &Options) -> Farewell {
        let error = match (self, wire) {
            (Self::Complete, _) => return Farewell::default(),
            (Self::Cut(_), Wire::Sse) => {
                let mut last = Vec::new();
                event::write_retry(options.resume_hint(), &mut last);
                last.push(b'\n');
                return Farewell { last: Some(last.into()), abort: false };
            }
            (Self::Cut(cut), _) => cut.error(),
            (Self::Failed(error), _) => error,
        };
        error.log();
        let around =
            |before: &[u8], after: &[u8]| Some([before, &error.problem().to_json(), after].concat().into());
        match wire {
            Wire::Sse => Farewell { last: around(b"event: problem\ndata: ", b"\n\n"), abort: false },
            Wire::Ndjson => Farewell { last: around(b"{\"error\":", b"}\n"), abort: true },
            Wire::Bytes => Farewell { last: None, abort: true },
        }
    }
}

/// What a body fails with after its format's ending: the transport aborts.
#[derive(Debug)]
pub(crate) struct Aborted;

impl std::fmt::Display for Aborted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the stream ended before its end")
    }
}

impl std::error::Error for Aborted {}
