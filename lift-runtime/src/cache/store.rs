//! The open side of the cache: what a store of one's own implements.

#[cfg(feature = "dynamodb")]
pub(crate) mod dynamodb;
#[cfg(any(feature = "dynamodb", feature = "redis"))]
pub(crate) mod link;
#[cfg(feature = "redis")]
pub(crate) mod redis;

use std::fmt;
use std::future::Future;
use std::time::Duration;

use bytes::Bytes;

#[cfg(feature = "dynamodb")]
pub use self::dynamodb::DynamoDbStore;
#[cfg(feature = "redis")]
pub use self::redis::RedisStore;
#[cfg(feature = "redis")]
pub(crate) use self::redis::redis_server;
use super::near::Watcher;

/// The generation of a name: a unique random token, never a counter, which a store that loses data would repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Generation(pub u128);

impl Generation {
    /// A new one.
    #[must_use]
    pub fn random() -> Self {
        Self(fastrand::u128(..))
    }
}

/// What one look-up finds.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The entry's bytes as they were [put](CacheStore::put), if they are there.
    pub entry: Option<Bytes>,
    /// The generation of each name asked for, in that order; `None` for one that has none.
    pub generations: Vec<Option<Generation>>,
    /// Whether somebody holds the [lease](CacheStore::lease) on the entry, where the store can tell with no more effort:
    /// it is then asked for a lease only when that is free. `None` where it cannot.
    pub is_leased: Option<bool>,
}

/// The right to compute an entry: its holder's random token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lease(pub u128);

/// What asking for a [`Lease`] comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Leased {
    /// It is the asker's until it has run out or been used.
    Granted,
    /// Another process holds it.
    Held,
    /// The store has no leases: each process computes for itself.
    Unsupported,
}

/// Why a store could not do what it was asked. No request fails of it.
#[derive(Debug)]
#[non_exhaustive]
pub enum StoreError {
    /// It is still connecting. This trips no breaker.
    Connecting,
    /// It asks to be asked less, and answers soon again. This trips no breaker.
    Throttled,
    /// It cannot do this at all, and is not asked again.
    Unsupported,
    /// It failed.
    Failed(Box<dyn std::error::Error + Send + Sync>),
}

impl StoreError {
    /// It failed, for this reason.
    pub fn new(reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Failed(reason.into())
    }
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for StoreError {
    fn from(error: E) -> Self {
        Self::Failed(Box::new(error))
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connecting => f.write_str("still connecting"),
            Self::Throttled => f.write_str("throttled"),
            Self::Unsupported => f.write_str("not supported"),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

/// A store of cached entries outside this process, for [`Cache::store`](crate::Cache::store).
///
/// It keeps bytes under keys, and a [`Generation`] under each of some names. It need not understand either:
/// expiry, tenants, comparison of generations and damage are seen to by the cache, which treats an operation that
/// fails, panics or takes longer than 50 ms as a miss. Keys and names are any bytes of any length; a store that
/// must shorten them may address by a cryptographic hash, for the entry holds its whole key.
///
/// What it must hold to:
/// - [`lookup`](Self::lookup) reads the generations no earlier than it is called, and from where they were
///   written: from the primary, with a consistent read.
/// - Once [`renew`](Self::renew) has returned, every look-up that begins sees the new generations.
/// - A generation that is lost (evicted, say) is missing, never an older one.
pub trait CacheStore: Send + Sync + 'static {
    /// Opens what operations need, such as a connection. Called before operations until it has ended once, by several at
    /// once where several come; each waits for it until 250 ms after the first. Operations that find nothing open answer
    /// [`StoreError::Connecting`]. Nothing unless it is overridden.
    fn connect(&self) -> impl Future<Output = Result<(), StoreError>> + Send {
        async { Ok(()) }
    }

    /// Reads an entry and the generations of some names, in one round trip.
    fn lookup(
        &self,
        key: &[u8],
        names: &[Box<[u8]>],
    ) -> impl Future<Output = Result<Found, StoreError>> + Send;

    /// Gives a new generation to each name that has none, and reads them all.
    fn establish(
        &self,
        names: &[Box<[u8]>],
    ) -> impl Future<Output = Result<Vec<Generation>, StoreError>> + Send;

    /// Gives each name a new generation. Whatever was made under the old ones is thereby gone.
    fn renew(&self, names: &[Box<[u8]>]) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Stores an entry, of no use after `expires` (milliseconds since the Unix epoch). With a lease it is stored
    /// only if the lease still stands, by compare-and-set, and the lease ends. Says whether it was stored.
    fn put(
        &self,
        key: &[u8],
        entry: Bytes,
        expires: u64,
        lease: Option<Lease>,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Asks for the right to compute an entry, for at most so long.
    fn lease(
        &self,
        _key: &[u8],
        _lease: Lease,
        _duration: Duration,
    ) -> impl Future<Output = Result<Leased, StoreError>> + Send {
        async { Ok(Leased::Unsupported) }
    }

    /// Gives a lease back unused.
    fn release(&self, _key: &[u8], _lease: Lease) -> impl Future<Output = Result<(), StoreError>> + Send {
        async { Ok(()) }
    }

    /// Tells of names that other processes renew, so that a [near cache](crate::Cache::near) may keep entries for
    /// longer than its `l1_ttl` without asking.
    ///
    /// Runs until it loses track of renewals, and fails then; the caller tries again. What it has to tell stands
    /// with [`Watcher`].
    fn watch(&self, watcher: Watcher) -> impl Future<Output = Result<(), StoreError>> + Send {
        drop(watcher);
        async { Err(StoreError::Unsupported) }
    }

    /// The largest entry it takes, in bytes; no limit unless it says one.
    fn largest(&self) -> usize {
        usize::MAX
    }
}
