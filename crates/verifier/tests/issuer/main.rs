//! The verifier against issuers over real HTTP: the development issuer with its faults, and `oidc-provider`.
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod controls;
mod faults;
mod keys;
mod oidc_provider;
mod proxy;
mod remembered;
mod replaced;
mod runtimes;

use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use logto_authkit_dev_issuer::{DevIssuer, Resource, SigningAlgorithm};
use logto_authkit_verifier::{
    Clock, ErrorCode, HttpLimits, KeySources, ManualClock, ReqwestClient, Verifier, VerifierBuilder,
};

const API: &str = "https://api.example.com";

/// An issuer, a clock that stands still, and key sources that nothing else uses.
struct World {
    issuer: DevIssuer,
    clock: Arc<ManualClock>,
    sources: KeySources,
}

impl World {
    async fn new() -> Self {
        World::with_limits(HttpLimits::new(Duration::from_secs(5), 1024 * 1024)).await
    }

    async fn with_limits(limits: HttpLimits) -> Self {
        let issuer = DevIssuer::builder()
            .algorithm(SigningAlgorithm::Es256)
            .resource(Resource::new(API).scopes(["read:products"]))
            .start()
            .await
            .unwrap();
        let clock = Arc::new(ManualClock::at_present());
        let sources = KeySources::with_limits(
            Arc::new(ReqwestClient::new()),
            Arc::clone(&clock) as Arc<dyn Clock>,
            limits,
        );
        World { issuer, clock, sources }
    }

    fn builder(&self) -> VerifierBuilder {
        Verifier::builder(self.issuer.logto_url()).audience(API).key_sources(&self.sources)
    }

    fn verifier(&self) -> Verifier {
        self.builder().build().unwrap()
    }

    /// A token that outlives every test.
    fn token(&self, subject: &str) -> String {
        self.issuer.token().subject(subject).expires_in(Duration::from_secs(7 * 24 * 3600)).sign()
    }

    fn clock_seconds(&self) -> i64 {
        self.clock.now().as_unix_seconds()
    }

    /// A token that names a key which the issuer does not have. Verifying it waits for a fetch that is under way.
    fn token_of_unknown_key(&self, key_id: &str) -> String {
        let token = self.issuer.token().expires_in(Duration::from_secs(7 * 24 * 3600));
        token.header("kid", key_id).signature(vec![1; 64]).sign()
    }
}

async fn code(verifier: &Verifier, token: &str) -> Option<ErrorCode> {
    verifier.verify(token).await.err().map(|error| error.code())
}

/// What `future` brings; a wait that does not end is a failure.
async fn in_time<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("nobody wakes the waiting")
}

/// Polls `future` once, so that what it waits for is under way.
async fn begin<F: Future>(mut future: Pin<&mut F>) {
    let waits = std::future::poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_pending())).await;
    assert!(waits, "there was nothing to wait for");
}
