//! What weakens security, in one place, so that it reads so where it is used.

use crate::policy::TokenTypeRule;
use crate::{ConfigError, LogtoUrl, Policy};

/// Accepts tokens of any `typ`.
///
/// ID tokens and logout tokens then pass for access tokens if their other claims fit. For issuers that are not Logto and leave
/// `typ` out.
#[must_use]
pub fn accept_any_token_type(policy: Policy) -> Policy {
    policy.with_token_type(TokenTypeRule::Anything)
}

/// Accepts tokens for any audience: every application's token of the same issuer opens the door.
#[must_use]
pub fn accept_any_audience() -> Policy {
    Policy::for_any_audience()
}

/// Reads an endpoint without asking for `https`: anybody between this process and the issuer can replace the keys.
///
/// For an issuer inside a trusted network that has no certificate.
///
/// # Errors
/// Everything else that [`LogtoUrl::parse`] refuses.
pub fn allow_plain_http(logto_url: impl AsRef<str>) -> Result<LogtoUrl, ConfigError> {
    LogtoUrl::parse_any_transport(logto_url.as_ref())
}
