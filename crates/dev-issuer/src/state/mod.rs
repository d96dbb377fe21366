//! What the issuer remembers between requests: interactions, sessions, grants and tokens.

mod bounded;
mod grant;
mod session;

use std::collections::HashMap;

pub(crate) use bounded::BoundedMap;
pub(crate) use grant::{Code, Grant, OFFLINE_ACCESS, OpaqueToken, RefreshToken, RefreshVerdict};
pub(crate) use session::{AuthorizationRequest, Prompts, Session, SignOut};

/// How many entries of a kind are kept. A test suite that makes more of them than this does not look back so far.
const CAPACITY: usize = 20_000;

/// Everything that changes while the issuer runs, in memory only.
#[derive(Debug)]
pub(crate) struct State {
    /// Sign-ins that wait for a password, by the id in the page.
    pub(crate) interactions: BoundedMap<AuthorizationRequest>,
    /// Browsers that are signed in, by cookie.
    pub(crate) sessions: BoundedMap<Session>,
    /// What users allowed applications. A token works as long as its grant is here.
    pub(crate) grants: BoundedMap<Grant>,
    pub(crate) codes: BoundedMap<Code>,
    pub(crate) refresh_tokens: BoundedMap<RefreshToken>,
    pub(crate) opaque_tokens: BoundedMap<OpaqueToken>,
    /// Sign-outs that wait for their confirmation, by the secret in the page.
    pub(crate) sign_outs: BoundedMap<SignOut>,
    /// When each user signed in last, which is what `updated_at` says.
    last_sign_in: HashMap<String, i64>,
    started_at: i64,
}

impl State {
    pub(crate) fn new(now_millis: i64) -> Self {
        Self {
            interactions: BoundedMap::new(CAPACITY),
            sessions: BoundedMap::new(CAPACITY),
            grants: BoundedMap::new(CAPACITY),
            codes: BoundedMap::new(CAPACITY),
            refresh_tokens: BoundedMap::new(CAPACITY),
            opaque_tokens: BoundedMap::new(CAPACITY),
            sign_outs: BoundedMap::new(CAPACITY),
            last_sign_in: HashMap::new(),
            started_at: now_millis,
        }
    }

    /// Milliseconds since 1970 at which all users count as created: when the issuer started.
    pub(crate) fn created_at(&self) -> i64 {
        self.started_at
    }

    /// Milliseconds since 1970 at which this user signed in last, else when the issuer started.
    pub(crate) fn updated_at(&self, user: &str) -> i64 {
        self.last_sign_in.get(user).copied().unwrap_or(self.started_at)
    }

    pub(crate) fn signed_in(&mut self, user: &str, now_millis: i64) {
        self.last_sign_in.insert(user.to_owned(), now_millis);
    }

    /// Ends a grant, and with it every code and token that came from it.
    pub(crate) fn revoke_grant(&mut self, id: &str) {
        self.grants.remove(id);
    }

    /// Ties the grants of one session to another one, when a user signs in again.
    pub(crate) fn move_grants(&mut self, from: &str, to: &str) {
        self.grants.for_each(|grant| {
            if grant.session == from {
                to.clone_into(&mut grant.session);
            }
        });
    }

    /// Ends the grants that live only as long as this session does: those without `offline_access`.
    pub(crate) fn revoke_grants_of_session(&mut self, session: &str) {
        self.grants.retain(|grant| grant.is_offline() || grant.session != session);
    }
}
