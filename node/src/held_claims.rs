use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use logto_authkit_token::Claims;
use napi_derive::napi;

/// How many claims a thread holds, over all guards.
pub(crate) const PLACES: usize = 1024;

thread_local! {
    static HELD: RefCell<Vec<Option<Held>>> = const { RefCell::new(Vec::new()) };
}

/// Claims that JavaScript was given as text before.
struct Held {
    claims: Arc<Claims>,
    number: u64,
}

/// The number that stands for claims which come back, or `None` for those that are met for the first time.
///
/// A number crosses to JavaScript in a fraction of the time of a text, and what was parsed once is not parsed again. No number is
/// used twice in a process: it stands for these claims or for nothing.
pub(crate) fn number_of(claims: &Arc<Claims>) -> Option<f64> {
    // Held claims cannot make room for others at their address.
    let place = place_of(Arc::as_ptr(claims).addr());
    HELD.with_borrow_mut(|places| {
        if places.is_empty() {
            places.resize_with(PLACES, || None);
        }
        match &places[place] {
            Some(held) if Arc::ptr_eq(&held.claims, claims) => Some(held.number as f64),
            _ => {
                places[place] = Some(Held { claims: Arc::clone(claims), number: next_number(place) });
                None
            }
        }
    })
}

/// The JSON text of the claims that a number stands for, as long as they are held.
#[napi]
pub fn claims_of_number(number: f64) -> Option<String> {
    let number = number as u64;
    HELD.with_borrow(|places| {
        let held = places.get(number as usize % PLACES)?.as_ref()?;
        (held.number == number).then(|| held.claims.json().to_owned())
    })
}

/// Addresses are multiples of a word; the multiplication brings their bits to the top (Knuth's constant).
fn place_of(address: usize) -> usize {
    ((address as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as usize % PLACES
}

/// A number says in its remainder where the claims are. There are 2^43 of them for every place, all of them exact as a `f64`.
fn next_number(place: usize) -> u64 {
    static MADE: AtomicU64 = AtomicU64::new(1);
    MADE.fetch_add(1, Ordering::Relaxed) * PLACES as u64 + place as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(subject: usize) -> Arc<Claims> {
        let text = format!(r#"{{"iss":"https://x.test/oidc","sub":"{subject}","aud":"a","exp":2000000000}}"#);
        Arc::new(Claims::parse(text.as_bytes()).unwrap())
    }

    #[test]
    fn claims_that_come_back_have_a_number() {
        let (ours, same_text) = (claims(1), claims(1));
        assert_eq!(number_of(&ours), None);
        let number = number_of(&ours).unwrap();
        assert_eq!(number_of(&Arc::clone(&ours)), Some(number));
        assert_eq!(claims_of_number(number).as_deref(), Some(ours.json()));
        assert_eq!(number_of(&same_text), None);
        for other in [number + 1.0, number + PLACES as f64, 0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(claims_of_number(other), None, "{other}");
        }
        std::thread::scope(|scope| {
            scope.spawn(|| assert_eq!(claims_of_number(number), None));
        });
    }

    #[test]
    fn a_number_never_stands_for_other_claims() {
        let mut numbers = std::collections::HashMap::new();
        for round in 0..3 * PLACES {
            let claims = claims(round);
            assert_eq!(number_of(&claims), None);
            let number = number_of(&claims).unwrap();
            assert_eq!(claims_of_number(number).as_deref(), Some(claims.json()));
            assert!(numbers.insert(number as u64, claims).is_none());
        }
        let mut held = 0;
        for (number, claims) in numbers {
            if let Some(text) = claims_of_number(number as f64) {
                assert_eq!(text, claims.json());
                held += 1;
            }
        }
        assert!(held > 0 && held <= PLACES, "{held}");
    }
}
