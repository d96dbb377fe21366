//! The token endpoint: which grant it is, and who may use it.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use serde_json::Value;

use super::client_authentication::authenticate;
use super::oauth_error::{OAuthError, answered};
use super::{Parameters, authorization_code, client_credentials, refresh_token};
use crate::model::Kind;
use crate::server::Shared;

/// `POST /oidc/token`.
pub(crate) async fn token(
    State(shared): State<Arc<Shared>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    answered(&shared, &uri, answer(&shared, &headers, &body))
}

fn answer(shared: &Shared, headers: &HeaderMap, body: &[u8]) -> Result<Value, OAuthError> {
    let parameters = Parameters::from_form(headers, body)?;
    let application = authenticate(shared, headers, &parameters)?;
    let grant_type = parameters.required("grant_type")?;
    let allowed = match grant_type {
        "client_credentials" => application.kind() == Kind::Machine,
        "authorization_code" | "refresh_token" => application.kind() != Kind::Machine,
        _ => {
            let description = "unsupported grant_type requested";
            return Err(OAuthError::new(StatusCode::BAD_REQUEST, "unsupported_grant_type", description));
        }
    };
    if !allowed {
        return Err(OAuthError::invalid_request("requested grant type is not allowed for this client"));
    }
    match grant_type {
        "client_credentials" => client_credentials::exchange(shared, application, &parameters),
        "authorization_code" => authorization_code::exchange(shared, application, &parameters),
        _ => refresh_token::exchange(shared, application, &parameters),
    }
}
