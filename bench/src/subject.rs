//! What is measured: one algorithm's tokens, with everything that each side needs to verify them.

use std::time::Duration;

use aws_lc_rs::signature::{self as lc, ParsedPublicKey, RsaPublicKeyComponents};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use logto_authkit::Verifier;
use logto_authkit::testing::{DevIssuer, Resource, SigningAlgorithm};
use logto_authkit::token::CompactJws;
use serde::Deserialize;

pub(crate) const API: &str = "https://api.example.com";

/// The claims as a user of the peer would declare them.
#[derive(Deserialize)]
#[allow(dead_code, reason = "reading the claims is part of what is measured")]
pub(crate) struct PeerClaims {
    iss: String,
    sub: String,
    aud: String,
    exp: u64,
    iat: u64,
    scope: String,
    client_id: String,
    jti: String,
}

pub(crate) struct Subject {
    pub(crate) name: &'static str,
    pub(crate) issuer: DevIssuer,
    pub(crate) tokens: Vec<String>,
    /// Signing input and signature of each token, decoded beforehand: what the raw crypto gets.
    parts: Vec<(Vec<u8>, Vec<u8>)>,
    raw: ParsedPublicKey,
    peer_key: DecodingKey,
    peer_rules: Validation,
}

impl Subject {
    pub(crate) async fn new(algorithm: SigningAlgorithm, tokens: usize) -> Self {
        let issuer = DevIssuer::builder()
            .algorithm(algorithm)
            .resource(Resource::new(API).scopes(["read:products", "write:products"]))
            .start()
            .await
            .expect("a loopback port is free");
        let tokens: Vec<_> = (0..tokens)
            .map(|index| {
                let token =
                    issuer.token().subject(format!("user-{index:08}")).scope("read:products write:products");
                token.expires_in(Duration::from_secs(24 * 3600)).sign()
            })
            .collect();
        let parts = tokens
            .iter()
            .map(|token| {
                let jws = CompactJws::parse(token).expect("the issuer's tokens are well formed");
                (jws.signing_input().to_vec(), jws.signature().to_vec())
            })
            .collect();
        let jwk = issuer.jwks()["keys"][0].clone();
        let (raw, peer_key, peer_algorithm, name) = public_key(algorithm, &jwk);
        let mut peer_rules = Validation::new(peer_algorithm);
        peer_rules.leeway = 0;
        peer_rules.validate_nbf = true;
        peer_rules.set_issuer(&[issuer.issuer()]);
        peer_rules.set_audience(&[API]);
        peer_rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        Subject { name, issuer, tokens, parts, raw, peer_key, peer_rules }
    }

    pub(crate) fn verifier(&self, remembered: usize) -> Verifier {
        Verifier::builder(self.issuer.logto_url())
            .audience(API)
            .token_cache_size(remembered)
            .build()
            .expect("the options are right")
    }

    pub(crate) fn token(&self, call: usize) -> &str {
        &self.tokens[call % self.tokens.len()]
    }

    /// The signature check alone, on parts that are decoded and with a key that is parsed.
    pub(crate) fn verify_raw(&self, call: usize) {
        let (message, signature) = &self.parts[call % self.parts.len()];
        self.raw.verify_sig(message, signature).expect("the issuer's signatures are good");
    }

    /// The peer with the same checks: issuer, audience, times, subject, type.
    pub(crate) fn verify_with_peer(&self, call: usize) {
        let token = jsonwebtoken::decode::<PeerClaims>(self.token(call), &self.peer_key, &self.peer_rules)
            .expect("the issuer's tokens are good");
        assert_eq!(token.header.typ.as_deref(), Some("at+jwt"));
    }
}

fn public_key(
    algorithm: SigningAlgorithm,
    jwk: &serde_json::Value,
) -> (ParsedPublicKey, DecodingKey, Algorithm, &'static str) {
    let text = |member: &str| jwk[member].as_str().expect("the issuer's keys are whole");
    let bytes = |member: &str| base64url(text(member));
    let point = || [vec![4], bytes("x"), bytes("y")].concat();
    let parse = |rule, key: Vec<u8>| ParsedPublicKey::new(rule, key).expect("the issuer's keys are good");
    let ec = || DecodingKey::from_ec_components(text("x"), text("y")).expect("the issuer's keys are good");
    match algorithm {
        SigningAlgorithm::Es256 => {
            (parse(&lc::ECDSA_P256_SHA256_FIXED, point()), ec(), Algorithm::ES256, "ES256")
        }
        SigningAlgorithm::EdDsa => {
            let peer = DecodingKey::from_ed_components(text("x")).expect("the issuer's keys are good");
            (parse(&lc::ED25519, bytes("x")), peer, Algorithm::EdDSA, "Ed25519")
        }
        SigningAlgorithm::Rs256 => {
            let key = RsaPublicKeyComponents { n: bytes("n"), e: bytes("e") };
            let raw = key
                .to_parsed_public_key(&lc::RSA_PKCS1_2048_8192_SHA256)
                .expect("the issuer's keys are good");
            let peer =
                DecodingKey::from_rsa_components(text("n"), text("e")).expect("the issuer's keys are good");
            (raw, peer, Algorithm::RS256, "RS256")
        }
        _ => (parse(&lc::ECDSA_P384_SHA384_FIXED, point()), ec(), Algorithm::ES384, "ES384"),
    }
}

/// Base64url of a key that is known to be good.
fn base64url(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut count) = (0_u32, 0);
    for character in text.bytes() {
        let value = match character {
            b'A'..=b'Z' => character - b'A',
            b'a'..=b'z' => character - b'a' + 26,
            b'0'..=b'9' => character - b'0' + 52,
            b'-' => 62,
            _ => 63,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}
