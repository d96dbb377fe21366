//! Signing out at the issuer (OpenID Connect RP-Initiated Logout 1.0).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::Response;
use serde_json::Value;
use url::Url;

use super::authorize::see_other;
use super::oauth_error::{OAuthError, wants_html};
use super::{Parameters, backchannel_logout, cookie};
use crate::keys::from_base64url;
use crate::pages;
use crate::random;
use crate::server::Shared;
use crate::state::SignOut;

/// `GET` and `POST /oidc/session/end`: a page that confirms by itself, or by a button where scripts are off.
pub(crate) async fn end_session(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let query = uri.query().unwrap_or_default().as_bytes();
    let parameters = Parameters::parse(if method == Method::POST { &body } else { query });
    let return_to = match return_address(&shared, &parameters) {
        Ok(return_to) => return_to,
        Err(error) if wants_html(&headers) => return pages::oauth_error(error.error, &error.description),
        Err(error) => return error.response(&shared, &uri),
    };
    let sign_out = SignOut {
        session: cookie::session_id(&shared, &headers),
        return_to,
        state: parameters.owned("state"),
    };
    let secret = random::identifier();
    let now = shared.clock.unix_millis();
    shared.state().sign_outs.insert(secret.clone(), sign_out, now, SignOut::LIFETIME_SECONDS);
    pages::sign_out(&secret)
}

/// `POST /oidc/session/end/confirm` with `xsrf` from the page. `logout=yes` ends the session; without it the
/// browser goes back signed in.
pub(crate) async fn confirm(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let form = Parameters::parse(&body);
    let now = shared.clock.unix_millis();
    let browser = cookie::session_id(&shared, &headers);
    let sign_out = form.get("xsrf").and_then(|secret| shared.state().sign_outs.take(secret, now));
    let Some(sign_out) = sign_out.filter(|sign_out| sign_out.session == browser) else {
        let text = "This sign-out is no longer open. Go back to the application and try again.";
        return pages::error(StatusCode::BAD_REQUEST, text);
    };
    let signs_out = form.get("logout") == Some("yes");
    if let (true, Some(id)) = (signs_out, &sign_out.session) {
        let ended = {
            let mut state = shared.state();
            state.revoke_grants_of_session(id);
            state.sessions.take(id, now)
        };
        if let Some(session) = ended {
            backchannel_logout::notify(&shared, &session).await;
        }
    }
    let to = sign_out.return_to.map(|uri| with_state(&uri, sign_out.state.as_deref()));
    let mut response = see_other(to.as_deref().unwrap_or("/oidc/session/end/success"));
    if signs_out {
        response.headers_mut().insert(header::SET_COOKIE, cookie::clear(&shared));
    }
    response
}

/// `GET /oidc/session/end/success`: where a browser goes that has nowhere to return to.
pub(crate) async fn signed_out() -> Response {
    pages::signed_out()
}

fn return_address(shared: &Shared, parameters: &Parameters) -> Result<Option<String>, OAuthError> {
    let hinted = parameters.get("id_token_hint").map(|hint| {
        hinted_client(shared, hint)
            .ok_or_else(|| OAuthError::invalid_request("could not validate id_token_hint"))
    });
    let hinted = hinted.transpose()?;
    let client_id = parameters.owned("client_id").or_else(|| hinted.clone());
    if hinted.is_some() && hinted != client_id {
        return Err(OAuthError::invalid_request("client_id does not match the provided id_token_hint"));
    }
    let application = match &client_id {
        Some(id) => Some(shared.directory.application(id).ok_or_else(|| OAuthError::unknown_client(id))?),
        None => None,
    };
    let Some(uri) = parameters.owned("post_logout_redirect_uri") else { return Ok(None) };
    // Without knowing who asks, every address is a foreign one.
    if application.is_some_and(|application| application.may_return_after_logout_to(&uri)) {
        Ok(Some(uri))
    } else {
        Err(OAuthError::invalid_request("post_logout_redirect_uri not registered"))
    }
}

/// The application an ID token of ours was issued to. That it has expired does not matter (§4 of the
/// specification), that a published key signed it does.
fn hinted_client(shared: &Shared, hint: &str) -> Option<String> {
    let (input, signature) = hint.rsplit_once('.')?;
    let (header, payload) = input.split_once('.')?;
    let signature = from_base64url(signature)?;
    let header: Value = serde_json::from_slice(&from_base64url(header)?).ok()?;
    let payload: Value = serde_json::from_slice(&from_base64url(payload)?).ok()?;
    let signed = shared.keys().published().any(|key| {
        header["kid"] == key.key_id()
            && header["alg"] == key.algorithm().name()
            && key.verify(input.as_bytes(), &signature)
    });
    (signed && payload["iss"] == shared.issuer.as_str())
        .then(|| payload["aud"].as_str().map(str::to_owned))?
}

fn with_state(uri: &str, state: Option<&str>) -> String {
    match (Url::parse(uri), state) {
        (Ok(mut url), Some(state)) => {
            url.query_pairs_mut().append_pair("state", state);
            url.into()
        }
        _ => uri.to_owned(),
    }
}
