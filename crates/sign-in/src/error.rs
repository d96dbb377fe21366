use std::time::Duration;

use logto_authkit_verifier::HttpError;
use serde_json::json;

/// Why a step of the sign-in flow fails.
///
/// Messages are fit for a response: they hold no token, no secret, and nothing that a request brought.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignInError {
    /// Nobody is signed in, or the issuer has ended the grant.
    #[error("nobody is signed in")]
    NotAuthenticated,
    /// The callback belongs to no sign-in that this browser began in the last 15 minutes.
    #[error("this sign-in was begun in another browser, or too long ago")]
    StateMismatch,
    /// The callback came to another address than the one that was registered for it.
    #[error("the callback came to another address than the one the sign-in named")]
    RedirectUriMismatch,
    /// The callback, or the discovery document, is another issuer's (RFC 9207).
    #[error("the answer comes from another issuer")]
    IssuerMismatch,
    /// The callback lacks something.
    #[error("the callback is incomplete: {0}")]
    InvalidCallback(&'static str),
    /// The issuer, or the user there, refused the sign-in (RFC 6749 §4.1.2.1).
    #[error("the sign-in was refused")]
    AuthorizationDenied {
        /// The issuer's `error`.
        error: String,
    },
    /// The ID token proves nothing.
    #[error("the identity server's answer cannot be trusted: {0}")]
    InvalidIdToken(&'static str),
    /// The token endpoint refused.
    #[error("the identity server refused to give a token: {error}")]
    TokenRequestFailed {
        /// The issuer's `error`, for example `invalid_target` for a resource that the sign-in did not name.
        error: String,
        /// The answer's status.
        status: u16,
    },
    /// The issuer asks to slow down.
    #[error("the identity server is busy")]
    RateLimited {
        /// When to come back.
        retry_after: Duration,
    },
    /// The issuer cannot be reached, or answers with nonsense.
    #[error("the identity server cannot be reached")]
    IssuerUnavailable {
        /// When to come back.
        retry_after: Duration,
    },
    /// The session store cannot be reached.
    #[error("the session store cannot be reached")]
    SessionStoreUnavailable,
    /// The session is larger than cookies can be.
    #[error("the session is too large for cookies: ask for fewer scopes, or keep sessions in a store")]
    SessionTooLarge,
    /// Organization tokens need the scope `urn:logto:scope:organizations` at sign-in.
    #[error("the sign-in did not ask for the scope urn:logto:scope:organizations")]
    MissingOrganizationScope,
    /// The userinfo endpoint refused, or answered about somebody else.
    #[error("the identity server did not tell who the user is")]
    UserinfoFailed,
    /// A sign-out or sign-in that another site asks for.
    #[error("the request comes from another site")]
    CrossSite,
    /// A logout token that proves nothing (OpenID Connect Back-Channel Logout §2.6).
    #[error("the logout token is not valid: {0}")]
    InvalidLogoutToken(&'static str),
    /// The system has no randomness to give.
    #[error("the system has no randomness to give")]
    NoRandomness,
}

/// When to try again where nobody says it.
pub(crate) const RETRY_AFTER: Duration = Duration::from_secs(5);

impl SignInError {
    /// The stable name of the error.
    pub fn code(&self) -> &'static str {
        match self {
            SignInError::NotAuthenticated => "not_authenticated",
            SignInError::StateMismatch => "state_mismatch",
            SignInError::RedirectUriMismatch => "redirect_uri_mismatch",
            SignInError::IssuerMismatch => "issuer_mismatch",
            SignInError::InvalidCallback(_) => "invalid_callback",
            SignInError::AuthorizationDenied { .. } => "authorization_denied",
            SignInError::InvalidIdToken(_) => "invalid_id_token",
            SignInError::TokenRequestFailed { .. } => "token_request_failed",
            SignInError::RateLimited { .. } => "rate_limited",
            SignInError::IssuerUnavailable { .. } => "issuer_unavailable",
            SignInError::SessionStoreUnavailable => "session_store_unavailable",
            SignInError::SessionTooLarge => "session_too_large",
            SignInError::MissingOrganizationScope => "missing_organization_scope",
            SignInError::UserinfoFailed => "userinfo_failed",
            SignInError::CrossSite => "csrf_failed",
            SignInError::InvalidLogoutToken(_) => "invalid_logout_token",
            SignInError::NoRandomness => "misconfigured",
        }
    }

    /// The status to answer with.
    pub fn status(&self) -> u16 {
        match self {
            SignInError::NotAuthenticated => 401,
            SignInError::StateMismatch
            | SignInError::RedirectUriMismatch
            | SignInError::IssuerMismatch
            | SignInError::InvalidCallback(_)
            | SignInError::InvalidLogoutToken(_) => 400,
            SignInError::AuthorizationDenied { .. } | SignInError::CrossSite => 403,
            SignInError::InvalidIdToken(_)
            | SignInError::TokenRequestFailed { .. }
            | SignInError::MissingOrganizationScope
            | SignInError::UserinfoFailed => 502,
            SignInError::RateLimited { .. }
            | SignInError::IssuerUnavailable { .. }
            | SignInError::SessionStoreUnavailable => 503,
            SignInError::SessionTooLarge | SignInError::NoRandomness => 500,
        }
    }

    /// When to come back, where that is known to help.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            SignInError::RateLimited { retry_after } | SignInError::IssuerUnavailable { retry_after } => {
                Some(*retry_after)
            }
            SignInError::SessionStoreUnavailable => Some(RETRY_AFTER),
            _ => None,
        }
    }

    /// A short title, the same for errors of a kind.
    pub fn title(&self) -> &'static str {
        match self.status() {
            400 => "Bad request",
            401 => "Authentication required",
            403 => "Sign-in refused",
            503 => "Authentication unavailable",
            _ => "Authentication failed",
        }
    }

    /// The JSON body that programs are answered with.
    pub fn body(&self) -> String {
        let mut body = json!({ "error": self.title(), "message": self.to_string(), "code": self.code() });
        if let SignInError::AuthorizationDenied { error } | SignInError::TokenRequestFailed { error, .. } =
            self
        {
            body["issuer_error"] = error.clone().into();
        }
        body.to_string()
    }

    /// Whether the cause may be gone at the next attempt, and nobody is signed out by it.
    pub fn is_temporary(&self) -> bool {
        self.status() == 503
    }
}

impl From<HttpError> for SignInError {
    fn from(error: HttpError) -> Self {
        tracing::warn!(%error, "the issuer cannot be reached");
        SignInError::IssuerUnavailable { retry_after: RETRY_AFTER }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_has_every_code_with_its_status_and_no_other() {
        let text = || "x".to_owned();
        let retry_after = RETRY_AFTER;
        let errors = [
            SignInError::NotAuthenticated,
            SignInError::StateMismatch,
            SignInError::RedirectUriMismatch,
            SignInError::IssuerMismatch,
            SignInError::InvalidCallback(""),
            SignInError::InvalidLogoutToken(""),
            SignInError::AuthorizationDenied { error: text() },
            SignInError::CrossSite,
            SignInError::InvalidIdToken(""),
            SignInError::TokenRequestFailed { error: text(), status: 400 },
            SignInError::MissingOrganizationScope,
            SignInError::UserinfoFailed,
            SignInError::RateLimited { retry_after },
            SignInError::IssuerUnavailable { retry_after },
            SignInError::SessionStoreUnavailable,
            SignInError::SessionTooLarge,
            SignInError::NoRandomness,
        ];
        let document = include_str!("../../../docs/sign-in-errors.md");
        let rows: Vec<_> = document.lines().filter(|line| line.starts_with("| `")).collect();
        assert_eq!(rows.len(), errors.len());
        for (error, row) in errors.iter().zip(rows) {
            let begins = format!("| `{}` | {} | ", error.code(), error.status());
            assert!(row.starts_with(&begins), "{row} instead of {begins}");
            assert_eq!(row.contains("`Retry-After`"), error.retry_after().is_some(), "{row}");
            assert_eq!(row.contains("`issuer_error`"), error.body().contains("issuer_error"), "{row}");
        }
    }
}
