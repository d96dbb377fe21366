//! The cookies that sign-in reads and writes.

use cookie::{Cookie, SameSite};
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

use crate::SignInError;
use crate::config::LogtoConfig;

/// How this application's cookies are written: `HttpOnly; SameSite=Lax; Path=/`, and `Secure` unless it is on loopback without TLS.
///
/// `Lax`, because the issuer's redirect to the callback comes from another site.
pub(crate) fn set(
    config: &LogtoConfig,
    name: &str,
    value: &str,
    seconds: i64,
) -> Result<HeaderValue, SignInError> {
    let cookie = Cookie::build((name, value))
        .path("/")
        .http_only(true)
        .secure(config.is_secure())
        .same_site(SameSite::Lax)
        .max_age(cookie::time::Duration::seconds(seconds))
        .build();
    let mut header = HeaderValue::try_from(cookie.to_string()).map_err(|_| SignInError::SessionTooLarge)?;
    header.set_sensitive(true);
    Ok(header)
}

/// The header that removes a cookie.
pub(crate) fn clear(config: &LogtoConfig, name: &str) -> Result<HeaderValue, SignInError> {
    set(config, name, "", 0)
}

/// The cookies of a request whose names begin so, the first of each name.
pub(crate) fn with_prefix<'a>(headers: &'a HeaderMap, prefix: &str) -> Vec<(&'a str, &'a str)> {
    let mut found: Vec<(&str, &str)> = Vec::new();
    for line in headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok()) {
        for (name, value) in line.split(';').filter_map(|pair| pair.split_once('=')) {
            let (name, value) = (name.trim_matches([' ', '\t']), value.trim_matches([' ', '\t']));
            if name.starts_with(prefix) && found.iter().all(|(known, _)| *known != name) {
                found.push((name, value));
            }
        }
    }
    found
}
