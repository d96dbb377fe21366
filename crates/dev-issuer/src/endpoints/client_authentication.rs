//! Which application sent a request to the token, introspection or revocation endpoint.

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;

use super::Parameters;
use super::oauth_error::OAuthError;
use crate::model::{Application, Kind};
use crate::server::Shared;

/// Finds the application and checks its secret, from HTTP Basic or from the body.
pub(super) fn authenticate<'a>(
    shared: &'a Shared,
    headers: &HeaderMap,
    parameters: &Parameters,
) -> Result<&'a Application, OAuthError> {
    let (id, secret) = match basic(headers)? {
        Some((id, secret)) => {
            if parameters.get("client_secret").is_some() {
                let description = "client authentication must only be provided using one mechanism";
                return Err(OAuthError::invalid_request(description));
            }
            if parameters.get("client_id").is_some_and(|other| other != id) {
                return Err(OAuthError::invalid_request("mismatch in body and authorization client ids"));
            }
            (id, Some(secret))
        }
        None => {
            let id = parameters
                .get("client_id")
                .ok_or_else(|| OAuthError::invalid_request("no client authentication mechanism provided"))?;
            (id.to_owned(), parameters.owned("client_secret"))
        }
    };
    let application = shared.directory.application(&id).ok_or_else(|| OAuthError::unknown_client(&id))?;
    let authenticated = match application.kind() {
        // A public application has no secret; one that is sent all the same proves nothing.
        Kind::Spa => true,
        Kind::Machine | Kind::Web => secret.is_some_and(|secret| application.secret_is(&secret)),
    };
    if authenticated { Ok(application) } else { Err(OAuthError::client_authentication_failed()) }
}

/// The id and the secret of an `Authorization: Basic` header, both form-decoded (RFC 6749 §2.3.1).
fn basic(headers: &HeaderMap) -> Result<Option<(String, String)>, OAuthError> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let invalid = || OAuthError::invalid_request("invalid authorization header value format");
    let (scheme, encoded) = value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(invalid)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(invalid());
    }
    let decoded = STANDARD.decode(encoded.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let decoded = decoded.ok_or_else(invalid)?;
    let (id, secret) = decoded.split_once(':').ok_or_else(invalid)?;
    Ok(Some((form_decoded(id).ok_or_else(invalid)?, form_decoded(secret).ok_or_else(invalid)?)))
}

fn form_decoded(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}
