use std::fmt;

use aws_lc_rs::{hmac, rand};
use cookie::{Cookie, SameSite};
use http::HeaderValue;
use logto_authkit_token::ConfigError;

use crate::set_cookie::{cookie_name, must_be_secure, secret_header};

/// Double-submit tokens against cross-site request forgery, bound to a session by HMAC.
///
/// The server gives a page a token; the page sends it back in a header. A token that was made for another session, or by
/// somebody else, does not verify, so that a cookie planted by a sibling domain is worth nothing.
///
/// The origin check of the guard needs no such token; this is for applications whose clients send neither `Sec-Fetch-Site` nor
/// `Origin`.
///
/// ```
/// use logto_authkit_web::CsrfTokens;
///
/// let tokens = CsrfTokens::new(b"a secret of at least 32 bytes, kept by the server")?;
/// let token = tokens.issue("session-id")?;
/// assert!(tokens.verify("session-id", &token));
/// assert!(!tokens.verify("another-session", &token));
/// # Ok::<(), logto_authkit_web::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct CsrfTokens {
    key: hmac::Key,
}

const NONCE_LENGTH: usize = 16;
const MAC_LENGTH: usize = 32;

impl CsrfTokens {
    /// Tokens under a secret of at least 32 bytes.
    ///
    /// # Errors
    /// A shorter secret.
    pub fn new(secret: &[u8]) -> Result<Self, ConfigError> {
        if secret.len() < 32 {
            return Err(ConfigError::new(
                "csrf_secret",
                "it is shorter than 32 bytes",
                "write at least 32 random bytes, for example from openssl rand -base64 32",
            ));
        }
        Ok(CsrfTokens { key: hmac::Key::new(hmac::HMAC_SHA256, secret) })
    }

    /// A new token for a session.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn issue(&self, session: &str) -> Result<String, ConfigError> {
        let mut nonce = [0; NONCE_LENGTH];
        rand::fill(&mut nonce).map_err(|_| {
            ConfigError::new("csrf", "the system gives no random bytes", "check the system's random source")
        })?;
        let mac = hmac::sign(&self.key, &message(&nonce, session));
        Ok([&nonce, mac.as_ref()].concat().iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Whether `token` was issued for `session`. Takes the same time for every wrong token.
    pub fn verify(&self, session: &str, token: &str) -> bool {
        let Some(bytes) = from_hex(token) else { return false };
        let (nonce, mac) = bytes.split_at(NONCE_LENGTH);
        hmac::verify(&self.key, &message(nonce, session), mac).is_ok()
    }
}

/// The `Set-Cookie` that gives a page its token: readable by the page's scripts, which send it back in a header.
///
/// `SameSite=Strict; Path=/`, until the browser is closed, and `Secure` unless told otherwise for plain http on loopback. A name that
/// begins with `__Host-` or `__Secure-` keeps it in any case: browsers would drop the cookie.
///
/// # Errors
/// A name that no cookie can have (RFC 6265 §4.1.1), or a token that [`CsrfTokens::issue`] did not make.
pub fn csrf_cookie(name: &str, token: &str, secure: bool) -> Result<HeaderValue, ConfigError> {
    let name = cookie_name("cookie_name", name.to_owned())?;
    let problem = || ConfigError::new("token", "it is no CSRF token", "pass a token as it was issued");
    from_hex(token).ok_or_else(problem)?;
    let secure = secure || must_be_secure(&name);
    let cookie = Cookie::build((name, token)).path("/").secure(secure).same_site(SameSite::Strict);
    secret_header(&cookie.build()).map_err(|_| problem())
}

impl fmt::Debug for CsrfTokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("CsrfTokens").finish_non_exhaustive()
    }
}

/// The nonce has a fixed length, so no two pairs share a message.
fn message(nonce: &[u8], session: &str) -> Vec<u8> {
    [b"logto-authkit csrf", nonce, session.as_bytes()].concat()
}

fn from_hex(text: &str) -> Option<[u8; NONCE_LENGTH + MAC_LENGTH]> {
    let mut bytes = [0; NONCE_LENGTH + MAC_LENGTH];
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != bytes.len() || !rest.is_empty() {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(pairs) {
        let digit = |character: u8| (character as char).to_digit(16);
        *byte = u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_token_does_not_verify() {
        let tokens = CsrfTokens::new(&[7; 32]).unwrap();
        let token = tokens.issue("s").unwrap();
        assert_ne!(token, tokens.issue("s").unwrap());
        for index in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[index] = if changed[index] == b'0' { b'1' } else { b'0' };
            assert!(!tokens.verify("s", std::str::from_utf8(&changed).unwrap()), "{index}");
        }
        for wrong in ["", "zz", &token[2..], &format!("{token}00")] {
            assert!(!tokens.verify("s", wrong));
        }
        assert!(!CsrfTokens::new(&[8; 32]).unwrap().verify("s", &token));
    }

    #[test]
    fn the_cookie_can_be_read_by_scripts_and_holds_nothing_but_a_token() {
        let token = CsrfTokens::new(&[7; 32]).unwrap().issue("s").unwrap();
        let cookie = csrf_cookie("csrf", &token, true).unwrap();
        assert_eq!(cookie, format!("csrf={token}; SameSite=Strict; Secure; Path=/"));
        assert_eq!(
            csrf_cookie("csrf", &token, false).unwrap(),
            format!("csrf={token}; SameSite=Strict; Path=/")
        );
        assert!(cookie.is_sensitive());
        assert_eq!(
            csrf_cookie("__Host-csrf", &token, false).unwrap(),
            format!("__Host-csrf={token}; SameSite=Strict; Secure; Path=/")
        );
        for (name, token) in [("csrf", "x; Domain=evil"), ("csrf", ""), ("a;b", &*token), ("", &*token)] {
            assert!(csrf_cookie(name, token, true).is_err());
        }
    }
}
