//! What waits to be sent to one connection: bounded in messages and in bytes, and empty nearly always.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Context;

use futures_util::task::AtomicWaker;
use tokio::sync::Notify;

use super::close::Close;
use super::message::Message;

/// A connection's outgoing queue. Whoever sends puts messages in; the connection's own task takes them out.
#[derive(Debug)]
pub(crate) struct Outbox {
    state: Mutex<State>,
    /// The connection's task.
    reader: AtomicWaker,
    /// Those who wait for room.
    room: Notify,
    messages: usize,
    bytes: usize,
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Message>,
    bytes: usize,
    /// What is to be told when the queue is empty.
    close: Option<Close>,
    /// Nothing is sent any more.
    is_gone: bool,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Put {
    Queued,
    Full,
    /// The connection is closed, or about to be.
    Gone,
}

/// What there is to do for the connection's task.
#[derive(Debug, PartialEq)]
pub(crate) enum Next {
    Send(Message),
    Close(Close),
    Nothing,
}

impl Outbox {
    pub(crate) fn new(messages: usize, bytes: usize) -> Self {
        Self { state: Mutex::default(), reader: AtomicWaker::new(), room: Notify::new(), messages, bytes }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a message. One that is larger than the bound has room in an empty queue.
    pub(crate) fn put(&self, message: &Message) -> Put {
        {
            let mut state = self.state();
            if state.is_gone || state.close.is_some() {
                return Put::Gone;
            }
            let is_full = state.queue.len() >= self.messages || state.bytes + message.len() > self.bytes;
            if is_full && !state.queue.is_empty() {
                return Put::Full;
            }
            state.bytes += message.len();
            state.queue.push_back(message.clone());
        }
        self.reader.wake();
        Put::Queued
    }

    /// Queues a message as soon as there is room. Says whether it was queued; it is not if the connection goes.
    pub(crate) async fn put_when_there_is_room(&self, message: &Message) -> bool {
        loop {
            let mut room = std::pin::pin!(self.room.notified());
            // From here on a notice is not missed.
            room.as_mut().enable();
            match self.put(message) {
                Put::Queued => return true,
                Put::Gone => return false,
                Put::Full => room.await,
            }
        }
    }

    /// The next thing to do; if there is nothing, the task is woken when there is.
    pub(crate) fn next(&self, cx: &Context<'_>) -> Next {
        self.reader.register(cx.waker());
        let mut state = self.state();
        if let Some(message) = state.queue.pop_front() {
            state.bytes -= message.len();
            if state.queue.is_empty() {
                // Silence holds no memory.
                state.queue = VecDeque::new();
            }
            drop(state);
            self.room.notify_waiters();
            return Next::Send(message);
        }
        match &state.close {
            Some(close) => Next::Close(close.clone()),
            None => Next::Nothing,
        }
    }

    /// Closes the connection when all that was queued is sent. The first reason stands.
    pub(crate) fn close(&self, close: Close) {
        self.state().close.get_or_insert(close);
        self.room.notify_waiters();
        self.reader.wake();
    }

    /// Closes the connection at once: what was queued is dropped.
    pub(crate) fn cut(&self, close: Close) {
        {
            let mut state = self.state();
            state.queue = VecDeque::new();
            state.bytes = 0;
            state.close = Some(close);
        }
        self.room.notify_waiters();
        self.reader.wake();
    }

    /// Nobody takes anything out any more.
    pub(crate) fn leave(&self) {
        {
            let mut state = self.state();
            state.is_gone = true;
            state.queue = VecDeque::new();
            state.bytes = 0;
        }
        self.room.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    fn next(outbox: &Outbox) -> Next {
        outbox.next(&Context::from_waker(Waker::noop()))
    }

    #[test]
    fn it_is_bounded_in_messages_and_in_bytes() {
        let outbox = Outbox::new(2, 10);
        let message = |length: usize| Message::from("x".repeat(length));
        assert_eq!(outbox.put(&message(4)), Put::Queued);
        assert_eq!(outbox.put(&message(7)), Put::Full);
        assert_eq!(outbox.put(&message(1)), Put::Queued);
        assert_eq!(outbox.put(&message(1)), Put::Full);
        assert_eq!(next(&outbox), Next::Send(message(4)));
        assert_eq!(next(&outbox), Next::Send(message(1)));
        assert_eq!(next(&outbox), Next::Nothing);
        assert_eq!(outbox.put(&message(100)), Put::Queued, "one fits whatever its size");
        assert_eq!(outbox.put(&message(0)), Put::Full);
    }

    #[test]
    fn what_was_queued_is_sent_before_a_close_and_not_after_a_cut() {
        let close = Close::new(4000, "enough");
        let outbox = Outbox::new(2, 10);
        outbox.put(&"a".into());
        outbox.close(close.clone());
        assert_eq!(outbox.put(&"b".into()), Put::Gone);
        assert_eq!(next(&outbox), Next::Send("a".into()));
        assert_eq!(next(&outbox), Next::Close(close.clone()));

        let outbox = Outbox::new(2, 10);
        outbox.put(&"a".into());
        outbox.cut(close.clone());
        assert_eq!(next(&outbox), Next::Close(close));
    }

    #[tokio::test]
    async fn who_waits_for_room_is_told_when_there_is_some_or_never_will_be() {
        let outbox = std::sync::Arc::new(Outbox::new(1, 10));
        outbox.put(&"a".into());
        let waiting = |outbox: &std::sync::Arc<Outbox>| {
            let outbox = std::sync::Arc::clone(outbox);
            tokio::spawn(async move { outbox.put_when_there_is_room(&"b".into()).await })
        };
        let waits = waiting(&outbox);
        tokio::task::yield_now().await;
        assert!(!waits.is_finished());
        next(&outbox);
        assert!(waits.await.expect("no panic"));
        let waits = waiting(&outbox);
        tokio::task::yield_now().await;
        outbox.leave();
        assert!(!waits.await.expect("no panic"));
    }
}
