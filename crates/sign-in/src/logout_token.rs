use std::collections::HashMap;

use logto_authkit_token::{CompactJws, Timestamp, TokenType};
use logto_authkit_verifier::KeySources;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use crate::SignInError;
use crate::config::LogtoConfig;
use crate::id_token::verify_signature;

/// Whose sessions a logout token ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LoggedOut {
    Sid(String),
    Subject(String),
}

/// The claims of a logout token (OpenID Connect Back-Channel Logout §2.4). Logto 1.37 leaves `exp` out.
#[derive(Deserialize)]
struct LogoutClaims {
    iss: String,
    aud: Audience,
    iat: i64,
    exp: Option<i64>,
    jti: String,
    events: HashMap<String, serde_json::Value>,
    sub: Option<String>,
    sid: Option<String>,
    /// Whatever it is: also `null` is one.
    #[serde(default, deserialize_with = "present")]
    nonce: bool,
}

fn present<'de, D: Deserializer<'de>>(value: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(value).map(|_| true)
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// So old, and so far ahead, a logout token may be, in seconds.
pub(crate) const CLOCK_DIFFERENCE: i64 = 300;
/// Verifies a logout token (OpenID Connect Back-Channel Logout §2.6), but for whether it was used before: its `jti` is returned for
/// that.
pub(crate) async fn verify_logout_token(
    token: &str,
    config: &LogtoConfig,
    keys: &KeySources,
    now: Timestamp,
) -> Result<(LoggedOut, String), SignInError> {
    let invalid = SignInError::InvalidLogoutToken;
    let jws = CompactJws::parse(token).map_err(|_| invalid("it is malformed"))?;
    if !matches!(jws.token_type(), TokenType::LogoutToken | TokenType::Absent) {
        return Err(invalid("it is another kind of token"));
    }
    verify_signature(&jws, config, keys).await?.map_err(|()| invalid("its signature is wrong"))?;
    let claims: LogoutClaims =
        serde_json::from_slice(jws.payload()).map_err(|_| invalid("it lacks a claim"))?;
    check(claims, config, now.as_unix_seconds()).map_err(invalid)
}

fn check(claims: LogoutClaims, config: &LogtoConfig, now: i64) -> Result<(LoggedOut, String), &'static str> {
    if claims.iss != config.logto_url.issuer() {
        return Err("it is another issuer's");
    }
    let is_ours = match &claims.aud {
        Audience::One(audience) => *audience == config.app_id,
        Audience::Many(audiences) => audiences.contains(&config.app_id),
    };
    if !is_ours {
        return Err("it is another application's");
    }
    if now.checked_sub(claims.iat).is_none_or(|age| age.abs() > CLOCK_DIFFERENCE) {
        return Err("it was not issued just now; compare the clocks");
    }
    if claims.exp.is_some_and(|exp| exp.saturating_add(CLOCK_DIFFERENCE) <= now) {
        return Err("it has expired");
    }
    if !claims.events.get(EVENT).is_some_and(serde_json::Value::is_object) {
        return Err("it announces no logout");
    }
    // With a nonce it would be an ID token in disguise (§2.4).
    if claims.nonce {
        return Err("it has a nonce");
    }
    let whose = match (claims.sid, claims.sub) {
        (Some(sid), _) if !sid.is_empty() => LoggedOut::Sid(sid),
        (None, Some(subject)) if !subject.is_empty() => LoggedOut::Subject(subject),
        _ => return Err("it names neither a session nor a user"),
    };
    if claims.jti.is_empty() { Err("it has no jti") } else { Ok((whose, claims.jti)) }
}
