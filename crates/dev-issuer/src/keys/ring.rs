//! Which key signs, and which keys are published.

use serde_json::{Value, json};

use super::SigningKey;

/// The keys of the issuer. A server publishes the key that signs, the one that will sign next once a rotation with
/// a grace period has begun, and the one that signed before, until the next rotation takes effect.
#[derive(Debug)]
pub(crate) struct KeyRing {
    current: SigningKey,
    staged: Option<SigningKey>,
    previous: Option<SigningKey>,
}

impl KeyRing {
    pub(crate) fn new(current: SigningKey) -> Self {
        Self { current, staged: None, previous: None }
    }

    pub(crate) fn current(&self) -> &SigningKey {
        &self.current
    }

    /// Every published key, in a real server's order.
    pub(crate) fn published(&self) -> impl Iterator<Item = &SigningKey> {
        std::iter::once(&self.current).chain(&self.staged).chain(&self.previous)
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({ "keys": self.published().map(SigningKey::public_jwk).collect::<Vec<_>>() })
    }

    /// Signs with the new key at once; the one before it stays published.
    pub(crate) fn rotate(&mut self, next: SigningKey) {
        self.previous = Some(std::mem::replace(&mut self.current, next));
        self.staged = None;
    }

    /// Publishes a key that does not sign yet.
    pub(crate) fn stage(&mut self, next: SigningKey) {
        self.staged = Some(next);
    }

    /// Signs with the staged key from now on. Says whether there was one.
    pub(crate) fn activate_staged(&mut self) -> bool {
        let Some(next) = self.staged.take() else { return false };
        self.rotate(next);
        true
    }

    /// Stops publishing the key that signed before. Says whether there was one.
    pub(crate) fn drop_previous(&mut self) -> bool {
        self.previous.take().is_some()
    }
}
