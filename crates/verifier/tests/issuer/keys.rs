//! SPEC: what happens to keys while all is well, while they rotate, and while strangers ask for keys that do not exist.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use logto_authkit_dev_issuer::{Fault, SigningAlgorithm, SigningKey};
use logto_authkit_verifier::{
    Clock, ErrorCode, HttpClient, HttpFuture, HttpLimits, KeySources, ReqwestClient,
};
use tokio::net::{TcpListener, TcpStream};

use crate::{World, begin, code};

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_tasks_at_a_cold_start_fetch_once() {
    let world = World::new().await;
    let verifier = world.verifier();
    let token = world.token("alice");
    let tasks: Vec<_> = (0..10_000)
        .map(|_| {
            let (verifier, token) = (verifier.clone(), token.clone());
            tokio::spawn(
                async move { verifier.verify(&token).await.map(|claims| claims.subject().to_owned()) },
            )
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap().unwrap(), "alice");
    }
    assert_eq!(world.issuer.counters().jwks, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_random_key_ids_fetch_once_per_cooldown() {
    let world = World::new().await;
    let verifier = world.verifier();
    for step in 0..100_000 {
        let token = world.token_of_unknown_key(&format!("key-{step}"));
        assert_eq!(code(&verifier, &token).await, Some(ErrorCode::UnknownKey));
        world.clock.advance(Duration::from_millis(1));
    }
    // 100 seconds of flood, a cooldown of 30.
    let fetches = world.issuer.counters().jwks;
    assert!(fetches <= 1 + 100 / 30, "{fetches} fetches");
    // A token of the issuer is accepted in the middle of it.
    assert_eq!(code(&verifier, &world.token("alice")).await, None);
}

#[tokio::test]
async fn a_flood_of_unknown_keys_while_the_issuer_is_down_is_counted_too() {
    let world = World::new().await;
    let verifier = world.verifier();
    verifier.warm_up().await.unwrap();
    world.issuer.faults().jwks(Fault::Status(503));
    world.issuer.reset_counters();
    for step in 0..3000 {
        let token = world.token_of_unknown_key(&format!("key-{step}"));
        assert_eq!(code(&verifier, &token).await, Some(ErrorCode::UnknownKey));
        world.clock.advance(Duration::from_millis(20));
    }
    let fetches = world.issuer.counters().jwks;
    assert!((2..=1 + 60 / 30).contains(&fetches), "{fetches} fetches in 60 s");
}

#[tokio::test]
async fn keys_are_refreshed_behind_the_requests_and_confirmed_by_a_304() {
    let world = World::new().await;
    let verifier = world.verifier();
    let token = world.token("alice");
    assert_eq!(code(&verifier, &token).await, None);
    world.clock.advance(Duration::from_secs(239));
    assert_eq!(code(&verifier, &token).await, None);
    assert_eq!(world.issuer.counters().jwks, 1);
    world.clock.advance(Duration::from_secs(61));
    assert_eq!(code(&verifier, &token).await, None);
    // A token of an unknown key waits for the refresh that the one before it started.
    assert_eq!(code(&verifier, &world.token_of_unknown_key("x")).await, Some(ErrorCode::UnknownKey));
    let counters = world.issuer.counters();
    assert_eq!((counters.jwks, counters.jwks_not_modified), (2, 1));
    assert_eq!(code(&verifier, &token).await, None);
    assert_eq!(world.issuer.counters().jwks, 2);
}

#[tokio::test]
async fn a_token_of_a_rotated_key_is_accepted_at_once_whatever_the_new_algorithm() {
    let world = World::new().await;
    let verifier = world.verifier();
    let before = world.token("before");
    assert_eq!(code(&verifier, &before).await, None);
    for algorithm in [SigningAlgorithm::Rs256, SigningAlgorithm::EdDsa, SigningAlgorithm::Es384] {
        world.issuer.rotate_keys(algorithm);
        assert_eq!(code(&verifier, &world.token("after")).await, None, "{algorithm:?}");
        world.clock.advance(Duration::from_secs(31));
    }
    // Only the previous key stays published: the first one has left the set, and what it signed with it.
    assert_eq!(code(&verifier, &before).await, Some(ErrorCode::UnknownKey));
}

#[tokio::test]
async fn a_key_that_is_published_before_it_signs_costs_nobody_a_wait() {
    let world = World::new().await;
    let verifier = world.verifier();
    verifier.warm_up().await.unwrap();
    world.issuer.stage_keys(SigningAlgorithm::Es384);
    world.clock.advance(Duration::from_secs(300));
    assert_eq!(code(&verifier, &world.token("alice")).await, None);
    assert_eq!(code(&verifier, &world.token_of_unknown_key("x")).await, Some(ErrorCode::UnknownKey));
    world.issuer.activate_staged_keys();
    let fetches = world.issuer.counters().jwks;
    assert_eq!(code(&verifier, &world.token("bob")).await, None);
    assert_eq!(world.issuer.counters().jwks, fetches);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_under_load_refuses_no_valid_token() {
    let world = World::new().await;
    let verifier = world.verifier();
    let tokens: Vec<_> = (0..50).map(|index| world.token(&format!("user-{index}"))).collect();
    let load: Vec<_> = (0..8)
        .map(|_| {
            let (verifier, tokens) = (verifier.clone(), tokens.clone());
            tokio::spawn(async move {
                for _ in 0..40 {
                    for token in &tokens {
                        verifier.verify(token).await.unwrap();
                        tokio::task::yield_now().await;
                    }
                }
            })
        })
        .collect();
    world.issuer.rotate_keys(SigningAlgorithm::Rs256);
    let new: Vec<_> = (0..50)
        .map(|index| {
            let (verifier, token) = (verifier.clone(), world.token(&format!("new-{index}")));
            tokio::spawn(async move { verifier.verify(&token).await.map(|_| ()) })
        })
        .collect();
    for task in new {
        task.await.unwrap().unwrap();
    }
    for task in load {
        task.await.unwrap();
    }
    assert!(world.issuer.counters().jwks <= 2);
}

#[tokio::test]
async fn a_bad_signature_under_a_known_key_fetches_nothing() {
    let world = World::new().await;
    let verifier = world.verifier();
    verifier.warm_up().await.unwrap();
    let kid = world.issuer.signing_key().key_id().to_owned();
    let foreign = SigningKey::generate(SigningAlgorithm::Es256).with_key_id(kid);
    for _ in 0..100 {
        let token = world.issuer.token().signed_by(&foreign).sign();
        assert_eq!(code(&verifier, &token).await, Some(ErrorCode::InvalidSignature));
    }
    assert_eq!(world.issuer.counters().jwks, 1);
}

/// Notes what is asked for, and asks.
#[derive(Debug, Default)]
struct Noting {
    client: ReqwestClient,
    asked: Mutex<Vec<String>>,
}

impl HttpClient for Noting {
    fn send(&self, request: http::Request<Vec<u8>>, limits: HttpLimits) -> HttpFuture<'_> {
        self.asked.lock().unwrap().push(request.uri().to_string());
        self.client.send(request, limits)
    }
}

#[tokio::test]
async fn no_address_in_a_token_is_ever_asked() {
    let world = World::new().await;
    let client = Arc::new(Noting::default());
    let clock = Arc::clone(&world.clock) as Arc<dyn Clock>;
    let sources = KeySources::new(Arc::clone(&client) as Arc<dyn HttpClient>, clock);
    let verifier = world.builder().key_sources(&sources).build().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/jwks", listener.local_addr().unwrap());
    let foreign = SigningKey::generate(SigningAlgorithm::Es256).with_key_id("mine");
    let token = world
        .issuer
        .token()
        .header("jku", address.clone())
        .header("x5u", address.clone())
        .header("jwk", foreign.public_jwk())
        .signed_by(&foreign)
        .sign();
    for _ in 0..2 {
        assert_eq!(code(&verifier, &token).await, Some(ErrorCode::UnknownKey));
        let apart = verifier.verify_past_caches(&token, verifier.policy()).await;
        assert_eq!(apart.unwrap_err().code(), ErrorCode::UnknownKey);
        world.clock.advance(Duration::from_secs(31));
    }
    let asked = client.asked.lock().unwrap().clone();
    assert_eq!(asked, vec![verifier.issuer().jwks_uri(); 4]);
    // Connections are accepted in their order: had there been one, it would come before ours.
    let ours = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (_first, from) = listener.accept().await.unwrap();
    assert_eq!(from, ours.local_addr().unwrap(), "somebody asked the address in the token");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_goes_away_does_not_take_the_fetch_with_it() {
    let world = World::new().await;
    let verifier = world.verifier();
    world.issuer.faults().jwks(Fault::Latency(Duration::from_millis(200)));
    let token = world.token("alice");
    let mut first = Box::pin(verifier.verify(&token));
    begin(first.as_mut()).await;
    drop(first);
    assert_eq!(code(&verifier, &token).await, None);
    assert_eq!(world.issuer.counters().jwks, 1);
}
