//! The engine alone: against the raw crypto, against the peer, from memory, and where it refuses.

use std::hint::black_box;
use std::time::{Duration, Instant};

use logto_authkit::Verifier;
use logto_authkit::testing::SigningAlgorithm;
use tokio::runtime::Runtime;

use crate::compare::{Comparison, compare, median};
use crate::subject::{API, Subject};
use crate::table::{Row, Target};

/// Tokens a subject has: more than what the measured verifier remembers, so that each is met as if for the first time.
const TOKENS: usize = 2000;

pub(crate) fn rows(runtime: &Runtime) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut raw_es384 = Duration::ZERO;
    for (algorithm, bound) in [
        (SigningAlgorithm::Es384, 1.03),
        (SigningAlgorithm::Es256, 1.15),
        (SigningAlgorithm::Rs256, 1.15),
        (SigningAlgorithm::EdDsa, f64::INFINITY),
    ] {
        let subject = runtime.block_on(Subject::new(algorithm, TOKENS));
        let verifier = subject.verifier(16);
        runtime.block_on(verifier.warm_up()).expect("the issuer is there");
        let verify = |call| {
            let claims = block_on(verifier.verify(subject.token(call)));
            black_box(claims.expect("the token is good"));
        };
        let raw = compare(120, verify, |call| subject.verify_raw(call));
        rows.push(Row::new(
            format!("{}, new token, against the raw signature check", subject.name),
            raw,
            if bound.is_finite() { Target::AtMost(bound) } else { Target::None },
        ));
        let peer = compare(120, verify, |call| subject.verify_with_peer(call));
        rows.push(Row::new(
            format!("{}, new token, against `jsonwebtoken` 11 with the same checks", subject.name),
            peer,
            Target::Below(1.0),
        ));
        if algorithm == SigningAlgorithm::Es384 {
            raw_es384 = raw.theirs;
            rows.extend(remembered(runtime, &subject));
        }
    }
    rows.extend(refusals(runtime, raw_es384));
    rows
}

/// Polls a future that never has to wait: nothing in these rows asks the network.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    match future.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => panic!("what is at hand is not waited for"),
    }
}

fn remembered(runtime: &Runtime, subject: &Subject) -> Vec<Row> {
    let verifier = subject.verifier(10_000);
    for token in &subject.tokens {
        runtime.block_on(verifier.verify(token)).expect("the token is good");
    }
    let verify = |call: usize| {
        black_box(block_on(verifier.verify(subject.token(call))).expect("the token is good"));
    };
    let single = compare(2000, verify, |call| {
        if call % 40 == 0 {
            subject.verify_raw(call);
        }
    });
    // The raw check ran once in forty calls, so that both turns take about as long.
    let single = Comparison { theirs: single.theirs * 40, ratio: single.ratio / 40.0, ..single };
    let mut gains: Vec<f64> =
        (0..11).map(|_| throughput(&verifier, subject, 2) / throughput(&verifier, subject, 1)).collect();
    let gain = median(&mut gains);
    vec![
        Row::new(
            "remembered token, against the raw ES384 check".to_owned(),
            single,
            Target::AtMost(1.0 / 200.0),
        ),
        Row::figure(
            "remembered tokens of the same 200 users, two threads against one (throughput)".to_owned(),
            format!("{gain:.2} ×"),
            gain,
            Target::AtLeast(1.8),
        ),
    ]
}

/// Verifications per second of so many threads together.
fn throughput(verifier: &Verifier, subject: &Subject, threads: usize) -> f64 {
    const CALLS: usize = 400_000;
    /// Both threads serve the same users, each of whom comes back.
    const USERS: usize = 200;
    let start = Instant::now();
    std::thread::scope(|scope| {
        for thread in 0..threads {
            scope.spawn(move || {
                for call in 0..CALLS {
                    let claims = block_on(verifier.verify(subject.token((call * 7 + thread * 50) % USERS)));
                    black_box(claims.expect("the token is good"));
                }
            });
        }
    });
    (CALLS * threads) as f64 / start.elapsed().as_secs_f64()
}

fn refusals(runtime: &Runtime, raw_es384: Duration) -> Vec<Row> {
    let subject = runtime.block_on(Subject::new(SigningAlgorithm::Es384, 1));
    let verifier = subject.verifier(10_000);
    runtime.block_on(verifier.warm_up()).expect("the issuer is there");
    let bound = 3.0e-6 / 138.0e-6;
    [
        ("an expired token", subject.issuer.token().expires_at(1).sign()),
        ("a token for another audience", subject.issuer.token().audience(format!("{API}/other")).sign()),
        ("garbage", "x".repeat(700)),
    ]
    .into_iter()
    .map(|(name, token)| {
        let refuse = |_| {
            assert!(block_on(verifier.verify(&token)).is_err());
        };
        let found = compare(2000, refuse, |call| {
            if call % 40 == 0 {
                subject.verify_raw(call);
            }
        });
        let found = Comparison {
            theirs: raw_es384,
            ratio: found.ours.as_secs_f64() / raw_es384.as_secs_f64(),
            ..found
        };
        Row::new(format!("refusal of {name}, against the raw ES384 check"), found, Target::AtMost(bound))
    })
    .collect()
}
