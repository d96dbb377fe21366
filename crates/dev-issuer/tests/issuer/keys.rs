use logto_authkit_dev_issuer::{SigningAlgorithm, SigningKey};
use serde_json::Value;

use crate::browser::World;
use crate::verify::{decode, verifies};

fn key_ids(jwks: &Value) -> Vec<String> {
    jwks["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn every_algorithm_makes_tokens_that_verify_with_the_published_key() {
    let world = World::shop().await;
    for algorithm in SigningAlgorithm::ALL {
        world.issuer.rotate_keys(algorithm);
        let token = world.issuer.token().sign();
        assert_eq!(decode(&token).header["alg"], algorithm.name());
        assert!(verifies(&token, &world.issuer.jwks()), "{algorithm}");
    }
}

#[tokio::test]
async fn a_rotation_signs_with_the_new_key_at_once_and_keeps_the_old_one_published() {
    let world = World::shop().await;
    let before = world.issuer.token().sign();
    let first = key_ids(&world.issuer.jwks());
    world.issuer.rotate_keys(SigningAlgorithm::Rs256);

    let jwks = world.issuer.jwks();
    assert_eq!(jwks["keys"][0].get("alg"), None, "an RSA key has no alg");
    assert_eq!(key_ids(&jwks)[1], first[0]);
    assert!(verifies(&before, &jwks));
    assert_eq!(decode(&world.issuer.token().sign()).header["alg"], "RS256");

    world.issuer.rotate_keys(SigningAlgorithm::Es384);
    assert!(!verifies(&before, &world.issuer.jwks()), "the next rotation ends the first key");
}

#[tokio::test]
async fn a_staged_key_is_published_before_it_signs() {
    let world = World::shop().await;
    let current = world.issuer.signing_key().key_id().to_owned();
    assert!(!world.issuer.activate_staged_keys());
    world.issuer.stage_keys(SigningAlgorithm::Es384);

    let published = key_ids(&world.issuer.jwks());
    assert_eq!((published.len(), &published[0]), (2, &current));
    assert_eq!(decode(&world.issuer.token().sign()).header["kid"], current.as_str());

    assert!(world.issuer.activate_staged_keys());
    assert_eq!(key_ids(&world.issuer.jwks()), [published[1].clone(), current]);
    assert_eq!(decode(&world.issuer.token().sign()).header["kid"], published[1].as_str());
}

#[tokio::test]
async fn the_previous_key_can_be_dropped() {
    let world = World::shop().await;
    assert!(!world.issuer.drop_previous_key());
    world.issuer.rotate_keys(SigningAlgorithm::Es384);
    assert!(world.issuer.drop_previous_key());
    assert_eq!(key_ids(&world.issuer.jwks()).len(), 1);
}

#[test]
fn debug_output_of_a_key_names_it_and_shows_nothing_else() {
    let key = SigningKey::generate(SigningAlgorithm::EdDsa).with_key_id("chosen");
    assert_eq!(format!("{key:?}"), "SigningKey { algorithm: EdDsa, key_id: \"chosen\", .. }");
    assert_eq!(key.public_jwk()["kid"], "chosen");
}

#[tokio::test]
async fn a_rotation_forgets_a_staged_key() {
    let world = World::shop().await;
    world.issuer.stage_keys(SigningAlgorithm::Es256);
    world.issuer.rotate_keys(SigningAlgorithm::Es384);
    assert_eq!(key_ids(&world.issuer.jwks()).len(), 2, "the current and the previous one");
    assert!(!world.issuer.activate_staged_keys());
}
