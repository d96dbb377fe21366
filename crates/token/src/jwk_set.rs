use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{Algorithm, CompactJws, KeyIdentity, KeyProblem, VerificationKey, VerifyError};

/// An issuer's published keys (RFC 7517 §5).
///
/// A key that cannot be used is skipped with a reason; the rest of the set lives.
///
/// ```
/// use logto_authkit_token::JwkSet;
///
/// let set = JwkSet::parse(br#"{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}"#)?;
/// assert!(set.is_empty());
/// assert_eq!(set.skipped().len(), 1);
/// # Ok::<(), logto_authkit_token::JwkSetError>(())
/// ```
#[derive(Debug, Default)]
pub struct JwkSet {
    keys: Vec<VerificationKey>,
    skipped: Vec<SkippedKey>,
}

/// A key that is in the set and is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SkippedKey {
    /// Its place in the set, from 0.
    pub index: usize,
    /// Why it is not used.
    pub problem: KeyProblem,
}

/// A document that is no key set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwkSetError {
    /// Not a JSON object with an array `keys`.
    #[error("the document is not a JSON Web Key Set")]
    NotAKeySet,
    /// More than 100 keys.
    #[error("the key set has more than 100 keys")]
    TooManyKeys,
}

/// The most keys that a set may have.
pub const MAX_KEYS: usize = 100;

/// The most signatures that are tried for one token: a token without a `kid` must not cost a hundred of them.
const MAX_ATTEMPTS: usize = 8;

impl JwkSet {
    /// Reads a key set.
    ///
    /// # Errors
    /// The document is no key set, or has more than [`MAX_KEYS`] keys. A set without a usable key is no error here.
    pub fn parse(document: &[u8]) -> Result<Self, JwkSetError> {
        #[derive(Deserialize)]
        struct Document<'a> {
            #[serde(borrow)]
            keys: Vec<&'a RawValue>,
        }
        // An array would be taken for the struct's fields in order.
        if document.trim_ascii_start().first() != Some(&b'{') {
            return Err(JwkSetError::NotAKeySet);
        }
        let document: Document<'_> = serde_json::from_slice(document).map_err(|_| JwkSetError::NotAKeySet)?;
        if document.keys.len() > MAX_KEYS {
            return Err(JwkSetError::TooManyKeys);
        }
        let mut set = JwkSet::default();
        for (index, json) in document.keys.into_iter().enumerate() {
            match VerificationKey::from_jwk(json.get()) {
                Ok(key) => set.keys.push(key),
                Err(problem) => set.skipped.push(SkippedKey { index, problem }),
            }
        }
        Ok(set)
    }

    /// Verifies a token's signature and says which key made it.
    ///
    /// With a `kid`, only keys of that `kid` are tried; without, every key that fits the algorithm; eight at most.
    ///
    /// # Errors
    /// [`VerifyError::UnknownKey`], [`VerifyError::AlgorithmMismatch`] or [`VerifyError::InvalidSignature`].
    pub fn verify(&self, token: &CompactJws<'_>) -> Result<KeyIdentity, VerifyError> {
        let algorithm = token.algorithm();
        let mut fitting =
            self.candidates(token.key_id()).filter(|key| key.fits(algorithm)).take(MAX_ATTEMPTS).peekable();
        if fitting.peek().is_none() {
            return Err(match token.key_id() {
                Some(_) if self.candidates(token.key_id()).next().is_some() => VerifyError::AlgorithmMismatch,
                _ => VerifyError::UnknownKey,
            });
        }
        fitting
            .find(|key| key.verify(algorithm, token.signing_input(), token.signature()))
            .map(VerificationKey::identity)
            .ok_or(VerifyError::InvalidSignature)
    }

    /// Whether the set could hold the key of a token with this `kid` and `algorithm`.
    pub fn knows(&self, key_id: Option<&str>, algorithm: Algorithm) -> bool {
        match key_id {
            Some(_) => self.candidates(key_id).next().is_some(),
            None => self.keys.iter().any(|key| key.fits(algorithm)),
        }
    }

    /// Whether the key of that identity is in the set.
    pub fn contains(&self, identity: KeyIdentity) -> bool {
        self.keys.iter().any(|key| key.identity() == identity)
    }

    /// Whether a check under any of the keys is quick: see [`VerificationKey::is_quick`].
    pub fn is_quick(&self) -> bool {
        self.keys.iter().all(VerificationKey::is_quick)
    }

    /// The usable keys.
    pub fn keys(&self) -> &[VerificationKey] {
        &self.keys
    }

    /// The keys that are not used, with the reason.
    pub fn skipped(&self) -> &[SkippedKey] {
        &self.skipped
    }

    /// Whether no key is usable.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    fn candidates(&self, key_id: Option<&str>) -> impl Iterator<Item = &VerificationKey> {
        self.keys.iter().filter(move |key| key_id.is_none() || key.key_id() == key_id)
    }
}
