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
    /// How many places of a thread's table are used: an even number.
    places: usize,
}

/// The most tokens that a thread holds for itself, over all verifiers.
const TABLE: usize = 1024;

thread_local! {
    static PLACES: RefCell<Vec<Place>> = const { RefCell::new(Vec::new()) };
}

#[derive(Default)]
struct Place {
    owner: u64,
    epoch: u64,
    tail: Tail,
    /// `None` for a token that was met once: only one that comes back is worth a copy.
    kept: Option<Kept>,
}

/// A thread's own copy of what is remembered of one token.
struct Kept {
    signing_input: Box<str>,
    /// Of the signature's text. The text itself is not kept: without it nobody can use what is found here as a token.
    signature: TokenDigest,
    signed: SignedClaims,
}

impl Kept {
    fn of(token: &str, signed: &SignedClaims) -> Option<Self> {
        let (signing_input, signature) = token.rsplit_once('.')?;
        let signature = TokenDigest::of(signature);
        Some(Kept { signing_input: signing_input.into(), signature, signed: signed.with_own_claims() })
    }

    /// Whether `token` is, byte for byte, the token that was verified. A third of the work of hashing it whole.
    fn is_of(&self, token: &str) -> bool {
        let signature = token.strip_prefix(&*self.signing_input).and_then(|rest| rest.strip_prefix('.'));
        signature.is_some_and(|signature| TokenDigest::of(signature) == self.signature)
    }
}

/// The last eight characters of a token, 48 bits of its signature: says where in the table it is, and most often, that it is not.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Tail(u64);

impl Tail {
    fn of(token: &str) -> Self {
        Tail(token.as_bytes().last_chunk().map_or(0, |last| u64::from_le_bytes(*last)))
    }

    /// The first of the two places where a token of this tail may be.
    ///
    /// Base64url uses few of the bits of each byte; the multiplication brings all of them to the top (Knuth's constant).
    fn pair(self, places: usize) -> usize {
        (self.0.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as usize % (places / 2) * 2
    }
}

impl NearMemory {
    /// For a shared memory of that capacity: an eighth of it per thread, so that small memories stay as small as asked.
    pub(crate) fn new(capacity: usize) -> Self {
        static OWNERS: AtomicU64 = AtomicU64::new(1);
        NearMemory {
            owner: OWNERS.fetch_add(1, Ordering::Relaxed),
            epoch: AtomicU64::new(0),
            places: (capacity / 8).min(TABLE) & !1,
        }
    }

    /// Looks here first and in the `shared` memory then.
    pub(crate) fn get(
        &self,
        token: &str,
        shared: impl FnOnce() -> Option<SignedClaims>,
    ) -> Option<SignedClaims> {
        if self.places == 0 {
            return shared();
        }
        let (epoch, tail) = (self.epoch.load(Ordering::Acquire), Tail::of(token));
        let pair = tail.pair(self.places);
        let is_ours = |place: &Place| place.owner == self.owner && place.epoch == epoch && place.tail == tail;
        let found = PLACES.try_with(|places| {
            let places = places.borrow();
            let (index, place) =
                (pair..).zip(places.get(pair..pair + 2)?).find(|(_, place)| is_ours(place))?;
            let kept = place.kept.as_ref().filter(|kept| kept.is_of(token));
            Some((index, kept.map(|kept| kept.signed.clone())))
        });
        let met_at = match found {
            Ok(Some((_, Some(signed)))) => return Some(signed),
            Ok(met) => met.map(|(index, _)| index),
            // The thread is ending and its table is gone.
            Err(_) => return shared(),
        };
        let signed = shared()?;
        let kept = met_at.and_then(|_| Kept::of(token, &signed));
        let place = Place { owner: self.owner, epoch, tail, kept };
        let _ = PLACES.try_with(|places| {
            let mut places = places.borrow_mut();
            if places.is_empty() {
                places.resize_with(TABLE, Place::default);
            }
            match met_at {
                Some(index) => places[index] = place,
                // The elder of the two goes.
                None => {
                    places.swap(pair, pair + 1);
                    places[pair] = place;
                }
            }
        });
        Some(signed)
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
    fn signed() -> (String, SignedClaims) {
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
        let signed = Screened::screen(&token, &logto, &policy, now).unwrap().verify(&keys).unwrap();
        (token, signed)
    }

    #[test]
    fn a_token_that_comes_back_is_held_by_the_thread() {
        let (memory, (token, signed)) = (NearMemory::new(10_000), signed());
        assert!(memory.get(&token, || None).is_none());
        for _ in 0..2 {
            assert!(memory.get(&token, || Some(signed.clone())).is_some());
        }
        assert!(memory.get(&token, || panic!("the thread holds it")).is_some());
        // Another thread, another verifier and another token have none of it.
        std::thread::scope(|scope| {
            scope.spawn(|| assert!(memory.get(&token, || None).is_none()));
        });
        assert!(NearMemory::new(10_000).get(&token, || None).is_none());
    }

    #[test]
    fn a_token_that_differs_in_one_character_is_another_token() {
        let (memory, (token, signed)) = (NearMemory::new(10_000), signed());
        for _ in 0..3 {
            memory.get(&token, || Some(signed.clone()));
        }
        for index in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[index] = if bytes[index] == b'A' { b'B' } else { b'A' };
            let other = String::from_utf8(bytes).unwrap();
            assert!(memory.get(&other, || None).is_none(), "{index}");
        }
        for other in ["", ".", "..", &token[1..], &token[..token.len() - 1], &token[token.len() - 8..]] {
            assert!(memory.get(other, || None).is_none(), "{other:?}");
        }
        assert!(memory.get(&token, || panic!("the thread still holds it")).is_some());
    }

    #[test]
    fn what_is_cleared_is_forgotten_in_every_thread() {
        let (memory, (token, signed)) = (NearMemory::new(10_000), signed());
        for _ in 0..3 {
            memory.get(&token, || Some(signed.clone()));
        }
        std::thread::scope(|scope| {
            scope.spawn(|| memory.clear());
        });
        assert!(memory.get(&token, || None).is_none());
    }

    #[test]
    fn two_tokens_share_their_places_and_a_third_takes_the_elder_s() {
        // With two places every token has the same two.
        let (memory, (_, signed)) = (NearMemory::new(16), signed());
        let [first, second, third] = ["a.b.firstfirst", "a.b.secondsecond", "a.b.thirdthird"];
        let meet = |token: &str| memory.get(token, || Some(signed.clone()));
        let is_held = |token: &str| memory.get(token, || None).is_some();
        for token in [first, second] {
            for _ in 0..2 {
                meet(token);
            }
        }
        assert!(is_held(first) && is_held(second));
        meet(third);
        assert!(!is_held(first) && is_held(second));
    }

    #[test]
    fn a_small_memory_has_no_near_part() {
        let (memory, (token, signed)) = (NearMemory::new(15), signed());
        for _ in 0..3 {
            memory.get(&token, || Some(signed.clone()));
        }
        assert!(memory.get(&token, || None).is_none());
    }
}
