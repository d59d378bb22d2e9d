//! HTTP/2's streams, of which one whose client takes nothing is ended.
//!
//! A connection's own writes wait only where nothing at all is read from it; a client can as well read the connection and
//! give one stream no window ([RFC 9113 §5.2](https://www.rfc-editor.org/rfc/rfc9113#section-5.2)). hyper runs each stream
//! as a task of the executor that it is given, so that is where one is ended: dropped, it is reset.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::rt::Executor;
use pin_project_lite::pin_project;
use tokio::sync::Notify;
use tokio::time::{Sleep, sleep};

tokio::task_local! {
    /// What the body of the stream that is being polled did last: it was asked for a frame (`false`), or gave one that
    /// the stream now holds (`true`). `None` if the stream, which holds one, cannot send it yet and does not ask.
    static HOLDS: Cell<Option<bool>>;
    /// Set when the stream that is being polled has become a protocol of the app's own.
    static UPGRADED: Cell<Option<Upgraded>>;
}

/// The executor of streams.
#[derive(Clone, Copy, Debug)]
pub(super) struct Streams {
    pub(super) patience: Duration,
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Streams {
    fn execute(&self, stream: F) {
        // hyper starts what sends an upgraded stream while it polls the request's, and nothing else then.
        match UPGRADED.try_with(Cell::take).ok().flatten() {
            Some(upgraded) => drop(tokio::spawn(upgraded.sent(stream, self.patience))),
            None => {
                tokio::spawn(Watched { stream, holds: false, patience: self.patience, waiting: None });
            }
        }
    }
}

/// A stream that is upgraded, if it is: it goes to the app in the request's extensions.
///
/// What sends such a stream waits for its client's window when nobody writes any more, and would for ever.
#[derive(Clone, Default)]
pub(crate) struct Upgraded(Arc<Notify>);

impl Upgraded {
    /// Whoever was given the stream has left it.
    #[cfg(feature = "websocket")]
    pub(crate) fn leave(&self) {
        self.0.notify_one();
    }

    /// The stream that is being polled becomes this one.
    pub(super) fn begin(self) {
        let _ = UPGRADED.try_with(|upgraded| upgraded.set(Some(self)));
    }

    /// Sends to the end, or for so long after it was left.
    async fn sent(self, stream: impl Future<Output = ()>, patience: Duration) {
        let left = async {
            self.0.notified().await;
            sleep(patience).await;
        };
        tokio::select! {
            () = stream => {}
            () = left => tracing::debug!("a client takes nothing of an upgraded stream"),
        }
    }
}

/// Whether what is being polled is such a stream, rather than a connection of HTTP/1.1.
pub(super) fn is_one() -> bool {
    HOLDS.try_with(|_| ()).is_ok()
}

/// A body was asked for a frame (`false`), or has given one (`true`).
pub(super) fn holds(frame: bool) {
    let _ = HOLDS.try_with(|holds| holds.set(Some(frame)));
}

pin_project! {
    struct Watched<F> {
        #[pin]
        stream: F,
        holds: bool,
        patience: Duration,
        waiting: Option<Pin<Box<Sleep>>>,
    }
}

impl<F: Future<Output = ()>> Future for Watched<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        let poll = || {
            let polled = this.stream.poll(cx);
            (polled, HOLDS.with(Cell::get))
        };
        let (polled, holds) =
            UPGRADED.sync_scope(Cell::new(None), || HOLDS.sync_scope(Cell::new(None), poll));
        if polled.is_ready() {
            return Poll::Ready(());
        }
        if let Some(holds) = holds {
            *this.holds = holds;
            *this.waiting = None;
        }
        if !*this.holds {
            return Poll::Pending;
        }
        let waiting = this.waiting.get_or_insert_with(|| Box::pin(sleep(*this.patience)));
        ready!(waiting.as_mut().poll(cx));
        tracing::debug!("a client takes nothing of a stream");
        Poll::Ready(())
    }
}
