use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use logto_authkit_token::Timestamp;

use crate::secret::sha256;

/// Where the sessions of signed-in browsers are kept, for one process or for many.
///
/// What it is given is sealed, and the keys are hashes: a store that leaks opens no session. Every operation is atomic. A store
/// that cannot be reached is an error and never an absent session: nobody is signed out by it.
pub trait SessionStore: fmt::Debug + Send + Sync + 'static {
    /// The session under `key`, unless it has expired.
    fn load<'a>(&'a self, key: &'a SessionKey) -> StoreFuture<'a, Option<StoredSession>>;

    /// Keeps a new session with the version 1. A session that is there already under this key is replaced.
    fn create<'a>(&'a self, key: &'a SessionKey, session: NewSession) -> StoreFuture<'a, ()>;

    /// Replaces the value of a session that still has this version, and counts the version up by one. Whether it did: a session
    /// that has another version, has expired or was deleted stays as it is.
    fn compare_and_swap<'a>(
        &'a self,
        key: &'a SessionKey,
        version: u64,
        value: Vec<u8>,
    ) -> StoreFuture<'a, bool>;

    /// Deletes a session. Whether there was one.
    fn delete<'a>(&'a self, key: &'a SessionKey) -> StoreFuture<'a, bool>;

    /// Deletes all sessions of an index entry, and says how many there were.
    fn delete_all<'a>(&'a self, index: &'a SessionIndex) -> StoreFuture<'a, u64>;

    /// Takes the lease on a name for `span`, or prolongs one that this owner holds. Whether the owner now holds it.
    fn take_lease<'a>(&'a self, lease: &'a SessionLease, span: Duration) -> StoreFuture<'a, bool>;

    /// Gives a lease back that this owner holds.
    fn release_lease<'a>(&'a self, lease: &'a SessionLease) -> StoreFuture<'a, ()>;
}

/// What the methods of a [`SessionStore`] return.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// The store cannot be reached, or does not do what it is asked.
///
/// The text goes to the log and never into a response.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct StoreError(pub String);

/// The name of a session in a store: the SHA-256 of its id, in base64url (43 characters of `A-Z a-z 0-9 - _`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionKey(pub(crate) String);

impl SessionKey {
    /// The name of the session with this id.
    pub fn of(id: &str) -> Self {
        SessionKey(sha256(id))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A session as a store has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSession {
    /// Counted up by every change.
    pub version: u64,
    /// Sealed.
    pub value: Vec<u8>,
}

/// A session that is to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewSession {
    /// Sealed.
    pub value: Vec<u8>,
    /// What it can be found by again: the user's sessions, and the issuer's session.
    pub indexes: Vec<SessionIndex>,
    /// From here on it is as good as deleted.
    pub expires_at: Timestamp,
    /// The time from now until then.
    pub lifetime: Duration,
}

impl NewSession {
    /// A session with a value, for a time, that is found by these.
    pub fn new(
        value: Vec<u8>,
        indexes: Vec<SessionIndex>,
        expires_at: Timestamp,
        lifetime: Duration,
    ) -> Self {
        NewSession { value, indexes, expires_at, lifetime }
    }
}

/// What sessions are found by other than by their key: a hash of the user's id or of the issuer's `sid`, in base64url.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionIndex(pub(crate) String);

impl SessionIndex {
    /// All sessions of a user at one application. How the application is called must hold no space.
    pub fn of_subject(application: &str, subject: &str) -> Self {
        SessionIndex(sha256(&format!("sub {application} {subject}")))
    }

    /// The session of an application that the issuer calls so.
    pub fn of_sid(application: &str, sid: &str) -> Self {
        SessionIndex(sha256(&format!("sid {application} {sid}")))
    }

    /// The entry as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The right, across processes and for a limited time, to do something alone: to refresh a session's tokens.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionLease {
    pub(crate) key: SessionKey,
    pub(crate) owner: String,
}

impl SessionLease {
    /// A lease on what `key` names, for an owner whose name nobody else has.
    pub fn new(key: SessionKey, owner: impl Into<String>) -> Self {
        SessionLease { key, owner: owner.into() }
    }

    /// What it is the right to.
    pub fn key(&self) -> &SessionKey {
        &self.key
    }

    /// Who holds it: a random text.
    pub fn owner(&self) -> &str {
        &self.owner
    }
}

impl fmt::Debug for SessionLease {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SessionLease").field("key", &self.key).finish_non_exhaustive()
    }
}
