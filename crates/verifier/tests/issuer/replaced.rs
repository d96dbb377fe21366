//! Keys that the application drops or brings while a fetch is under way.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use logto_authkit_dev_issuer::SigningAlgorithm;
use logto_authkit_token::JwkSet;
use logto_authkit_verifier::{Clock, ErrorCode, HttpClient, HttpFuture, HttpLimits, KeySources, Verifier};
use tokio::sync::{Semaphore, watch};

use crate::{World, code, in_time};

/// Answers with one body after the other, the last one for ever. One of the answers waits until it is let through.
#[derive(Debug)]
struct Scripted {
    bodies: Vec<Vec<u8>>,
    slow: usize,
    gate: Semaphore,
    asked: watch::Sender<usize>,
}

impl Scripted {
    fn new(bodies: &[&[u8]], slow: usize) -> Arc<Self> {
        let bodies = bodies.iter().map(|body| body.to_vec()).collect();
        Arc::new(Scripted { bodies, slow, gate: Semaphore::new(0), asked: watch::Sender::new(0) })
    }

    /// Waits until so many requests have been made.
    async fn asked(&self, times: usize) {
        in_time(self.asked.subscribe().wait_for(|asked| *asked >= times)).await.unwrap();
    }

    fn let_through(&self) {
        self.gate.add_permits(1);
    }
}

impl HttpClient for Scripted {
    fn send(&self, _: http::Request<Vec<u8>>, _: HttpLimits) -> HttpFuture<'_> {
        let mut call = 0;
        self.asked.send_modify(|asked| {
            *asked += 1;
            call = *asked;
        });
        Box::pin(async move {
            if call == self.slow {
                let _ = self.gate.acquire().await;
            }
            Ok(http::Response::new(self.bodies[call.min(self.bodies.len()) - 1].clone()))
        })
    }
}

/// An issuer that has replaced its key, the two sets, and a token of each key.
struct Replaced {
    world: World,
    before: Vec<u8>,
    after: Vec<u8>,
    old_token: String,
    new_token: String,
}

impl Replaced {
    async fn new() -> Self {
        let world = World::new().await;
        let (before, old_token) = (world.issuer.jwks().to_string(), world.token("old"));
        world.issuer.rotate_keys(SigningAlgorithm::Es256);
        world.issuer.drop_previous_key();
        let (after, new_token) = (world.issuer.jwks().to_string(), world.token("new"));
        Replaced { world, before: before.into_bytes(), after: after.into_bytes(), old_token, new_token }
    }

    /// Requests are given longer than a test is, so that no time-out stands in for what a test waits for.
    fn verifier(&self, client: Arc<dyn HttpClient>) -> (KeySources, Verifier) {
        let clock = Arc::clone(&self.world.clock) as Arc<dyn Clock>;
        let limits = HttpLimits::new(Duration::from_secs(3600), 1024 * 1024);
        let sources = KeySources::with_limits(client, clock, limits);
        let verifier = self.world.builder().key_sources(&sources).build().unwrap();
        (sources, verifier)
    }
}

#[tokio::test]
async fn dropped_keys_do_not_come_back_with_a_refresh_that_was_under_way() {
    let it = Replaced::new().await;
    let client = Scripted::new(&[&it.before, &it.before, &it.after], 2);
    let (_sources, verifier) = it.verifier(Arc::clone(&client) as Arc<dyn HttpClient>);
    verifier.verify(&it.old_token).await.unwrap();
    it.world.clock.advance(Duration::from_secs(301));
    verifier.verify(&it.old_token).await.unwrap();
    client.asked(2).await;
    verifier.invalidate();
    // The new keys are fetched although the refresh has not landed.
    assert_eq!(in_time(code(&verifier, &it.new_token)).await, None);
    assert_eq!(in_time(code(&verifier, &it.old_token)).await, Some(ErrorCode::UnknownKey));
    client.let_through();
    // Runs on the same thread behind the refresh, which has landed when this is done.
    in_time(verifier.verify_past_caches(&it.new_token, verifier.policy())).await.unwrap();
    assert_eq!(in_time(code(&verifier, &it.old_token)).await, Some(ErrorCode::UnknownKey));
    assert_eq!(in_time(code(&verifier, &it.new_token)).await, None);
}

#[tokio::test]
async fn whoever_waits_while_keys_are_dropped_gets_those_of_a_new_fetch() {
    let it = Replaced::new().await;
    let client = Scripted::new(&[&it.before, &it.after], 1);
    let (_sources, verifier) = it.verifier(Arc::clone(&client) as Arc<dyn HttpClient>);
    let waiting = {
        let (verifier, token) = (verifier.clone(), it.new_token.clone());
        tokio::spawn(async move { code(&verifier, &token).await })
    };
    client.asked(1).await;
    tokio::task::yield_now().await;
    verifier.invalidate();
    assert_eq!(in_time(waiting).await.unwrap(), None);
    assert_eq!(*client.asked.borrow(), 2);
}

#[tokio::test]
async fn keys_that_are_brought_answer_at_once_and_outlast_a_fetch_that_was_under_way() {
    let it = Replaced::new().await;
    let client = Scripted::new(&[&it.before, &it.after], 1);
    let (sources, verifier) = it.verifier(Arc::clone(&client) as Arc<dyn HttpClient>);
    let waiting = {
        let (verifier, token) = (verifier.clone(), it.new_token.clone());
        tokio::spawn(async move { code(&verifier, &token).await })
    };
    client.asked(1).await;
    tokio::task::yield_now().await;
    sources.prime(verifier.issuer(), JwkSet::parse(&it.after).unwrap());
    assert_eq!(in_time(waiting).await.unwrap(), None);
    client.let_through();
    in_time(verifier.verify_past_caches(&it.new_token, verifier.policy())).await.unwrap();
    assert_eq!(in_time(code(&verifier, &it.new_token)).await, None);
    assert_eq!(*client.asked.borrow(), 2);
}

#[tokio::test]
async fn keys_that_are_dropped_again_and_again_end_the_wait() {
    let it = Replaced::new().await;
    let inner = Scripted::new(&[&it.before], usize::MAX);
    let dropping = Arc::new(Dropping { verifier: OnceLock::new(), inner });
    let (_sources, verifier) = it.verifier(Arc::clone(&dropping) as Arc<dyn HttpClient>);
    dropping.verifier.set(verifier.clone()).unwrap();
    assert_eq!(in_time(code(&verifier, &it.old_token)).await, Some(ErrorCode::KeysUnavailable));
    let asked = *dropping.inner.asked.borrow();
    assert!((1..=4).contains(&asked), "{asked} requests for one token");
}

/// Drops the keys in the middle of every fetch.
#[derive(Debug)]
struct Dropping {
    verifier: OnceLock<Verifier>,
    inner: Arc<Scripted>,
}

impl HttpClient for Dropping {
    fn send(&self, request: http::Request<Vec<u8>>, limits: HttpLimits) -> HttpFuture<'_> {
        if let Some(verifier) = self.verifier.get() {
            verifier.invalidate();
        }
        self.inner.send(request, limits)
    }
}
