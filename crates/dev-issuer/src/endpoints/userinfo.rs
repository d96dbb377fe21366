//! Userinfo.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Uri, header};
use axum::response::Response;
use serde_json::Value;

use super::Parameters;
use super::claims::{Reader, about};
use super::oauth_error::{OAuthError, answered};
use super::scopes::OPENID;
use crate::keys::Members;
use crate::server::Shared;

/// `GET` and `POST /oidc/me`. Opaque tokens only: a token for a resource is none for the issuer.
pub(crate) async fn userinfo(
    State(shared): State<Arc<Shared>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    answered(&shared, &uri, answer(&shared, &headers, &body))
}

fn answer(shared: &Shared, headers: &HeaderMap, body: &[u8]) -> Result<Value, OAuthError> {
    let form = Parameters::parse(body);
    let token = bearer(headers).or(form.get("access_token")).ok_or_else(OAuthError::no_access_token)?;
    let now = shared.clock.unix_millis();
    let state = shared.state();
    let opaque = state.opaque_tokens.get(token, now).ok_or_else(OAuthError::invalid_token)?;
    let grant = state.grants.get(&opaque.grant, now).ok_or_else(OAuthError::invalid_token)?;
    let user = shared.directory.user(&grant.user_id).ok_or_else(OAuthError::invalid_token)?;
    let scopes: Vec<String> = opaque.scope.split(' ').map(str::to_owned).collect();
    if !scopes.iter().any(|scope| scope == OPENID) {
        return Err(OAuthError::insufficient_scope("access token missing openid scope", OPENID));
    }
    let mut members = Members::default().with("sub", user.id());
    members.append(about(shared, &state, user, &scopes, Reader::Userinfo));
    Ok(members.into())
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}
