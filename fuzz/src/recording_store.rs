use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use logto_authkit_sign_in::{
    NewSession, SessionIndex, SessionKey, SessionLease, SessionStore, StoreError, StoreFuture, StoredSession,
};

/// A store that shows what it holds, lets it be changed, and deletes nothing by index but says what it was to delete.
#[derive(Debug, Default)]
pub struct RecordingStore(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    values: HashMap<String, StoredSession>,
    /// Of the session that came last: the user's first, the one of `sid` last.
    indexes: Vec<SessionIndex>,
    to_delete: Vec<SessionIndex>,
    leases: HashSet<String>,
}

impl RecordingStore {
    /// What a session is kept as.
    pub fn value(&self, id: &str) -> Vec<u8> {
        self.state()
            .values
            .get(SessionKey::of(id).as_str())
            .map(|stored| stored.value.clone())
            .unwrap_or_default()
    }

    /// Puts something else in the place of a session.
    pub fn set_value(&self, id: &str, value: Vec<u8>) {
        let stored = StoredSession { version: 1, value };
        self.state().values.insert(SessionKey::of(id).as_str().to_owned(), stored);
    }

    /// What the session that came last is found by.
    pub fn indexes(&self) -> Vec<SessionIndex> {
        self.state().indexes.clone()
    }

    /// The indexes that were to be deleted since the last time.
    pub fn take_deletions(&self) -> Vec<SessionIndex> {
        std::mem::take(&mut self.state().to_delete)
    }

    /// Forgets who holds which lease.
    pub fn forget_leases(&self) {
        self.state().leases.clear();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SessionStore for RecordingStore {
    fn load<'a>(&'a self, key: &'a SessionKey) -> StoreFuture<'a, Option<StoredSession>> {
        ready(self.state().values.get(key.as_str()).cloned())
    }

    fn create<'a>(&'a self, key: &'a SessionKey, session: NewSession) -> StoreFuture<'a, ()> {
        let mut state = self.state();
        state.indexes = session.indexes;
        state.values.insert(key.as_str().to_owned(), StoredSession { version: 1, value: session.value });
        ready(())
    }

    fn compare_and_swap<'a>(
        &'a self,
        key: &'a SessionKey,
        version: u64,
        value: Vec<u8>,
    ) -> StoreFuture<'a, bool> {
        let mut state = self.state();
        let Some(stored) = state.values.get_mut(key.as_str()) else { return ready(false) };
        let fits = stored.version == version;
        if fits {
            *stored = StoredSession { version: version + 1, value };
        }
        ready(fits)
    }

    fn delete<'a>(&'a self, key: &'a SessionKey) -> StoreFuture<'a, bool> {
        ready(self.state().values.remove(key.as_str()).is_some())
    }

    fn delete_all<'a>(&'a self, index: &'a SessionIndex) -> StoreFuture<'a, u64> {
        self.state().to_delete.push(index.clone());
        ready(1)
    }

    fn take_lease<'a>(&'a self, lease: &'a SessionLease, _: Duration) -> StoreFuture<'a, bool> {
        ready(self.state().leases.insert(lease.key().as_str().to_owned()))
    }

    fn release_lease<'a>(&'a self, lease: &'a SessionLease) -> StoreFuture<'a, ()> {
        self.state().leases.remove(lease.key().as_str());
        ready(())
    }
}

fn ready<'a, T: Send + 'a>(value: T) -> StoreFuture<'a, T> {
    Box::pin(std::future::ready(Ok::<T, StoreError>(value)))
}
