//! Real Redis servers, started here and stopped here.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

mod cluster;
mod server;
mod tls;
mod wire;

use std::sync::Arc;
use std::time::{Duration, Instant};

use cluster::Cluster;
use logto_authkit_session_redis::RedisStore;
use logto_authkit_sign_in::{NewSession, SessionKey, SessionStore, store_contract};
use server::Server;
use wire::Wire;

const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn a_server_does_what_every_store_must() {
    let server = Server::start(&[]);
    let store = RedisStore::connect(&server.url()).await.unwrap();
    store_contract::check(Arc::new(store)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_does_what_every_store_must() {
    let cluster = Cluster::start();
    let urls = cluster.urls();
    let store =
        RedisStore::connect_cluster(&urls.iter().map(String::as_str).collect::<Vec<_>>()).await.unwrap();
    store_contract::check(Arc::new(store)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_down_is_an_error_and_one_that_is_back_has_everything() {
    let mut server = Server::start(&["--appendonly", "yes", "--appendfsync", "always"]);
    let store = RedisStore::connect(&server.url()).await.unwrap();
    let key = SessionKey::of("a session");
    let expires_at = std::time::SystemTime::now().into();
    let session = NewSession::new(vec![1, 2, 3], Vec::new(), expires_at, Duration::from_secs(3600));
    store.create(&key, session).await.unwrap();

    server.kill();
    let begun = Instant::now();
    store.load(&key).await.unwrap_err();
    store.compare_and_swap(&key, 1, vec![4]).await.unwrap_err();
    assert!(begun.elapsed() < PATIENCE, "a store that is down is told as such in time");

    server.restart();
    let begun = Instant::now();
    let found = loop {
        match store.load(&key).await {
            Ok(found) => break found.unwrap(),
            Err(error) => assert!(begun.elapsed() < PATIENCE, "{error}"),
        }
    };
    assert_eq!((found.version, found.value), (1, vec![1, 2, 3]));
    assert!(store.compare_and_swap(&key, 1, vec![4]).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_is_an_error_in_time() {
    let server = Server::start(&[]);
    let store = RedisStore::connect(&server.url()).await.unwrap().with_timeout(Duration::from_millis(200));
    signal(&server, "STOP");
    let begun = Instant::now();
    let error = store.load(&SessionKey::of("a")).await.unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(5), "{error}");
    signal(&server, "CONT");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wire_that_goes_dead_is_left_for_a_new_one() {
    let server = Server::start(&[]);
    let wire = Wire::to(server.port());
    let url = format!("redis://127.0.0.1:{}", wire.port());
    let store = RedisStore::connect(&url).await.unwrap().with_timeout(Duration::from_millis(200));
    assert!(store.load(&SessionKey::of("a")).await.unwrap().is_none());

    wire.go_dead();
    store.load(&SessionKey::of("a")).await.unwrap_err();
    let before = wire.opened();
    let begun = Instant::now();
    while let Err(error) = store.load(&SessionKey::of("a")).await {
        assert!(begun.elapsed() < PATIENCE, "{error}");
    }
    assert_eq!(wire.opened(), before + 1, "one new connection, for all");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_comes_later_is_found() {
    let mut server = Server::start(&[]);
    let url = server.url();
    server.kill();
    let store = RedisStore::connect_when_needed(&url).unwrap();
    store.load(&SessionKey::of("a")).await.unwrap_err();
    server.restart();
    assert!(store.load(&SessionKey::of("a")).await.unwrap().is_none());
    RedisStore::connect_when_needed("nonsense").unwrap_err();
}

#[tokio::test]
async fn nobody_at_an_address_is_told_without_the_password() {
    let error = RedisStore::connect("redis://user:secret@127.0.0.1:1").await.unwrap_err();
    assert!(!error.to_string().contains("secret"), "{error}");
    let error = RedisStore::connect("nonsense").await.unwrap_err();
    assert!(!error.to_string().is_empty());
}

fn signal(server: &Server, name: &str) {
    let id = server.id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args([format!("-{name}"), id]).status().unwrap().success());
}
