//! What all endpoints share.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::clock::SharedClock;
use crate::counters::LiveCounters;
use crate::faults::Faults;
use crate::keys::KeyRing;
use crate::model::Directory;
use crate::state::State;

/// The issuer behind its endpoints.
#[derive(Debug)]
pub(crate) struct Shared {
    /// `http://127.0.0.1:<port>`.
    pub(crate) logto_url: String,
    /// The same with `/oidc`.
    pub(crate) issuer: String,
    pub(crate) port: u16,
    pub(crate) directory: Directory,
    pub(crate) clock: SharedClock,
    pub(crate) faults: Faults,
    pub(crate) counters: LiveCounters,
    pub(crate) keys: Mutex<KeyRing>,
    pub(crate) state: Mutex<State>,
}

impl Shared {
    pub(crate) fn keys(&self) -> MutexGuard<'_, KeyRing> {
        // Every change of the keys is one assignment, so a panic elsewhere cannot have broken them.
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The grants, sessions and tokens, for as short as possible: the guard must not live across an `await`.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
