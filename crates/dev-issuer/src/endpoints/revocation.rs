//! Token revocation (RFC 7009).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use super::Parameters;
use super::client_authentication::authenticate;
use super::introspection::is_jwt;
use super::oauth_error::OAuthError;
use crate::server::Shared;

/// `POST /oidc/token/revocation`. A refresh token takes its whole grant with it, an opaque token only itself.
pub(crate) async fn revocation(
    State(shared): State<Arc<Shared>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match revoke(&shared, &headers, &body) {
        // RFC 7009 §2.2: the body is empty, and an unknown token is not an error.
        Ok(()) => (StatusCode::OK, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], "").into_response(),
        Err(error) => error.response(&shared, &uri),
    }
}

fn revoke(shared: &Shared, headers: &HeaderMap, body: &[u8]) -> Result<(), OAuthError> {
    let parameters = Parameters::from_form(headers, body)?;
    let application = authenticate(shared, headers, &parameters)?;
    let token = parameters.required("token")?;
    if is_jwt(token) {
        let description = "Structured JWT Tokens cannot be revoked via the revocation_endpoint";
        return Err(OAuthError::unsupported_token_type(description));
    }
    let now = shared.clock.unix_millis();
    let mut state = shared.state();
    let refresh = state.refresh_tokens.get(token, now).map(|token| token.grant.clone());
    let opaque = state.opaque_tokens.get(token, now).map(|token| token.grant.clone());
    let Some(grant_id) = refresh.clone().or(opaque) else { return Ok(()) };
    let Some(grant) = state.grants.get(&grant_id, now) else { return Ok(()) };
    if grant.client_id != application.id() {
        let description = "client is not authorized to revoke the presented token";
        return Err(OAuthError::invalid_request(description));
    }
    if refresh.is_some() {
        state.revoke_grant(&grant_id);
    } else {
        state.opaque_tokens.remove(token);
    }
    Ok(())
}
