//! Which path leads to which endpoint, and what happens to every request on its way.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};

use super::Shared;
use crate::counters::Counted;
use crate::endpoints::{self, Parameters};
use crate::faults::{self, FaultPoint};

/// No form that an honest client sends is longer.
const MAX_FORM_BYTES: usize = 1024 * 1024;

/// All routes of the issuer.
pub(crate) fn router(shared: &Arc<Shared>) -> Router {
    use FaultPoint as P;
    let at = |point, route: MethodRouter<Arc<Shared>>| {
        route.layer(from_fn_with_state((Arc::clone(shared), point), observe))
    };
    let discovery = || at(P::Discovery, get(endpoints::discovery));
    let userinfo = get(endpoints::userinfo).post(endpoints::userinfo);
    let programs = Router::new()
        .route("/oidc/.well-known/openid-configuration", discovery())
        .route("/oidc/.well-known/oauth-authorization-server", discovery())
        .route("/oidc/jwks", at(P::Jwks, get(endpoints::jwks)))
        .route("/oidc/token", at(P::Token, post(endpoints::token)))
        .route("/oidc/me", at(P::Userinfo, userinfo))
        .route("/oidc/token/introspection", at(P::Introspection, post(endpoints::introspection)))
        .route("/oidc/token/revocation", at(P::Revocation, post(endpoints::revocation)))
        .layer(axum::middleware::from_fn(open_to_other_origins));
    let authorize = get(endpoints::authorize).post(endpoints::authorize);
    let end_session = get(endpoints::end_session).post(endpoints::end_session);
    let browsers = Router::new()
        .route("/oidc/auth", at(P::Authorize, authorize))
        .route("/oidc/session/end", at(P::EndSession, end_session))
        .route("/oidc/session/end/confirm", post(endpoints::end_session_confirm))
        .route("/oidc/session/end/success", get(endpoints::signed_out))
        .route("/sign-in", get(endpoints::sign_in_page).post(endpoints::sign_in));
    programs.merge(browsers).fallback(nothing_here).with_state(Arc::clone(shared))
}

async fn nothing_here() -> Response {
    (StatusCode::NOT_FOUND, "Not Found").into_response()
}

/// Counts the request, then answers it rightly or with a fault.
async fn observe(
    State((shared, point)): State<(Arc<Shared>, FaultPoint)>,
    request: Request,
    next: Next,
) -> Response {
    let counted = match point {
        FaultPoint::Discovery => Counted::Discovery,
        FaultPoint::Jwks => Counted::Jwks,
        FaultPoint::Authorize => Counted::Authorize,
        FaultPoint::Token => Counted::Token,
        FaultPoint::Userinfo => Counted::Userinfo,
        FaultPoint::Introspection => Counted::Introspection,
        FaultPoint::Revocation => Counted::Revocation,
        FaultPoint::EndSession => Counted::EndSession,
    };
    shared.counters.count(counted);
    let request = if point == FaultPoint::Token {
        match count_grant(&shared, request).await {
            Ok(request) => request,
            Err(response) => return response,
        }
    } else {
        request
    };
    faults::apply(&shared, point, request, next).await
}

/// Counts the grant of a token request before a fault can swallow it: how often an application tries is just what
/// a test with a failing issuer wants to know.
async fn count_grant(shared: &Shared, request: Request) -> Result<Request, Response> {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_FORM_BYTES).await else {
        return Err((StatusCode::PAYLOAD_TOO_LARGE, "The form is too long.").into_response());
    };
    match Parameters::parse(&body).get("grant_type") {
        Some("authorization_code") => shared.counters.count(Counted::TokenAuthorizationCode),
        Some("refresh_token") => shared.counters.count(Counted::TokenRefresh),
        Some("client_credentials") => shared.counters.count(Counted::TokenClientCredentials),
        _ => {}
    }
    Ok(Request::from_parts(parts, Body::from(body)))
}

/// Lets scripts of other origins read the answer, as single-page applications need it.
async fn open_to_other_origins(request: Request, next: Next) -> Response {
    let is_preflight = request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if is_preflight {
        let mut response = StatusCode::NO_CONTENT.into_response();
        allow(response.headers_mut());
        response
    } else {
        next.run(request).await
    };
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

fn allow(headers: &mut HeaderMap) {
    let methods = HeaderValue::from_static("GET, POST");
    let names = HeaderValue::from_static("Authorization, Content-Type");
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("3600"));
}
