//! One application in several processes, on a real Redis and on a real Postgres: what its users notice when tokens expire, processes
//! die and stores are away.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

mod application;
#[path = "../../../session-postgres/tests/postgres/server.rs"]
mod postgres;
#[path = "../../../session-redis/tests/redis/server.rs"]
#[allow(dead_code, reason = "the store's own tests use all of it")]
mod redis;
mod world;

use std::time::Duration;

use logto_authkit::testing::Fault;
use world::{Answer, World};

const ROUNDS: u64 = 20;
const REQUESTS: usize = 300;

/// Runs as one of the processes, when it is started as such.
#[test]
fn process() {
    application::run_if_told_to();
}

async fn a_token_is_refreshed_once(store: String) {
    let world = World::start(store, 3).await;
    let browser = world.sign_in().await;
    for round in 1..=ROUNDS {
        let answers = world.ask_all(&browser, REQUESTS).await;
        let first = answers[0].token();
        assert!(answers.iter().all(|answer| answer.token() == first), "round {round}: one token for all");
        assert_eq!(world.refreshes(), round, "round {round}");
        world.advance(3600).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_refreshed_once_on_redis() {
    let server = redis::Server::start(&[]);
    a_token_is_refreshed_once(server.url()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_refreshed_once_on_postgres() {
    let server = postgres::Server::start();
    a_token_is_refreshed_once(server.url()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_slower_than_the_lease_is_asked_once() {
    let server = redis::Server::start(&[]);
    let world = World::start(server.url(), 3).await;
    let browser = world.sign_in().await;
    world.issuer.faults().token(Fault::Latency(Duration::from_secs(6)));
    let answers = world.ask_all(&browser, 30).await;
    let first = answers[0].token();
    assert!(answers.iter().all(|answer| answer.token() == first));
    assert_eq!(world.refreshes(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_dies_in_the_middle_of_a_refresh_signs_nobody_out() {
    let server = redis::Server::start(&[]);
    let mut world = World::start(server.url(), 3).await;
    let browser = world.sign_in().await;
    world.issuer.faults().token(Fault::Latency(Duration::from_secs(60)));
    let asking = world.ask(0, &browser);
    world.until_refreshes(1).await;
    world.kill(0);
    asking.await.unwrap();
    world.issuer.faults().clear();
    let answers = world.ask_all(&browser, 30).await;
    let first = answers[0].token();
    assert!(answers.iter().all(|answer| answer.token() == first));
    assert_eq!(world.refreshes(), 2, "what died asked once, and one of those who live");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_away_in_the_middle_of_a_refresh_signs_nobody_out() {
    let mut server = redis::Server::start(&["--appendonly", "yes", "--appendfsync", "always"]);
    let world = World::start(server.url(), 3).await;
    let browser = world.sign_in().await;
    // The issuer has done its part, and its answer is on the way.
    let interval = Duration::from_millis(500);
    world.issuer.faults().token(Fault::SlowDrip { bytes_per_chunk: 1 << 20, interval });
    let asking = world.ask(0, &browser);
    world.until_refreshes(1).await;
    server.kill();
    assert_eq!(asking.await.unwrap(), Answer::Unavailable, "503 for the moment");
    assert_eq!(world.ask(1, &browser).await.unwrap(), Answer::Unavailable);
    world.issuer.faults().clear();
    server.restart();
    world.until_answered(&browser).await;
    let answers = world.ask_all(&browser, 30).await;
    let first = answers[0].token();
    assert!(answers.iter().all(|answer| answer.token() == first));
    assert_eq!(world.refreshes(), 1, "what the issuer gave was kept until the store was back");
}

async fn who_is_signed_in_stays_so(store: String) {
    let mut world = World::start(store, 1).await;
    let browser = world.sign_in().await;
    let token = world.ask(0, &browser).await.unwrap().token();
    world.kill(0);
    world.add_process().await;
    assert_eq!(world.ask(0, &browser).await.unwrap().token(), token);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_signed_in_stays_so_when_the_application_is_killed_and_started_again() {
    let (redis, postgres) = (redis::Server::start(&[]), postgres::Server::start());
    who_is_signed_in_stays_so(redis.url()).await;
    who_is_signed_in_stays_so(postgres.url()).await;
}
