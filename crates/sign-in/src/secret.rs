//! Randomness, hashes and texts that must not be shown.

use std::fmt;

use aws_lc_rs::{digest, rand};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::SignInError;

/// A text that `Debug` does not show.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Secret(text.into())
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("…")
    }
}

/// So many random bytes in base64url.
pub(crate) fn random_text<const BYTES: usize>() -> Result<String, SignInError> {
    let mut bytes = [0; BYTES];
    rand::fill(&mut bytes).map_err(|_| SignInError::NoRandomness)?;
    Ok(base64url(&bytes))
}

pub(crate) fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn from_base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// SHA-256 in base64url.
pub(crate) fn sha256(text: &str) -> String {
    base64url(digest::digest(&digest::SHA256, text.as_bytes()).as_ref())
}

/// With padding, as HTTP Basic has it (RFC 7617 §2).
pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
