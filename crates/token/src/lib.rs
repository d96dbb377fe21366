//! Strict verification of Logto access tokens, as pure functions.
//!
//! This room does no IO: no network, no clock, no environment, no randomness. Whoever calls it passes the keys and the time.
//! The crate `logto-authkit-verifier` fetches the keys and remembers what was verified.
//!
//! ```no_run
//! use logto_authkit_token::{JwkSet, LogtoUrl, Policy, Screened, Timestamp};
//!
//! let logto = LogtoUrl::parse("https://tenant.logto.app")?;
//! let policy = Policy::for_resource("https://api.example.com")?;
//! let keys = JwkSet::parse(&std::fs::read("jwks.json")?)?;
//! let token = std::fs::read_to_string("token.txt")?;
//!
//! let screened = Screened::screen(&token, &logto, &policy, Timestamp::from_unix_seconds(1_795_204_215))?;
//! let signed = screened.verify(&keys)?;
//! policy.authorize(signed.claims())?;
//! println!("{} may {}", signed.claims().subject(), signed.claims().scopes());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod algorithm;
mod audience;
mod base64url;
mod claim_text;
mod claims;
mod compact_jws;
mod config_error;
pub mod danger;
mod error_code;
mod json_object;
mod jwk_set;
mod logto_url;
mod organization;
mod policy;
mod requirement;
mod roles;
mod scopes;
mod screened;
mod timestamp;
mod verification_key;
mod verify_error;

pub use algorithm::Algorithm;
pub use audience::Audience;
pub use claims::{ClaimError, Claims};
pub use compact_jws::{CompactJws, MAX_TOKEN_LENGTH, TokenType};
pub use config_error::ConfigError;
pub use error_code::{Challenge, ErrorCode, Fault};
pub use jwk_set::{JwkSet, JwkSetError, MAX_KEYS, SkippedKey};
pub use logto_url::LogtoUrl;
pub use organization::{OrganizationId, OrganizationRule};
pub use policy::Policy;
pub use roles::RoleRequirement;
pub use scopes::{ScopeRequirement, Scopes};
pub use screened::{Screened, SignedClaims};
pub use timestamp::Timestamp;
pub use verification_key::{KeyIdentity, KeyProblem, VerificationKey};
pub use verify_error::{ClaimProblem, Malformed, OrganizationMismatch, VerifyError};

use requirement::Requirement;
