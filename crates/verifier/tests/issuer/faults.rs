//! SPEC: an issuer that is down, slow or wrong.

use std::time::Duration;

use logto_authkit_dev_issuer::{Fault, SigningAlgorithm};
use logto_authkit_verifier::{ErrorCode, HttpLimits, Readiness, VerifyError};

use crate::{World, code};

fn bad_answers() -> Vec<Fault> {
    vec![
        Fault::Status(500),
        Fault::Status(503),
        Fault::Status(404),
        Fault::Status(204),
        Fault::RetryAfter(429, Duration::from_secs(60)),
        Fault::Html,
        Fault::Empty,
        Fault::EmptyKeySet,
        Fault::WrongJson,
        Fault::Redirect("http://127.0.0.1:9/keys".to_owned()),
        Fault::ManyKeys(100),
        Fault::ManyKeys(10_000),
        Fault::HugeBody(100 * 1024 * 1024),
        Fault::DropConnection,
        Fault::Hang,
        Fault::SlowDrip { bytes_per_chunk: 1, interval: Duration::from_millis(20) },
    ]
}

/// A world whose requests for keys are given up after a short time.
async fn impatient_world() -> World {
    World::with_limits(HttpLimits::new(Duration::from_millis(300), 1024 * 1024)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn after_every_bad_answer_the_old_keys_stay() {
    for fault in bad_answers() {
        let world = impatient_world().await;
        let verifier = world.builder().token_cache_size(0).build().unwrap();
        let token = world.token("alice");
        assert_eq!(code(&verifier, &token).await, None);
        // There is something new to fetch, so that no 304 stands in for the answer.
        world.issuer.rotate_keys(SigningAlgorithm::Es384);
        world.issuer.faults().jwks(fault.clone());
        world.clock.advance(Duration::from_secs(301));
        assert_eq!(code(&verifier, &token).await, None, "{fault:?}");
        // Waits for the refresh that the verification before it started.
        assert_eq!(
            code(&verifier, &world.token_of_unknown_key("x")).await,
            Some(ErrorCode::UnknownKey),
            "{fault:?}"
        );
        assert!(world.issuer.counters().jwks >= 2, "{fault:?}: nothing was fetched");
        assert_eq!(code(&verifier, &token).await, None, "{fault:?}");
        let readiness = verifier.readiness();
        assert!(
            matches!(readiness, Readiness::Ready { age, keys: 1 } if age >= Duration::from_secs(301)),
            "{fault:?}: {readiness:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_nothing_but_a_bad_answer_the_keys_are_unavailable() {
    for fault in bad_answers() {
        let world = impatient_world().await;
        let verifier = world.verifier();
        let token = world.token("alice");
        world.issuer.faults().jwks(fault.clone());
        assert_eq!(code(&verifier, &token).await, Some(ErrorCode::KeysUnavailable), "{fault:?}");
        assert_eq!(verifier.readiness(), Readiness::NotReady, "{fault:?}");
        // The next callers are answered by the back-off, not by another request.
        let before = world.issuer.counters().jwks;
        for _ in 0..100 {
            assert_eq!(code(&verifier, &token).await, Some(ErrorCode::KeysUnavailable), "{fault:?}");
        }
        assert_eq!(world.issuer.counters().jwks, before, "{fault:?}");
        world.issuer.faults().clear();
        world.clock.advance(Duration::from_secs(2));
        assert_eq!(code(&verifier, &token).await, None, "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_is_down_for_an_hour_costs_no_known_token() {
    let world = World::new().await;
    let (remembering, forgetting) = (world.verifier(), world.builder().token_cache_size(0).build().unwrap());
    let token = world.token("alice");
    assert_eq!(code(&remembering, &token).await, None);
    world.issuer.go_down();
    for second in 0..3600 {
        world.clock.advance(Duration::from_secs(1));
        assert_eq!(code(&remembering, &token).await, None, "after {second} s");
        assert_eq!(code(&forgetting, &token).await, None, "after {second} s");
    }
    world.issuer.come_back();
    let fetches = world.issuer.counters().jwks;
    world.clock.advance(Duration::from_secs(301));
    assert_eq!(code(&forgetting, &token).await, None);
    assert_eq!(code(&forgetting, &world.token_of_unknown_key("x")).await, Some(ErrorCode::UnknownKey));
    assert!(world.issuer.counters().jwks > fetches, "the keys are fetched again");
}

#[tokio::test]
async fn keys_beyond_the_stale_limit_are_not_used_any_more() {
    let world = World::new().await;
    let verifier = world.builder().keys_stale_for(Duration::from_secs(600)).build().unwrap();
    let token = world.token("alice");
    assert_eq!(code(&verifier, &token).await, None);
    world.issuer.go_down();
    world.clock.advance(Duration::from_secs(900));
    assert_eq!(code(&verifier, &token).await, None);
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(code(&verifier, &token).await, Some(ErrorCode::KeysUnavailable));
    assert_eq!(verifier.readiness(), Readiness::NotReady);
}

#[tokio::test]
async fn a_token_that_is_wrong_anyway_is_refused_while_the_issuer_is_down() {
    let world = World::new().await;
    let verifier = world.verifier();
    world.issuer.go_down();
    let expired = world.issuer.token().expires_at(1).sign();
    assert_eq!(code(&verifier, &expired).await, Some(ErrorCode::TokenExpired));
    let other = world.issuer.token().audience("https://other.example.com").sign();
    assert_eq!(code(&verifier, &other).await, Some(ErrorCode::InvalidAudience));
    assert_eq!(code(&verifier, "not a token").await, Some(ErrorCode::MalformedToken));
}

#[tokio::test]
async fn unavailable_keys_say_when_to_try_again() {
    let world = World::new().await;
    world.issuer.go_down();
    let verifier = world.verifier();
    let Err(VerifyError::KeysUnavailable { retry_after }) = verifier.verify(&world.token("alice")).await
    else {
        panic!("there are no keys")
    };
    assert!(retry_after >= Duration::from_secs(1) && retry_after <= Duration::from_secs(30));
    assert_eq!(verifier.warm_up().await.unwrap_err().code(), ErrorCode::KeysUnavailable);
}
