//! The public controls: sharing, dropping, priming, asking past the caches, and options that are wrong.

use std::sync::Arc;
use std::time::Duration;

use logto_authkit_dev_issuer::SigningAlgorithm;
use logto_authkit_token::JwkSet;
use logto_authkit_verifier::{
    ErrorCode, KeySources, LogtoUrl, OrganizationId, OrganizationRule, Policy, Readiness, ReqwestClient,
    SystemClock, Verifier,
};

use crate::{API, World, code};

#[tokio::test]
async fn two_verifiers_of_one_issuer_fetch_once() {
    let world = World::new().await;
    let (first, second) =
        (world.verifier(), world.builder().audience("https://other.example.com").build().unwrap());
    assert_eq!(code(&first, &world.token("alice")).await, None);
    assert_eq!(code(&second, &world.token("bob")).await, None);
    assert_eq!(world.issuer.counters().jwks, 1);
}

#[tokio::test]
async fn warming_up_fetches_before_the_first_token() {
    let world = World::new().await;
    let verifier = world.verifier();
    assert_eq!(verifier.readiness(), Readiness::NotReady);
    verifier.warm_up().await.unwrap();
    world.clock.advance(Duration::from_secs(7));
    assert_eq!(verifier.readiness(), Readiness::Ready { age: Duration::from_secs(7), keys: 1 });
    assert_eq!(code(&verifier, &world.token("alice")).await, None);
    assert_eq!(world.issuer.counters().jwks, 1);
}

#[tokio::test]
async fn dropped_keys_are_fetched_again() {
    let world = World::new().await;
    let verifier = world.verifier();
    let token = world.token("alice");
    let issuer = LogtoUrl::parse(world.issuer.logto_url()).unwrap();
    let drops: [&dyn Fn(); 3] =
        [&|| verifier.invalidate(), &|| world.sources.invalidate(&issuer), &|| world.sources.clear()];
    for (round, drop_keys) in drops.into_iter().enumerate() {
        assert_eq!(code(&verifier, &token).await, None);
        drop_keys();
        assert_eq!(verifier.readiness(), Readiness::NotReady);
        assert_eq!(code(&verifier, &token).await, None);
        assert_eq!(world.issuer.counters().jwks, 2 + round as u64);
    }
}

#[tokio::test]
async fn primed_keys_need_no_issuer() {
    let world = World::new().await;
    world.issuer.go_down();
    let verifier = world.verifier();
    let keys = JwkSet::parse(world.issuer.jwks().to_string().as_bytes()).unwrap();
    world.sources.prime(verifier.issuer(), keys);
    assert_eq!(code(&verifier, &world.token("alice")).await, None);
}

#[tokio::test]
async fn asking_past_the_caches_reads_and_writes_neither() {
    let world = World::new().await;
    let verifier = world.verifier();
    let token = world.token("alice");
    for _ in 0..3 {
        verifier.verify_past_caches(&token, verifier.policy()).await.unwrap();
    }
    assert_eq!(world.issuer.counters().jwks, 3);
    assert_eq!(verifier.readiness(), Readiness::NotReady);
    assert!(verifier.verify_cached(&token, verifier.policy()).is_none());
    // What others use stays as it is.
    assert_eq!(code(&verifier, &token).await, None);
    world.issuer.go_down();
    let apart = verifier.verify_past_caches(&token, verifier.policy()).await.unwrap_err();
    assert_eq!(apart.code(), ErrorCode::KeysUnavailable);
    assert_eq!(code(&verifier, &token).await, None);
}

#[tokio::test]
async fn a_fresh_time_of_zero_asks_the_issuer_for_every_token() {
    let world = World::new().await;
    let verifier = world.builder().keys_fresh_for(Duration::ZERO).build().unwrap();
    let token = world.token("alice");
    for round in 1..=3 {
        assert_eq!(code(&verifier, &token).await, None);
        assert_eq!(world.issuer.counters().jwks, round);
    }
    world.issuer.go_down();
    assert_eq!(code(&verifier, &token).await, None);
}

#[tokio::test]
async fn times_of_zero_accept_what_the_keys_of_this_moment_accept() {
    let world = World::new().await;
    let sources = KeySources::new(Arc::new(ReqwestClient::new()), Arc::new(SystemClock::new()));
    let zero = world.builder().keys_fresh_for(Duration::ZERO).keys_stale_for(Duration::ZERO);
    let verifier = zero.key_sources(&sources).build().unwrap();
    let token = world.token("alice");
    for round in 1..=20 {
        assert_eq!(code(&verifier, &token).await, None);
        assert_eq!(world.issuer.counters().jwks, round);
    }
    world.issuer.go_down();
    assert_eq!(code(&verifier, &token).await, Some(ErrorCode::KeysUnavailable));
}

#[tokio::test]
async fn the_patience_of_one_verifier_does_not_bind_another() {
    let world = World::new().await;
    let day = Duration::from_secs(24 * 3600);
    let build = |seconds| {
        let cooldown = Duration::from_secs(seconds);
        world.builder().keys_fresh_for(day).unknown_key_cooldown(cooldown).build().unwrap()
    };
    let (patient, quick) = (build(3600), build(1));
    assert_eq!(code(&quick, &world.token("alice")).await, None);
    assert_eq!(code(&patient, &world.token_of_unknown_key("x")).await, Some(ErrorCode::UnknownKey));
    world.issuer.rotate_keys(SigningAlgorithm::Es256);
    world.clock.advance(Duration::from_secs(1));
    let token = world.token("bob");
    assert_eq!(code(&patient, &token).await, Some(ErrorCode::UnknownKey));
    assert_eq!(code(&quick, &token).await, None);
    assert_eq!(code(&patient, &token).await, None);
    assert_eq!(world.issuer.counters().jwks, 3);
}

#[test]
fn wrong_options_are_named_with_what_to_write_instead() {
    let builder = || Verifier::builder("https://tenant.logto.app");
    let hour = Duration::from_secs(3600);
    for (built, option) in [
        (builder().build(), "audience"),
        (builder().audience("").build(), "audience"),
        (builder().audience("a b").build(), "audience"),
        (builder().audience("urn:logto:organization:o1").build(), "audience"),
        (builder().organization(OrganizationRule::Refuse).build(), "audience"),
        (Verifier::builder("https://tenant.logto.app/oidc").audience(API).build(), "logto_url"),
        (Verifier::builder("http://tenant.logto.app").audience(API).build(), "logto_url"),
        (builder().audience(API).leeway(Duration::from_secs(301)).build(), "leeway"),
        (builder().audience(API).algorithms([]).build(), "algorithms"),
        (builder().audience(API).keys_fresh_for(25 * hour).build(), "keys_fresh_for"),
        (builder().audience(API).keys_stale_for(169 * hour).build(), "keys_stale_for"),
        (builder().audience(API).unknown_key_cooldown(Duration::ZERO).build(), "unknown_key_cooldown"),
        (builder().audience(API).token_cache_size(usize::MAX).build(), "token_cache_size"),
        (builder().audience(API).policy(Policy::for_resource(API).unwrap()).build(), "audience"),
        (builder().policy(Policy::for_resource(API).unwrap()).leeway(hour / 60).build(), "leeway"),
    ] {
        let error = built.expect_err(option);
        assert_eq!(error.option(), option);
        assert!(!error.hint().is_empty());
    }
    let id = OrganizationId::parse("o1").unwrap();
    builder().organization(OrganizationRule::Require(id)).build().unwrap();
    builder().policy(Policy::for_any_organization()).build().unwrap();
}
