use logto_authkit_token::{JwkSet, LogtoUrl};
use logto_authkit_verifier::{KeySources, Readiness};
use napi::Either;
use napi_derive::napi;

use crate::answer::either;
use crate::problem::ConfigProblem;

/// The keys of one issuer.
#[napi(object)]
pub struct JwksStatus {
    /// Whether a token could be verified this moment, without asking the issuer.
    pub ready: bool,
    /// How long ago the keys were fetched or confirmed, in milliseconds.
    pub age_ms: Option<f64>,
    /// How many keys are usable.
    pub keys: u32,
}

#[napi]
pub fn invalidate_jwks_cache(logto_url: String) -> Option<ConfigProblem> {
    LogtoUrl::parse(logto_url).map(|issuer| KeySources::global().invalidate(&issuer)).err().map(Into::into)
}

#[napi]
pub fn clear_jwks_cache() {
    KeySources::global().clear();
}

#[napi]
pub fn prime_jwks_cache(logto_url: String, jwks: String) -> Option<ConfigProblem> {
    prime(&logto_url, &jwks).err()
}

#[napi]
pub fn jwks_status(logto_url: String) -> Either<JwksStatus, ConfigProblem> {
    either(LogtoUrl::parse(logto_url).map(|issuer| status(&issuer)).map_err(Into::into))
}

fn prime(logto_url: &str, jwks: &str) -> Result<(), ConfigProblem> {
    let issuer = LogtoUrl::parse(logto_url)?;
    let problem = |problem: String| {
        ConfigProblem::new("jwks", problem, "pass the document that the issuer publishes below /oidc/jwks")
    };
    let keys = JwkSet::parse(jwks.as_bytes()).map_err(|error| problem(error.to_string()))?;
    if keys.is_empty() {
        return Err(problem("it holds no usable key".to_owned()));
    }
    KeySources::global().prime(&issuer, keys);
    Ok(())
}

fn status(issuer: &LogtoUrl) -> JwksStatus {
    match KeySources::global().readiness(issuer) {
        Readiness::Ready { age, keys } => JwksStatus {
            ready: true,
            age_ms: Some(age.as_secs_f64() * 1000.0),
            keys: u32::try_from(keys).unwrap_or(u32::MAX),
        },
        _ => JwksStatus { ready: false, age_ms: None, keys: 0 },
    }
}
