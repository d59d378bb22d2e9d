//! How open streams learn that the app goes down.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

/// The app's word to its open streams: end now, with your format's ending. A stream that waits for it holds a place
/// in a list and runs nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shutdown(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    begun: AtomicBool,
    notify: Arc<Notify>,
}

impl Shutdown {
    /// Ends all open streams, and those that are opened from now on as soon as they are.
    pub(crate) fn begin(&self) {
        self.0.begun.store(true, Ordering::SeqCst);
        self.0.notify.notify_waiters();
    }

    /// Whether it has begun.
    pub(crate) fn has_begun(&self) -> bool {
        self.0.begun.load(Ordering::Relaxed)
    }

    /// Ready when it begins after this call; whether it began before, [`has_begun`](Self::has_begun) tells.
    pub(crate) fn notified(&self) -> OwnedNotified {
        Arc::clone(&self.0.notify).notified_owned()
    }
}
