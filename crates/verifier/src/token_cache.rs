use std::hash::{BuildHasher, Hasher};

use aws_lc_rs::digest;
use logto_authkit_token::SignedClaims;
use quick_cache::UnitWeighter;
use quick_cache::sync::Cache;

use crate::near_memory::NearMemory;

/// A bounded memory of signatures that verified: of signatures, not of verdicts.
///
/// It says that this very text was signed by that key. Whether it is accepted is decided anew at every use, against the present
/// time, the caller's policy and the issuer's present keys. Refusals are never remembered.
pub(crate) struct TokenCache(Option<Memory>);

struct Memory {
    shared: Cache<TokenDigest, SignedClaims, UnitWeighter, DigestHash>,
    near: NearMemory,
}

/// SHA-256 of a token's text, or of a part of it.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct TokenDigest([u8; 32]);

impl TokenDigest {
    pub(crate) fn of(text: &str) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest::digest(&digest::SHA256, text.as_bytes()).as_ref());
        TokenDigest(bytes)
    }
}

/// What is remembered of a token.
pub(crate) enum Remembered {
    Signed(SignedClaims),
    /// Nothing; the token's digest, where there is a cache to write to.
    Nothing(Option<TokenDigest>),
}

impl TokenCache {
    /// A cache for `capacity` tokens; 0 remembers nothing.
    pub(crate) fn new(capacity: usize) -> Self {
        TokenCache((capacity > 0).then(|| Memory {
            shared: Cache::with(capacity, capacity as u64, UnitWeighter, DigestHash, Default::default()),
            near: NearMemory::new(capacity),
        }))
    }

    pub(crate) fn get(&self, token: &str) -> Remembered {
        let Some(memory) = &self.0 else { return Remembered::Nothing(None) };
        let mut digest = None;
        let signed = memory.near.get(token, || memory.shared.get(digest.insert(TokenDigest::of(token))));
        signed.map_or(Remembered::Nothing(digest), Remembered::Signed)
    }

    pub(crate) fn insert(&self, digest: TokenDigest, signed: SignedClaims) {
        if let Some(memory) = &self.0 {
            memory.shared.insert(digest, signed);
        }
    }

    /// Forgets a token whose key has left the issuer's set, and with it whatever threads hold for themselves.
    pub(crate) fn remove(&self, token: &str) {
        if let Some(memory) = &self.0 {
            memory.shared.remove(&TokenDigest::of(token));
            memory.near.clear();
        }
    }

    pub(crate) fn clear(&self) {
        if let Some(memory) = &self.0 {
            memory.shared.clear();
            memory.near.clear();
        }
    }
}

impl std::fmt::Debug for TokenCache {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let length = self.0.as_ref().map(|memory| memory.shared.len());
        formatter.debug_struct("TokenCache").field("len", &length).finish()
    }
}

impl std::hash::Hash for TokenDigest {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let mut first = [0; 8];
        first.copy_from_slice(&self.0[..8]);
        state.write_u64(u64::from_ne_bytes(first));
    }
}

/// Takes eight bytes of the digest as the hash. A stranger cannot fill a bucket on purpose: only tokens that the issuer signed
/// are ever inserted.
#[derive(Clone, Copy, Default)]
struct DigestHash;

struct FirstBytes(u64);

impl BuildHasher for DigestHash {
    type Hasher = FirstBytes;

    fn build_hasher(&self) -> FirstBytes {
        FirstBytes(0)
    }
}

impl Hasher for FirstBytes {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
