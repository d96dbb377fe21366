//! The page on which a person signs in.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::Response;

use super::authorize::complete;
use super::{Parameters, cookie};
use crate::pages;
use crate::random;
use crate::server::Shared;
use crate::state::{AuthorizationRequest, Session};

const EXPIRED: &str = "This sign-in is no longer open. Go back to the application and start again.";

/// `GET /sign-in?interaction=…`.
pub(crate) async fn show(State(shared): State<Arc<Shared>>, uri: Uri) -> Response {
    let query = Parameters::parse(uri.query().unwrap_or_default().as_bytes());
    let id = query.get("interaction").unwrap_or_default();
    match interaction(&shared, id) {
        Some(request) => {
            let username = request.login_hint.as_deref().unwrap_or_default();
            pages::sign_in(StatusCode::OK, &page(&request, id, username, None))
        }
        None => pages::error(StatusCode::BAD_REQUEST, EXPIRED),
    }
}

/// `POST /sign-in` with `interaction`, `username` and `password`.
pub(crate) async fn submit(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    // Another site must not sign a visitor in under a name of its choice. Browsers say where a form was.
    let site = headers.get("sec-fetch-site").and_then(|site| site.to_str().ok());
    if matches!(site, Some("cross-site")) {
        return pages::error(StatusCode::FORBIDDEN, "The form came from another site.");
    }
    let form = Parameters::parse(&body);
    let id = form.get("interaction").unwrap_or_default();
    let Some(request) = interaction(&shared, id) else {
        return pages::error(StatusCode::BAD_REQUEST, EXPIRED);
    };
    let username = form.get("username").unwrap_or_default();
    let password = form.get("password").unwrap_or_default();
    let user = shared.directory.user_named(username).filter(|user| user.password_is(password));
    let Some(user) = user else {
        let problem = if request.register {
            "No new accounts are made here. Use the username and password of one that is configured."
        } else {
            "Wrong username or password."
        };
        return pages::sign_in(StatusCode::BAD_REQUEST, &page(&request, id, username, Some(problem)));
    };
    let session_id = open_session(&shared, &headers, user.id());
    shared.state().interactions.remove(id);
    let mut response = complete(&shared, &request, &session_id);
    response.headers_mut().insert(header::SET_COOKIE, cookie::set(&shared, &session_id));
    response
}

fn interaction(shared: &Shared, id: &str) -> Option<AuthorizationRequest> {
    shared.state().interactions.get(id, shared.clock.unix_millis()).cloned()
}

fn page<'a>(
    request: &'a AuthorizationRequest,
    interaction: &'a str,
    username: &'a str,
    problem: Option<&'a str>,
) -> pages::SignIn<'a> {
    pages::SignIn {
        interaction,
        username,
        problem,
        register: request.register,
        application: &request.client_id,
    }
}

/// A session always begins under a new id, whatever cookie the browser brought. The same user's session goes on
/// otherwise, so that the applications in it are told when it ends.
fn open_session(shared: &Shared, headers: &HeaderMap, user_id: &str) -> String {
    let now = shared.clock.unix_millis();
    let now_seconds = now.div_euclid(1000);
    let mut state = shared.state();
    let before =
        cookie::session_id(shared, headers).and_then(|id| state.sessions.take(&id, now).map(|it| (id, it)));
    let id = random::identifier();
    let session = match before {
        Some((old, mut session)) if session.user_id == user_id => {
            session.signed_in_at = now_seconds;
            state.move_grants(&old, &id);
            session
        }
        _ => Session::new(user_id, now_seconds),
    };
    state.sessions.insert(id.clone(), session, now, Session::LIFETIME_SECONDS);
    state.signed_in(user_id, now);
    id
}
