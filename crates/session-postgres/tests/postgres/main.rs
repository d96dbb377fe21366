//! A real Postgres, started here and stopped here.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

mod server;

use std::sync::Arc;
use std::time::{Duration, Instant};

use logto_authkit_session_postgres::PostgresStore;
use logto_authkit_sign_in::{NewSession, SessionKey, SessionStore, store_contract};
use server::Server;

const PATIENCE: Duration = Duration::from_secs(30);

fn session(lifetime: Duration) -> NewSession {
    NewSession::new(vec![1, 2, 3], Vec::new(), std::time::SystemTime::now().into(), lifetime)
}

#[tokio::test(flavor = "multi_thread")]
async fn it_does_what_every_store_must() {
    let server = Server::start();
    // Processes that start at once all make the tables.
    let mut starting = Vec::new();
    for _ in 0..8 {
        let url = server.url();
        starting.push(tokio::spawn(async move {
            let store = PostgresStore::connect(&url).await.unwrap();
            store.migrate().await.unwrap();
            store
        }));
    }
    let mut stores = Vec::new();
    for process in starting {
        stores.push(process.await.unwrap());
    }
    let store = stores.remove(0);
    store.migrate().await.unwrap();
    store_contract::check(Arc::new(store.clone())).await;

    store.create(&SessionKey::of("short"), session(Duration::from_millis(1))).await.unwrap();
    store.create(&SessionKey::of("long"), session(Duration::from_secs(3600))).await.unwrap();
    let begun = Instant::now();
    while store.load(&SessionKey::of("short")).await.unwrap().is_some() {
        assert!(begun.elapsed() < PATIENCE);
    }
    assert!(store.sweep().await.unwrap() >= 1);
    assert_eq!(store.sweep().await.unwrap(), 0);
    assert!(store.load(&SessionKey::of("long")).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_down_is_an_error_and_one_that_is_back_has_everything() {
    let mut server = Server::start();
    let store = PostgresStore::connect(&server.url()).await.unwrap();
    store.migrate().await.unwrap();
    let key = SessionKey::of("a session");
    store.create(&key, session(Duration::from_secs(3600))).await.unwrap();

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

#[tokio::test]
async fn a_wrong_address_is_told_without_the_password() {
    for url in ["postgres://user:secret@127.0.0.1:1/x", "nonsense secret", "postgres://user:secret@:x/y"] {
        let error = PostgresStore::connect(url).await.unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
