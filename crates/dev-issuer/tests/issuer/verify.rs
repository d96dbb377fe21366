//! Reading and verifying tokens with the crypto crate alone, so that the issuer does not check itself.

use aws_lc_rs::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

pub(crate) struct Decoded {
    pub(crate) header: Value,
    pub(crate) payload: Value,
    pub(crate) signature: Vec<u8>,
}

pub(crate) fn bytes(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

pub(crate) fn decode(token: &str) -> Decoded {
    let parts: Vec<&str> = token.split('.').collect();
    assert_eq!(parts.len(), 3, "a compact token has three parts");
    Decoded {
        header: serde_json::from_slice(&bytes(parts[0])).unwrap(),
        payload: serde_json::from_slice(&bytes(parts[1])).unwrap(),
        signature: bytes(parts[2]),
    }
}

/// Whether the key of the set that the token names made its signature.
pub(crate) fn verifies(token: &str, jwks: &Value) -> bool {
    let decoded = decode(token);
    let keys = jwks["keys"].as_array().unwrap();
    let Some(key) = keys.iter().find(|key| key["kid"] == decoded.header["kid"]) else { return false };
    let input = token.rsplit_once('.').unwrap().0.as_bytes();
    let member = |name: &str| bytes(key[name].as_str().unwrap());
    let point = || [vec![4], member("x"), member("y")].concat();
    match decoded.header["alg"].as_str().unwrap() {
        "ES256" => verify(&signature::ECDSA_P256_SHA256_FIXED, &point(), input, &decoded),
        "ES384" => verify(&signature::ECDSA_P384_SHA384_FIXED, &point(), input, &decoded),
        "ES512" => verify(&signature::ECDSA_P521_SHA512_FIXED, &point(), input, &decoded),
        "EdDSA" => verify(&signature::ED25519, &member("x"), input, &decoded),
        rsa => {
            let parameters = match rsa {
                "RS256" => &signature::RSA_PKCS1_2048_8192_SHA256,
                "RS384" => &signature::RSA_PKCS1_2048_8192_SHA384,
                "RS512" => &signature::RSA_PKCS1_2048_8192_SHA512,
                "PS256" => &signature::RSA_PSS_2048_8192_SHA256,
                "PS384" => &signature::RSA_PSS_2048_8192_SHA384,
                "PS512" => &signature::RSA_PSS_2048_8192_SHA512,
                _ => return false,
            };
            let key = RsaPublicKeyComponents { n: member("n"), e: member("e") };
            key.verify(parameters, input, &decoded.signature).is_ok()
        }
    }
}

fn verify(
    algorithm: &'static dyn signature::VerificationAlgorithm,
    key: &[u8],
    input: &[u8],
    decoded: &Decoded,
) -> bool {
    UnparsedPublicKey::new(algorithm, key).verify(input, &decoded.signature).is_ok()
}
