//! A real Postgres, started here and stopped here.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

mod server;
#[path = "../../../session-redis/tests/redis/wire.rs"]
mod wire;

use std::sync::Arc;
use std::time::{Duration, Instant};

use logto_authkit_session_postgres::PostgresStore;
use logto_authkit_sign_in::{
    NewSession, SessionKey, SessionStore, StoreError, StoredSession, store_contract,
};
use server::Server;
use sqlx::{Connection as _, PgConnection, Row as _};
use tokio::task::JoinHandle;
use wire::Wire;

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

#[tokio::test(flavor = "multi_thread")]
async fn wires_that_go_dead_are_left_for_new_ones() {
    let server = Server::start();
    let url = server.url();
    let port = url.split([':', '/']).find_map(|part| part.parse().ok()).unwrap();
    let wire = Wire::to(port);
    let url = format!("postgres://app@127.0.0.1:{}/postgres", wire.port());
    let store = PostgresStore::connect_with(&url, 2).await.unwrap().with_timeout(Duration::from_millis(500));
    store.migrate().await.unwrap();
    // All of its connections are in the middle of a step.
    let mut other = PgConnection::connect(&server.url()).await.unwrap();
    sqlx::raw_sql("begin; lock table logto_sessions").execute(&mut other).await.unwrap();
    let steps = [load_in_background(&store), load_in_background(&store)];
    wait_for_two_at_the_lock(&mut other).await;
    wire.go_dead();
    sqlx::raw_sql("rollback").execute(&mut other).await.unwrap();
    for step in steps {
        step.await.unwrap().unwrap_err();
    }

    let before = wire.opened();
    assert!(store.load(&SessionKey::of("a")).await.unwrap().is_none());
    assert_eq!(wire.opened(), before + 1);
}

fn load_in_background(store: &PostgresStore) -> JoinHandle<Result<Option<StoredSession>, StoreError>> {
    let store = store.clone();
    tokio::spawn(async move { store.load(&SessionKey::of("a")).await })
}

async fn wait_for_two_at_the_lock(connection: &mut PgConnection) {
    let begun = Instant::now();
    loop {
        let waiting = sqlx::query("select count(*) from pg_locks where not granted");
        if waiting.fetch_one(&mut *connection).await.unwrap().get::<i64, _>(0) == 2 {
            return;
        }
        assert!(begun.elapsed() < PATIENCE);
    }
}

/// A request that its browser has left takes its step along.
#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_nobody_waits_for_costs_no_connection() {
    let server = Server::start();
    let store = PostgresStore::connect_with(&server.url(), 1).await.unwrap();
    store.migrate().await.unwrap();
    for _ in 0..100 {
        let key = SessionKey::of("a");
        let step = store.load(&key);
        let _ = begin(step).await;
        assert!(store.load(&key).await.unwrap().is_none());
    }
}

/// Asks once whether it is done, and lets go of it.
async fn begin<T>(step: impl Future<Output = T> + Unpin) -> Option<T> {
    let mut step = step;
    std::future::poll_fn(|context| {
        std::task::Poll::Ready(match std::pin::Pin::new(&mut step).poll(context) {
            std::task::Poll::Ready(done) => Some(done),
            std::task::Poll::Pending => None,
        })
    })
    .await
}

#[tokio::test]
async fn a_wrong_address_is_told_without_the_password() {
    for url in ["postgres://user:secret@127.0.0.1:1/x", "nonsense secret", "postgres://user:secret@:x/y"] {
        let error = PostgresStore::connect(url).await.unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
