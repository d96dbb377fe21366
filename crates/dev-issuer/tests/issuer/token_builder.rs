use std::time::Duration;

use aws_lc_rs::hmac;
use logto_authkit_dev_issuer::{HmacAlgorithm, SigningAlgorithm, SigningKey};
use serde_json::json;

use crate::browser::{API, SECOND_API, World};
use crate::verify::{bytes, decode, verifies};

#[tokio::test]
async fn the_default_is_a_valid_access_token_like_a_real_servers() {
    let world = World::shop().await;
    let token = world.issuer.token().sign();
    let decoded = decode(&token);
    assert!(verifies(&token, &world.issuer.jwks()));
    let kid = world.issuer.signing_key().key_id().to_owned();
    assert_eq!(decoded.header, json!({ "alg": "ES384", "typ": "at+jwt", "kid": kid }));
    assert_eq!(decoded.signature.len(), 96);
    let jti = decoded.payload["jti"].as_str().unwrap();
    assert_eq!(jti.len(), 43);
    assert_eq!(
        decoded.payload,
        json!({
            "jti": jti,
            "sub": "user_alice",
            "iat": 1_800_000_000,
            "exp": 1_800_003_600,
            "scope": "read:products write:products delete:products",
            "client_id": "web",
            "iss": world.issuer.issuer(),
            "aud": API,
        })
    );
}

#[tokio::test]
async fn members_stand_in_a_real_servers_order() {
    let world = World::shop().await;
    let token = world.issuer.token().sign();
    let text = String::from_utf8(bytes(token.split('.').nth(1).unwrap())).unwrap();
    let order = ["jti", "sub", "iat", "exp", "scope", "client_id", "iss", "aud"];
    let places: Vec<usize> = order.iter().map(|name| text.find(&format!("\"{name}\":")).unwrap()).collect();
    assert!(places.is_sorted(), "{text}");
}

#[tokio::test]
async fn every_claim_and_header_member_can_be_changed() {
    let world = World::shop().await;
    let token = world
        .issuer
        .token()
        .subject("s")
        .audience(["a", "b"])
        .scope("x y")
        .client_id("c")
        .organization_id("org")
        .issuer("https://elsewhere.example")
        .issued_at(100)
        .expires_in(Duration::from_secs(7))
        .not_before(99)
        .claim("roles", json!(["r"]))
        .without_claim("jti")
        .typ("JWT")
        .header("crit", json!(["b64"]))
        .without_header("kid")
        .sign();
    let decoded = decode(&token);
    assert_eq!(decoded.header, json!({ "alg": "ES384", "typ": "JWT", "crit": ["b64"] }));
    assert_eq!(
        decoded.payload,
        json!({
            "sub": "s", "aud": ["a", "b"], "scope": "x y", "client_id": "c", "organization_id": "org",
            "iss": "https://elsewhere.example", "iat": 100, "exp": 107, "nbf": 99, "roles": ["r"],
        })
    );
}

#[tokio::test]
async fn scopes_are_those_of_the_audience_until_they_are_set() {
    let world = World::shop().await;
    let scope =
        |builder: logto_authkit_dev_issuer::TokenBuilder| decode(&builder.sign()).payload["scope"].clone();
    assert_eq!(scope(world.issuer.token().audience(SECOND_API)), "ping");
    assert_eq!(scope(world.issuer.token().audience("https://unknown.example")), "");
    assert_eq!(scope(world.issuer.token().scope("mine").audience(SECOND_API)), "mine");
    assert_eq!(scope(world.issuer.token().without_claim("scope")), json!(null));
}

#[tokio::test]
async fn a_foreign_key_can_claim_to_be_the_issuers() {
    let world = World::shop().await;
    let foreign = SigningKey::generate(SigningAlgorithm::Es384);
    let honest = world.issuer.token().signed_by(&foreign).sign();
    assert_eq!(decode(&honest).header["kid"], foreign.key_id());
    assert!(verifies(&honest, &json!({ "keys": [foreign.public_jwk()] })));

    let stolen = world.issuer.signing_key().key_id().to_owned();
    let forged = world.issuer.token().signed_by(&foreign).header("kid", stolen).sign();
    assert!(!verifies(&forged, &world.issuer.jwks()));
}

#[tokio::test]
async fn unsigned_and_symmetric_tokens_can_be_made() {
    let world = World::shop().await;
    let unsigned = world.issuer.token().algorithm("none").signature(Vec::new()).sign();
    assert!(unsigned.ends_with('.'));
    assert_eq!(decode(&unsigned).header["alg"], "none");

    let confused = world.issuer.token().hmac(b"public key".to_vec(), HmacAlgorithm::Hs256).sign();
    let decoded = decode(&confused);
    assert_eq!(decoded.header["alg"], "HS256");
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"public key");
    let input = confused.rsplit_once('.').unwrap().0;
    assert!(hmac::verify(&key, input.as_bytes(), &decoded.signature).is_ok());
}

#[tokio::test]
async fn header_and_payload_can_be_any_text_and_are_still_signed() {
    let world = World::shop().await;
    let token = world.issuer.token().payload_raw(r#"{"sub":"a","sub":"b"}"#).header_raw("not json").sign();
    let parts: Vec<&str> = token.split('.').collect();
    assert_eq!(bytes(parts[0]), b"not json");
    assert_eq!(bytes(parts[1]), br#"{"sub":"a","sub":"b"}"#);
    assert_eq!(bytes(parts[2]).len(), 96);
}
