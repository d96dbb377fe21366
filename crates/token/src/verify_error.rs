use std::time::Duration;

use crate::{ErrorCode, Fault};

/// Why a token is refused.
///
/// Variants carry data; [`code`](VerifyError::code) is the stable name and [`fault`](VerifyError::fault) says whose it is.
/// The messages never contain the token, a claim's value that a stranger chose, or an inner error.
///
/// ```
/// use logto_authkit_token::{ErrorCode, VerifyError};
///
/// let error = VerifyError::Malformed(logto_authkit_token::Malformed::PartCount);
/// assert_eq!(error.code(), ErrorCode::MalformedToken);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// Not a compact JWS that this engine is willing to read.
    #[error("the token is malformed: {0}")]
    Malformed(Malformed),
    /// `alg` is not on the policy's allow-list, or no algorithm that this engine knows.
    #[error("the token's algorithm is not allowed here")]
    AlgorithmNotAllowed,
    /// The key of the token's `kid` is not a key for the token's algorithm.
    #[error("the token's algorithm is not its key's algorithm")]
    AlgorithmMismatch,
    /// `typ` is not that of an access token (RFC 9068 §2.1).
    #[error("the token is not an access token: its typ is not at+jwt")]
    WrongTokenType,
    /// A required claim is missing or a claim has the wrong type.
    #[error("the claim {claim} {problem}")]
    InvalidClaim {
        /// The claim's name.
        claim: &'static str,
        /// What is wrong with it.
        problem: ClaimProblem,
    },
    /// `iss` is not the trusted issuer.
    #[error("the token comes from another issuer")]
    InvalidIssuer,
    /// `aud` names none of the policy's resources.
    #[error("the token is meant for another audience")]
    InvalidAudience,
    /// `exp` has passed.
    #[error("the token has expired")]
    Expired,
    /// `nbf` lies ahead.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// The issuer publishes no usable key of the token's `kid`.
    #[error("the token is signed with a key that the issuer does not publish")]
    UnknownKey,
    /// The signature does not verify.
    #[error("the token's signature is not valid")]
    InvalidSignature,
    /// An organization token where none is allowed, or another organization's.
    #[error("{0}")]
    WrongOrganization(OrganizationMismatch),
    /// The token is valid and lacks scopes.
    #[error("the token lacks {}: {}", plural(missing, "the scope", "the scopes"), missing.join(" "))]
    MissingScope {
        /// All scopes that the policy asks for, for the challenge (RFC 6750 §3).
        required: Vec<String>,
        /// Those of them that the token lacks.
        missing: Vec<String>,
    },
    /// The token is valid and lacks roles.
    #[error("the token lacks {}: {}", plural(missing, "the role", "the roles"), missing.join(", "))]
    MissingRole {
        /// The roles that the token lacks.
        missing: Vec<String>,
    },
    /// The token is valid and a custom claim check refuses it.
    #[error("the token's claim {claim} is not accepted here")]
    ClaimRejected {
        /// The name of the claim, or of the check.
        claim: String,
    },
    /// No usable keys, and the issuer cannot be reached.
    #[error("the keys of the identity server cannot be fetched at the moment")]
    KeysUnavailable {
        /// When another attempt makes sense.
        retry_after: Duration,
    },
}

fn plural<'a>(names: &[String], one: &'a str, many: &'a str) -> &'a str {
    if names.len() == 1 { one } else { many }
}

/// What makes a token malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// Longer than 16 KiB.
    #[error("it is longer than 16 KiB")]
    TooLong,
    /// Not exactly three parts.
    #[error("it does not have three parts")]
    PartCount,
    /// A part is not strict base64url without padding (RFC 7515 §2).
    #[error("a part is not strict base64url")]
    Encoding,
    /// The header is not a JSON object.
    #[error("its header is not a JSON object")]
    Header,
    /// The header names a member twice (RFC 7515 §4).
    #[error("its header names a member twice")]
    DuplicateHeaderMember,
    /// The header lacks `alg`, or `alg` is not a string.
    #[error("its header has no algorithm")]
    Algorithm,
    /// `crit` or `b64`: extensions that this engine does not understand (RFC 7515 §4.1.11, RFC 7797).
    #[error("its header asks for an extension")]
    Extension,
    /// `kid` is not a string of at most 256 bytes.
    #[error("its key id is not a string of at most 256 bytes")]
    KeyId,
    /// The payload is not a JSON object.
    #[error("its payload is not a JSON object")]
    Payload,
    /// The payload names a member twice (RFC 7519 §4).
    #[error("its payload names a claim twice")]
    DuplicateClaim,
}

/// What is wrong with a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimProblem {
    /// It is required and not there.
    #[error("is missing")]
    Missing,
    /// It has the wrong JSON type, is empty, or lies outside the allowed range.
    #[error("has the wrong type or an impossible value")]
    WrongType,
}

/// How a token's organization differs from the policy's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrganizationMismatch {
    /// The token's permissions were granted inside an organization; the policy is about the whole application.
    #[error("the token was issued inside an organization, and organization tokens are not accepted here")]
    NotAllowed,
    /// The policy asks for an organization token and this one carries none.
    #[error("the token was not issued inside an organization")]
    Missing,
    /// The token belongs to another organization.
    #[error("the token belongs to another organization")]
    Other,
}

impl VerifyError {
    /// The stable code of the table that all languages share.
    pub fn code(&self) -> ErrorCode {
        match self {
            VerifyError::Malformed(_) => ErrorCode::MalformedToken,
            VerifyError::AlgorithmNotAllowed | VerifyError::AlgorithmMismatch => {
                ErrorCode::UnsupportedAlgorithm
            }
            VerifyError::WrongTokenType => ErrorCode::WrongTokenType,
            VerifyError::InvalidClaim { .. } => ErrorCode::InvalidClaims,
            VerifyError::InvalidIssuer => ErrorCode::InvalidIssuer,
            VerifyError::InvalidAudience => ErrorCode::InvalidAudience,
            VerifyError::Expired => ErrorCode::TokenExpired,
            VerifyError::NotYetValid => ErrorCode::TokenNotYetValid,
            VerifyError::UnknownKey => ErrorCode::UnknownKey,
            VerifyError::InvalidSignature => ErrorCode::InvalidSignature,
            VerifyError::WrongOrganization(_) => ErrorCode::WrongOrganization,
            VerifyError::MissingScope { .. } => ErrorCode::MissingScope,
            VerifyError::MissingRole { .. } => ErrorCode::MissingRole,
            VerifyError::ClaimRejected { .. } => ErrorCode::ClaimRejected,
            VerifyError::KeysUnavailable { .. } => ErrorCode::KeysUnavailable,
        }
    }

    /// Whose fault it is: the caller's, or the issuer's.
    pub fn fault(&self) -> Fault {
        self.code().fault()
    }
}

impl From<Malformed> for VerifyError {
    fn from(reason: Malformed) -> Self {
        VerifyError::Malformed(reason)
    }
}
