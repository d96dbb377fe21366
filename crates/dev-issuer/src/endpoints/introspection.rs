//! Token introspection (RFC 7662).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use serde_json::{Value, json};

use super::Parameters;
use super::client_authentication::authenticate;
use super::oauth_error::{OAuthError, answered};
use super::scopes::all_of;
use crate::server::Shared;
use crate::state::Grant;

/// `POST /oidc/token/introspection`: opaque and refresh tokens, also those of other applications. A JWT is refused,
/// because whoever has one can verify it.
pub(crate) async fn introspection(
    State(shared): State<Arc<Shared>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    answered(&shared, &uri, answer(&shared, &headers, &body))
}

fn answer(shared: &Shared, headers: &HeaderMap, body: &[u8]) -> Result<Value, OAuthError> {
    let parameters = Parameters::from_form(headers, body)?;
    authenticate(shared, headers, &parameters)?;
    let token = parameters.required("token")?;
    if is_jwt(token) {
        let description = "Structured JWT Tokens cannot be introspected via the introspection_endpoint";
        return Err(OAuthError::unsupported_token_type(description));
    }
    let now = shared.clock.unix_millis();
    let state = shared.state();
    if let Some(opaque) = state.opaque_tokens.get(token, now)
        && let Some(grant) = state.grants.get(&opaque.grant, now)
    {
        let mut body = describe(shared, grant, opaque.issued_at, opaque.expires_at, &opaque.scope);
        body["token_type"] = Value::from("Bearer");
        return Ok(body);
    }
    // A refresh token that was replaced is none any more, although it is remembered.
    let refresh = state.refresh_tokens.get(token, now).filter(|token| token.rotated_at_millis.is_none());
    if let Some(refresh) = refresh
        && let Some(grant) = state.grants.get(&refresh.grant, now)
    {
        let scopes: Vec<&str> = all_of(grant).map(String::as_str).collect();
        let (issued, expires) = (refresh.issued_at_millis / 1000, refresh.expires_at_millis / 1000);
        return Ok(describe(shared, grant, issued, expires, &scopes.join(" ")));
    }
    Ok(json!({ "active": false }))
}

fn describe(shared: &Shared, grant: &Grant, issued_at: i64, expires_at: i64, scope: &str) -> Value {
    json!({
        "active": true,
        "sub": grant.user_id,
        "client_id": grant.client_id,
        "exp": expires_at,
        "iat": issued_at,
        "sid": grant.sid,
        "iss": shared.issuer,
        "scope": scope,
    })
}

/// Three parts with dots between them: none of the issuer's own opaque tokens has a dot.
pub(super) fn is_jwt(token: &str) -> bool {
    token.split('.').count() == 3
}
