//! How a message finds the connections that it is for: sockets of this process, of others, and API Gateway's.

use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use super::audience::Kind;
use super::gateway::Gateway;
use super::inbox::{Envelope, Inbox, Listening};
use super::local::{Joined, Local};
use super::member::Member;
use super::message::Message;
use super::store::{AnyStore, ConnectionStore};
use crate::cache::StoreError;
use crate::context::random_id;
use crate::error::{Error, Result};

/// How long a store may take for one operation.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long a group knows of a process that does not say again that it has members of it, and how often it does.
const REGISTERED: Duration = Duration::from_secs(60);
const REGISTER: Duration = Duration::from_secs(20);

/// How soon it says so again where the store could not be told.
const REGISTER_ANEW: Duration = Duration::from_secs(2);

/// So many messages are on their way at once.
const AT_ONCE: usize = 64;

/// Rooms that one connection can be in.
const ROOMS: usize = 100;

/// How long until a process that lost its subscription tries again.
const PAUSE: Duration = Duration::from_millis(100);
const PAUSE_AT_MOST: Duration = Duration::from_secs(5);

pub(crate) struct Network {
    pub(crate) local: Arc<Local>,
    store: Arc<dyn AnyStore>,
    /// By what name others publish to this process.
    process: Box<str>,
    listening: Arc<watch::Sender<Listening>>,
    has_started: AtomicBool,
    /// When this process last said that it has members of a group.
    registered: Mutex<HashMap<Box<str>, Instant>>,
    pub(crate) gateway: Gateway,
}

/// Milliseconds since the Unix epoch.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// The same, so long from now.
pub(crate) fn in_time(duration: Duration) -> u64 {
    now().saturating_add(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}

impl Network {
    pub(crate) fn new(store: impl ConnectionStore) -> Self {
        Self {
            local: Arc::default(),
            store: Arc::new(store),
            process: random_id().into(),
            listening: Arc::new(watch::Sender::new(Listening::NotYet)),
            has_started: AtomicBool::new(false),
            registered: Mutex::default(),
            gateway: Gateway::default(),
        }
    }

    /// Puts a socket of this process into a group.
    pub(crate) async fn join_socket(self: &Arc<Self>, id: &str, group: &str) -> Result<()> {
        match self.local.join(id, group, |joined| fits(group, joined.iter().map(AsRef::as_ref))) {
            Joined::Yes => {}
            Joined::Gone => return Err(gone()),
            Joined::TooMany => return Err(too_many()),
        }
        self.listen();
        match self.heard().await? {
            Listening::Never => Ok(()),
            _ if self.is_registered(group) => Ok(()),
            _ => self.register(group).await,
        }
    }

    /// Puts a connection that API Gateway holds into a group.
    pub(crate) async fn join_gateway(&self, member: &Member, group: &str, expires: u64) -> Result<()> {
        let Member::Gateway { id, .. } = member else { return Ok(()) };
        let joined = self.within(self.store.members(&groups_of(id))).await?;
        if !joined.iter().any(|joined| joined == group) && !fits(group, joined.iter().map(AsRef::as_ref)) {
            return Err(too_many());
        }
        // First what finds the group again when the connection closes.
        self.within(self.store.add(&groups_of(id), group, expires)).await?;
        self.within(self.store.add(group, &member.to_string(), expires)).await
    }

    pub(crate) async fn leave_gateway(&self, member: &Member, group: &str) -> Result<()> {
        let Member::Gateway { id, .. } = member else { return Ok(()) };
        self.within(self.store.remove(group, &member.to_string())).await?;
        self.within(self.store.remove(&groups_of(id), group)).await
    }

    /// Takes a connection that API Gateway holds or held out of all of its groups.
    pub(crate) async fn leave_all(&self, member: &Member) -> Result<()> {
        let Member::Gateway { id, .. } = member else { return Ok(()) };
        let groups = self.within(self.store.members(&groups_of(id))).await?;
        let left = stream::iter(groups)
            .map(|group| async move { self.leave_gateway(member, &group).await })
            .buffer_unordered(AT_ONCE)
            .collect::<Vec<_>>()
            .await;
        left.into_iter().collect()
    }

    /// Knows a connection that API Gateway holds.
    pub(crate) async fn keep(&self, id: &str, record: Bytes, expires: u64) -> Result<()> {
        self.within(self.store.put(&end_of(id), Bytes::new(), expires)).await?;
        self.within(self.store.put(&record_of(id), record, expires)).await
    }

    pub(crate) async fn find(&self, id: &str) -> Result<Option<Bytes>> {
        self.within(self.store.get(&record_of(id))).await
    }

    /// Whether the end of a connection is the caller's to tell: of all who are told of it, it is one's.
    pub(crate) async fn end(&self, id: &str) -> Result<bool> {
        self.within(self.store.delete(&end_of(id))).await
    }

    pub(crate) async fn forget(&self, id: &str) -> Result<()> {
        self.within(self.store.delete(&record_of(id))).await.map(drop)
    }

    /// Sends a message to all members of a group but one, wherever they are.
    ///
    /// # Errors
    /// 503 `connections_unavailable` if not all could be reached; those of this process have been.
    pub(crate) async fn deliver(&self, group: &str, message: &Message, except: Option<&str>) -> Result<()> {
        self.local.deliver(group, message, except);
        let members = self.within(self.store.members(group)).await?;
        let mut others: Vec<_> = members.iter().filter_map(|member| Member::parse(member)).collect();
        others.retain(|member| match member {
            Member::Process(process) => **process != *self.process,
            Member::Gateway { id, .. } => except != Some(&**id),
        });
        let sent = stream::iter(others)
            .map(|member| self.deliver_to(member, group, message, except))
            .buffer_unordered(AT_ONCE)
            .collect::<Vec<_>>()
            .await;
        sent.into_iter().collect()
    }

    async fn deliver_to(
        &self,
        member: Member,
        group: &str,
        message: &Message,
        except: Option<&str>,
    ) -> Result<()> {
        match &member {
            Member::Process(process) => {
                let sealed = Envelope::seal(group, except, message);
                self.within(self.store.publish(process, sealed)).await
            }
            Member::Gateway { id, since, endpoint } => {
                if self.gateway.send(endpoint, id, message).await? {
                    return Ok(());
                }
                // One may be about to open, and is not gone for that.
                if now().saturating_sub(*since) > 30_000 {
                    self.leave_gateway(&member, group).await?;
                }
                Ok(())
            }
        }
    }

    /// Tells all sockets of this process that it goes down, and waits until they have gone.
    pub(crate) async fn shut_down(&self) {
        self.local.shut_down();
        self.local.drained().await;
    }

    /// Begins to hear other processes, if that has not begun.
    fn listen(self: &Arc<Self>) {
        if self.has_started.swap(true, Ordering::Relaxed) {
            return;
        }
        let (store, process) = (Arc::clone(&self.store), self.process.clone());
        let (local, state) = (Arc::downgrade(&self.local), Arc::clone(&self.listening));
        tokio::spawn(async move {
            let mut pause = PAUSE;
            while let Some(local) = Weak::upgrade(&local) {
                let inbox = Inbox { local, state: Arc::clone(&state) };
                let began = Instant::now();
                let cause = match store.listen(&process, inbox).await {
                    Err(StoreError::Unsupported) => {
                        state.send_replace(Listening::Never);
                        return;
                    }
                    Err(error) => error.to_string(),
                    Ok(()) => "it ended".to_owned(),
                };
                state.send_replace(Listening::NotYet);
                tracing::warn!(target: "lift::websocket", %cause, "other processes are not heard for a while");
                if began.elapsed() > PAUSE_AT_MOST {
                    pause = PAUSE;
                }
                sleep(pause).await;
                pause = (pause * 2).min(PAUSE_AT_MOST);
            }
        });
        tokio::spawn(beat(Arc::downgrade(self), self.listening.subscribe()));
    }

    async fn heard(&self) -> Result<Listening> {
        let mut state = self.listening.subscribe();
        let heard = timeout(PATIENCE, state.wait_for(|state| *state != Listening::NotYet)).await;
        match heard {
            Ok(Ok(state)) => Ok(*state),
            _ => Err(unavailable(&StoreError::Connecting)),
        }
    }

    fn registered(&self) -> MutexGuard<'_, HashMap<Box<str>, Instant>> {
        self.registered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A group is said to have left only by not being registered again, so that who joins while the last one leaves
    /// stays registered.
    fn is_registered(&self, group: &str) -> bool {
        self.registered().get(group).is_some_and(|at| at.elapsed() < REGISTER * 2)
    }

    async fn register(&self, group: &str) -> Result<()> {
        let member = Member::Process((&*self.process).into()).to_string();
        let at = Instant::now();
        self.within(self.store.add(group, &member, in_time(REGISTERED))).await?;
        self.registered().insert(group.into(), at);
        Ok(())
    }

    /// Whether all groups were told that may still have members here.
    async fn register_again(&self) -> bool {
        let groups: Vec<_> = {
            let mut registered = self.registered();
            registered.retain(|group, _| self.local.has(group));
            registered.keys().cloned().collect()
        };
        let done = stream::iter(groups)
            .map(|group| async move { self.register(&group).await })
            .buffer_unordered(AT_ONCE)
            .collect::<Vec<_>>()
            .await;
        let failed = done.into_iter().find_map(Result::err);
        failed.inspect(Error::log).is_none()
    }

    async fn within<T>(&self, done: impl Future<Output = Result<T, StoreError>>) -> Result<T> {
        match timeout(PATIENCE, done).await {
            Ok(done) => done.map_err(|cause| unavailable(&cause)),
            Err(late) => Err(unavailable(&StoreError::new(late))),
        }
    }
}

/// Says again and again which groups this process has members of, and at once when it hears the others again: a store
/// that was away may have forgotten them.
async fn beat(network: Weak<Network>, mut listening: watch::Receiver<Listening>) {
    let mut pause = REGISTER;
    loop {
        let changed = timeout(pause, listening.changed()).await.is_ok();
        let Some(network) = network.upgrade() else { return };
        if !changed || *listening.borrow_and_update() == Listening::Yes {
            pause = if network.register_again().await { REGISTER } else { REGISTER_ANEW };
        }
    }
}

fn groups_of(id: &str) -> String {
    format!("groups {id}")
}

fn record_of(id: &str) -> String {
    format!("connection {id}")
}

/// There until somebody tells that the connection has ended.
fn end_of(id: &str) -> String {
    format!("end {id}")
}

/// Whether a connection may be in one more group than these. Its user's is no room, and has always a place.
fn fits<'a>(group: &str, joined: impl Iterator<Item = &'a str>) -> bool {
    !Kind::Room.is_of(group) || joined.filter(|joined| Kind::Room.is_of(joined)).count() < ROOMS
}

fn too_many() -> Error {
    Error::conflict(format!("A connection is in {ROOMS} rooms at most.")).with_code("too_many_rooms")
}

pub(crate) fn gone() -> Error {
    Error::new(http::StatusCode::GONE, "connection_gone", "The connection is closed.")
}

fn unavailable(cause: &StoreError) -> Error {
    Error::unavailable("Connections cannot be reached now.")
        .with_code("connections_unavailable")
        .with_source(cause.to_string())
}
