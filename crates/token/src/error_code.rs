use std::fmt;

/// The stable name of a refusal: one table for Rust, TypeScript, the HTTP body and the documentation.
///
/// ```
/// use logto_authkit_token::ErrorCode;
///
/// assert_eq!(ErrorCode::MissingScope.as_str(), "missing_scope");
/// assert_eq!(ErrorCode::MissingScope.status(), 403);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorCode {
    /// The request carries no token, neither in the cookie nor in `Authorization`.
    MissingToken,
    /// Two `Authorization` headers, a Bearer header without a token, or no organization where the request must name one.
    InvalidRequest,
    /// Not a compact JWS that this engine is willing to read.
    MalformedToken,
    /// `none`, HMAC, not on the allow-list, or not the key's algorithm.
    UnsupportedAlgorithm,
    /// `typ` is not `at+jwt`: ID tokens and logout tokens stop here.
    WrongTokenType,
    /// A required claim is missing or of the wrong type.
    InvalidClaims,
    /// `iss` is not the issuer that the verifier trusts.
    InvalidIssuer,
    /// `aud` names none of the policy's resources.
    InvalidAudience,
    /// `exp` has passed.
    TokenExpired,
    /// `nbf` lies ahead.
    TokenNotYetValid,
    /// The issuer publishes no usable key of the token's `kid`.
    UnknownKey,
    /// The signature does not verify.
    InvalidSignature,
    /// An organization token where none is allowed, or another organization's.
    WrongOrganization,
    /// A valid token that lacks a scope.
    MissingScope,
    /// A valid token that lacks a role.
    MissingRole,
    /// A valid token that a custom claim check refuses.
    ClaimRejected,
    /// An unsafe method with cookie credentials and no proof of the same origin.
    CsrfFailed,
    /// No usable keys, and the issuer cannot be reached.
    KeysUnavailable,
    /// The application asks for an authenticated request on a route that no authentication layer covers.
    Misconfigured,
}

/// Whose fault a refusal is. From it follow the HTTP status class and whether a retry makes sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The caller's: another token or another request is needed.
    Caller,
    /// The issuer's: the same request may succeed later.
    Issuer,
    /// Ours: the application that uses this crate is put together wrongly.
    Application,
}

/// What follows `Bearer` in a `WWW-Authenticate` header, RFC 6750 §3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Challenge {
    /// The realm alone: the request brought no credentials (RFC 6750 §3.1).
    RealmOnly,
    /// `error="invalid_request"`.
    InvalidRequest,
    /// `error="invalid_token"`.
    InvalidToken,
    /// `error="insufficient_scope"`.
    InsufficientScope,
}

impl Challenge {
    /// The value of the `error` attribute, or `None` for a bare realm.
    pub fn error(self) -> Option<&'static str> {
        match self {
            Challenge::RealmOnly => None,
            Challenge::InvalidRequest => Some("invalid_request"),
            Challenge::InvalidToken => Some("invalid_token"),
            Challenge::InsufficientScope => Some("insufficient_scope"),
        }
    }
}

impl ErrorCode {
    /// Every code, in the order of the documentation's table.
    pub const ALL: [ErrorCode; 19] = [
        ErrorCode::MissingToken,
        ErrorCode::InvalidRequest,
        ErrorCode::MalformedToken,
        ErrorCode::UnsupportedAlgorithm,
        ErrorCode::WrongTokenType,
        ErrorCode::InvalidClaims,
        ErrorCode::InvalidIssuer,
        ErrorCode::InvalidAudience,
        ErrorCode::TokenExpired,
        ErrorCode::TokenNotYetValid,
        ErrorCode::UnknownKey,
        ErrorCode::InvalidSignature,
        ErrorCode::WrongOrganization,
        ErrorCode::MissingScope,
        ErrorCode::MissingRole,
        ErrorCode::ClaimRejected,
        ErrorCode::CsrfFailed,
        ErrorCode::KeysUnavailable,
        ErrorCode::Misconfigured,
    ];

    /// The code as it stands in HTTP bodies and in TypeScript.
    pub fn as_str(self) -> &'static str {
        match self {
            ErrorCode::MissingToken => "missing_token",
            ErrorCode::InvalidRequest => "invalid_request",
            ErrorCode::MalformedToken => "malformed_token",
            ErrorCode::UnsupportedAlgorithm => "unsupported_algorithm",
            ErrorCode::WrongTokenType => "wrong_token_type",
            ErrorCode::InvalidClaims => "invalid_claims",
            ErrorCode::InvalidIssuer => "invalid_issuer",
            ErrorCode::InvalidAudience => "invalid_audience",
            ErrorCode::TokenExpired => "token_expired",
            ErrorCode::TokenNotYetValid => "token_not_yet_valid",
            ErrorCode::UnknownKey => "unknown_key",
            ErrorCode::InvalidSignature => "invalid_signature",
            ErrorCode::WrongOrganization => "wrong_organization",
            ErrorCode::MissingScope => "missing_scope",
            ErrorCode::MissingRole => "missing_role",
            ErrorCode::ClaimRejected => "claim_rejected",
            ErrorCode::CsrfFailed => "csrf_failed",
            ErrorCode::KeysUnavailable => "keys_unavailable",
            ErrorCode::Misconfigured => "misconfigured",
        }
    }

    /// The HTTP status that every adapter answers.
    pub fn status(self) -> u16 {
        match self {
            ErrorCode::InvalidRequest => 400,
            ErrorCode::WrongOrganization
            | ErrorCode::MissingScope
            | ErrorCode::MissingRole
            | ErrorCode::ClaimRejected
            | ErrorCode::CsrfFailed => 403,
            ErrorCode::KeysUnavailable => 503,
            ErrorCode::Misconfigured => 500,
            _ => 401,
        }
    }

    /// The `error` member of the HTTP body: a title for people.
    pub fn title(self) -> &'static str {
        match (self, self.status()) {
            (ErrorCode::MissingToken, _) => "Authentication required",
            (_, 400) => "Bad request",
            (_, 403) => "Insufficient permissions",
            (_, 503) => "Authentication unavailable",
            (_, 500) => "Server misconfigured",
            _ => "Authentication failed",
        }
    }

    /// Whose fault it is.
    pub fn fault(self) -> Fault {
        match self {
            ErrorCode::KeysUnavailable => Fault::Issuer,
            ErrorCode::Misconfigured => Fault::Application,
            _ => Fault::Caller,
        }
    }

    /// The `WWW-Authenticate` challenge that goes with it, if any (RFC 6750 §3).
    pub fn challenge(self) -> Option<Challenge> {
        match self {
            ErrorCode::CsrfFailed | ErrorCode::KeysUnavailable | ErrorCode::Misconfigured => None,
            ErrorCode::MissingToken => Some(Challenge::RealmOnly),
            ErrorCode::InvalidRequest => Some(Challenge::InvalidRequest),
            _ if self.status() == 403 => Some(Challenge::InsufficientScope),
            _ => Some(Challenge::InvalidToken),
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
