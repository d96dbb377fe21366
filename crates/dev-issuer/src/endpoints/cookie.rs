//! The cookie by which the issuer knows a signed-in browser.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::server::Shared;
use crate::state::Session;

/// Cookies do not know ports, so that two issuers on one machine need two names.
fn name(shared: &Shared) -> String {
    format!("_session_{}", shared.port)
}

/// The value of the session cookie.
pub(super) fn session_id(shared: &Shared, headers: &HeaderMap) -> Option<String> {
    let name = name(shared);
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
}

/// `Set-Cookie` for a browser that has just signed in.
pub(super) fn set(shared: &Shared, id: &str) -> HeaderValue {
    let name = name(shared);
    let age = Session::LIFETIME_SECONDS;
    header_value(format!("{name}={id}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax"))
}

/// `Set-Cookie` for a browser that has just signed out.
pub(super) fn clear(shared: &Shared) -> HeaderValue {
    let name = name(shared);
    header_value(format!("{name}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"))
}

fn header_value(cookie: String) -> HeaderValue {
    HeaderValue::try_from(cookie).expect("a port and base64url are ASCII")
}
