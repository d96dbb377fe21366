//! The beginning of a sign-in (RFC 6749 §4.1.1), and its end when the user is known.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use url::Url;

use super::cookie;
use super::oauth_error::{OAuthError, json_response, wants_html};
use super::scopes::{OPENID, granted};
use super::{Parameters, pkce};
use crate::model::{Kind, ORGANIZATIONS_RESOURCE, Principal};
use crate::pages;
use crate::random;
use crate::server::Shared;
use crate::state::{AuthorizationRequest, Code, Grant, Prompts};

/// `GET` and `POST /oidc/auth`.
pub(crate) async fn authorize(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let query = uri.query().unwrap_or_default().as_bytes();
    let parameters = Parameters::parse(if method == Method::POST { &body } else { query });
    let request = match Origin::of(&shared, &parameters) {
        Err(error) => return refuse(&shared, &headers, &error, parameters.get("state")),
        Ok(origin) => match check(&shared, &parameters, &origin) {
            Err(error) => return origin.send_back(&shared, &error),
            Ok(request) => request,
        },
    };
    begin(&shared, &headers, request)
}

/// Where errors may be sent. Before this is known, an error must stay here (RFC 6749 §4.1.2.1).
struct Origin {
    client_id: String,
    kind: Kind,
    redirect_uri: String,
    state: Option<String>,
}

impl Origin {
    fn of(shared: &Shared, parameters: &Parameters) -> Result<Self, OAuthError> {
        let client_id = parameters.required("client_id")?;
        let application =
            shared.directory.application(client_id).ok_or_else(|| OAuthError::unknown_client(client_id))?;
        let redirect_uri = parameters.required("redirect_uri")?;
        if !application.may_return_to(redirect_uri) {
            let description = "redirect_uri did not match any of the client's registered redirect_uris";
            return Err(OAuthError::new(StatusCode::BAD_REQUEST, "invalid_redirect_uri", description));
        }
        Ok(Self {
            client_id: client_id.to_owned(),
            kind: application.kind(),
            redirect_uri: redirect_uri.to_owned(),
            state: parameters.owned("state"),
        })
    }

    fn send_back(&self, shared: &Shared, error: &OAuthError) -> Response {
        let answer = [("error", error.error), ("error_description", error.description.as_str())];
        redirect_back(shared, &self.redirect_uri, self.state.as_deref(), &answer)
    }
}

fn check(
    shared: &Shared,
    parameters: &Parameters,
    origin: &Origin,
) -> Result<AuthorizationRequest, OAuthError> {
    let fail = |error, description: &str| Err(OAuthError::new(StatusCode::BAD_REQUEST, error, description));
    if let Some(name) = parameters.repeated() {
        return Err(OAuthError::invalid_request(format!("'{name}' parameter must not be provided twice")));
    }
    if parameters.get("request").is_some() {
        return fail("request_not_supported", "request parameter is not supported");
    }
    if parameters.get("request_uri").is_some() {
        return fail("request_uri_not_supported", "request_uri parameter is not supported");
    }
    match parameters.required("response_type")? {
        "code" => {}
        _ => return fail("unsupported_response_type", "unsupported response_type requested"),
    }
    if !matches!(parameters.get("response_mode"), None | Some("query")) {
        return fail("unsupported_response_mode", "unsupported response_mode requested");
    }
    let challenge = challenge(parameters, origin.kind)?;
    let scopes = parameters.words("scope").unwrap_or_default();
    let nonce = parameters.owned("nonce");
    if nonce.is_some() && !scopes.iter().any(|scope| scope == OPENID) {
        let description = "openid scope must be requested when using the nonce parameter";
        return Err(OAuthError::invalid_request(description));
    }
    let resources = parameters.all("resource");
    let known = |name: &String| name == ORGANIZATIONS_RESOURCE || shared.directory.resource(name).is_some();
    if !resources.iter().all(known) {
        return Err(OAuthError::unknown_target());
    }
    let max_age = match parameters.get("max_age").map(str::parse::<i64>) {
        None => None,
        Some(Ok(seconds)) if seconds >= 0 => Some(seconds),
        Some(_) => return Err(OAuthError::invalid_request("invalid max_age parameter value")),
    };
    Ok(AuthorizationRequest {
        client_id: origin.client_id.clone(),
        redirect_uri: origin.redirect_uri.clone(),
        scopes,
        resources,
        state: origin.state.clone(),
        nonce,
        challenge,
        prompts: prompts(parameters)?,
        max_age,
        register: parameters.get("first_screen").is_some_and(|screen| screen.ends_with("register")),
        login_hint: parameters.owned("login_hint"),
    })
}

fn challenge(parameters: &Parameters, kind: Kind) -> Result<Option<String>, OAuthError> {
    let challenge = parameters.owned("code_challenge");
    let description = match (&challenge, parameters.get("code_challenge_method")) {
        (None, None) if kind == Kind::Spa => {
            "Authorization Server policy requires PKCE to be used for this request"
        }
        (None, None) => return Ok(None),
        (None, Some(_)) => "code_challenge must be provided with code_challenge_method",
        // Without a method `plain` would apply (RFC 7636 §4.3), which is not offered.
        (Some(_), None) => {
            "plain code_challenge_method fallback disabled, code_challenge_method must be provided"
        }
        (Some(_), Some(method)) if method != "S256" => "not supported value of code_challenge_method",
        (Some(text), Some(_)) if !pkce::is_well_formed(text) => {
            "code_challenge must be a string with a minimum length of 43 characters"
        }
        (Some(_), Some(_)) => return Ok(challenge),
    };
    Err(OAuthError::invalid_request(description))
}

fn prompts(parameters: &Parameters) -> Result<Prompts, OAuthError> {
    let mut prompts = Prompts::default();
    for prompt in parameters.words("prompt").unwrap_or_default() {
        match prompt.as_str() {
            "none" => prompts.none = true,
            "login" => prompts.login = true,
            "consent" => prompts.consent = true,
            _ => return Err(OAuthError::invalid_request("unsupported prompt value requested")),
        }
    }
    if prompts.none && (prompts.login || prompts.consent) {
        return Err(OAuthError::invalid_request("prompt none must only be used alone"));
    }
    Ok(prompts)
}

/// Signs in silently when the browser's session is good enough, otherwise sends it to the page for the password.
fn begin(shared: &Shared, headers: &HeaderMap, request: AuthorizationRequest) -> Response {
    let now = shared.clock.unix_millis();
    let session_id = cookie::session_id(shared, headers);
    let is_good_enough = session_id.as_ref().is_some_and(|id| {
        let state = shared.state();
        let session = state.sessions.get(id, now);
        session.is_some_and(|session| session.is_recent_enough(request.max_age, now.div_euclid(1000)))
    });
    match session_id {
        Some(session_id) if is_good_enough && !request.prompts.login => {
            complete(shared, &request, &session_id)
        }
        _ if request.prompts.none => {
            let answer =
                [("error", "login_required"), ("error_description", "End-User authentication is required")];
            redirect_back(shared, &request.redirect_uri, request.state.as_deref(), &answer)
        }
        _ => {
            let id = random::identifier();
            let to = format!("/sign-in?interaction={id}");
            let lifetime = AuthorizationRequest::LIFETIME_SECONDS;
            shared.state().interactions.insert(id, request, now, lifetime);
            see_other(&to)
        }
    }
}

/// Makes the grant and the code, and sends the browser back with it. Consent is taken for given, as with Logto's
/// first-party applications.
pub(super) fn complete(shared: &Shared, request: &AuthorizationRequest, session_id: &str) -> Response {
    let now = shared.clock.unix_millis();
    let mut guard = shared.state();
    let state = &mut *guard;
    let user = state.sessions.get_mut(session_id, now).and_then(|session| {
        let user = shared.directory.user(&session.user_id)?;
        Some((user, session.sid(&request.client_id), session.signed_in_at))
    });
    let Some((user, sid, signed_in_at)) = user else {
        // The session ended in this very moment.
        let answer =
            [("error", "login_required"), ("error_description", "End-User authentication is required")];
        return redirect_back(shared, &request.redirect_uri, request.state.as_deref(), &answer);
    };
    let (scopes, resource_scopes) = granted(shared, request, Principal::User(user));
    let grant = Grant {
        client_id: request.client_id.clone(),
        user_id: user.id().to_owned(),
        session: session_id.to_owned(),
        sid,
        scopes,
        resource_scopes,
        resources: request.resources.clone(),
        nonce: request.nonce.clone(),
        auth_time: request.max_age.map(|_| signed_in_at),
    };
    let grant_id = random::identifier();
    state.grants.insert(grant_id.clone(), grant, now, Grant::LIFETIME_SECONDS);
    let code = Code {
        grant: grant_id,
        redirect_uri: request.redirect_uri.clone(),
        challenge: request.challenge.clone(),
        used: false,
    };
    let code_id = random::identifier();
    state.codes.insert(code_id.clone(), code, now, Code::LIFETIME_SECONDS);
    redirect_back(shared, &request.redirect_uri, request.state.as_deref(), &[("code", &code_id)])
}

/// Sends the browser back to the application with `state` and, so that answers of different issuers cannot be
/// mixed up, `iss` (RFC 9207).
fn redirect_back(shared: &Shared, to: &str, state: Option<&str>, answer: &[(&str, &str)]) -> Response {
    let Ok(mut url) = Url::parse(to) else {
        return pages::error(StatusCode::BAD_REQUEST, "The redirect URI of the application is not a URL.");
    };
    {
        let mut query = url.query_pairs_mut();
        query.extend_pairs(answer);
        if let Some(state) = state {
            query.append_pair("state", state);
        }
        query.append_pair("iss", &shared.issuer);
    }
    see_other(url.as_str())
}

/// A redirect that no cache keeps, since it carries a code.
pub(super) fn see_other(to: &str) -> Response {
    match HeaderValue::try_from(to) {
        Ok(location) => {
            let headers =
                [(header::LOCATION, location), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
            (StatusCode::SEE_OTHER, headers).into_response()
        }
        Err(_) => pages::error(StatusCode::BAD_REQUEST, "The address to go back to is not a URL."),
    }
}

fn refuse(shared: &Shared, headers: &HeaderMap, error: &OAuthError, state: Option<&str>) -> Response {
    if !wants_html(headers) {
        return json_response(StatusCode::BAD_REQUEST, &error.authorize_body(shared, state));
    }
    let text = match error.error {
        "invalid_redirect_uri" => {
            "The application asked to return to an address that is not registered for it. Every character counts; \
             register the address as one of its redirect URIs."
        }
        "invalid_client" => "No application with this id is registered here. Check the application's id.",
        _ => "The request of the application is not complete.",
    };
    pages::oauth_error(error.error, text)
}
