//! What weakens a verification, so that it can be seen where it is used.

use logto_authkit_token::Timestamp;

use crate::Verifier;

/// The same verifier at another time of day: what `exp` and `nbf` are compared with. Keys and cache are shared, and how old the keys
/// are still tells the clock.
///
/// A verifier that stays at a time accepts tokens that have expired since. For tools that explain an old token, and for tests.
///
/// ```
/// use logto_authkit_token::Timestamp;
/// use logto_authkit_verifier::{Verifier, danger};
///
/// let verifier = Verifier::builder("https://tenant.logto.app").audience("https://api.example.com").build()?;
/// let then = danger::at_another_time(&verifier, Timestamp::from_unix_seconds(1_795_204_215));
/// # Ok::<(), logto_authkit_verifier::ConfigError>(())
/// ```
#[must_use]
pub fn at_another_time(verifier: &Verifier, now: Timestamp) -> Verifier {
    verifier.at(now)
}
