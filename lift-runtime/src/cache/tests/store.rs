//! A store that several "processes" share, and that fails as a test likes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::cache::{CacheStore, Found, Generation, Lease, Leased, StoreError, Watcher};

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Fault {
    #[default]
    None,
    Fails,
    Throttles,
    Hangs,
    Panics,
    /// It answers with damaged entries.
    Garbles,
    /// It answers with an entry of another key.
    Confuses,
    /// The same, and all its generations are one, so that only the key tells.
    Conflates,
    /// It answers with too few generations.
    Shortens,
    /// It has lost its generations.
    Forgets,
}

/// A store that several "processes" share.
#[derive(Clone, Default)]
pub(super) struct Store(Arc<Mutex<State>>);

#[derive(Default)]
pub(super) struct State {
    pub(super) entries: HashMap<Box<[u8]>, Bytes>,
    pub(super) generations: HashMap<Box<[u8]>, Generation>,
    pub(super) leases: HashMap<Box<[u8]>, Lease>,
    pub(super) has_leases: bool,
    /// Look-ups tell whether there is a lease.
    pub(super) tells_of_leases: bool,
    /// How often one was asked for.
    pub(super) asked_for: u32,
    pub(super) fault: Fault,
    pub(super) operations: u32,
    /// The most names that one renewal was for.
    pub(super) renewed_at_once: usize,
    pub(super) largest: Option<usize>,
    pub(super) can_watch: bool,
    /// It takes watchers on, and tells them nothing.
    pub(super) mute: bool,
    /// Look-ups have read, and wait for a permit before they say what.
    pub(super) gate: Option<Arc<Semaphore>>,
    /// Renewals have taken effect, and wait for a permit before they say so.
    pub(super) renewal: Option<Arc<Semaphore>>,
    /// Those who watch; clearing them cuts them off.
    pub(super) watchers: Vec<UnboundedSender<Box<[u8]>>>,
}

impl State {
    fn read(&mut self, key: &[u8], names: &[Box<[u8]>]) -> Found {
        if self.fault == Fault::Forgets {
            self.generations.clear();
        }
        let mut entry = self.entries.get(key).cloned();
        match self.fault {
            Fault::Garbles => entry = entry.map(|entry| entry.slice(..entry.len() / 2)),
            Fault::Confuses | Fault::Conflates => {
                entry =
                    self.entries.iter().find(|(other, _)| ***other != *key).map(|(_, entry)| entry.clone());
            }
            _ => {}
        }
        let mut generations: Vec<_> = names.iter().map(|name| self.generations.get(name).copied()).collect();
        match self.fault {
            Fault::Shortens => drop(generations.pop()),
            Fault::Conflates => generations.fill(Some(Generation(7))),
            _ => {}
        }
        let is_leased = self.tells_of_leases.then(|| self.leases.contains_key(key));
        Found { entry, generations, is_leased }
    }
}

impl Store {
    pub(super) fn with_leases() -> Self {
        let store = Self::default();
        store.state().has_leases = true;
        store
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    async fn enter(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        let fault = {
            let mut state = self.state();
            state.operations += 1;
            state.fault
        };
        match fault {
            Fault::Fails => Err(StoreError::new("out of order")),
            Fault::Throttles => Err(StoreError::Throttled),
            Fault::Hangs => std::future::pending().await,
            Fault::Panics => panic!("a store's bug"),
            _ => Ok(self.state()),
        }
    }
}

impl CacheStore for Store {
    async fn lookup(&self, key: &[u8], names: &[Box<[u8]>]) -> Result<Found, StoreError> {
        let (found, gate) = {
            let mut state = self.enter().await?;
            (state.read(key, names), state.gate.clone())
        };
        if let Some(gate) = gate {
            gate.acquire().await.expect("the gate is not closed").forget();
        }
        Ok(found)
    }

    async fn establish(&self, names: &[Box<[u8]>]) -> Result<Vec<Generation>, StoreError> {
        let mut state = self.enter().await?;
        let mut generations = Vec::new();
        for name in names {
            generations.push(*state.generations.entry(name.clone()).or_insert_with(Generation::random));
        }
        Ok(generations)
    }

    async fn renew(&self, names: &[Box<[u8]>]) -> Result<(), StoreError> {
        let gate = {
            let mut state = self.enter().await?;
            state.renewed_at_once = state.renewed_at_once.max(names.len());
            for name in names {
                state.generations.insert(name.clone(), Generation::random());
                state.watchers.retain(|watcher| watcher.send(name.clone()).is_ok());
            }
            state.renewal.clone()
        };
        if let Some(gate) = gate {
            gate.acquire().await.expect("the gate is not closed").forget();
        }
        Ok(())
    }

    async fn put(&self, key: &[u8], entry: Bytes, _: u64, lease: Option<Lease>) -> Result<bool, StoreError> {
        let mut state = self.enter().await?;
        if lease.is_some() && state.leases.get(key).copied() != lease {
            return Ok(false);
        }
        state.leases.remove(key);
        state.entries.insert(key.into(), entry);
        Ok(true)
    }

    async fn lease(&self, key: &[u8], lease: Lease, _: Duration) -> Result<Leased, StoreError> {
        let mut state = self.enter().await?;
        state.asked_for += 1;
        if !state.has_leases {
            return Ok(Leased::Unsupported);
        }
        if state.leases.contains_key(key) {
            return Ok(Leased::Held);
        }
        state.leases.insert(key.into(), lease);
        Ok(Leased::Granted)
    }

    async fn release(&self, key: &[u8], lease: Lease) -> Result<(), StoreError> {
        let mut state = self.enter().await?;
        if state.leases.get(key) == Some(&lease) {
            state.leases.remove(key);
        }
        Ok(())
    }

    fn largest(&self) -> usize {
        self.state().largest.unwrap_or(usize::MAX)
    }

    async fn watch(&self, watcher: Watcher) -> Result<(), StoreError> {
        if !self.state().can_watch {
            return Err(StoreError::Unsupported);
        }
        let (sender, mut renewed) = unbounded_channel();
        self.state().watchers.push(sender);
        loop {
            let beat = watcher.beat();
            if self.state().mute {
                std::future::pending::<()>().await;
            }
            while let Ok(name) = renewed.try_recv() {
                watcher.renewed(&name);
            }
            watcher.verified(beat);
            match tokio::time::timeout(watcher.interval(), renewed.recv()).await {
                Ok(Some(name)) => watcher.renewed(&name),
                Ok(None) => return Err(StoreError::new("the watcher was cut off")),
                Err(_) => {}
            }
        }
    }
}
