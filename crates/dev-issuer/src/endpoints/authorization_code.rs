//! Exchanging the code from a sign-in (RFC 6749 §4.1.3).

use serde_json::Value;

use super::access_token::{Wanted, for_user, id_token};
use super::oauth_error::OAuthError;
use super::{Parameters, pkce};
use crate::model::Application;
use crate::random;
use crate::server::Shared;
use crate::state::RefreshToken;

/// Exchanges a code. It works once; a second use ends everything the first one got (RFC 6749 §4.1.2).
pub(super) fn exchange(
    shared: &Shared,
    application: &Application,
    parameters: &Parameters,
) -> Result<Value, OAuthError> {
    let presented = parameters.required("code")?;
    let redirect_uri = parameters.required("redirect_uri")?;
    let now = shared.clock.unix_millis();
    let mut guard = shared.state();
    let state = &mut *guard;

    let code = state.codes.get(presented, now).cloned().ok_or_else(OAuthError::invalid_grant)?;
    let grant = state.grants.get(&code.grant, now).cloned().ok_or_else(OAuthError::invalid_grant)?;
    if grant.client_id != application.id() {
        return Err(OAuthError::invalid_grant());
    }
    if code.used {
        state.revoke_grant(&code.grant);
        return Err(OAuthError::invalid_grant());
    }
    let proven = pkce::matches(code.challenge.as_deref(), parameters.get("code_verifier"));
    if code.redirect_uri != redirect_uri || !proven {
        return Err(OAuthError::invalid_grant());
    }

    let wanted = Wanted { resources: parameters.all("resource"), organization: None, scopes: None };
    let access_token = for_user(shared, state, &code.grant, &grant, &wanted)?;
    let mut body = access_token.to_json();
    if wanted.id_token(&grant) {
        body["id_token"] = Value::from(id_token(shared, state, &grant, application, None)?);
    }
    if grant.is_offline() || application.always_issues_refresh_tokens() {
        let token = random::identifier();
        let lifetime = RefreshToken::LIFETIME_SECONDS;
        let remembered = RefreshToken {
            grant: code.grant.clone(),
            issued_at_millis: now,
            expires_at_millis: now.saturating_add(lifetime * 1000),
            rotated_at_millis: None,
        };
        state.refresh_tokens.insert(token.clone(), remembered, now, lifetime);
        body["refresh_token"] = Value::from(token);
    }
    if let Some(code) = state.codes.get_mut(presented, now) {
        code.used = true;
    }
    Ok(body)
}
