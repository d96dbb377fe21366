//! Errors in the shape a Logto server gives them.

use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::Parameters;
use crate::server::Shared;

/// An error of the OAuth or OpenID Connect specifications.
#[derive(Clone, Debug)]
pub(super) struct OAuthError {
    pub(super) error: &'static str,
    pub(super) description: String,
    status: StatusCode,
    /// Which scope is the matter, for the errors that say so.
    scope: Option<String>,
    /// The scheme of the challenge that goes with it, and whether the challenge names the error.
    challenge: Option<(&'static str, bool)>,
}

impl OAuthError {
    pub(super) fn new(status: StatusCode, error: &'static str, description: impl Into<String>) -> Self {
        Self { error, description: description.into(), status, scope: None, challenge: None }
    }

    fn bad_request(error: &'static str, description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error, description)
    }

    pub(super) fn invalid_request(description: impl Into<String>) -> Self {
        Self::bad_request("invalid_request", description)
    }

    /// One text for every reason, so that nobody learns which codes and tokens exist.
    pub(super) fn invalid_grant() -> Self {
        Self::bad_request("invalid_grant", "grant request is invalid")
    }

    pub(super) fn invalid_target(description: impl Into<String>) -> Self {
        Self::bad_request("invalid_target", description)
    }

    pub(super) fn unknown_target() -> Self {
        Self::invalid_target("resource indicator is missing, or unknown")
    }

    pub(super) fn unknown_client(id: &str) -> Self {
        Self::bad_request("invalid_client", format!("invalid client {id}"))
    }

    pub(super) fn client_authentication_failed() -> Self {
        let error = Self::new(StatusCode::UNAUTHORIZED, "invalid_client", "client authentication failed");
        Self { challenge: Some(("Basic", true)), ..error }
    }

    pub(super) fn access_denied(description: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "access_denied", description)
    }

    pub(super) fn insufficient_scope(description: impl Into<String>, scope: &str) -> Self {
        let error = Self::new(StatusCode::FORBIDDEN, "insufficient_scope", description);
        Self { scope: Some(scope.to_owned()), ..error }
    }

    pub(super) fn invalid_scope(description: impl Into<String>, scope: &str) -> Self {
        Self { scope: Some(scope.to_owned()), ..Self::bad_request("invalid_scope", description) }
    }

    pub(super) fn unsupported_token_type(description: impl Into<String>) -> Self {
        Self::bad_request("unsupported_token_type", description)
    }

    pub(super) fn no_access_token() -> Self {
        let error = Self::new(StatusCode::UNAUTHORIZED, "invalid_token", "no access token provided");
        // RFC 6750 §3.1: a request without a token gets a challenge without an error.
        Self { challenge: Some(("Bearer", false)), ..error }
    }

    pub(super) fn invalid_token() -> Self {
        let error = Self::new(StatusCode::UNAUTHORIZED, "invalid_token", "invalid token provided");
        Self { challenge: Some(("Bearer", true)), ..error }
    }

    /// The response. Logto wraps the error in its own shape; `?parse_error=false` asks for the bare one.
    pub(super) fn response(&self, shared: &Shared, uri: &Uri) -> Response {
        let query = Parameters::parse(uri.query().unwrap_or_default().as_bytes());
        let mut body = json!({ "error": self.error, "error_description": self.description });
        if query.get("parse_error") != Some("false") {
            body["code"] = Value::from(format!("oidc.{}", self.error));
            body["message"] = Value::from(format!("An OIDC error occurred: oidc.{}.", self.error));
        }
        if let Some(scope) = &self.scope {
            body["scope"] = Value::from(scope.as_str());
        }
        let mut response = json_response(self.status, &body);
        if let Some(challenge) = self.challenge_header(shared) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }

    /// The body for a browser that cannot be sent back, when it asked for JSON.
    pub(super) fn authorize_body(&self, shared: &Shared, state: Option<&str>) -> Value {
        let mut body = json!({
            "code": format!("oidc.{}", self.error),
            "message": format!("An OIDC error occurred: oidc.{}.", self.error),
            "error": self.error,
            "error_description": self.description,
            "iss": shared.issuer,
        });
        if let Some(state) = state {
            body["state"] = Value::from(state);
        }
        body
    }

    fn challenge_header(&self, shared: &Shared) -> Option<HeaderValue> {
        let (scheme, names_the_error) = self.challenge?;
        let mut challenge = format!("{scheme} realm=\"{}\"", shared.issuer);
        if names_the_error {
            // Both texts are constants of ours without quotes.
            challenge += &format!(", error=\"{}\", error_description=\"{}\"", self.error, self.description);
        }
        HeaderValue::try_from(challenge).ok()
    }
}

/// The answer of an endpoint that tells its result or its error as JSON.
pub(super) fn answered(shared: &Shared, uri: &Uri, result: Result<Value, OAuthError>) -> Response {
    match result {
        Ok(body) => json_response(StatusCode::OK, &body),
        Err(error) => error.response(shared, uri),
    }
}

/// JSON that no cache may keep, as every answer with a token or about one is.
pub(super) fn json_response(status: StatusCode, body: &Value) -> Response {
    let headers =
        [(header::CONTENT_TYPE, "application/json; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    (status, headers, body.to_string()).into_response()
}

/// Whether a person is looking: browsers ask for HTML, programs do not.
pub(super) fn wants_html(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}
