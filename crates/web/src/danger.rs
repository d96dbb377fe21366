//! What weakens a decision, so that it can be seen where it is used.

use logto_authkit_token::Timestamp;

use crate::Guard;

/// The same guard at another time of day: see [`logto_authkit_verifier::danger::at_another_time`].
#[must_use]
pub fn at_another_time(guard: &Guard, now: Timestamp) -> Guard {
    guard.at(now)
}
