//! Verifies Logto access tokens with keys that survive outages, rotations and floods of unknown key ids.
//!
//! ```no_run
//! # async fn run(token: &str) -> Result<(), Box<dyn std::error::Error>> {
//! use logto_authkit_verifier::Verifier;
//!
//! let verifier = Verifier::builder("https://tenant.logto.app").audience("https://api.example.com").build()?;
//! match verifier.verify(token).await {
//!     Ok(claims) => println!("hello {}", claims.subject()),
//!     Err(error) => println!("{}: {error}", error.code()),
//! }
//! # Ok(()) }
//! ```

mod clock;
pub mod danger;
mod fetch_runtime;
mod http_client;
mod key_cache_state;
mod key_source;
mod key_sources;
mod near_memory;
mod reqwest_client;
mod token_cache;
mod verifier;
mod verifier_builder;

pub use clock::{Clock, ManualClock, Moment, SystemClock};
pub use http_client::{HttpClient, HttpError, HttpFuture, HttpLimits};
pub use key_cache_state::{Decision, FetchId, HeldSince, KeyCacheState, KeyTimes, Stage, Transition, Wanted};
pub use key_sources::KeySources;
pub use logto_authkit_token::{
    Algorithm, Audience, Claims, ConfigError, ErrorCode, LogtoUrl, OrganizationId, OrganizationRule, Policy,
    RoleRequirement, ScopeRequirement, Scopes, Timestamp, VerifyError,
};
pub use reqwest_client::ReqwestClient;
pub use verifier::{Readiness, Verifier};
pub use verifier_builder::VerifierBuilder;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A lock whose holder panicked is still a lock: every section it guards leaves whole values behind.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
