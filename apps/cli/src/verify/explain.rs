use logto_authkit::keys::JwkSet;
use logto_authkit::token::{CompactJws, TokenType};
use logto_authkit::{Claims, Timestamp, VerifyError};
use serde_json::Value;

use super::Judgement;
use crate::report::Check;
use crate::terminal::shown;

/// What each check found, and the token's claims where they can be read.
pub(crate) struct Explanation {
    pub(crate) checks: Vec<Check>,
    pub(crate) claims: Option<Value>,
}

/// The checks of a verification in its order. Where one fails, those that do not depend on it are still made.
pub(crate) fn explain(token: &str, judgement: &Judgement, keys: Result<&JwkSet, &str>) -> Explanation {
    let jws = match CompactJws::parse(token) {
        Ok(jws) => jws,
        Err(VerifyError::AlgorithmNotAllowed) => {
            let algorithm = Check::fails("algorithm", "it is none, HMAC or unknown")
                .hint("only asymmetric signatures prove that the issuer made a token; Logto signs with ES384 or RS256");
            return Explanation {
                checks: vec![Check::holds("shape", "three parts"), algorithm],
                claims: None,
            };
        }
        Err(error) => return Explanation { checks: vec![shape(token, &error)], claims: None },
    };
    let policy = &judgement.policy;
    let mut checks = vec![Check::holds("shape", "a signed token of three parts")];
    checks.push(match policy.check_algorithm(jws.algorithm()) {
        Ok(()) => Check::holds("algorithm", jws.algorithm().name()),
        Err(error) => Check::fails("algorithm", error.to_string()),
    });
    checks.push(token_type(judgement, &jws));
    let claims = match Claims::parse(jws.payload()) {
        Ok(claims) => claims,
        Err(error) => {
            checks.push(Check::fails("claims", error.to_string()));
            let claims = serde_json::from_slice(jws.payload()).ok();
            return Explanation { checks, claims };
        }
    };
    checks.push(Check::holds("claims", format!("of {}", shown(claims.subject()))));
    checks.push(issuer(judgement, &claims));
    checks.push(audience(judgement, &claims));
    checks.push(time(judgement, &claims));
    let signed = signature(&jws, keys, &mut checks);
    checks.extend(permissions(judgement, &claims, signed));
    let claims = serde_json::from_str(claims.json()).ok();
    Explanation { checks, claims }
}

fn shape(token: &str, error: &VerifyError) -> Check {
    let check = Check::fails("shape", error.to_string());
    match token.bytes().filter(|byte| *byte == b'.').count() {
        0 => check
            .hint("this is an opaque token: name your API resource when asking for it (parameter resource)"),
        4 => check.hint("this is an encrypted token (JWE); Logto does not make these"),
        _ => check.hint("is it copied whole, without quotes, line breaks or padding?"),
    }
}

fn token_type(judgement: &Judgement, jws: &CompactJws<'_>) -> Check {
    if judgement.policy.check_type(jws.token_type()).is_ok() {
        return Check::holds("type", "at+jwt, an access token");
    }
    let check = Check::fails("type", "it does not say at+jwt");
    match jws.token_type() {
        TokenType::LogoutToken => {
            check.hint("this is a logout token: it says that a session ended, and opens nothing")
        }
        _ => check.hint("this is an ID token: ask for an access token for your resource"),
    }
}

fn issuer(judgement: &Judgement, claims: &Claims) -> Check {
    match judgement.policy.check_issuer(&judgement.logto, claims) {
        Ok(()) => Check::holds("issuer", claims.issuer()),
        Err(_) => Check::fails(
            "issuer",
            format!("it was issued by {}, not by {}", shown(claims.issuer()), judgement.logto.issuer()),
        )
        .hint("is --logto-url the server that signed you in? A custom domain is another issuer"),
    }
}

fn audience(judgement: &Judgement, claims: &Claims) -> Check {
    let found: Vec<_> = claims.audience().map(shown).collect();
    let found = found.join(", ");
    if judgement.policy.check_audience(claims).is_ok() {
        return Check::holds("audience", found);
    }
    let wanted = match (&judgement.audience, &judgement.organization) {
        (Some(audience), _) => audience.clone(),
        (None, Some(organization)) => format!("urn:logto:organization:{organization}"),
        (None, None) => String::new(),
    };
    let check = Check::fails("audience", format!("it is for {found}, not for {wanted}"));
    if claims.audience().any(|entry| entry.trim_end_matches('/') == wanted.trim_end_matches('/')) {
        return check.hint("the two differ by a slash at the end, and audiences are compared byte for byte");
    }
    if claims.audience().any(|entry| entry.starts_with("urn:logto:organization:")) {
        return check.hint("this is an organization token: leave --audience out and give --organization");
    }
    check.hint("ask for a token with the parameter resource set to the API resource")
}

fn time(judgement: &Judgement, claims: &Claims) -> Check {
    let now = judgement.now;
    match judgement.policy.check_time(claims, now) {
        Ok(()) => Check::holds("time", format!("valid for another {}", span(now, claims.expires_at()))),
        Err(VerifyError::NotYetValid) => {
            let start = claims.not_before().unwrap_or(now);
            Check::fails("time", format!("it becomes valid in {}", span(now, start)))
                .hint("are the clocks right? logto-authkit doctor compares them")
        }
        Err(_) => Check::fails("time", format!("it expired {} ago", span(claims.expires_at(), now)))
            .hint("get a new one: access tokens of Logto live for an hour unless set otherwise"),
    }
}

/// Looks for the key and checks the signature. Whether it is valid, as far as anybody can tell.
fn signature(jws: &CompactJws<'_>, keys: Result<&JwkSet, &str>, checks: &mut Vec<Check>) -> bool {
    let kid = jws.key_id().map_or_else(|| "no kid".to_owned(), |kid| format!("kid {}", shown(kid)));
    let keys = match keys {
        Ok(keys) if !keys.is_empty() => keys,
        Ok(_) => {
            checks.push(Check::not_reached("key", "the key set holds no usable key"));
            checks.push(Check::not_reached("signature", "there is no key to check it with"));
            return false;
        }
        Err(problem) => {
            checks.push(Check::not_reached("key", shown(problem)));
            checks.push(Check::not_reached("signature", "there is no key to check it with"));
            return false;
        }
    };
    match keys.verify(jws) {
        Ok(_) => {
            checks.extend([Check::holds("key", kid), Check::holds("signature", "made by that key")]);
            true
        }
        Err(VerifyError::InvalidSignature) => {
            checks.push(Check::holds("key", kid));
            checks.push(
                Check::fails("signature", "not made by that key")
                    .hint("was the token changed or cut on its way?"),
            );
            false
        }
        Err(error) => {
            let check = Check::fails("key", format!("{kid}: {error}"));
            checks.push(check.hint("was the key rotated out, or is the token from another server?"));
            checks.push(Check::not_reached("signature", "there is no key to check it with"));
            false
        }
    }
}

/// Organization and scopes: only a valid signature makes them worth looking at.
fn permissions(judgement: &Judgement, claims: &Claims, signed: bool) -> Vec<Check> {
    let policy = &judgement.policy;
    if !signed {
        return vec![
            Check::not_reached("organization", "the signature is not known to be valid"),
            Check::not_reached("scopes", "the signature is not known to be valid"),
        ];
    }
    let organization = match policy.check_organization(claims) {
        Ok(()) => Check::holds(
            "organization",
            claims.organization_id().map_or_else(|| "none, as wanted".to_owned(), shown),
        ),
        Err(error) => Check::fails("organization", error.to_string()).hint(
            "give --organization for tokens that were issued inside one, and leave it out for all others",
        ),
    };
    let scopes = match policy.check_scopes(claims) {
        Ok(()) if claims.scopes().is_empty() => Check::holds("scopes", "none, and none is asked for"),
        Ok(()) => Check::holds("scopes", shown(claims.scopes().as_str())),
        Err(error) => Check::fails("scopes", format!("{error}; it has: {}", shown(claims.scopes().as_str())))
            .hint("does the user's or the application's role grant it, and was it asked for?"),
    };
    vec![organization, scopes]
}

/// The time between two moments, as a person says it.
fn span(from: Timestamp, to: Timestamp) -> String {
    let seconds = to.as_unix_millis().saturating_sub(from.as_unix_millis()).max(0) / 1000;
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds / 60),
        7_200..=172_799 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}
