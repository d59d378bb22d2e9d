//! The sockets that this process holds, and the groups that they are in.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::close::Close;
use super::message::Message;
use super::outbox::{Outbox, Put};

/// Groups are looked up by so many locks, so that two of them seldom wait for each other.
const SHARDS: usize = 64;

type Members = HashMap<Arc<str>, Arc<Outbox>>;

/// All sockets of this process.
pub(crate) struct Local {
    /// Always locked before a shard.
    open: Mutex<HashMap<Arc<str>, Held>>,
    shards: [Mutex<HashMap<Box<str>, Members>>; SHARDS],
    hasher: RandomState,
    drained: Notify,
}

/// A socket that is open.
struct Held {
    outbox: Arc<Outbox>,
    groups: HashSet<Box<str>>,
}

/// What becomes of a wish to be in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Joined {
    Yes,
    /// The connection has gone.
    Gone,
    /// It is in as many as it may be.
    TooMany,
}

impl Default for Local {
    fn default() -> Self {
        Self {
            open: Mutex::default(),
            shards: std::array::from_fn(|_| Mutex::default()),
            hasher: RandomState::new(),
            drained: Notify::new(),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Local {
    fn shard(&self, group: &str) -> MutexGuard<'_, HashMap<Box<str>, Members>> {
        let hash = usize::try_from(self.hasher.hash_one(group) % SHARDS as u64).unwrap_or_default();
        lock(&self.shards[hash])
    }

    pub(crate) fn open(&self, id: &Arc<str>, outbox: &Arc<Outbox>) {
        let held = Held { outbox: Arc::clone(outbox), groups: HashSet::new() };
        lock(&self.open).insert(Arc::clone(id), held);
    }

    /// Takes a socket out of all of its groups.
    pub(crate) fn close(&self, id: &str) {
        let mut open = lock(&self.open);
        let Some(held) = open.remove(id) else { return };
        for group in &held.groups {
            self.take_out(id, group);
        }
        let is_last = open.is_empty();
        drop(open);
        if is_last {
            self.drained.notify_waiters();
        }
    }

    /// Puts a socket into a group if it may be in one more than those that it is in.
    pub(crate) fn join(
        &self,
        id: &str,
        group: &str,
        fits: impl FnOnce(&HashSet<Box<str>>) -> bool,
    ) -> Joined {
        let mut open = lock(&self.open);
        let Some((id, held)) = open.get_key_value(id).map(|(id, _)| Arc::clone(id)).and_then(|id| {
            let held = open.get_mut(&*id)?;
            Some((id, held))
        }) else {
            return Joined::Gone;
        };
        if held.groups.contains(group) {
            return Joined::Yes;
        }
        if !fits(&held.groups) {
            return Joined::TooMany;
        }
        held.groups.insert(group.into());
        self.shard(group).entry(group.into()).or_default().insert(id, Arc::clone(&held.outbox));
        Joined::Yes
    }

    pub(crate) fn leave(&self, id: &str, group: &str) {
        let mut open = lock(&self.open);
        if open.get_mut(id).is_some_and(|held| held.groups.remove(group)) {
            self.take_out(id, group);
        }
    }

    fn take_out(&self, id: &str, group: &str) {
        let mut shard = self.shard(group);
        let Some(members) = shard.get_mut(group) else { return };
        members.remove(id);
        if members.is_empty() {
            shard.remove(group);
        }
    }

    /// Puts a message before all members but one. What a member does not take in time closes that member, and keeps
    /// nobody waiting: the queues are filled in one go, so that all see the messages of a group in one order.
    pub(crate) fn deliver(&self, group: &str, message: &Message, except: Option<&str>) {
        let shard = self.shard(group);
        let Some(members) = shard.get(group) else { return };
        for (id, outbox) in members.iter().filter(|(id, _)| except != Some(&***id)) {
            if outbox.put(message) == Put::Full {
                tracing::info!(target: "lift::websocket", connection = &**id, "closed: it does not read fast enough");
                outbox.cut(Close::too_slow());
            }
        }
    }

    pub(crate) fn has(&self, group: &str) -> bool {
        self.shard(group).contains_key(group)
    }

    /// Tells all sockets that the process goes down.
    pub(crate) fn shut_down(&self) {
        for held in lock(&self.open).values() {
            held.outbox.close(Close::going_away());
        }
    }

    /// Ends when no socket is open.
    pub(crate) async fn drained(&self) {
        loop {
            let mut drained = std::pin::pin!(self.drained.notified());
            drained.as_mut().enable();
            if lock(&self.open).is_empty() {
                return;
            }
            drained.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Waker};

    use super::*;
    use crate::websocket::outbox::Next;

    fn socket(local: &Local, id: &str) -> Arc<Outbox> {
        let outbox = Arc::new(Outbox::new(2, 1024));
        local.open(&id.into(), &outbox);
        outbox
    }

    fn received(outbox: &Outbox) -> Vec<Next> {
        let mut all = Vec::new();
        loop {
            match outbox.next(&Context::from_waker(Waker::noop())) {
                Next::Nothing => return all,
                Next::Close(close) => {
                    all.push(Next::Close(close));
                    return all;
                }
                sent => all.push(sent),
            }
        }
    }

    #[test]
    fn a_group_is_told_and_nobody_else() {
        let local = Local::default();
        let [a, b, c] = ["a", "b", "c"].map(|id| socket(&local, id));
        assert_eq!(local.join("a", "g", |_| true), Joined::Yes);
        assert_eq!(local.join("b", "g", |_| true), Joined::Yes);
        assert_eq!(local.join("c", "h", |_| true), Joined::Yes);
        local.deliver("g", &"x".into(), Some("b"));
        assert_eq!(received(&a), [Next::Send("x".into())]);
        assert_eq!((received(&b), received(&c)), (vec![], vec![]));
        local.leave("a", "g");
        local.close("b");
        assert!(!local.has("g") && local.has("h"), "an empty group is none");
        assert_eq!(local.join("b", "g", |_| true), Joined::Gone);
        assert_eq!(local.join("c", "g", HashSet::is_empty), Joined::TooMany);
    }

    #[test]
    fn who_does_not_read_is_closed_and_the_others_are_not() {
        let local = Local::default();
        let (slow, quick) = (socket(&local, "slow"), socket(&local, "quick"));
        local.join("slow", "g", |_| true);
        local.join("quick", "g", |_| true);
        for n in 0..5 {
            local.deliver("g", &Message::from(n.to_string()), None);
            assert_eq!(received(&quick), [Next::Send(n.to_string().as_str().into())]);
        }
        assert_eq!(received(&slow), [Next::Close(Close::too_slow())]);
    }

    #[tokio::test]
    async fn it_is_drained_when_the_last_has_gone() {
        let local = Arc::new(Local::default());
        local.drained().await;
        socket(&local, "a");
        let waits = tokio::spawn({
            let local = Arc::clone(&local);
            async move { local.drained().await }
        });
        tokio::task::yield_now().await;
        assert!(!waits.is_finished());
        local.close("a");
        waits.await.expect("it ends");
    }
}
