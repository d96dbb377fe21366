//! Values that nobody can guess.

use aws_lc_rs::rand;

use crate::keys::base64url;

/// 43 characters of base64url from 32 random bytes: the form of a real server's codes, opaque tokens and `jti`.
///
/// # Panics
/// When the operating system has no random bytes to give.
pub(crate) fn identifier() -> String {
    let mut bytes = [0_u8; 32];
    rand::fill(&mut bytes).expect("the operating system gives random bytes");
    base64url(bytes)
}
