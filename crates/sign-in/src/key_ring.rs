use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use logto_authkit_token::{ConfigError, Timestamp};

use crate::SignInError;

/// Seals what leaves the process: sessions in a store or a cookie, and sign-ins on their way.
///
/// AES-256-GCM under keys that HKDF-SHA256 makes of the secrets (RFC 5869). The first secret seals, every one of them opens, so
/// that a secret is replaced by putting the new one in front and taking the old one away a session's lifetime later.
///
/// What a text is for and when it ends are authenticated with it: a sealed text opens nothing in another place or under another
/// name.
pub(crate) struct KeyRing(Vec<SealingKey>);

struct SealingKey {
    id: [u8; ID_LENGTH],
    key: RandomizedNonceKey,
}

/// The shortest secret, in bytes.
const MIN_SECRET_LENGTH: usize = 32;
const FORMAT: u8 = 1;
const ID_LENGTH: usize = 4;
const EXPIRY_LENGTH: usize = 8;
const HEAD_LENGTH: usize = 1 + ID_LENGTH + EXPIRY_LENGTH + NONCE_LEN;

impl KeyRing {
    /// # Errors
    /// No secret, or one shorter than 32 bytes.
    pub(crate) fn new(secrets: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Result<Self, ConfigError> {
        let keys = secrets
            .into_iter()
            .map(|secret| SealingKey::derive(secret.as_ref()))
            .collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() {
            return Err(ConfigError::new(
                "sealing_keys",
                "there is none",
                "write at least one secret of 32 random bytes, for example from: openssl rand -hex 32",
            ));
        }
        Ok(KeyRing(keys))
    }

    /// Seals `text` for one purpose, until `expires_at`.
    pub(crate) fn seal(
        &self,
        purpose: &str,
        expires_at: Timestamp,
        text: &[u8],
    ) -> Result<Vec<u8>, SignInError> {
        let key = self.0.first().ok_or(SignInError::NoRandomness)?;
        let expiry = expires_at.as_unix_seconds().to_be_bytes();
        let mut body = text.to_vec();
        let nonce = key
            .key
            .seal_in_place_append_tag(aad(purpose, &key.id, &expiry), &mut body)
            .map_err(|_| SignInError::NoRandomness)?;
        let mut sealed = Vec::with_capacity(HEAD_LENGTH + body.len());
        sealed.push(FORMAT);
        sealed.extend_from_slice(&key.id);
        sealed.extend_from_slice(&expiry);
        sealed.extend_from_slice(nonce.as_ref());
        sealed.extend_from_slice(&body);
        Ok(sealed)
    }

    /// Opens what was sealed for this purpose and has not expired; nothing else.
    pub(crate) fn open(&self, purpose: &str, now: Timestamp, sealed: &[u8]) -> Option<Vec<u8>> {
        let (head, body) = sealed.split_at_checked(HEAD_LENGTH)?;
        let (&format, head) = head.split_first()?;
        let (id, head) = head.split_first_chunk::<ID_LENGTH>()?;
        let (expiry, nonce) = head.split_first_chunk::<EXPIRY_LENGTH>()?;
        let key = self.0.iter().find(|key| key.id == *id)?;
        if format != FORMAT || now.as_unix_seconds() >= i64::from_be_bytes(*expiry) {
            return None;
        }
        let mut body = body.to_vec();
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let length = key.key.open_in_place(nonce, aad(purpose, id, expiry), &mut body).ok()?.len();
        body.truncate(length);
        Some(body)
    }
}

/// What is authenticated beside the text. The lengths of all but the purpose are fixed, so no two purposes run together.
fn aad(purpose: &str, id: &[u8; ID_LENGTH], expiry: &[u8; EXPIRY_LENGTH]) -> Aad<Vec<u8>> {
    Aad::from([&[FORMAT][..], id, expiry, purpose.as_bytes()].concat())
}

impl SealingKey {
    fn derive(secret: &[u8]) -> Result<Self, ConfigError> {
        if secret.len() < MIN_SECRET_LENGTH {
            return Err(ConfigError::new(
                "sealing_keys",
                "a secret is shorter than 32 bytes",
                "write 32 random bytes or more, for example from: openssl rand -hex 32",
            ));
        }
        let unusable =
            |_| ConfigError::new("sealing_keys", "a secret cannot be used", "write 32 random bytes");
        let secret = Salt::new(HKDF_SHA256, b"logto-authkit").extract(secret);
        let mut key = [0; 32];
        secret
            .expand(&[b"sealing key"], Length(32))
            .and_then(|output| output.fill(&mut key))
            .map_err(unusable)?;
        let mut id = [0; ID_LENGTH];
        secret
            .expand(&[b"sealing key id"], Length(ID_LENGTH))
            .and_then(|output| output.fill(&mut id))
            .map_err(unusable)?;
        Ok(SealingKey { id, key: RandomizedNonceKey::new(&AES_256_GCM, &key).map_err(unusable)? })
    }
}

#[derive(Clone, Copy)]
struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("KeyRing").field("keys", &self.0.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "an old secret of thirty-two bytes";
    const NEW: &str = "a newer secret of thirty-two byte";

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_seconds(seconds)
    }

    #[test]
    fn what_was_sealed_opens_until_it_expires() {
        let ring = KeyRing::new([OLD]).unwrap();
        let sealed = ring.seal("session:a", at(100), b"text").unwrap();
        assert_eq!(ring.open("session:a", at(99), &sealed).as_deref(), Some(&b"text"[..]));
        assert_eq!(ring.open("session:a", at(100), &sealed), None);
    }

    #[test]
    fn it_opens_for_no_other_purpose_and_under_no_other_key() {
        let ring = KeyRing::new([OLD]).unwrap();
        let sealed = ring.seal("session:a", at(100), b"text").unwrap();
        for purpose in ["session:b", "session:", "", "session:aa"] {
            assert_eq!(ring.open(purpose, at(0), &sealed), None, "{purpose}");
        }
        assert_eq!(KeyRing::new([NEW]).unwrap().open("session:a", at(0), &sealed), None);
    }

    #[test]
    fn a_new_key_in_front_seals_and_the_old_one_still_opens() {
        let old = KeyRing::new([OLD]).unwrap();
        let both = KeyRing::new([NEW, OLD]).unwrap();
        assert!(both.open("p", at(0), &old.seal("p", at(9), b"x").unwrap()).is_some());
        let sealed = both.seal("p", at(9), b"x").unwrap();
        assert!(old.open("p", at(0), &sealed).is_none());
        assert!(KeyRing::new([NEW]).unwrap().open("p", at(0), &sealed).is_some());
    }

    #[test]
    fn no_changed_bit_and_no_shorter_text_opens() {
        let ring = KeyRing::new([OLD]).unwrap();
        let sealed = ring.seal("p", at(1_000), b"some text").unwrap();
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(ring.open("p", at(0), &changed), None, "bit {bit}");
        }
        for length in 0..sealed.len() {
            assert_eq!(ring.open("p", at(0), &sealed[..length]), None, "{length} bytes");
        }
    }

    #[test]
    fn weak_secrets_are_refused() {
        assert!(KeyRing::new(["short"]).is_err());
        assert!(KeyRing::new([OLD, "short"]).is_err());
        assert!(KeyRing::new(Vec::<String>::new()).is_err());
    }
}
