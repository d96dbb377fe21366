//! A web application that signs people in, and calls the API next door with their tokens.

use std::time::Duration;

use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use logto_authkit::keys::{HttpClient, HttpLimits, ReqwestClient};
use logto_authkit::sign_in::{AuthRoutes, LogtoClient, LogtoSession, SignInError, WithLogto, auth_router};
use serde::Deserialize;

use super::page::escaped;

#[derive(Clone, Debug)]
struct WebApp {
    /// Where the API is, and what its tokens must be for.
    api: String,
    audience: String,
}

/// What the page is asked to show.
#[derive(Deserialize)]
struct View {
    /// The organization that the user acts in.
    organization: Option<String>,
    /// The request to make of the API.
    call: Option<Call>,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Call {
    Me,
    Products,
    Organization,
}

/// The application at `app`, which is also where the API is.
pub(super) fn router(client: LogtoClient, app: &str, audience: &str) -> Router {
    let state = WebApp { api: app.to_owned(), audience: audience.to_owned() };
    let pages = Router::new().route("/account", get(account)).with_state(state);
    pages.merge(auth_router(AuthRoutes::new(client.clone()))).layer(WithLogto::new(client))
}

async fn account(State(app): State<WebApp>, Query(view): Query<View>, session: LogtoSession) -> Response {
    if !session.is_authenticated() {
        return page("Sign in", include_str!("signed_out.html"));
    }
    let organizations = session.organizations();
    let organization = view.organization.filter(|id| organizations.contains(id));
    let answer = match view.call {
        Some(call) => match called(&app, &session, call, organization.as_deref()).await {
            Ok(answer) => answer,
            // The issuer has ended the grant: nobody is signed in any more.
            Err(SignInError::NotAuthenticated) => return Redirect::to("/account").into_response(),
            Err(error) => told(false, &error.status().to_string(), error.code(), &error.to_string()),
        },
        None => "<p class=\"quiet\">Nothing sent yet.</p>".to_owned(),
    };
    let body = include_str!("signed_in.html")
        .replace("{{profile}}", &profile(&session))
        .replace("{{organizations}}", &switch(&organizations, organization.as_deref()))
        .replace("{{calls}}", &calls(organization.as_deref()))
        .replace("{{answer}}", &answer);
    page("Signed in", &body)
}

/// Calls the API with the session's token for it.
async fn called(
    app: &WebApp,
    session: &LogtoSession,
    call: Call,
    organization: Option<&str>,
) -> Result<String, SignInError> {
    let (path, token) = match (call, organization) {
        (Call::Organization, Some(id)) => {
            (format!("/api/organizations/{id}/products"), session.resource_token_in(id, &app.audience).await?)
        }
        (Call::Me, _) => ("/api/me".to_owned(), session.access_token(Some(&app.audience)).await?),
        (Call::Products | Call::Organization, _) => {
            ("/api/products".to_owned(), session.access_token(Some(&app.audience)).await?)
        }
    };
    let request = http::Request::get(format!("{}{path}", app.api))
        .header("authorization", format!("Bearer {}", token.token()))
        .body(Vec::new());
    let limits = HttpLimits::new(Duration::from_secs(5), 64 * 1024);
    let answer = match request {
        Ok(request) => ReqwestClient::new().send(request, limits).await?,
        Err(_) => return Err(SignInError::NotAuthenticated),
    };
    let status = answer.status();
    let body = String::from_utf8_lossy(answer.body()).into_owned();
    let body = serde_json::from_str::<serde_json::Value>(&body)
        .and_then(|json| serde_json::to_string_pretty(&json))
        .unwrap_or(body);
    Ok(told(status.is_success(), status.as_str(), &format!("GET {path}"), &body))
}

fn told(good: bool, status: &str, what: &str, text: &str) -> String {
    let kind = if good { "good" } else { "bad" };
    format!(
        "<p class=\"status {kind}\">{} <span>{}</span></p><pre>{}</pre>",
        escaped(status),
        escaped(what),
        escaped(text)
    )
}

fn profile(session: &LogtoSession) -> String {
    let Some(claims) = session.claims() else { return String::new() };
    let text = |name: &str| claims.get::<Option<String>>(name).ok().flatten().flatten();
    let list =
        |name: &str| claims.get::<Option<Vec<String>>>(name).ok().flatten().flatten().unwrap_or_default();
    let rows = [
        ("Name", text("name").unwrap_or_default()),
        ("User", claims.subject().to_owned()),
        ("E-mail", text("email").unwrap_or_default()),
        ("Roles", list("roles").join(", ")),
        ("Organizations", list("organization_roles").join(", ")),
    ];
    let shown = rows.iter().filter(|(_, value)| !value.is_empty());
    shown.map(|(name, value)| format!("<div><dt>{name}</dt><dd>{}</dd></div>", escaped(value))).collect()
}

/// Links, so that every choice is an address of its own and works without a script.
fn switch(organizations: &[String], chosen: Option<&str>) -> String {
    let none = (None, "none".to_owned());
    let all = organizations.iter().map(|id| (Some(id.as_str()), id.clone()));
    std::iter::once(none)
        .chain(all)
        .map(|(id, name)| {
            let current = if id == chosen { " aria-current=\"true\"" } else { "" };
            let address =
                id.map_or("/account".to_owned(), |id| format!("/account?organization={}", escaped(id)));
            format!("<a class=\"choice\" href=\"{address}\"{current}>{}</a>", escaped(&name))
        })
        .collect()
}

fn calls(organization: Option<&str>) -> String {
    let own = |call: &str| match organization {
        Some(id) => format!("/account?organization={}&amp;call={call}#answer", escaped(id)),
        None => format!("/account?call={call}#answer"),
    };
    let mut calls = vec![("me", "GET /api/me".to_owned()), ("products", "GET /api/products".to_owned())];
    if let Some(id) = organization {
        calls.push(("organization", format!("GET /api/organizations/{id}/products")));
    }
    calls
        .iter()
        .map(|(call, name)| format!("<a class=\"choice\" href=\"{}\">{}</a>", own(call), escaped(name)))
        .collect()
}

fn page(title: &str, body: &str) -> Response {
    let page = include_str!("web_app.html").replace("{{title}}", title).replace("{{body}}", body);
    // Signing out is a form that ends at the issuer and comes back.
    let policy = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'self' http: https:; \
                  frame-ancestors 'none'";
    let headers = [
        ("content-type", "text/html; charset=utf-8"),
        ("content-security-policy", policy),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cache-control", "no-store"),
    ];
    (headers, page).into_response()
}
