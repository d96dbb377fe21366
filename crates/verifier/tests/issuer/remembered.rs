//! The memory of verified tokens: a memory of signatures, not of verdicts.

use std::time::Duration;

use logto_authkit_dev_issuer::SigningAlgorithm;
use logto_authkit_verifier::{Algorithm, ErrorCode, OrganizationRule, Policy, ScopeRequirement};

use crate::{API, World, code};

#[tokio::test]
async fn a_remembered_token_needs_no_runtime_and_no_wait() {
    let world = World::new().await;
    let verifier = world.verifier();
    let token = world.token("alice");
    assert!(verifier.verify_cached(&token, verifier.policy()).is_none());
    verifier.verify(&token).await.unwrap();
    let claims = verifier.verify_cached(&token, verifier.policy()).unwrap().unwrap();
    assert_eq!(claims.subject(), "alice");
}

#[tokio::test]
async fn a_remembered_token_expires() {
    let world = World::new().await;
    let verifier = world.verifier();
    let token = world.issuer.token().expires_in(Duration::from_secs(60)).sign();
    assert_eq!(code(&verifier, &token).await, None);
    world.clock.advance(Duration::from_secs(61));
    assert_eq!(code(&verifier, &token).await, Some(ErrorCode::TokenExpired));
}

#[tokio::test]
async fn a_remembered_token_is_refused_once_its_key_has_left_the_set() {
    let world = World::new().await;
    let verifier = world.verifier();
    let token = world.token("alice");
    assert_eq!(code(&verifier, &token).await, None);
    world.issuer.rotate_keys(SigningAlgorithm::Es384);
    world.issuer.drop_previous_key();
    // A token of the new key brings the new set.
    assert_eq!(code(&verifier, &world.token("bob")).await, None);
    assert_eq!(code(&verifier, &token).await, Some(ErrorCode::UnknownKey));
    assert!(verifier.verify_cached(&token, verifier.policy()).is_none());
}

#[tokio::test]
async fn a_remembered_token_meets_the_whole_policy_of_whoever_asks() {
    let world = World::new().await;
    let verifier = world.verifier();
    let policy = || Policy::for_resource(API).unwrap();
    // Accepted first under a policy that asks for less than any of the others.
    let lenient = logto_authkit_token::danger::accept_any_token_type(policy());
    let plain = world.issuer.token().scope("read:products").sign();
    let id_token = world.issuer.token().typ("JWT").sign();
    let in_organization = world.issuer.token().organization_id("o1").sign();
    let any = policy().with_organization(OrganizationRule::Any);
    for (token, policy) in [(&plain, &lenient), (&id_token, &lenient), (&in_organization, &any)] {
        verifier.verify_with(token, policy).await.unwrap();
        assert!(verifier.verify_cached(token, policy).unwrap().is_ok());
    }
    for (token, policy, expected) in [
        (&id_token, policy(), ErrorCode::WrongTokenType),
        (&plain, policy().with_algorithms([Algorithm::Es384]).unwrap(), ErrorCode::UnsupportedAlgorithm),
        (&plain, Policy::for_resource("https://other.example.com").unwrap(), ErrorCode::InvalidAudience),
        (
            &plain,
            policy().with_scopes(ScopeRequirement::all(["write:products"]).unwrap()),
            ErrorCode::MissingScope,
        ),
        (&plain, policy().require_claim("plan", "gold").unwrap(), ErrorCode::ClaimRejected),
        (&plain, any.clone(), ErrorCode::WrongOrganization),
        (&in_organization, policy(), ErrorCode::WrongOrganization),
    ] {
        assert_eq!(verifier.verify_cached(token, &policy).unwrap().unwrap_err().code(), expected);
        assert_eq!(verifier.verify_with(token, &policy).await.unwrap_err().code(), expected);
    }
}

#[tokio::test]
async fn a_refusal_is_not_remembered() {
    let world = World::new().await;
    let verifier = world.verifier();
    let start = world.clock_seconds() + 60;
    let token = world.issuer.token().not_before(start).expires_in(Duration::from_secs(3600)).sign();
    assert_eq!(code(&verifier, &token).await, Some(ErrorCode::TokenNotYetValid));
    world.clock.advance(Duration::from_secs(61));
    assert_eq!(code(&verifier, &token).await, None);
}

#[tokio::test]
async fn the_memory_is_bounded() {
    let world = World::new().await;
    let verifier = world.builder().token_cache_size(10).build().unwrap();
    let tokens: Vec<_> = (0..200).map(|index| world.token(&format!("user-{index}"))).collect();
    for token in &tokens {
        assert_eq!(code(&verifier, token).await, None);
    }
    let remembered =
        tokens.iter().filter(|token| verifier.verify_cached(token, verifier.policy()).is_some()).count();
    assert!((1..=10).contains(&remembered), "{remembered} tokens");
}

#[tokio::test]
async fn a_memory_of_none_remembers_none() {
    let world = World::new().await;
    let verifier = world.builder().token_cache_size(0).build().unwrap();
    let token = world.token("alice");
    assert_eq!(code(&verifier, &token).await, None);
    assert!(verifier.verify_cached(&token, verifier.policy()).is_none());
}
