use std::time::Duration;

use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Extensions, HeaderMap, Response, StatusCode};
use logto_authkit_token::{ErrorCode, VerifyError};

use crate::realm::{DEFAULT_REALM, Realm};

/// A request that is not admitted: everything that an adapter needs to answer it.
///
/// The message never holds a token, an address, or an inner error.
///
/// ```
/// use logto_authkit_web::Denial;
/// use logto_authkit_web::ErrorCode;
///
/// let denial = Denial::new(ErrorCode::MissingToken);
/// assert_eq!(denial.status(), 401);
/// assert_eq!(denial.www_authenticate().unwrap(), r#"Bearer realm="api""#);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    code: ErrorCode,
    message: String,
    /// The scopes that the request would need (RFC 6750 §3).
    scope: Option<String>,
    retry_after: Option<Duration>,
    realm: Option<Realm>,
}

impl Denial {
    /// A denial with the code's own message.
    pub fn new(code: ErrorCode) -> Self {
        let message = match code {
            ErrorCode::MissingToken => "the request brings no access token",
            ErrorCode::InvalidRequest => "the Authorization header cannot be read",
            ErrorCode::CsrfFailed => {
                "the request changes something and does not prove that it comes from this site's own pages"
            }
            ErrorCode::Misconfigured => "the server is not set up to answer this request",
            _ => "the request is refused",
        };
        Denial::with_message(code, message)
    }

    /// A denial with a message of its own: one sentence, without secrets.
    pub fn with_message(code: ErrorCode, message: impl Into<String>) -> Self {
        Denial { code, message: message.into(), scope: None, retry_after: None, realm: None }
    }

    /// The same denial in the realm of the guard that admitted the request: for a refusal behind the guard, of a scope that a
    /// route asks for. [`Admission::enter`](crate::Admission::enter) left the realm in the extensions.
    #[must_use]
    pub fn in_realm_of(self, extensions: &Extensions) -> Self {
        let realm = extensions.get().cloned();
        self.in_realm(realm)
    }

    pub(crate) fn in_realm(mut self, realm: Option<Realm>) -> Self {
        self.realm = realm;
        self
    }

    /// The stable code.
    pub fn code(&self) -> ErrorCode {
        self.code
    }

    /// One sentence for people.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.code.status()
    }

    /// When another attempt makes sense, for a 503.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// The value of `WWW-Authenticate`, where the answer has one (RFC 6750 §3).
    pub fn www_authenticate(&self) -> Option<String> {
        let challenge = self.code.challenge()?;
        let realm = self.realm.as_ref().map_or(DEFAULT_REALM, Realm::as_str);
        let mut value = format!("Bearer realm=\"{}\"", quotable(realm));
        if let Some(error) = challenge.error() {
            value
                .push_str(&format!(", error=\"{error}\", error_description=\"{}\"", quotable(&self.message)));
        }
        if let Some(scope) = &self.scope {
            value.push_str(&format!(", scope=\"{}\"", quotable(scope)));
        }
        Some(value)
    }

    /// The JSON body: `{"error", "message", "code"}`.
    pub fn body(&self) -> String {
        serde_json::json!({ "error": self.code.title(), "message": self.message, "code": self.code.as_str() })
            .to_string()
    }

    /// The headers that belong to the answer.
    pub fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(challenge) = self.www_authenticate().and_then(|value| HeaderValue::try_from(value).ok()) {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        if let Some(span) = self.retry_after {
            // Whole seconds, rounded up: coming back too early helps nobody (RFC 9110 §10.2.3).
            headers.insert(RETRY_AFTER, HeaderValue::from(span.as_millis().div_ceil(1000).max(1) as u64));
        }
        headers
    }

    /// The whole answer, in any body type that text can become.
    pub fn to_response<B: From<String>>(&self) -> Response<B> {
        let mut response = Response::new(B::from(self.body()));
        *response.status_mut() =
            StatusCode::from_u16(self.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        *response.headers_mut() = self.headers();
        response
    }
}

impl From<VerifyError> for Denial {
    fn from(error: VerifyError) -> Self {
        let mut denial = Denial::with_message(error.code(), error.to_string());
        match error {
            VerifyError::MissingScope { required, .. } => denial.scope = Some(required.join(" ")),
            VerifyError::KeysUnavailable { retry_after } => denial.retry_after = Some(retry_after),
            _ => {}
        }
        denial
    }
}

/// Text as it may stand inside a quoted string of a header: printable ASCII without quotes and backslashes (RFC 6750 §3).
fn quotable(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '"' | '\\' => '\'',
            ' '..='~' => character,
            _ => '?',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_scope_is_named_in_the_challenge() {
        let error =
            VerifyError::MissingScope { required: vec!["a".into(), "b".into()], missing: vec!["b".into()] };
        let denial = Denial::from(error);
        assert_eq!(denial.status(), 403);
        assert_eq!(
            denial.www_authenticate().unwrap(),
            r#"Bearer realm="api", error="insufficient_scope", error_description="the token lacks the scope: b", scope="a b""#
        );
        assert_eq!(
            denial.body(),
            r#"{"code":"missing_scope","error":"Insufficient permissions","message":"the token lacks the scope: b"}"#
        );
    }

    #[test]
    fn unavailable_keys_say_when_to_come_back_and_challenge_nobody() {
        let denial = Denial::from(VerifyError::KeysUnavailable { retry_after: Duration::from_millis(1200) });
        let headers = denial.headers();
        assert_eq!((denial.status(), headers.get(RETRY_AFTER).unwrap().to_str().unwrap()), (503, "2"));
        assert!(!headers.contains_key(WWW_AUTHENTICATE));
        assert_eq!(headers.get(CACHE_CONTROL).unwrap(), "no-store");
    }

    #[test]
    fn nothing_breaks_out_of_the_challenge() {
        let denial = Denial::with_message(ErrorCode::MissingRole, "a\"b\\c\r\nd é")
            .in_realm(Realm::other_than_default("r\"x".into()));
        assert_eq!(
            denial.www_authenticate().unwrap(),
            r#"Bearer realm="r'x", error="insufficient_scope", error_description="a'b'c??d ?""#
        );
    }
}
