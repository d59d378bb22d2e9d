//! Connections in Redis.
//!
//! | key | holds |
//! |---|---|
//! | `lift:ws:k:key` | a record, as a string that expires |
//! | `lift:ws:s:set` | a set's members, sorted by when they expire |
//! | `lift:ws:p:process` | is the channel that a process listens to |

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use redis::{Cmd, Value};
use tokio::time::timeout;

use super::ConnectionStore;
use crate::cache::StoreError;
use crate::cache::store::link::Link;
use crate::cache::store::redis::client::{CONNECT, RedisClient};
use crate::cache::store::redis::url::Target;
use crate::error::{Error, Result};
use crate::websocket::inbox::Inbox;
use crate::websocket::network::now;

/// How long a set outlives its last addition, so that none stays for good: longer than any member of it.
const SET_TTL: u64 = 3 * 3_600_000;

/// How often a subscription that is silent is asked whether it is there.
const SILENCE: Duration = Duration::from_secs(5);

/// A Redis or Valkey server as a store for [`Connections::store`](crate::websocket::Connections::store): all processes
/// that use it, with one prefix, have rooms in common.
///
/// ```
/// use lift_runtime::websocket::{Connections, RedisConnections};
///
/// # fn main() -> lift_runtime::Result<()> {
/// let connections = Connections::store(RedisConnections::new("rediss://cache.internal:6379/0?prefix=shop:")?);
/// # Ok(())
/// # }
/// ```
///
/// Its URL is that of [`RedisStore`](crate::cache::RedisStore), but not of a cluster. A broadcast reads the room's set
/// (one `ZRANGE`), which names each process that has members of it once, and is published once for each of them. What is
/// published while a process has lost its subscription does not reach its sockets.
pub struct RedisConnections {
    link: Link<RedisClient>,
    prefix: Box<str>,
}

impl RedisConnections {
    /// The server at a URL. It is not asked before it is needed.
    ///
    /// # Errors
    /// If it is no such URL; what stands in it of a password is not repeated.
    pub fn new(url: &str) -> Result<Self> {
        let Target { client, prefix, is_cluster } = Target::parse(url)?;
        if is_cluster {
            return Err(Error::startup(
                "connections are kept by one Redis server, not by a cluster: name it by `redis://`",
            ));
        }
        Ok(Self { link: Link::new(client), prefix })
    }

    fn key(&self, kind: &str, name: &str) -> String {
        format!("{}ws:{kind}:{name}", self.prefix)
    }

    /// Commands in one round trip. Whoever asks has time for a connection to be made.
    async fn all(&self, commands: Vec<Cmd>) -> Result<Vec<Value>, StoreError> {
        self.link.connect().await?;
        self.link.run(async |mut connection| connection.all(commands).await).await
    }

    async fn one(&self, command: Cmd) -> Result<Value, StoreError> {
        self.all(vec![command]).await?.pop().ok_or_else(|| StoreError::new("Redis answered nothing"))
    }
}

impl ConnectionStore for RedisConnections {
    async fn put(&self, key: &str, record: Bytes, expires: u64) -> Result<(), StoreError> {
        // Redis takes no life of zero.
        let Some(life) = expires.checked_sub(now()).filter(|life| *life > 0) else {
            return self.delete(key).await.map(drop);
        };
        let mut set = redis::cmd("SET");
        set.arg(self.key("k", key)).arg(&*record).arg("PX").arg(life);
        self.one(set).await.map(drop)
    }

    async fn get(&self, key: &str) -> Result<Option<Bytes>, StoreError> {
        let mut get = redis::cmd("GET");
        get.arg(self.key("k", key));
        match self.one(get).await? {
            Value::BulkString(record) => Ok(Some(record.into())),
            _ => Ok(None),
        }
    }

    async fn delete(&self, key: &str) -> Result<bool, StoreError> {
        let mut delete = redis::cmd("DEL");
        delete.arg(self.key("k", key));
        Ok(matches!(self.one(delete).await?, Value::Int(1..)))
    }

    async fn add(&self, set: &str, member: &str, expires: u64) -> Result<(), StoreError> {
        let (key, now) = (self.key("s", set), now());
        let [mut add, mut sweep, mut keep] = ["ZADD", "ZREMRANGEBYSCORE", "PEXPIRE"].map(redis::cmd);
        add.arg(&key).arg(expires).arg(member);
        sweep.arg(&key).arg("-inf").arg(now);
        keep.arg(&key).arg(expires.saturating_sub(now).max(SET_TTL));
        self.all(vec![add, sweep, keep]).await.map(drop)
    }

    async fn remove(&self, set: &str, member: &str) -> Result<(), StoreError> {
        let mut remove = redis::cmd("ZREM");
        remove.arg(self.key("s", set)).arg(member);
        self.one(remove).await.map(drop)
    }

    async fn members(&self, set: &str) -> Result<Vec<String>, StoreError> {
        let mut range = redis::cmd("ZRANGE");
        range.arg(self.key("s", set)).arg(format!("({}", now())).arg("+inf").arg("BYSCORE");
        let Value::Array(members) = self.one(range).await? else {
            return Err(StoreError::new("Redis answered in a form that was not expected"));
        };
        let text = |member| match member {
            Value::BulkString(member) => String::from_utf8(member).ok(),
            _ => None,
        };
        Ok(members.into_iter().filter_map(text).collect())
    }

    async fn publish(&self, process: &str, message: Bytes) -> Result<(), StoreError> {
        let mut publish = redis::cmd("PUBLISH");
        publish.arg(self.key("p", process)).arg(&*message);
        self.one(publish).await.map(drop)
    }

    async fn listen(&self, process: &str, inbox: Inbox) -> Result<(), StoreError> {
        let subscription = self.link.connector().subscribe(&self.key("p", process)).await?;
        let (mut sink, mut messages) = subscription.split();
        inbox.listening();
        loop {
            match timeout(SILENCE, messages.next()).await {
                Ok(Some(message)) => inbox.deliver(message.get_payload_bytes()),
                Ok(None) => return Err(StoreError::new("the subscription was lost")),
                Err(_) => drop(timeout(CONNECT, sink.ping::<Value>()).await??),
            }
        }
    }
}

impl std::fmt::Debug for RedisConnections {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisConnections").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}
