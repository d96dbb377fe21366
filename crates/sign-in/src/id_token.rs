use aws_lc_rs::digest;
use logto_authkit_token::{Algorithm, Claims, CompactJws, Timestamp, TokenType};
use logto_authkit_verifier::{KeySources, VerifyError};

use crate::SignInError;
use crate::config::LogtoConfig;
use crate::error::RETRY_AFTER;
use crate::secret::base64url;

/// What an ID token must say beyond being ours and in time.
pub(crate) struct Expected<'a> {
    /// Of the sign-in; a refreshed ID token need not have one (OpenID Connect Core §12.2).
    pub(crate) nonce: Option<&'a str>,
    /// Of the session that is refreshed.
    pub(crate) subject: Option<&'a str>,
    /// The token that came along, for `at_hash`.
    pub(crate) access_token: &'a str,
}

/// So far the issuer's clock may be from ours, in seconds.
const CLOCK_DIFFERENCE: i64 = 300;

/// Verifies an ID token (OpenID Connect Core §3.1.3.7).
pub(crate) async fn verify_id_token(
    token: &str,
    config: &LogtoConfig,
    keys: &KeySources,
    expected: &Expected<'_>,
    now: Timestamp,
) -> Result<Claims, SignInError> {
    let jws = CompactJws::parse(token).map_err(|_| invalid("the ID token is malformed"))?;
    if !matches!(jws.token_type(), TokenType::Jwt | TokenType::Absent) {
        return Err(invalid("what should be an ID token is another kind of token"));
    }
    verify_signature(&jws, config, keys).await?.map_err(|()| invalid("the ID token's signature is wrong"))?;
    let claims = Claims::parse(jws.payload()).map_err(|_| invalid("the ID token lacks a claim"))?;
    check(&claims, jws.algorithm(), config, expected, now).map_err(invalid)?;
    Ok(claims)
}

/// Verifies a signature of the issuer's. The outer error is one that may be gone at the next attempt.
pub(crate) async fn verify_signature(
    jws: &CompactJws<'_>,
    config: &LogtoConfig,
    keys: &KeySources,
) -> Result<Result<(), ()>, SignInError> {
    match keys.verify_signature(&config.logto_url, jws).await {
        Ok(()) => Ok(Ok(())),
        Err(VerifyError::KeysUnavailable { .. }) => {
            Err(SignInError::IssuerUnavailable { retry_after: RETRY_AFTER })
        }
        Err(_) => Ok(Err(())),
    }
}

fn check(
    claims: &Claims,
    algorithm: Algorithm,
    config: &LogtoConfig,
    expected: &Expected<'_>,
    now: Timestamp,
) -> Result<(), &'static str> {
    if claims.issuer() != config.logto_url.issuer() {
        return Err("the ID token is another issuer's");
    }
    let authorized = text(claims, "azp")?;
    let several = claims.audience().count() > 1;
    let is_ours = claims.audience().any(|audience| audience == config.app_id);
    let azp_fits = authorized.as_deref().map_or(!several, |azp| azp == config.app_id);
    if !is_ours || !azp_fits {
        return Err("the ID token is another application's");
    }
    let seconds = now.as_unix_seconds();
    if claims.expires_at().as_unix_seconds().saturating_add(CLOCK_DIFFERENCE) <= seconds {
        return Err("the ID token has expired");
    }
    let issued_at =
        claims.issued_at().ok_or("the ID token does not say when it was issued")?.as_unix_seconds();
    // A refreshed one is refused for nothing that a clock does: what came with it would be lost, and with it the session.
    if expected.nonce.is_some() && issued_at.abs_diff(seconds) > CLOCK_DIFFERENCE.unsigned_abs() {
        return Err("the ID token was not issued just now; compare the clocks");
    }
    let nonce = text(claims, "nonce")?;
    if expected.nonce.is_some() && nonce.as_deref() != expected.nonce {
        return Err("the ID token is not the answer to this sign-in");
    }
    if expected.subject.is_some_and(|subject| subject != claims.subject()) {
        return Err("the ID token is another user's");
    }
    match text(claims, "at_hash")? {
        Some(hash) if hash != at_hash(algorithm, expected.access_token) => {
            Err("the ID token came with another access token")
        }
        _ => Ok(()),
    }
}

fn text(claims: &Claims, name: &str) -> Result<Option<String>, &'static str> {
    claims.get::<Option<String>>(name).map(Option::flatten).map_err(|_| "a claim of the ID token is no text")
}

/// The left half of the hash that belongs to the signature's algorithm (OpenID Connect Core §3.1.3.6).
fn at_hash(algorithm: Algorithm, access_token: &str) -> String {
    let hash = match algorithm {
        Algorithm::Es384 | Algorithm::Rs384 | Algorithm::Ps384 => &digest::SHA384,
        Algorithm::Es512 | Algorithm::Rs512 | Algorithm::Ps512 | Algorithm::EdDsa => &digest::SHA512,
        _ => &digest::SHA256,
    };
    let digest = digest::digest(hash, access_token.as_bytes());
    base64url(&digest.as_ref()[..digest.as_ref().len() / 2])
}

fn invalid(problem: &'static str) -> SignInError {
    SignInError::InvalidIdToken(problem)
}
