//! One key pair: what it signs, and how it is published.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaKeyPair, UnparsedPublicKey};
use serde_json::{Value, json};

use super::{SigningAlgorithm, base64url};

/// A key pair that signs tokens.
///
/// The issuer has its own; a test makes another one to forge a token with, see [`TokenBuilder::signed_by`].
/// `Debug` shows the algorithm and the key id only.
///
/// [`TokenBuilder::signed_by`]: crate::TokenBuilder::signed_by
#[derive(Clone)]
pub struct SigningKey {
    algorithm: SigningAlgorithm,
    key_id: String,
    public_jwk: Value,
    pair: Arc<Pair>,
}

enum Pair {
    Ecdsa(EcdsaKeyPair),
    Rsa(RsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// Making and using a key fails only when the operating system gives no random bytes or memory; nothing that a
/// caller passes can cause it.
const KEY_WORKS: &str = "the operating system gives random bytes and memory for a key operation";

impl SigningKey {
    /// Makes a new key pair. An RSA key has 2048 bits and takes some tenths of a second.
    ///
    /// # Panics
    /// When the operating system has no random bytes to give.
    pub fn generate(algorithm: SigningAlgorithm) -> Self {
        let pair = match ecdsa_algorithm(algorithm) {
            Some(ecdsa) => Pair::Ecdsa(EcdsaKeyPair::generate(ecdsa).expect(KEY_WORKS)),
            None if algorithm == SigningAlgorithm::EdDsa => {
                Pair::Ed25519(Ed25519KeyPair::generate().expect(KEY_WORKS))
            }
            None => Pair::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).expect(KEY_WORKS)),
        };
        let required = required_members(&pair, algorithm);
        let key_id = thumbprint(&required);
        let public_jwk = published(required, algorithm, &key_id);
        Self { algorithm, key_id, public_jwk, pair: Arc::new(pair) }
    }

    /// The same key under another key id, for a test in which two keys share one.
    #[must_use]
    pub fn with_key_id(mut self, key_id: impl Into<String>) -> Self {
        self.key_id = key_id.into();
        self.public_jwk["kid"] = Value::from(self.key_id.as_str());
        self
    }

    /// The algorithm this key signs with.
    pub fn algorithm(&self) -> SigningAlgorithm {
        self.algorithm
    }

    /// The `kid`: the RFC 7638 thumbprint, unless [`with_key_id`](Self::with_key_id) changed it.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The public half as a JWK, as a Logto server publishes it: an RSA key has no `alg` member.
    pub fn public_jwk(&self) -> Value {
        self.public_jwk.clone()
    }

    /// The signature over these bytes, in the form that JOSE wants (for ECDSA the two numbers in a fixed length).
    ///
    /// # Panics
    /// When the operating system has no random bytes to give.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &*self.pair {
            Pair::Ecdsa(pair) => pair.sign(&random, message).expect(KEY_WORKS).as_ref().to_vec(),
            Pair::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(rsa_padding(self.algorithm), &random, message, &mut signature).expect(KEY_WORKS);
                signature
            }
        }
    }

    /// Whether this key made that signature. The issuer checks its own ID tokens when they come back as hints.
    pub(crate) fn verify(&self, message: &[u8], given: &[u8]) -> bool {
        let algorithm: &'static dyn signature::VerificationAlgorithm = match self.algorithm {
            SigningAlgorithm::Es256 => &signature::ECDSA_P256_SHA256_FIXED,
            SigningAlgorithm::Es384 => &signature::ECDSA_P384_SHA384_FIXED,
            SigningAlgorithm::Es512 => &signature::ECDSA_P521_SHA512_FIXED,
            SigningAlgorithm::Rs256 => &signature::RSA_PKCS1_2048_8192_SHA256,
            SigningAlgorithm::Rs384 => &signature::RSA_PKCS1_2048_8192_SHA384,
            SigningAlgorithm::Rs512 => &signature::RSA_PKCS1_2048_8192_SHA512,
            SigningAlgorithm::Ps256 => &signature::RSA_PSS_2048_8192_SHA256,
            SigningAlgorithm::Ps384 => &signature::RSA_PSS_2048_8192_SHA384,
            SigningAlgorithm::Ps512 => &signature::RSA_PSS_2048_8192_SHA512,
            SigningAlgorithm::EdDsa => &signature::ED25519,
        };
        let public = match &*self.pair {
            Pair::Ecdsa(pair) => pair.public_key().as_ref(),
            Pair::Ed25519(pair) => pair.public_key().as_ref(),
            Pair::Rsa(pair) => pair.public_key().as_ref(),
        };
        UnparsedPublicKey::new(algorithm, public).verify(message, given).is_ok()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("algorithm", &self.algorithm)
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

fn ecdsa_algorithm(algorithm: SigningAlgorithm) -> Option<&'static signature::EcdsaSigningAlgorithm> {
    match algorithm {
        SigningAlgorithm::Es256 => Some(&signature::ECDSA_P256_SHA256_FIXED_SIGNING),
        SigningAlgorithm::Es384 => Some(&signature::ECDSA_P384_SHA384_FIXED_SIGNING),
        SigningAlgorithm::Es512 => Some(&signature::ECDSA_P521_SHA512_FIXED_SIGNING),
        _ => None,
    }
}

fn rsa_padding(algorithm: SigningAlgorithm) -> &'static dyn signature::RsaEncoding {
    match algorithm {
        SigningAlgorithm::Rs384 => &signature::RSA_PKCS1_SHA384,
        SigningAlgorithm::Rs512 => &signature::RSA_PKCS1_SHA512,
        SigningAlgorithm::Ps256 => &signature::RSA_PSS_SHA256,
        SigningAlgorithm::Ps384 => &signature::RSA_PSS_SHA384,
        SigningAlgorithm::Ps512 => &signature::RSA_PSS_SHA512,
        _ => &signature::RSA_PKCS1_SHA256,
    }
}

/// The members that make the key, in the alphabetical order in which RFC 7638 §3.2 wants them for the thumbprint.
fn required_members(pair: &Pair, algorithm: SigningAlgorithm) -> Vec<(&'static str, String)> {
    match pair {
        Pair::Ecdsa(pair) => {
            // SEC 1 §2.3.3: an uncompressed point is 0x04, then x and y in equal length.
            let point = pair.public_key().as_ref();
            let coordinates = point.get(1..).unwrap_or_default();
            let (x, y) = coordinates.split_at(coordinates.len() / 2);
            let curve = match algorithm {
                SigningAlgorithm::Es256 => "P-256",
                SigningAlgorithm::Es512 => "P-521",
                _ => "P-384",
            };
            vec![("crv", curve.into()), ("kty", "EC".into()), ("x", base64url(x)), ("y", base64url(y))]
        }
        Pair::Ed25519(pair) => {
            let x = base64url(pair.public_key().as_ref());
            vec![("crv", "Ed25519".into()), ("kty", "OKP".into()), ("x", x)]
        }
        Pair::Rsa(pair) => {
            let public = pair.public_key();
            let e = base64url(public.exponent().big_endian_without_leading_zero());
            let n = base64url(public.modulus().big_endian_without_leading_zero());
            vec![("e", e), ("kty", "RSA".into()), ("n", n)]
        }
    }
}

fn thumbprint(required: &[(&'static str, String)]) -> String {
    let members: Vec<String> =
        required.iter().map(|(name, value)| format!("\"{name}\":\"{value}\"")).collect();
    base64url(digest(&SHA256, format!("{{{}}}", members.join(",")).as_bytes()))
}

fn published(required: Vec<(&'static str, String)>, algorithm: SigningAlgorithm, key_id: &str) -> Value {
    let mut jwk = json!({ "use": "sig", "kid": key_id });
    let is_rsa = required.iter().any(|(_, value)| value == "RSA");
    for (name, value) in required {
        jwk[name] = Value::from(value);
    }
    // A real server publishes RSA keys without `alg`, and a client has to live with it.
    if !is_rsa {
        jwk["alg"] = Value::from(algorithm.name());
    }
    jwk
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_id_is_the_rfc_7638_thumbprint() {
        // The example of RFC 7638 §3.1.
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
        let required = vec![("e", "AQAB".to_owned()), ("kty", "RSA".to_owned()), ("n", n.to_owned())];
        assert_eq!(thumbprint(&required), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    #[test]
    fn every_algorithm_verifies_what_it_signed_and_nothing_else() {
        for algorithm in SigningAlgorithm::ALL {
            let key = SigningKey::generate(algorithm);
            let signature = key.sign(b"message");
            assert!(key.verify(b"message", &signature), "{algorithm}");
            assert!(!key.verify(b"another", &signature), "{algorithm}");
        }
    }

    #[test]
    fn only_rsa_keys_are_published_without_their_algorithm() {
        let rsa = SigningKey::generate(SigningAlgorithm::Rs256).public_jwk();
        let ec = SigningKey::generate(SigningAlgorithm::Es384).public_jwk();
        assert_eq!((rsa.get("alg"), rsa["kty"].as_str()), (None, Some("RSA")));
        assert_eq!((ec["alg"].as_str(), ec["crv"].as_str()), (Some("ES384"), Some("P-384")));
    }
}
