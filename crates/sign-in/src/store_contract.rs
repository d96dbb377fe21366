//! What every [`SessionStore`] must do, as a test: for those who write one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use logto_authkit_token::Timestamp;

use crate::secret::random_text;
use crate::{NewSession, SessionIndex, SessionKey, SessionLease, SessionStore};

/// So many try at once.
const CROWD: usize = 50;
const HOUR: Duration = Duration::from_secs(3600);
/// Longer than any lease of the test lasts.
const PATIENCE: Duration = Duration::from_secs(20);

/// Asks everything of a store that is promised. Other sessions may be in it.
///
/// # Panics
/// Where the store breaks a promise, naming it.
pub async fn check(store: Arc<dyn SessionStore>) {
    sessions(&*store).await;
    one_wins(&store).await;
    indexes(&*store).await;
    leases(&store).await;
    ends(&*store).await;
}

fn name() -> String {
    random_text::<16>().unwrap_or_else(|error| panic!("{error}"))
}

fn key() -> SessionKey {
    SessionKey::of(&name())
}

fn session(value: &[u8], indexes: &[SessionIndex], lifetime: Duration) -> NewSession {
    let expires_at = Timestamp::from_unix_seconds(4_000_000_000);
    NewSession::new(value.to_vec(), indexes.to_vec(), expires_at, lifetime)
}

/// What a step returned, which must not have failed.
fn done<T>(step: &str, result: Result<T, crate::StoreError>) -> T {
    result.unwrap_or_else(|error| panic!("{step}: {error}"))
}

async fn stored(store: &dyn SessionStore, key: &SessionKey) -> Option<(u64, Vec<u8>)> {
    done("load", store.load(key).await).map(|found| (found.version, found.value))
}

async fn sessions(store: &dyn SessionStore) {
    let key = key();
    assert_eq!(stored(store, &key).await, None, "nothing is loaded where nothing is");
    assert!(
        !done("swap", store.compare_and_swap(&key, 1, vec![1]).await),
        "nothing is swapped where nothing is"
    );
    assert!(!done("delete", store.delete(&key).await), "nothing is deleted where nothing is");

    let bytes: Vec<u8> = (0..20 * 1024_u32).map(|number| (number % 256) as u8).collect();
    done("create", store.create(&key, session(&bytes, &[], HOUR)).await);
    assert_eq!(stored(store, &key).await, Some((1, bytes)), "every byte is kept");
    assert!(done("swap", store.compare_and_swap(&key, 1, vec![0, 2]).await), "the right version is swapped");
    assert_eq!(stored(store, &key).await, Some((2, vec![0, 2])));
    for wrong in [0, 1, 3, u64::from(u32::MAX)] {
        assert!(
            !done("swap", store.compare_and_swap(&key, wrong, vec![9]).await),
            "version {wrong} is not there"
        );
    }
    assert_eq!(stored(store, &key).await, Some((2, vec![0, 2])), "a swap that failed changes nothing");
    done("create", store.create(&key, session(&[3], &[], HOUR)).await);
    assert_eq!(stored(store, &key).await, Some((1, vec![3])), "what is created again begins anew");
    assert!(done("delete", store.delete(&key).await));
    assert!(!done("delete", store.delete(&key).await), "what is deleted is gone");
    assert!(!done("swap", store.compare_and_swap(&key, 1, vec![4]).await), "a swap brings nothing back");
    assert_eq!(stored(store, &key).await, None);
}

async fn one_wins(store: &Arc<dyn SessionStore>) {
    let key = key();
    done("create", store.create(&key, session(&[], &[], HOUR)).await);
    for version in 1..=3 {
        let tasks: Vec<_> = (0..CROWD)
            .map(|number| {
                let (store, key) = (Arc::clone(store), key.clone());
                tokio::spawn(async move { store.compare_and_swap(&key, version, vec![number as u8]).await })
            })
            .collect();
        let mut winners = 0;
        for task in tasks {
            let result = task.await.unwrap_or_else(|error| panic!("{error}"));
            winners += usize::from(done("swap", result));
        }
        assert_eq!(winners, 1, "of many who swap one version, one wins");
    }
}

async fn indexes(store: &dyn SessionStore) {
    let (user, other) = (SessionIndex::of_subject("i", &name()), SessionIndex::of_subject("i", &name()));
    let sid = SessionIndex::of_sid("i", &name());
    let [first, second, third] = [key(), key(), key()];
    done("create", store.create(&first, session(&[1], &[user.clone(), sid.clone()], HOUR)).await);
    done("create", store.create(&second, session(&[2], std::slice::from_ref(&user), HOUR)).await);
    done("create", store.create(&third, session(&[3], std::slice::from_ref(&other), HOUR)).await);
    assert_eq!(done("delete all", store.delete_all(&sid).await), 1);
    assert_eq!(stored(store, &first).await, None, "a session is found by any of its indexes");
    assert_eq!(done("delete all", store.delete_all(&user).await), 1, "what is gone is not counted");
    assert_eq!(stored(store, &second).await, None);
    assert_eq!(stored(store, &third).await, Some((1, vec![3])), "another user's session stays");
    assert_eq!(done("delete all", store.delete_all(&user).await), 0);
    done("create", store.create(&first, session(&[4], std::slice::from_ref(&user), HOUR)).await);
    assert_eq!(done("delete all", store.delete_all(&user).await), 1, "an index can be used again");
}

async fn leases(store: &Arc<dyn SessionStore>) {
    let key = key();
    let tasks: Vec<_> = (0..CROWD)
        .map(|_| {
            let (store, lease) = (Arc::clone(store), SessionLease::new(key.clone(), name()));
            tokio::spawn(
                async move { store.take_lease(&lease, HOUR).await.map(|taken| taken.then_some(lease)) },
            )
        })
        .collect();
    let mut holders = Vec::new();
    for task in tasks {
        let result = task.await.unwrap_or_else(|error| panic!("{error}"));
        holders.extend(done("take a lease", result));
    }
    let [holder] = &holders[..] else {
        panic!("of many who want a lease one gets it, and not {}", holders.len())
    };
    let stranger = SessionLease::new(key.clone(), name());
    assert!(done("renew", store.take_lease(holder, HOUR).await), "its holder prolongs a lease");
    done("release", store.release_lease(&stranger).await);
    assert!(!done("take", store.take_lease(&stranger, HOUR).await), "nobody else gives it back");
    done("release", store.release_lease(holder).await);
    assert!(
        done("take", store.take_lease(&stranger, Duration::from_millis(300)).await),
        "what is given back is free"
    );

    let next = SessionLease::new(key, name());
    let begun = Instant::now();
    while !done("take", store.take_lease(&next, HOUR).await) {
        assert!(begun.elapsed() < PATIENCE, "a lease ends by itself");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn ends(store: &dyn SessionStore) {
    let key = key();
    done("create", store.create(&key, session(&[1], &[], Duration::from_millis(300))).await);
    let begun = Instant::now();
    while stored(store, &key).await.is_some() {
        assert!(begun.elapsed() < PATIENCE, "a session ends by itself");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(!done("swap", store.compare_and_swap(&key, 1, vec![2]).await), "what has ended is not swapped");
}
