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

/// So many cookies of ours are looked at: no browser has more.
const MAX_FOUND: usize = 32;

/// The cookies of a request whose names are wanted, the first of each name. What is no ASCII is somebody else's.
pub(crate) fn find(headers: &HeaderMap, is_wanted: impl Fn(&str) -> bool) -> Vec<(&str, &str)> {
    let mut found: Vec<(&str, &str)> = Vec::new();
    let pairs = headers.get_all(COOKIE).iter().flat_map(|line| line.as_bytes().split(|&byte| byte == b';'));
    for (name, value) in pairs.filter_map(pair) {
        if is_wanted(name) && found.iter().all(|(known, _)| *known != name) {
            found.push((name, value));
            if found.len() == MAX_FOUND {
                break;
            }
        }
    }
    found
}

/// The cookie of this name.
pub(crate) fn get<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    find(headers, |found| found == name).first().map(|(_, value)| *value)
}

fn pair(text: &[u8]) -> Option<(&str, &str)> {
    let text = std::str::from_utf8(text).ok().filter(|text| text.is_ascii())?;
    let (name, value) = text.split_once('=')?;
    Some((name.trim_matches([' ', '\t']), value.trim_matches([' ', '\t'])))
}

/// The name of the cookie that a `Set-Cookie` header sets.
pub(crate) fn name_set_by(header: &HeaderValue) -> Option<&str> {
    let text = std::str::from_utf8(header.as_bytes()).ok()?;
    text.split_once('=').map(|(name, _)| name.trim_matches([' ', '\t']))
}
