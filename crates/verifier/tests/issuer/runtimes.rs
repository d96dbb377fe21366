//! Callers on executors of every kind, some of which stop: keys are fetched on a thread of the library's own.

use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use logto_authkit_dev_issuer::{Fault, SigningAlgorithm};
use logto_authkit_verifier::{
    Clock, ErrorCode, HttpClient, HttpFuture, HttpLimits, KeySources, ManualClock, Moment, Readiness,
    ReqwestClient, Timestamp, Verifier,
};
use tokio::runtime::{Builder, Runtime};

use crate::{World, begin, code, in_time};

/// What the issuer runs on, and callers that are driven all the time.
fn driven() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// A caller's runtime, which makes progress only while something blocks on it.
fn single() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Drives a future without Tokio.
fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = std::pin::pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

/// Waits until the keys are as young as they can be.
async fn refreshed(verifier: &Verifier) {
    in_time(async {
        while !matches!(verifier.readiness(), Readiness::Ready { age: Duration::ZERO, .. }) {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[test]
fn any_executor_can_verify() {
    let server = driven();
    let world = server.block_on(World::new());
    let (verifier, token) = (world.verifier(), world.token("alice"));
    assert_eq!(block_on(verifier.verify(&token)).unwrap().subject(), "alice");
    verifier.invalidate();
    block_on(verifier.warm_up()).unwrap();
    block_on(verifier.verify_past_caches(&token, verifier.policy())).unwrap();
    // A runtime without IO and without timers.
    let bare = Builder::new_current_thread().build().unwrap();
    verifier.invalidate();
    bare.block_on(verifier.verify(&token)).unwrap();
    bare.block_on(verifier.verify_past_caches(&token, verifier.policy())).unwrap();
    assert_eq!(world.issuer.counters().jwks, 5);
}

#[test]
fn a_runtime_that_stands_still_holds_up_no_other_caller() {
    let server = driven();
    let world = server.block_on(World::new());
    let (verifier, token) = (world.verifier(), world.token("alice"));
    let still = single();
    still.block_on(async {
        begin(std::pin::pin!(verifier.verify(&token))).await;
    });
    // `still` is alive and is not driven from here on.
    let verdict = server.block_on(in_time(code(&verifier, &token)));
    assert_eq!(verdict, None);
    assert_eq!(world.issuer.counters().jwks, 1);
    drop(still);
}

#[test]
fn a_refresh_that_was_started_on_a_runtime_which_stands_still_ends() {
    let server = driven();
    let world = server.block_on(World::new());
    let (verifier, token) = (world.verifier(), world.token("alice"));
    server.block_on(verifier.verify(&token)).unwrap();
    world.issuer.rotate_keys(SigningAlgorithm::Es256);
    world.issuer.drop_previous_key();
    world.clock.advance(Duration::from_secs(301));
    let still = single();
    still.block_on(verifier.verify(&token)).unwrap();
    server.block_on(refreshed(&verifier));
    assert_eq!(server.block_on(code(&verifier, &token)), Some(ErrorCode::UnknownKey));
    drop(still);
}

#[test]
fn one_runtime_per_call_keeps_the_keys_fresh() {
    let server = driven();
    let world = server.block_on(World::new());
    let verifier = world.verifier();
    let token = world.token("alice");
    single().block_on(verifier.verify(&token)).unwrap();
    for round in 2..10 {
        world.clock.advance(Duration::from_secs(301));
        single().block_on(verifier.verify(&token)).unwrap();
        server.block_on(refreshed(&verifier));
        assert_eq!(world.issuer.counters().jwks, round);
    }
}

#[test]
fn a_runtime_that_ends_is_no_failure_of_the_issuer() {
    let server = driven();
    let world = server.block_on(World::new());
    let (verifier, token) = (world.verifier(), world.token("alice"));
    world.issuer.faults().jwks(Fault::Latency(Duration::from_millis(50)));
    let ending = single();
    ending.block_on(async {
        begin(std::pin::pin!(verifier.verify(&token))).await;
    });
    drop(ending);
    // No back-off answers: the fetch goes on.
    assert_eq!(server.block_on(in_time(code(&verifier, &token))), None);
    assert_eq!(world.issuer.counters().jwks, 1);
}

/// Panics in the middle of a fetch.
#[derive(Debug)]
struct Panicking;

impl HttpClient for Panicking {
    fn send(&self, _: http::Request<Vec<u8>>, _: HttpLimits) -> HttpFuture<'_> {
        panic!("as the test wants it")
    }
}

#[tokio::test]
async fn a_client_that_panics_leaves_nobody_waiting() {
    let clock = Arc::new(ManualClock::at_present());
    let sources = KeySources::new(Arc::new(Panicking), Arc::clone(&clock) as Arc<dyn Clock>);
    let world = World::new().await;
    let verifier = world.builder().key_sources(&sources).build().unwrap();
    let token = world.token("alice");
    for _ in 0..3 {
        assert_eq!(in_time(code(&verifier, &token)).await, Some(ErrorCode::KeysUnavailable));
        let apart = in_time(verifier.verify_past_caches(&token, verifier.policy())).await;
        assert_eq!(apart.unwrap_err().code(), ErrorCode::KeysUnavailable);
        clock.advance(Duration::from_secs(31));
    }
}

/// Panics where the end of a fetch is told.
#[derive(Debug)]
struct PanickingClock(ManualClock);

impl Clock for PanickingClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn moment(&self) -> Moment {
        assert_ne!(thread::current().name(), Some("logto-authkit-keys"), "as the test wants it");
        self.0.moment()
    }
}

#[tokio::test]
async fn a_panic_at_the_end_of_a_fetch_leaves_nobody_waiting() {
    let clock = Arc::new(PanickingClock(ManualClock::at_present()));
    let sources = KeySources::new(Arc::new(ReqwestClient::new()), clock);
    let world = World::new().await;
    let verifier = world.builder().key_sources(&sources).build().unwrap();
    assert_eq!(in_time(code(&verifier, &world.token("alice"))).await, Some(ErrorCode::KeysUnavailable));
}
