use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use logto_authkit_verifier::{Clock, Moment, SystemClock};

use crate::expiring::Expiring;
use crate::{NewSession, SessionIndex, SessionKey, SessionLease, SessionStore, StoreFuture, StoredSession};

/// Sessions in the process's own memory: for development, for tests, and for a service that is one process and may forget.
pub struct MemoryStore {
    clock: Arc<dyn Clock>,
    capacity: usize,
    state: Mutex<State>,
}

struct State {
    sessions: HashMap<SessionKey, Entry>,
    by_index: HashMap<SessionIndex, HashSet<SessionKey>>,
    leases: Expiring<SessionKey, String>,
}

struct Entry {
    stored: StoredSession,
    indexes: Vec<SessionIndex>,
    ends: Moment,
}

/// Unless told otherwise, this many sessions are kept; of more, those that end first go.
const DEFAULT_CAPACITY: usize = 100_000;

impl MemoryStore {
    /// A store for 100 000 sessions.
    pub fn new() -> Self {
        MemoryStore::with_clock(Arc::new(SystemClock::new()))
    }

    /// A store with a clock of one's own.
    pub fn with_clock(clock: Arc<dyn Clock>) -> Self {
        let state = State {
            sessions: HashMap::new(),
            by_index: HashMap::new(),
            leases: Expiring::new(DEFAULT_CAPACITY),
        };
        MemoryStore { clock, capacity: DEFAULT_CAPACITY, state: Mutex::new(state) }
    }

    /// So many sessions at most; of more, those that end first go. At least 1.
    #[must_use]
    pub fn with_capacity(mut self, sessions: usize) -> Self {
        self.capacity = sessions.max(1);
        self
    }

    /// How many sessions there are.
    pub fn len(&self) -> usize {
        self.swept().sessions.len()
    }

    /// Whether there is no session.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn swept(&self) -> MutexGuard<'_, State> {
        let now = self.clock.moment();
        let mut state = self.state();
        let ended: Vec<_> = state
            .sessions
            .iter()
            .filter(|(_, entry)| entry.ends <= now)
            .map(|(key, _)| key.clone())
            .collect();
        ended.iter().for_each(|key| drop(state.remove(key)));
        state
    }
}

impl State {
    fn remove(&mut self, key: &SessionKey) -> Option<Entry> {
        let entry = self.sessions.remove(key)?;
        for index in &entry.indexes {
            if let Some(keys) = self.by_index.get_mut(index) {
                keys.remove(key);
                if keys.is_empty() {
                    self.by_index.remove(index);
                }
            }
        }
        Some(entry)
    }
}

impl SessionStore for MemoryStore {
    fn load<'a>(&'a self, key: &'a SessionKey) -> StoreFuture<'a, Option<StoredSession>> {
        let now = self.clock.moment();
        let found =
            self.state().sessions.get(key).filter(|entry| entry.ends > now).map(|entry| entry.stored.clone());
        Box::pin(std::future::ready(Ok(found)))
    }

    fn create<'a>(&'a self, key: &'a SessionKey, session: NewSession) -> StoreFuture<'a, ()> {
        let ends = self.clock.moment() + session.lifetime;
        let mut state = if self.state().sessions.len() < self.capacity { self.state() } else { self.swept() };
        state.remove(key);
        while state.sessions.len() >= self.capacity {
            let first = state.sessions.iter().min_by_key(|(_, entry)| entry.ends).map(|(key, _)| key.clone());
            let Some(first) = first else { break };
            state.remove(&first);
        }
        for index in &session.indexes {
            state.by_index.entry(index.clone()).or_default().insert(key.clone());
        }
        let stored = StoredSession { version: 1, value: session.value };
        state.sessions.insert(key.clone(), Entry { stored, indexes: session.indexes, ends });
        drop(state);
        Box::pin(std::future::ready(Ok(())))
    }

    fn compare_and_swap<'a>(
        &'a self,
        key: &'a SessionKey,
        version: u64,
        value: Vec<u8>,
    ) -> StoreFuture<'a, bool> {
        let now = self.clock.moment();
        let mut state = self.state();
        let swapped = match state.sessions.get_mut(key) {
            Some(entry) if entry.ends > now && entry.stored.version == version => {
                entry.stored = StoredSession { version: version + 1, value };
                true
            }
            _ => false,
        };
        drop(state);
        Box::pin(std::future::ready(Ok(swapped)))
    }

    fn delete<'a>(&'a self, key: &'a SessionKey) -> StoreFuture<'a, bool> {
        let deleted = self.state().remove(key).is_some();
        Box::pin(std::future::ready(Ok(deleted)))
    }

    fn delete_all<'a>(&'a self, index: &'a SessionIndex) -> StoreFuture<'a, u64> {
        let mut state = self.swept();
        let keys = state.by_index.get(index).cloned().unwrap_or_default();
        let deleted = keys.iter().filter(|key| state.remove(key).is_some()).count();
        drop(state);
        Box::pin(std::future::ready(Ok(deleted as u64)))
    }

    fn take_lease<'a>(&'a self, lease: &'a SessionLease, span: Duration) -> StoreFuture<'a, bool> {
        let now = self.clock.moment();
        let mut state = self.state();
        let is_free = state.leases.get(&lease.key, now).is_none_or(|owner| *owner == lease.owner);
        if is_free {
            state.leases.insert(lease.key.clone(), lease.owner.clone(), now + span, now);
        }
        drop(state);
        Box::pin(std::future::ready(Ok(is_free)))
    }

    fn release_lease<'a>(&'a self, lease: &'a SessionLease) -> StoreFuture<'a, ()> {
        let now = self.clock.moment();
        let mut state = self.state();
        if state.leases.get(&lease.key, now).is_some_and(|owner| *owner == lease.owner) {
            state.leases.remove(&lease.key);
        }
        drop(state);
        Box::pin(std::future::ready(Ok(())))
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        MemoryStore::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("MemoryStore")
            .field("sessions", &self.state().sessions.len())
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, feature = "store-contract"))]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn it_does_what_every_store_must() {
        crate::store_contract::check(Arc::new(MemoryStore::new())).await;
    }
}
