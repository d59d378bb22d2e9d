//! A process that hears what a store passes on, for the test of stores.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::inbox::{Envelope, Inbox, Listening};
use super::local::Local;
use super::outbox::{Next, Outbox};

const GROUP: &str = "room  bench";

pub(crate) struct Bench {
    local: Arc<Local>,
    state: Arc<watch::Sender<Listening>>,
    outbox: Arc<Outbox>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let local = Arc::<Local>::default();
        let outbox = Arc::new(Outbox::new(1000, 1 << 20));
        local.open(&"bench".into(), &outbox);
        local.join("bench", GROUP, |_| true);
        Self { local, state: Arc::new(watch::Sender::new(Listening::NotYet)), outbox }
    }

    pub(crate) fn inbox(&self) -> Inbox {
        Inbox { local: Arc::clone(&self.local), state: Arc::clone(&self.state) }
    }

    /// A message as one process sends it to another.
    pub(crate) fn message(text: &str) -> Bytes {
        Envelope::seal(GROUP, None, &text.into())
    }

    /// Waits until it listens, or the task that was to listen has ended.
    pub(crate) async fn listens<T>(&self, task: &JoinHandle<T>) -> bool {
        let mut state = self.state.subscribe();
        while !task.is_finished() {
            let listens = state.wait_for(|state| *state == Listening::Yes);
            if tokio::time::timeout(Duration::from_millis(10), listens).await.is_ok() {
                return true;
            }
        }
        false
    }

    /// The next so many messages.
    pub(crate) async fn heard(&self, count: usize) -> Vec<String> {
        let mut heard = Vec::new();
        while heard.len() < count {
            let message = poll_fn(|cx| match self.outbox.next(cx) {
                Next::Send(message) => Poll::Ready(message),
                Next::Close(_) | Next::Nothing => Poll::Pending,
            });
            heard.extend(message.await.as_text().map(str::to_owned));
        }
        heard
    }
}
