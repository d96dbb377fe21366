use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use logto_authkit_verifier::Moment;

use crate::SessionKey;
use crate::expiring::Expiring;
use crate::sessions::Loaded;

/// What has come of sessions that are in cookies, in this process: requests that are on their way, and answers that come late, still carry
/// what was before.
#[derive(Debug)]
pub(crate) struct Recent {
    /// So long a changed session is handed to requests that carry what was before; as long as it lives where nothing is said.
    handed_over_for: Option<Duration>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Sessions as they are after a change.
    changed: Expiring<SessionKey, Loaded>,
    /// Sessions that were signed out, until they would have ended.
    gone: Expiring<SessionKey, ()>,
}

/// A session in cookies has at most 19 KB.
const MAX_CHANGED: usize = 10_000;
const MAX_GONE: usize = 100_000;

impl Recent {
    pub(crate) fn new(handed_over_for: Option<Duration>) -> Self {
        let state = State { changed: Expiring::new(MAX_CHANGED), gone: Expiring::new(MAX_GONE) };
        Recent { handed_over_for, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The session as it is now, or nothing where somebody signed out.
    pub(crate) fn newest(&self, found: Loaded, now: Moment) -> Option<Loaded> {
        let state = self.state();
        if state.gone.get(&found.key, now).is_some() {
            return None;
        }
        match state.changed.get(&found.key, now) {
            Some(newer) if newer.version > found.version => Some(newer.clone()),
            _ => Some(found),
        }
    }

    /// Puts `next`, which lives as long as `left`, in the place of `found`, unless that has been changed or deleted meanwhile.
    pub(crate) fn replace(&self, found: &Loaded, next: &Loaded, left: Duration, now: Moment) -> bool {
        let mut state = self.state();
        if state.gone.get(&found.key, now).is_some()
            || state.changed.get(&found.key, now).is_some_and(|newer| newer.version > found.version)
        {
            return false;
        }
        let until = now + self.handed_over_for.unwrap_or(left);
        state.changed.insert(found.key.clone(), next.clone(), until, now);
        true
    }

    /// A session that would have lived as long as `left`.
    pub(crate) fn delete(&self, found: &Loaded, left: Duration, now: Moment) {
        let mut state = self.state();
        state.changed.remove(&found.key);
        state.gone.insert(found.key.clone(), (), now + left, now);
    }
}
