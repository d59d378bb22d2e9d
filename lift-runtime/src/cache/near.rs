//! The near cache: entries of a store outside the process, held in this process's memory as well.
//!
//! What another process invalidates is learnt in one of two ways. A store that can be watched tells of it, and
//! proves from time to time that it has told everything so far; until `l1_ttl` after the last proof, entries are
//! served without asking. Otherwise (and that is after a freeze, or when the subscription is lost, too) an entry is
//! served for `l1_ttl` after the store was last asked for it. Both go by wall-clock time, so that nothing is
//! trusted for longer because timers stood still.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::task::AbortHandle;

use super::Inner;
use super::remote::Remote;
use super::store::StoreError;
use crate::clock::Clock;

/// How long an entry is trusted that nobody has vouched for.
const L1_TTL: u64 = 1_000;

/// Between attempts to watch a store.
const PAUSE: Duration = Duration::from_millis(50);
const PAUSE_AT_MOST: Duration = Duration::from_secs(5);

/// What this process knows of other processes' invalidations.
pub(crate) struct Near {
    l1_ttl: AtomicU64,
    /// Between these two times, in milliseconds, every renewal is known that was acknowledged `l1_ttl` ago.
    from: AtomicU64,
    until: AtomicU64,
    watching: OnceLock<AbortHandle>,
}

impl Near {
    pub(crate) fn new() -> Self {
        Self {
            l1_ttl: AtomicU64::new(L1_TTL),
            from: AtomicU64::new(0),
            until: AtomicU64::new(0),
            watching: OnceLock::new(),
        }
    }

    pub(crate) fn set_l1_ttl(&self, l1_ttl: Duration) {
        let millis = u64::try_from(l1_ttl.as_millis()).unwrap_or(u64::MAX);
        self.l1_ttl.store(millis, Ordering::Relaxed);
    }

    fn l1_ttl(&self) -> u64 {
        self.l1_ttl.load(Ordering::Relaxed)
    }

    /// Whether an entry may be served that the store was last asked for at `read`.
    #[inline]
    pub(crate) fn trusts(&self, read: u64, now: u64) -> bool {
        self.is_verified(now) || (read <= now && now - read < self.l1_ttl())
    }

    /// Whether all that others have renewed is known.
    #[inline]
    pub(crate) fn is_verified(&self, now: u64) -> bool {
        self.from.load(Ordering::Acquire) <= now && now < self.until.load(Ordering::Acquire)
    }

    /// Begins to watch the store, unless that is done.
    pub(crate) fn watch(&self, inner: &Arc<Inner>, clock: &Clock) {
        if self.watching.get().is_some() {
            return;
        }
        let Some(remote) = inner.remote.clone() else { return };
        let watcher = Watcher::new(Arc::downgrade(inner), clock.clone());
        self.watching.get_or_init(|| tokio::spawn(watch(remote, watcher)).abort_handle());
    }

    pub(crate) fn verified(&self, at: u64) {
        self.from.store(at, Ordering::Release);
        // It ends by itself where no further proof comes.
        self.until.store(at.saturating_add(self.l1_ttl()), Ordering::Release);
    }
}

impl Drop for Near {
    fn drop(&mut self) {
        if let Some(task) = self.watching.get() {
            task.abort();
        }
    }
}

/// Watches a store for as long as its cache is there.
async fn watch(remote: Arc<Remote>, watcher: Watcher) {
    let mut pause = PAUSE;
    loop {
        let began = watcher.clock.now_millis();
        let ended = AssertUnwindSafe(remote.watch(watcher.afresh())).catch_unwind().await;
        match ended {
            Ok(Err(StoreError::Unsupported)) => return,
            Ok(Err(StoreError::Connecting)) => {}
            Ok(Err(error)) => {
                tracing::debug!(target: "lift::cache", cause = %error, "the near cache is no longer told of invalidations");
            }
            Ok(Ok(())) | Err(_) => {
                tracing::warn!(target: "lift::cache", "the cache store stopped watching without saying why");
            }
        }
        let lived = watcher.clock.now_millis().abs_diff(began) > PAUSE_AT_MOST.as_millis() as u64;
        pause = if lived { PAUSE } else { (pause * 2).min(PAUSE_AT_MOST) };
        tokio::time::sleep(pause.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
    }
}

/// Where a store tells what other processes have renewed, in [`CacheStore::watch`](super::CacheStore::watch).
///
/// Each [`interval`](Self::interval) the store makes a [`beat`](Self::beat), finds out that it has told of every
/// renewal acknowledged before that (a ping on the connection that brings the renewals does it, for its answer
/// arrives behind them), and calls [`verified`](Self::verified) with it. Where this stays out, the near cache
/// stops trusting what it has.
pub struct Watcher {
    inner: Weak<Inner>,
    clock: Clock,
    /// It has told once that it knows everything.
    told: AtomicBool,
}

/// A moment, for [`Watcher::verified`].
#[derive(Clone, Copy, Debug)]
pub struct Beat(u64);

impl Watcher {
    fn new(inner: Weak<Inner>, clock: Clock) -> Self {
        Self { inner, clock, told: AtomicBool::new(false) }
    }

    fn afresh(&self) -> Self {
        Self::new(self.inner.clone(), self.clock.clone())
    }

    /// This name has been renewed.
    pub fn renewed(&self, name: &[u8]) {
        if let Some(memory) = self.inner.upgrade().as_ref().and_then(|inner| inner.memory.get()) {
            memory.generations.renew_bytes(name);
        }
    }

    /// Something has been renewed, or lost, and there is no telling what.
    pub fn everything(&self) {
        self.renewed(&super::tags::Name::All.to_bytes());
    }

    /// Now.
    pub fn beat(&self) -> Beat {
        Beat(self.clock.now_millis())
    }

    /// Every renewal that was acknowledged before the beat has been told of.
    pub fn verified(&self, beat: Beat) {
        // What was held before this watch began may have been renewed while nobody watched.
        if !self.told.swap(true, Ordering::Relaxed) {
            self.everything();
        }
        if let Some(near) = self.inner.upgrade().as_ref().and_then(|inner| inner.near.as_ref()) {
            near.verified(beat.0);
        }
    }

    /// How often to verify: three times in an `l1_ttl`.
    pub fn interval(&self) -> Duration {
        let l1_ttl = self.inner.upgrade().and_then(|inner| Some(inner.near.as_ref()?.l1_ttl()));
        Duration::from_millis((l1_ttl.unwrap_or(L1_TTL) / 3).max(10))
    }
}

impl std::fmt::Debug for Watcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watcher").finish_non_exhaustive()
    }
}
