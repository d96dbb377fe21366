//! What the targets of sign-in stand in: an application at [`BASE`], and an issuer whose every answer the input may decide.
//!
//! The time stands still at [`NOW`], so that seeds can name it. What is random, such as states and sealed texts, an input names by a
//! placeholder, and [`fill`] puts it in.

mod application;
mod issuer;
mod recording_store;
mod signer;

pub use application::{
    Application, BASE, Begun, COOKIE, NOW, begin, begin_with, cookie_header, cookies_of, sign_in_as, wait,
};
pub use issuer::{Answer, ISSUER, ScriptedIssuer};
pub use recording_store::RecordingStore;
pub use signer::{id_token, sign};

/// Puts the values in the places of their names.
pub fn fill(text: &[u8], places: &[(&str, &str)]) -> Vec<u8> {
    let mut filled = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        match places.iter().find(|(name, _)| rest.starts_with(name.as_bytes())) {
            Some((name, value)) => {
                filled.extend_from_slice(value.as_bytes());
                rest = &rest[name.len()..];
            }
            None => {
                filled.push(*first);
                rest = after;
            }
        }
    }
    filled
}
