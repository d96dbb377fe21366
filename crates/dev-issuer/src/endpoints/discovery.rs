//! The discovery document.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::scopes::USER_SCOPES;
use crate::keys::SigningKey;
use crate::server::Shared;

/// `GET /oidc/.well-known/openid-configuration`. The addresses follow the `Host` header of the request, so that
/// they lead back the way it came; `issuer` stays what it is.
pub(crate) async fn discovery(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let host =
        headers.get(header::HOST).and_then(|host| host.to_str().ok()).filter(|host| is_plausible(host));
    let base = host.map_or_else(|| shared.issuer.clone(), |host| format!("http://{host}/oidc"));
    let mut algorithms: Vec<&str> =
        shared.keys().published().map(SigningKey::algorithm).map(crate::SigningAlgorithm::name).collect();
    algorithms.dedup();
    let document = json!({
        "authorization_endpoint": format!("{base}/auth"),
        "claims_parameter_supported": false,
        "claims_supported": [
            "sub", "name", "family_name", "given_name", "preferred_username", "picture", "locale", "updated_at",
            "username", "created_at", "email", "email_verified", "phone_number", "phone_number_verified",
            "custom_data", "identities", "sso_identities", "roles", "organizations", "organization_data",
            "organization_roles", "sid", "auth_time", "iss"
        ],
        "code_challenge_methods_supported": ["S256"],
        "end_session_endpoint": format!("{base}/session/end"),
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "issuer": shared.issuer,
        "jwks_uri": format!("{base}/jwks"),
        "authorization_response_iss_parameter_supported": true,
        "response_modes_supported": ["query"],
        "response_types_supported": ["code"],
        "scopes_supported": USER_SCOPES,
        "subject_types_supported": ["public"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "token_endpoint": format!("{base}/token"),
        "id_token_signing_alg_values_supported": algorithms,
        "request_uri_parameter_supported": false,
        "userinfo_endpoint": format!("{base}/me"),
        "introspection_endpoint": format!("{base}/token/introspection"),
        "revocation_endpoint": format!("{base}/token/revocation"),
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "claim_types_supported": ["normal"],
    });
    let headers = [(header::CONTENT_TYPE, "application/json; charset=utf-8")];
    (StatusCode::OK, headers, document.to_string()).into_response()
}

/// A host name or address with a port at most; anything else must not become part of a URL.
fn is_plausible(host: &str) -> bool {
    !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte))
}
