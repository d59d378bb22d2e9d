//! The open side of connections: what a store of one's own implements.

#[cfg(feature = "dynamodb")]
mod dynamodb;
mod memory;
#[cfg(feature = "redis")]
mod redis;

use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;

#[cfg(feature = "dynamodb")]
pub use self::dynamodb::DynamoDbConnections;
pub(crate) use self::memory::MemoryStore;
#[cfg(feature = "redis")]
pub use self::redis::RedisConnections;
use super::inbox::Inbox;
use crate::cache::StoreError;

/// Where connections are known beyond one process, for [`Connections::store`](super::Connections::store).
///
/// It keeps records under keys, and members in sets, each until a time; and it passes messages between processes. It
/// need not understand any of them. Keys, sets and members are text of up to 1,024 bytes.
///
/// What it must hold to:
/// - What has been written is seen by whatever is read later, in whichever process.
/// - What has expired is not there, whatever the store itself does about it.
/// - [`members`](Self::members) costs in proportion to the set, however many others there are.
pub trait ConnectionStore: Send + Sync + 'static {
    /// Keeps a record until `expires` (milliseconds since the Unix epoch).
    fn put(
        &self,
        key: &str,
        record: Bytes,
        expires: u64,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The record of a key, if there is one.
    fn get(&self, key: &str) -> impl Future<Output = Result<Option<Bytes>, StoreError>> + Send;

    /// Forgets a record, and tells whether it was there: of many who do so at once, one is told so.
    fn delete(&self, key: &str) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Makes a member of a set until `expires`; one that is there stays until then.
    fn add(
        &self,
        set: &str,
        member: &str,
        expires: u64,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Takes a member out of a set.
    fn remove(&self, set: &str, member: &str) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The members of a set, in any order.
    fn members(&self, set: &str) -> impl Future<Output = Result<Vec<String>, StoreError>> + Send;

    /// Passes a message to the process that [listens](Self::listen) by this name, if there is one.
    fn publish(
        &self,
        _process: &str,
        _message: Bytes,
    ) -> impl Future<Output = Result<(), StoreError>> + Send {
        async { Err(StoreError::Unsupported) }
    }

    /// Puts messages for a process into its inbox, in the order of each publisher, until that fails; the caller
    /// tries again. A store that has no such means leaves it: its processes then know only their own sockets.
    fn listen(&self, _process: &str, inbox: Inbox) -> impl Future<Output = Result<(), StoreError>> + Send {
        drop(inbox);
        async { Err(StoreError::Unsupported) }
    }
}

type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// A [`ConnectionStore`] of any type.
pub(crate) trait AnyStore: Send + Sync {
    fn put<'a>(&'a self, key: &'a str, record: Bytes, expires: u64) -> Pending<'a, ()>;
    fn get<'a>(&'a self, key: &'a str) -> Pending<'a, Option<Bytes>>;
    fn delete<'a>(&'a self, key: &'a str) -> Pending<'a, bool>;
    fn add<'a>(&'a self, set: &'a str, member: &'a str, expires: u64) -> Pending<'a, ()>;
    fn remove<'a>(&'a self, set: &'a str, member: &'a str) -> Pending<'a, ()>;
    fn members<'a>(&'a self, set: &'a str) -> Pending<'a, Vec<String>>;
    fn publish<'a>(&'a self, process: &'a str, message: Bytes) -> Pending<'a, ()>;
    fn listen<'a>(&'a self, process: &'a str, inbox: Inbox) -> Pending<'a, ()>;
}

impl<T: ConnectionStore> AnyStore for T {
    fn put<'a>(&'a self, key: &'a str, record: Bytes, expires: u64) -> Pending<'a, ()> {
        Box::pin(ConnectionStore::put(self, key, record, expires))
    }

    fn get<'a>(&'a self, key: &'a str) -> Pending<'a, Option<Bytes>> {
        Box::pin(ConnectionStore::get(self, key))
    }

    fn delete<'a>(&'a self, key: &'a str) -> Pending<'a, bool> {
        Box::pin(ConnectionStore::delete(self, key))
    }

    fn add<'a>(&'a self, set: &'a str, member: &'a str, expires: u64) -> Pending<'a, ()> {
        Box::pin(ConnectionStore::add(self, set, member, expires))
    }

    fn remove<'a>(&'a self, set: &'a str, member: &'a str) -> Pending<'a, ()> {
        Box::pin(ConnectionStore::remove(self, set, member))
    }

    fn members<'a>(&'a self, set: &'a str) -> Pending<'a, Vec<String>> {
        Box::pin(ConnectionStore::members(self, set))
    }

    fn publish<'a>(&'a self, process: &'a str, message: Bytes) -> Pending<'a, ()> {
        Box::pin(ConnectionStore::publish(self, process, message))
    }

    fn listen<'a>(&'a self, process: &'a str, inbox: Inbox) -> Pending<'a, ()> {
        Box::pin(ConnectionStore::listen(self, process, inbox))
    }
}
