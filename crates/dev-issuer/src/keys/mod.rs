//! Keys: making them, publishing them, rotating them, and what is signed with them.

mod algorithm;
mod members;
mod ring;
mod signing_key;
mod token_builder;

pub use algorithm::{HmacAlgorithm, SigningAlgorithm};
pub(crate) use members::Members;
pub(crate) use ring::KeyRing;
pub use signing_key::SigningKey;
pub(crate) use token_builder::header_of;
pub use token_builder::{Audience, TokenBuilder};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// base64url without padding, the only encoding JOSE knows (RFC 7515 §2).
pub(crate) fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes of a base64url text, or nothing when it is not one.
pub(crate) fn from_base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// A signed token of these two parts, by this key.
pub(crate) fn sign(key: &SigningKey, header: &Members, payload: &Members) -> String {
    let input = format!("{}.{}", base64url(header.to_json()), base64url(payload.to_json()));
    let signature = base64url(key.sign(input.as_bytes()));
    format!("{input}.{signature}")
}
