//! Connections of one process.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use super::ConnectionStore;
use crate::cache::StoreError;
use crate::websocket::network::now;

/// After so many writes, what has expired is swept out.
const SWEEP: usize = 1024;

/// Records and sets in this process's memory.
#[derive(Debug, Default)]
pub(crate) struct MemoryStore(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    records: HashMap<String, (Bytes, u64)>,
    sets: HashMap<String, HashMap<String, u64>>,
    writes: usize,
}

impl State {
    fn sweep(&mut self) {
        self.writes += 1;
        if self.writes < SWEEP {
            return;
        }
        let now = now();
        self.writes = 0;
        self.records.retain(|_, (_, expires)| *expires > now);
        self.sets.retain(|_, members| {
            members.retain(|_, expires| *expires > now);
            !members.is_empty()
        });
    }
}

impl MemoryStore {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ConnectionStore for MemoryStore {
    async fn put(&self, key: &str, record: Bytes, expires: u64) -> Result<(), StoreError> {
        let mut state = self.state();
        state.sweep();
        state.records.insert(key.to_owned(), (record, expires));
        Ok(())
    }

    async fn get(&self, key: &str) -> Result<Option<Bytes>, StoreError> {
        let now = now();
        let state = self.state();
        Ok(state.records.get(key).filter(|(_, expires)| *expires > now).map(|(record, _)| record.clone()))
    }

    async fn delete(&self, key: &str) -> Result<bool, StoreError> {
        let record = self.state().records.remove(key);
        Ok(record.is_some_and(|(_, expires)| expires > now()))
    }

    async fn add(&self, set: &str, member: &str, expires: u64) -> Result<(), StoreError> {
        let mut state = self.state();
        state.sweep();
        state.sets.entry(set.to_owned()).or_default().insert(member.to_owned(), expires);
        Ok(())
    }

    async fn remove(&self, set: &str, member: &str) -> Result<(), StoreError> {
        let mut state = self.state();
        if let Some(members) = state.sets.get_mut(set) {
            members.remove(member);
            if members.is_empty() {
                state.sets.remove(set);
            }
        }
        Ok(())
    }

    async fn members(&self, set: &str) -> Result<Vec<String>, StoreError> {
        let now = now();
        let state = self.state();
        let members = state.sets.get(set).into_iter().flatten();
        Ok(members.filter(|(_, expires)| **expires > now).map(|(member, _)| member.clone()).collect())
    }
}
