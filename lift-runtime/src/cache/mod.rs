//! Caching: what `#[cached]` and `#[invalidates]` run on.
//!
//! A use of the cache goes `key → plan → resolve → answer`: `plan.rs` looks in memory (synchronously, and without
//! allocating on a hit) or asks a store outside the process; `resolve.rs` waits for whoever computes, or computes
//! and stores; `call.rs` and `function.rs` are the two callers, for routes and for plain functions.

mod begin;
mod breaker;
mod call;
mod computed;
mod counter;
mod encode;
mod entry;
mod environment;
pub(crate) mod expansion;
mod fingerprint;
mod flight;
mod function;
mod generation;
mod http;
mod invalidate;
mod key;
mod lease;
mod lookup;
mod memory;
mod near;
mod part;
mod party;
mod plan;
mod policy;
mod remote;
mod resolve;
mod stats;
pub(crate) mod store;
mod tags;
#[cfg(test)]
mod tests;
mod timing;

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ::http::request::Parts;
use axum::extract::FromRequestParts;

pub use self::breaker::BreakerState;
pub use self::computed::CacheStrategy;
#[cfg(feature = "websocket")]
pub(crate) use self::environment::shown;
pub use self::key::{Key, KeyPart};
pub use self::near::{Beat, Watcher};
pub use self::remote::StoreStats;
pub use self::stats::{CacheStats, EndpointStats, MemoryStats, publish_counters};
#[cfg(feature = "dynamodb")]
pub use self::store::DynamoDbStore;
#[cfg(feature = "redis")]
pub use self::store::RedisStore;
#[cfg(feature = "redis")]
pub(crate) use self::store::redis_server;
pub use self::store::{CacheStore, Found, Generation, Lease, Leased, StoreError};
pub use self::timing::Latency;

#[cfg(feature = "test")]
pub(crate) use self::http::weak_etag;

use self::flight::Flights;
use self::memory::Memory;
use self::near::Near;
use self::policy::Policy;
use self::remote::Remote;
use self::stats::Rows;
use crate::app::Shared;
use crate::context::Context;
use crate::error::Result;
use crate::tenant::Tenant;

/// The size of [`Cache::memory`].
const CAPACITY: u64 = 64 << 20;

/// Of the capacity, what one tenant may hold unless [`Cache::tenant_share`] says otherwise: a quarter.
const SHARE: u64 = 4;

/// A cache: where it keeps what it has, and for whom this handle speaks.
///
/// As an argument of a handler, and from [`Context::cache`], it speaks for the request's tenant, and invalidates in
/// the app's named caches too.
///
/// ```
/// # async fn example() -> lift_runtime::Result<()> {
/// use lift_runtime::Cache;
/// let cache = Cache::memory_of(16 << 20).tenant_share(4 << 20);
/// cache.tenant("acme")?.invalidate_tag("products").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Cache {
    inner: Arc<Inner>,
    pub(crate) tenant: Option<Tenant>,
    /// The app of the context that this handle comes from; one made by hand has none, and stays one cache.
    app: Option<Arc<Shared>>,
}

/// What all handles of a cache share.
pub(crate) struct Inner {
    capacity: u64,
    share: AtomicU64,
    /// Made on first use, for an app that caches nothing pays nothing.
    memory: OnceLock<Memory>,
    remote: Option<Arc<Remote>>,
    /// Entries of the store outside are held in memory as well.
    near: Option<Near>,
    /// Payloads of more bytes go to the store outside compressed.
    compress_over: AtomicUsize,
    flights: Arc<Flights>,
    rows: Arc<Rows>,
    hasher: foldhash::quality::RandomState,
    /// The app has tenants, so that work without one is not cached per tenant.
    tenants: AtomicBool,
}

impl Cache {
    /// In this process's memory: 64 MiB, of which a tenant may hold a quarter.
    #[must_use]
    pub fn memory() -> Self {
        Self::memory_of(CAPACITY)
    }

    /// In this process's memory, so many bytes of it. One result may be about as large as 1 MiB, or as a 64th to a
    /// 256th of a larger cache.
    #[must_use]
    pub fn memory_of(bytes: u64) -> Self {
        Self::with(bytes, None, None)
    }

    /// In a store of one's own. A store that fails, hangs or lies fails no request: an operation is given 50 ms,
    /// and one that keeps failing is skipped for a while.
    #[must_use]
    pub fn store(store: impl CacheStore) -> Self {
        Self::with(CAPACITY, Some(Remote::new(store)), None)
    }

    /// In a store of one's own, and in memory before it: 64 MiB of it, of which a tenant may hold a quarter.
    ///
    /// What this process invalidates is gone from memory at once. What others invalidate is gone as soon as the
    /// store tells of it, and at the latest after [`l1_ttl`](Self::l1_ttl), also after a freeze.
    #[must_use]
    pub fn near(store: impl CacheStore) -> Self {
        Self::near_of(CAPACITY, store)
    }

    /// The same with so many bytes of memory.
    #[must_use]
    pub fn near_of(bytes: u64, store: impl CacheStore) -> Self {
        Self::with(bytes, Some(Remote::new(store)), Some(Near::new()))
    }

    /// For how long a [near](Self::near) cache serves what nobody has vouched for since; 1 s unless this is called.
    /// Another process's invalidation is seen within that time, whatever fails. No effect on other caches.
    #[must_use]
    pub fn l1_ttl(self, l1_ttl: Duration) -> Self {
        if let Some(near) = &self.inner.near {
            near.set_l1_ttl(l1_ttl);
        }
        self
    }

    /// As the environment variable `LIFT_CACHE` says.
    ///
    /// | `LIFT_CACHE` | |
    /// |---|---|
    /// | not set, `memory` | [`Cache::memory`] |
    /// | `memory:64MiB` | [`Cache::memory_of`]; `KiB`, `MiB`, `GiB` or bytes, from 64 KiB up |
    /// | `redis://…`, `rediss://…`, `redis+cluster://…`, `rediss+cluster://…` | [`Cache::store`] with a `RedisStore` (feature `redis`) |
    /// | `dynamodb://table` | [`Cache::store`] with a `DynamoDbStore` (feature `dynamodb`) |
    /// | `memory+redis://…`, `memory:64MiB+dynamodb://table` and so on | [`Cache::near`] with one |
    ///
    /// # Errors
    /// If it says anything else. What may be a password is not repeated.
    pub fn from_env() -> Result<Self> {
        environment::read(std::env::var_os("LIFT_CACHE").as_deref())
    }

    fn with(capacity: u64, remote: Option<Remote>, near: Option<Near>) -> Self {
        let inner = Inner {
            capacity,
            share: AtomicU64::new(capacity / SHARE),
            memory: OnceLock::new(),
            remote: remote.map(Arc::new),
            near,
            compress_over: AtomicUsize::new(usize::MAX),
            flights: Arc::new(Flights::new()),
            rows: Rows::new(),
            hasher: foldhash::quality::RandomState::default(),
            tenants: AtomicBool::new(false),
        };
        Self { inner: Arc::new(inner), tenant: None, app: None }
    }

    /// How many bytes of memory one tenant may hold; a quarter of the cache unless this is called. A tenant that
    /// would exceed it loses entries of its own, the oldest that were not hit first, and nobody else's.
    ///
    /// When memory is full, a tenant that holds no more than the fair part (memory divided by the number of tenants
    /// that hold anything) loses nothing to others; those that hold more give way. A `shared` entry counts for the
    /// tenant for whose request it was computed; what no tenant asked for counts as one more tenant.
    #[must_use]
    pub fn tenant_share(self, bytes: u64) -> Self {
        self.inner.share.store(bytes, Ordering::Relaxed);
        self
    }

    /// Results of more than so many bytes go to a store outside this process compressed, by LZ4, if that makes them
    /// smaller; none do unless this is called. A reader without the feature `compression` takes them for misses.
    #[cfg(feature = "compression")]
    #[must_use]
    pub fn compress_over(self, bytes: usize) -> Self {
        self.inner.compress_over.store(bytes, Ordering::Relaxed);
        self
    }

    /// The same cache, speaking for a tenant: for jobs, which no request gives one.
    ///
    /// # Errors
    /// 400 `tenant_invalid` if it is not 1–128 visible ASCII characters.
    pub fn tenant(&self, name: &str) -> Result<Self> {
        Ok(Self { tenant: Some(Tenant::new(name)?), ..self.clone() })
    }

    /// Runs work that no request asked for with this cache, for this handle's tenant.
    ///
    /// ```
    /// # use lift_runtime::{Cache, Context};
    /// # async fn nightly(cache: &Cache) -> lift_runtime::Result<()> {
    /// cache.tenant("acme")?.scope(async {
    ///     assert_eq!(Context::current().tenant().map(|tenant| tenant.as_str()), Some("acme"));
    /// }).await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn scope<F: Future>(&self, work: F) -> impl Future<Output = F::Output> + use<F> {
        self.context().scope(work)
    }

    /// A context of the app that this handle comes from, or that is running, if this is its cache; else of this
    /// cache's own.
    fn context(&self) -> Context {
        if let Some(app) = &self.app {
            return Context::for_job(Arc::clone(app), self.tenant.clone());
        }
        let app = Context::with_current(|context| {
            context
                .map(Context::shared)
                .filter(|shared| Arc::ptr_eq(&shared.cache.inner, &self.inner))
                .cloned()
        });
        let shared = app.unwrap_or_else(|| {
            Arc::new(Shared::for_cache(Self { inner: Arc::clone(&self.inner), tenant: None, app: None }))
        });
        Context::for_job(shared, self.tenant.clone())
    }

    #[cfg(feature = "test")]
    pub(crate) fn capacity(&self) -> u64 {
        self.inner.capacity
    }

    /// Fills a tenant's share of memory with entries of all sizes, of which there is no more than their weight.
    #[cfg(feature = "test")]
    pub(crate) fn fill_share(&self, tenant: &Tenant) {
        if let Some(memory) = self.inner.memory.get() {
            memory.fill(tenant, self.inner.share());
        }
    }

    /// The app has tenants.
    pub(crate) fn require_tenant(&self) {
        self.inner.tenants.store(true, Ordering::Relaxed);
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match (&self.inner.remote, &self.inner.near) {
            (None, _) => "memory",
            (Some(_), None) => "store",
            (Some(_), Some(_)) => "near",
        };
        f.debug_struct("Cache").field("kind", &kind).field("tenant", &self.tenant).finish_non_exhaustive()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Cache {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        Ok(Context::from_request_parts(parts, state).await?.cache())
    }
}

impl Context {
    /// The app's cache, speaking for this request's tenant.
    pub fn cache(&self) -> Cache {
        let shared = self.shared();
        Cache {
            inner: Arc::clone(&shared.cache.inner),
            tenant: self.raw_tenant().cloned(),
            app: Some(Arc::clone(shared)),
        }
    }
}

impl Inner {
    /// The cache that a policy uses.
    #[inline]
    fn of<'a>(policy: &Policy, shared: &'a Shared) -> Option<&'a Arc<Self>> {
        match policy.store {
            None => Some(&shared.cache.inner),
            Some(name) => shared.stores.get(name).map(|cache| &cache.inner),
        }
    }

    #[inline]
    fn hash(&self, bytes: &[u8]) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        hasher.write(bytes);
        hasher.finish()
    }

    #[inline]
    fn memory(&self) -> &Memory {
        self.memory.get_or_init(|| Memory::new(self.capacity))
    }

    /// Memory, if that is where this policy's entries are.
    #[inline]
    fn memory_for(&self, policy: &Policy) -> Option<&Memory> {
        (policy.local || self.remote.is_none() || self.near.is_some()).then(|| self.memory())
    }

    /// What is known of other processes' invalidations, if that matters for this policy's entries in memory.
    #[inline]
    fn near_for(&self, policy: &Policy) -> Option<&Near> {
        self.near.as_ref().filter(|_| !policy.local)
    }

    /// The store outside, if that is where this policy's entries are.
    fn remote_for(&self, policy: &Policy) -> Option<&Arc<Remote>> {
        self.remote.as_ref().filter(|_| !policy.local)
    }

    /// The largest payload that can be stored for a policy.
    fn limit(&self, policy: &Policy) -> u64 {
        let store = match self.remote_for(policy) {
            Some(remote) => remote.largest() as u64,
            None => self.memory().limit(),
        };
        policy.max_bytes.map_or(store, |most| store.min(most as u64))
    }

    fn share(&self) -> u64 {
        self.share.load(Ordering::Relaxed)
    }

    fn has_tenants(&self) -> bool {
        self.tenants.load(Ordering::Relaxed)
    }
}
