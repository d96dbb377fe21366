use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};

use logto_authkit_token::SignedClaims;

use crate::token_cache::TokenDigest;

/// A small part of a [`TokenCache`](crate::token_cache::TokenCache) that every thread has for itself.
///
/// Two threads that look up the same token in the shared memory write to the same lock and the same reference count, and wait for
/// each other's cache lines. A thread that meets a token again keeps a copy of its own and touches nothing that is shared.
///
/// Like the shared memory it holds signatures and not verdicts, so that an entry which outlives its time here can harm nobody:
/// time, policy and the issuer's present keys are asked at every use.
#[derive(Debug)]
pub(crate) struct NearMemory {
    /// Which memory the entries of a thread belong to.
    owner: u64,
    /// Entries of an earlier epoch are forgotten.
    epoch: AtomicU64,
    /// How many places of a thread's table are used.
    places: usize,
}

/// The most tokens that a thread holds for itself, over all verifiers.
const TABLE: usize = 1024;

thread_local! {
    static PLACES: RefCell<Vec<Place>> = const { RefCell::new(Vec::new()) };
}

#[derive(Clone, Default)]
struct Place {
    owner: u64,
    epoch: u64,
    digest: TokenDigest,
    /// `None` for a token that was met once: only one that comes back is worth a copy.
    signed: Option<SignedClaims>,
}

impl NearMemory {
    /// For a shared memory of that capacity: an eighth of it per thread, so that small memories stay as small as asked.
    pub(crate) fn new(capacity: usize) -> Self {
        static OWNERS: AtomicU64 = AtomicU64::new(1);
        NearMemory {
            owner: OWNERS.fetch_add(1, Ordering::Relaxed),
            epoch: AtomicU64::new(0),
            places: (capacity / 8).min(TABLE),
        }
    }

    /// Looks here first and in the `shared` memory then.
    pub(crate) fn get(
        &self,
        digest: &TokenDigest,
        shared: impl FnOnce() -> Option<SignedClaims>,
    ) -> Option<SignedClaims> {
        if self.places == 0 {
            return shared();
        }
        let (epoch, index) = (self.epoch.load(Ordering::Acquire), digest.place() % self.places);
        let is_ours =
            |place: &Place| place.owner == self.owner && place.epoch == epoch && place.digest == *digest;
        let found = PLACES.try_with(|places| {
            let places = places.borrow();
            let place = places.get(index).filter(|place| is_ours(place))?;
            Some(place.signed.clone())
        });
        match found {
            Ok(Some(Some(signed))) => Some(signed),
            Ok(met_before) => {
                let signed = shared()?;
                let copy = met_before.map(|_| signed.with_own_claims());
                let place = Place { owner: self.owner, epoch, digest: *digest, signed: copy };
                let _ = PLACES.try_with(|places| {
                    let mut places = places.borrow_mut();
                    if places.is_empty() {
                        places.resize_with(TABLE, Place::default);
                    }
                    places[index] = place;
                });
                Some(signed)
            }
            // The thread is ending and its table is gone.
            Err(_) => shared(),
        }
    }

    /// Forgets everything, in every thread.
    pub(crate) fn clear(&self) {
        self.epoch.fetch_add(1, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use logto_authkit_token::{JwkSet, LogtoUrl, Policy, Screened, Timestamp};

    /// A token of a real server, verified.
    fn signed() -> SignedClaims {
        let captures = concat!(env!("CARGO_MANIFEST_DIR"), "/../../conformance/captures");
        let read = |name: &str| {
            let text = std::fs::read(format!("{captures}/{name}")).unwrap();
            serde_json::from_slice::<serde_json::Value>(&text).unwrap()
        };
        let (token, keys) = (read("m2m-resource.json"), read("jwks.json"));
        let policy = Policy::for_resource("https://api.example.test/").unwrap();
        let logto = LogtoUrl::parse("http://127.0.0.1:3001").unwrap();
        let token = token["body"]["access_token"].as_str().unwrap().to_owned();
        let now = Timestamp::from_unix_seconds(1_795_204_215);
        let keys = JwkSet::parse(keys["body"].to_string().as_bytes()).unwrap();
        Screened::screen(&token, &logto, &policy, now).unwrap().verify(&keys).unwrap()
    }

    #[test]
    fn a_token_that_comes_back_is_held_by_the_thread() {
        let (memory, digest, signed) = (NearMemory::new(10_000), TokenDigest::of("t"), signed());
        assert!(memory.get(&digest, || None).is_none());
        for _ in 0..2 {
            assert!(memory.get(&digest, || Some(signed.clone())).is_some());
        }
        assert!(memory.get(&digest, || panic!("the thread holds it")).is_some());
        // Another thread, another verifier and another token have none of it.
        std::thread::scope(|scope| {
            scope.spawn(|| assert!(memory.get(&digest, || None).is_none()));
        });
        assert!(NearMemory::new(10_000).get(&digest, || None).is_none());
        assert!(memory.get(&TokenDigest::of("u"), || None).is_none());
    }

    #[test]
    fn what_is_cleared_is_forgotten_in_every_thread() {
        let (memory, digest, signed) = (NearMemory::new(10_000), TokenDigest::of("t"), signed());
        for _ in 0..3 {
            memory.get(&digest, || Some(signed.clone()));
        }
        std::thread::scope(|scope| {
            scope.spawn(|| memory.clear());
        });
        assert!(memory.get(&digest, || None).is_none());
    }

    #[test]
    fn a_small_memory_has_no_near_part() {
        let (memory, digest, signed) = (NearMemory::new(7), TokenDigest::of("t"), signed());
        for _ in 0..3 {
            memory.get(&digest, || Some(signed.clone()));
        }
        assert!(memory.get(&digest, || None).is_none());
    }
}
