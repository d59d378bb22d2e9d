//! Fan-out: what is published once, and sent to whoever listens.

mod id;
mod published;
#[cfg(feature = "redis")]
mod redis;
mod subscription;
#[cfg(test)]
mod tests;
mod topic;

use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::time::{Instant, timeout_at};

pub use self::published::Published;
use self::published::{Encoded, encode};
pub use self::subscription::Subscription;
use self::topic::{Outcome, Topic};
use crate::app;
use crate::context::Context;
use crate::error::Result;
use crate::stream::event::Event;
use crate::stream::last_event_id::LastEventId;
use crate::tenant::{self, Tenant};

/// What a topic keeps, unless the app says it.
const KEEP: Keep = Keep { events: 256, bytes: 1024 * 1024 };
/// How many topics of one tenant are kept for whoever comes back, while nobody listens.
const IDLE_TOPICS: usize = 1_000;
/// How long such a topic is kept.
const IDLE: Duration = Duration::from_secs(600);

/// How many events a topic keeps, and how many bytes of them; the latest in any case.
#[derive(Clone, Copy, Debug)]
struct Keep {
    events: usize,
    bytes: usize,
}

/// What becomes of a subscriber that does not keep up: of one that is to get an event that is about to give way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnLag {
    /// It is told by `event: gap` how many events it has missed, and goes on with the oldest that is kept. The default.
    #[default]
    DropOldest,
    /// Its stream ends with the problem `lagged` (503): a browser comes back by itself, and is told of the gap.
    Disconnect,
    /// Whoever publishes waits for it, until the deadline of the request at most.
    Wait,
}

/// Sends events to many: whatever is published to a topic reaches everybody who has subscribed to it.
///
/// ```
/// use lift_runtime::stream::{Event, Hub, LastEventId, Subscription};
/// use lift_runtime::Result;
///
/// # #[derive(serde::Serialize)] struct Said { text: String }
/// // A handler under `#[get("/rooms/{room}/events")] #[stream(sse)]`:
/// async fn listen(hub: Hub<Said>, room: String, resume: LastEventId) -> Result<Subscription<Said>> {
///     hub.subscribe(&room, &resume).await
/// }
///
/// // One under `#[post("/rooms/{room}")]`:
/// async fn say(hub: Hub<Said>, room: String, said: Said) -> Result<()> {
///     hub.publish(&room, Event::new(said).event("said")).await
/// }
/// ```
///
/// - **Tenants.** Within a request a topic is its tenant's: the same name is another topic for another tenant. A request
///   that has no tenant in an app that has some is refused. A job says whose topic it means by
///   [`for_tenant`](Self::for_tenant).
/// - **Once.** An event is encoded when it is published, in one piece of memory that all subscribers share, whatever
///   the formats of their streams.
/// - **Bounded.** A topic keeps its last [`keep`](Self::keep) events, of [`keep_bytes`](Self::keep_bytes) in all, for those who come back and for those who are
///   slow; a subscriber has no queue of its own. [`OnLag`] says what becomes of one that falls behind further.
/// - **Resuming.** Each event has an id, `epoch-number`. A subscriber begins at a place of the topic, without gap or
///   repeat: at its `Last-Event-ID`, or now. What it has missed for good is told by `event: gap`.
/// - **Order.** Everybody gets a topic's events in the order in which they were published.
///
/// A [`new`](Self::new) hub is of one process, and so is what it keeps; `Hub::redis` (feature `redis`) is shared by processes.
/// Clones are the same hub.
pub struct Hub<T> {
    topics: Arc<Topics>,
    /// Whose topics they are where no request says it.
    tenant: Option<Tenant>,
    item: PhantomData<fn(T)>,
}

#[derive(Debug)]
struct Topics {
    keep: Keep,
    on_lag: OnLag,
    all: Mutex<All>,
    #[cfg(feature = "redis")]
    redis: Option<redis::Redis>,
}

#[derive(Debug, Default)]
struct All {
    tenants: HashMap<Option<Tenant>, Own>,
    count: usize,
    /// At so many topics those that are forgotten are looked for.
    sweep_at: usize,
}

/// One tenant's topics.
#[derive(Debug, Default)]
struct Own {
    topics: HashMap<Box<str>, Arc<Topic>>,
    /// At so many of them idle ones are looked for.
    room_at: usize,
}

impl<T> Hub<T> {
    /// A hub without topics: they come into being when somebody publishes or subscribes.
    pub fn new() -> Self {
        Self::of(KEEP, OnLag::default())
    }

    fn of(keep: Keep, on_lag: OnLag) -> Self {
        Self::with(Topics {
            keep,
            on_lag,
            all: Mutex::default(),
            #[cfg(feature = "redis")]
            redis: None,
        })
    }

    fn with(topics: Topics) -> Self {
        Self { topics: Arc::new(topics), tenant: None, item: PhantomData }
    }

    /// A hub that all processes share which name the same Redis or Valkey server: what one publishes reaches the subscribers
    /// of all, and a client resumes at any of them. The URL is that of a `RedisStore`; clusters are refused.
    ///
    /// It connects at its first use. While the server cannot be reached, publishing and subscribing are answered 503
    /// `unavailable`; open subscriptions wait, and are given what they have missed once it is there again. A topic is kept
    /// for an hour after its last event.
    ///
    /// # Errors
    /// If the URL is not one.
    #[cfg(feature = "redis")]
    pub fn redis(url: &str) -> Result<Self> {
        let redis = Some(redis::Redis::new(url, KEEP)?);
        Ok(Self::with(Topics { keep: KEEP, on_lag: OnLag::default(), all: Mutex::default(), redis }))
    }

    /// A new hub whose topics keep so many events each; 256 by default, and at least one.
    #[must_use]
    pub fn keep(self, events: usize) -> Self {
        self.changed(Keep { events: events.max(1), ..self.topics.keep }, self.topics.on_lag)
    }

    /// A new hub whose topics keep no more than so many bytes of events each, as they are sent by SSE; 1 MiB by default.
    /// The latest event is kept whatever its size. A shared hub's server is bounded by [`keep`](Self::keep) alone.
    #[must_use]
    pub fn keep_bytes(self, bytes: usize) -> Self {
        self.changed(Keep { bytes, ..self.topics.keep }, self.topics.on_lag)
    }

    /// A new hub that treats slow subscribers like this; [`OnLag::DropOldest`] by default.
    ///
    /// # Panics
    /// If a hub that processes share is to [wait](OnLag::Wait): whoever publishes cannot know another process's subscribers.
    #[must_use]
    pub fn on_lag(self, on_lag: OnLag) -> Self {
        #[cfg(feature = "redis")]
        assert!(
            self.topics.redis.is_none() || on_lag != OnLag::Wait,
            "nobody can wait for the subscribers of other processes"
        );
        self.changed(self.topics.keep, on_lag)
    }

    fn changed(&self, keep: Keep, on_lag: OnLag) -> Self {
        Self::with(Topics {
            keep,
            on_lag,
            all: Mutex::default(),
            #[cfg(feature = "redis")]
            redis: self.topics.redis.as_ref().map(|redis| redis.keeping(keep)),
        })
    }

    /// The same hub for a job: its topics are this tenant's, whatever request is being served.
    #[must_use]
    pub fn for_tenant(&self, tenant: &Tenant) -> Self {
        Self { tenant: Some(tenant.clone()), ..self.clone() }
    }

    /// Begins to listen to a topic: where the client left off if it says so, or now. It is a stream's whole body, or what a
    /// stream's body takes its events from.
    ///
    /// # Errors
    /// 400 `tenant_required` in a request without a tenant, where the app has tenants; 503 `unavailable` if the server of a
    /// shared hub cannot be reached.
    pub async fn subscribe(&self, topic: &str, resume: &LastEventId) -> Result<Subscription<T>> {
        let tenant = self.tenant()?;
        loop {
            let topic = self.topics.all().topic(tenant.as_ref(), topic);
            // Whoever gives up waiting leaves nothing behind.
            let interest = Interest { topics: &self.topics, topic };
            #[cfg(feature = "redis")]
            self.topics.listen(&interest.topic, resume).await?;
            // Otherwise it was forgotten meanwhile.
            if let Some((cursor, first)) = interest.topic.subscribe(resume.as_str()) {
                let (topics, topic) = (Arc::clone(&self.topics), Arc::clone(&interest.topic));
                return Ok(Subscription::new(topics, topic, cursor, first));
            }
        }
    }

    fn tenant(&self) -> Result<Option<Tenant>> {
        if self.tenant.is_some() {
            return Ok(self.tenant.clone());
        }
        Context::with_current(|context| match context {
            Some(context) if context.shared().tenants.is_some() => {
                context.raw_tenant().cloned().map(Some).ok_or_else(tenant::required)
            }
            _ => Ok(None),
        })
    }
}

impl<T: Serialize> Hub<T> {
    /// Sends an event, or an item that becomes one, to all subscribers of a topic, and keeps it for those who come back.
    /// Its id is the topic's own, whatever it had.
    ///
    /// # Errors
    /// If its data do not serialise; 400 `tenant_required` in a request without a tenant, where the app has tenants;
    /// under [`OnLag::Wait`] 504 `deadline_exceeded` if a subscriber is too slow for too long: the event is not sent then.
    /// 503 `unavailable` if the server of a shared hub cannot be reached: where it was lost in between, the event may have
    /// been sent.
    pub async fn publish(&self, topic: &str, event: impl Into<Event<T>>) -> Result<()> {
        let tenant = self.tenant()?;
        let deadline = Context::with_current(|context| context.and_then(Context::deadline));
        // Before any lock is held, and once, however long it has to wait.
        let (text, at) = encode(&event.into())?;
        let (fields, json) = text.split_at(at);
        let event = Encoded { fields, json };
        let publish = async {
            #[cfg(feature = "redis")]
            if let Some(redis) = &self.topics.redis {
                return redis.publish(tenant.as_ref(), topic, &event).await;
            }
            loop {
                let found = self.topics.all().topic(tenant.as_ref(), topic);
                let mut room = std::pin::pin!(found.room().notified());
                room.as_mut().enable();
                match found.try_publish(self.topics.keep, self.topics.on_lag, &event) {
                    Outcome::Published => return Ok(()),
                    Outcome::Full => room.await,
                    Outcome::Forgotten => {}
                }
            }
        };
        match deadline {
            Some(deadline) => timeout_at(deadline, publish).await.unwrap_or_else(|_| Err(app::late())),
            None => publish.await,
        }
    }
}

impl Topics {
    /// Waits until a topic holds what the server holds, where there is one.
    #[cfg(feature = "redis")]
    async fn listen(&self, topic: &Arc<Topic>, resume: &LastEventId) -> Result<()> {
        match &self.redis {
            Some(redis) if !topic.is_live() || topic.is_behind(resume.as_str()) => redis.listen(topic).await,
            _ => Ok(()),
        }
    }

    /// A subscriber has left, or has not come.
    fn left(&self, topic: &Arc<Topic>) {
        #[cfg(feature = "redis")]
        if let Some(redis) = &self.redis {
            // What is kept is kept there.
            if self.all().forget(topic, Some(Instant::now())) {
                redis.leave(topic);
            }
            return;
        }
        self.all().forget(topic, None);
    }

    fn all(&self) -> MutexGuard<'_, All> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl All {
    /// A topic that is there, or a new one.
    fn topic(&mut self, tenant: Option<&Tenant>, name: &str) -> Arc<Topic> {
        let key = tenant.cloned();
        if let Some(found) = self.tenants.get(&key).and_then(|own| own.topics.get(name)) {
            return Arc::clone(found);
        }
        self.forget_idle();
        let own = self.tenants.entry(key).or_default();
        if own.topics.len() >= own.room_at.max(IDLE_TOPICS) {
            self.count -= own.make_room();
        }
        let topic = Arc::new(Topic::new(tenant.cloned(), name));
        own.topics.insert(name.into(), Arc::clone(&topic));
        self.count += 1;
        topic
    }

    /// Forgets the topics that have been idle for long: each time that there are twice as many as last time.
    fn forget_idle(&mut self) {
        if self.count < self.sweep_at.max(IDLE_TOPICS) {
            return;
        }
        let since = Instant::now().checked_sub(IDLE);
        for own in self.tenants.values_mut() {
            own.topics.retain(|_, topic| !topic.forget(since));
        }
        self.tenants.retain(|_, own| !own.topics.is_empty());
        self.count = self.tenants.values().map(|own| own.topics.len()).sum();
        self.sweep_at = self.count * 2;
    }

    /// Forgets a topic that nobody listens to, if it keeps nothing or was published to last before this moment, and tells
    /// whether it did.
    fn forget(&mut self, left: &Arc<Topic>, idle_since: Option<Instant>) -> bool {
        let Some(own) = self.tenants.get_mut(&left.tenant) else { return false };
        let is_there = own.topics.get(&left.name).is_some_and(|topic| Arc::ptr_eq(topic, left));
        if !is_there || !left.forget(idle_since) {
            return false;
        }
        own.topics.remove(&left.name);
        self.count -= 1;
        if own.topics.is_empty() {
            self.tenants.remove(&left.tenant);
        }
        true
    }
}

impl Own {
    /// Forgets the topic that has been idle longest, and tells how many it forgot. Where somebody listens to each, they are
    /// looked through again when there are twice as many.
    fn make_room(&mut self) -> usize {
        let idle = self.topics.values().filter_map(|topic| Some((topic.idle_since()?, topic)));
        let oldest = idle.min_by_key(|(since, _)| *since).filter(|(since, topic)| topic.forget(Some(*since)));
        let Some(name) = oldest.map(|(_, topic)| topic.name.clone()) else {
            self.room_at = self.topics.len() * 2;
            return 0;
        };
        self.topics.remove(&name).into_iter().count()
    }
}

/// Somebody is about to subscribe.
struct Interest<'a> {
    topics: &'a Topics,
    topic: Arc<Topic>,
}

impl Drop for Interest<'_> {
    fn drop(&mut self) {
        self.topics.left(&self.topic);
    }
}

impl<T> Default for Hub<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Clone for Hub<T> {
    fn clone(&self) -> Self {
        Self { topics: Arc::clone(&self.topics), tenant: self.tenant.clone(), item: PhantomData }
    }
}

impl<T> std::fmt::Debug for Hub<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub")
            .field("keep", &self.topics.keep)
            .field("on_lag", &self.topics.on_lag)
            .finish_non_exhaustive()
    }
}
