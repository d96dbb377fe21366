//! Exchanging a refresh token (RFC 6749 §6), with rotation and the detection of stolen tokens.

use serde_json::Value;

use super::Parameters;
use super::access_token::{Wanted, for_user, id_token};
use super::oauth_error::OAuthError;
use crate::model::{Application, Kind};
use crate::random;
use crate::server::Shared;
use crate::state::{RefreshToken, RefreshVerdict, State};

/// Exchanges a refresh token. Whether it stays, rotates or ends the whole grant is [`RefreshToken::verdict`]'s.
pub(super) fn exchange(
    shared: &Shared,
    application: &Application,
    parameters: &Parameters,
) -> Result<Value, OAuthError> {
    let presented = parameters.required("refresh_token")?;
    let now = shared.clock.unix_millis();
    let mut guard = shared.state();
    let state = &mut *guard;

    let token = state.refresh_tokens.get(presented, now).cloned().ok_or_else(OAuthError::invalid_grant)?;
    let grant = state.grants.get(&token.grant, now).cloned().ok_or_else(OAuthError::invalid_grant)?;
    if grant.client_id != application.id() {
        return Err(OAuthError::invalid_grant());
    }
    let is_public = application.kind() == Kind::Spa;
    let verdict = token.verdict(is_public, now);
    if verdict == RefreshVerdict::Stolen {
        state.revoke_grant(&token.grant);
        return Err(OAuthError::invalid_grant());
    }

    let wanted = Wanted {
        resources: parameters.all("resource"),
        organization: parameters.get("organization_id"),
        scopes: parameters.words("scope"),
    };
    let access_token = for_user(shared, state, &token.grant, &grant, &wanted)?;
    let mut body = access_token.to_json();
    if wanted.id_token(&grant) {
        let id_token = id_token(shared, state, &grant, application, wanted.scopes.as_deref())?;
        body["id_token"] = Value::from(id_token);
    }
    let successor = match verdict {
        RefreshVerdict::Rotate => rotate(state, presented, &token, is_public, now),
        _ => presented.to_owned(),
    };
    body["refresh_token"] = Value::from(successor);
    Ok(body)
}

/// Issues a successor. The one for a public application does not live longer than the first of its line, so that
/// a stolen one ends some day.
fn rotate(state: &mut State, presented: &str, token: &RefreshToken, is_public: bool, now: i64) -> String {
    if let Some(replaced) = state.refresh_tokens.get_mut(presented, now) {
        // Each use within the grace prolongs it, as a real server does.
        replaced.rotated_at_millis = Some(now);
    }
    let full_life = RefreshToken::LIFETIME_SECONDS * 1000;
    let life = if is_public { token.expires_at_millis.saturating_sub(now) } else { full_life };
    let successor = RefreshToken {
        grant: token.grant.clone(),
        issued_at_millis: now,
        expires_at_millis: now.saturating_add(life),
        rotated_at_millis: None,
    };
    let name = random::identifier();
    state.refresh_tokens.insert(name.clone(), successor, now, life.saturating_add(999) / 1000);
    name
}
