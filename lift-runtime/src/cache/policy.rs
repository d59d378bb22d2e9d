//! What `#[cached(…)]` says, as the runtime reads it.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use metrics::{Counter, counter};

/// The default of `cache_control`: a browser asks again each time, and gets a 304.
const PRIVATE_NO_CACHE: &str = "private, no-cache";

/// Who shares an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// The requests of one tenant.
    Tenant,
    /// All requests.
    Shared,
    /// The requests of one caller of one tenant.
    Private,
}

/// The options of one `#[cached]`; times are in milliseconds.
pub struct Policy {
    pub(crate) name: &'static str,
    pub(crate) ttl: u64,
    pub(crate) stale: u64,
    pub(crate) stale_if_error: u64,
    pub(crate) negative: u64,
    pub(crate) sharing: Sharing,
    pub(crate) vary: &'static [&'static str],
    pub(crate) version: u32,
    pub(crate) store: Option<&'static str>,
    pub(crate) max_bytes: Option<usize>,
    pub(crate) local: bool,
    cache_control: Option<&'static str>,
    fingerprint: Option<fn() -> u64>,
    /// What that has said: it writes a whole schema.
    schema: OnceLock<u64>,
    registered: OnceLock<Registered>,
    tainted: AtomicBool,
}

/// What a policy gets when it is first used.
pub(crate) struct Registered {
    /// Stands for the policy in keys of this process.
    pub(crate) id: u32,
    pub(crate) hits: Counter,
    pub(crate) misses: Counter,
    pub(crate) stale: Counter,
    pub(crate) stores: Counter,
    pub(crate) evictions: Counter,
    pub(crate) errors: Counter,
    pub(crate) too_large: Counter,
}

impl Policy {
    /// What the function of this full name computes is fresh for `ttl` milliseconds.
    pub const fn new(name: &'static str, ttl: u64) -> Self {
        Self {
            name,
            ttl,
            stale: 0,
            stale_if_error: 0,
            negative: 0,
            sharing: Sharing::Tenant,
            vary: &[],
            version: 1,
            store: None,
            max_bytes: None,
            local: false,
            cache_control: None,
            fingerprint: None,
            schema: OnceLock::new(),
            registered: OnceLock::new(),
            tainted: AtomicBool::new(false),
        }
    }

    /// For so long after its time an entry is served while one caller refreshes it.
    #[must_use]
    pub const fn stale(mut self, millis: u64) -> Self {
        self.stale = millis;
        self
    }

    /// For so long after its time an entry is served where the handler fails.
    #[must_use]
    pub const fn stale_if_error(mut self, millis: u64) -> Self {
        self.stale_if_error = millis;
        self
    }

    /// For so long a 404 or `None` is remembered.
    #[must_use]
    pub const fn negative(mut self, millis: u64) -> Self {
        self.negative = millis;
        self
    }

    /// One entry for all tenants.
    #[must_use]
    pub const fn shared(mut self) -> Self {
        self.sharing = Sharing::Shared;
        self
    }

    /// One entry for each caller.
    #[must_use]
    pub const fn private(mut self) -> Self {
        self.sharing = Sharing::Private;
        self
    }

    /// Request headers that enter the key, in lower case.
    #[must_use]
    pub const fn vary(mut self, headers: &'static [&'static str]) -> Self {
        self.vary = headers;
        self
    }

    /// What browsers and CDNs are told, unless the handler says it.
    #[must_use]
    pub const fn cache_control(mut self, value: &'static str) -> Self {
        self.cache_control = Some(value);
        self
    }

    /// Enters the key.
    #[must_use]
    pub const fn version(mut self, version: u32) -> Self {
        self.version = version;
        self
    }

    /// Which of the app's caches.
    #[must_use]
    pub const fn store(mut self, name: &'static str) -> Self {
        self.store = Some(name);
        self
    }

    /// Larger results are served and not stored.
    #[must_use]
    pub const fn max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = Some(bytes);
        self
    }

    /// Entries stay in this process's memory, whatever the store is.
    #[must_use]
    pub const fn local(mut self) -> Self {
        self.local = true;
        self
    }

    /// Tells one version of the result's type from another, for entries that outlive the process.
    #[must_use]
    pub const fn fingerprint(mut self, fingerprint: fn() -> u64) -> Self {
        self.fingerprint = Some(fingerprint);
        self
    }

    pub(crate) fn is_shared(&self) -> bool {
        self.sharing == Sharing::Shared
    }

    /// What clients are told of an answer: of an error or a redirect nothing that lets it live.
    pub(crate) fn told_clients(&self, status: http::StatusCode) -> Option<&'static str> {
        let said = self.cache_control.filter(|_| status.is_success());
        match self.sharing {
            Sharing::Shared => said,
            Sharing::Tenant | Sharing::Private => Some(said.unwrap_or(PRIVATE_NO_CACHE)),
        }
    }

    /// Made once, for it takes longer than the rest of a look-up.
    pub(crate) fn schema(&self) -> u64 {
        *self.schema.get_or_init(|| self.fingerprint.map_or(0, |fingerprint| fingerprint()))
    }

    #[inline]
    pub(crate) fn registered(&'static self) -> &'static Registered {
        self.registered.get_or_init(|| Registered::new(self.name))
    }

    /// Says once that results cannot be stored, because the function reads what its key does not hold.
    pub(crate) fn warn_tainted(&self) {
        if !self.tainted.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                target: "lift::cache",
                endpoint = self.name,
                "not stored: the function asks the context for a caller, a header or a tenant that its key does \
                 not hold; take it as an argument, or say `private`, `vary(…)` or drop `shared`",
            );
        }
    }
}

impl Registered {
    fn new(name: &'static str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            hits: counter!("lift.cache.hits", "endpoint" => name),
            misses: counter!("lift.cache.misses", "endpoint" => name),
            stale: counter!("lift.cache.stale", "endpoint" => name),
            stores: counter!("lift.cache.stores", "endpoint" => name),
            evictions: counter!("lift.cache.evictions", "endpoint" => name),
            errors: counter!("lift.cache.errors", "endpoint" => name),
            too_large: counter!("lift.cache.too_large", "endpoint" => name),
        }
    }
}

/// At most one in twenty of a `ttl`, so that entries made together do not expire together.
const JITTER: u64 = 20;

/// A `ttl` in milliseconds, shortened by up to 5 %.
pub(crate) fn jittered(ttl: u64) -> u64 {
    ttl - fastrand::u64(0..=ttl / JITTER)
}

pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_only_shortens_and_by_a_twentieth_at_most() {
        let drawn: Vec<u64> = (0..1000).map(|_| jittered(60_000)).collect();
        assert!(drawn.iter().all(|ttl| (57_000..=60_000).contains(ttl)));
        assert!(drawn.iter().any(|ttl| *ttl != drawn[0]));
        assert_eq!(jittered(0), 0);
        assert_eq!(jittered(19), 19);
    }

    #[test]
    fn each_policy_has_an_id_of_its_own() {
        static A: Policy = Policy::new("same::name", 1);
        static B: Policy = Policy::new("same::name", 1);
        assert_ne!(A.registered().id, B.registered().id);
        assert_eq!(A.registered().id, A.registered().id);
    }
}
