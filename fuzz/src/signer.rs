use std::sync::LazyLock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use logto_authkit_token::JwkSet;
use serde_json::json;

use crate::{ISSUER, NOW};

static KEY: LazyLock<EcdsaKeyPair> =
    LazyLock::new(|| EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key"));

/// A token of the issuer's with any header and any payload.
pub fn sign(header: &[u8], payload: &[u8]) -> String {
    let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let signature = KEY.sign(&SystemRandom::new(), input.as_bytes()).expect("a signature");
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// An ID token that is right, for the application `app`.
pub fn id_token(subject: &str, sid: &str, nonce: &str) -> String {
    let claims = json!({
        "iss": ISSUER, "sub": subject, "aud": "app", "exp": NOW + 3600, "iat": NOW, "nonce": nonce, "sid": sid,
    });
    sign(br#"{"alg":"ES256","kid":"key"}"#, claims.to_string().as_bytes())
}

/// What the issuer publishes.
pub(crate) fn key_set() -> JwkSet {
    let point = KEY.public_key().as_ref();
    let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..65]));
    let key = json!({ "kty": "EC", "crv": "P-256", "use": "sig", "kid": "key", "x": x, "y": y });
    JwkSet::parse(json!({ "keys": [key] }).to_string().as_bytes()).expect("a key set")
}
