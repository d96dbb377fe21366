//! The frame around a page, and the headers that keep it what it is.

use aws_lc_rs::digest::{SHA256, digest};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::html::{Html, html};

const STYLE: &str = include_str!("style.css");

pub(super) fn respond(status: StatusCode, title: &str, body: &Html) -> Response {
    page(status, title, body, None)
}

/// A page with one script of ours. The policy names it by its hash, so that no other one runs.
pub(super) fn respond_with_script(title: &str, body: &Html, script: &'static str) -> Response {
    page(StatusCode::OK, title, body, Some(script))
}

fn page(status: StatusCode, title: &str, body: &Html, script: Option<&'static str>) -> Response {
    let script_element =
        script.map_or_else(Html::default, |script| html!("<script>" [Html::trusted(script)] "</script>"));
    let document = html!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
        "<meta name=\"color-scheme\" content=\"light dark\"><meta name=\"robots\" content=\"noindex\">"
        "<title>" {title} "</title><style>" [Html::trusted(STYLE)] "</style></head>"
        "<body><main>" [body] "</main>"
        "<footer>Development issuer, for trying things out</footer>"
        [script_element] "</body></html>"
    );
    let mut response = (status, document.as_str().to_owned()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CONTENT_SECURITY_POLICY, policy(script));
    response
}

/// Nothing but our own style, our own script where there is one, and forms.
fn policy(script: Option<&str>) -> HeaderValue {
    let script = script.map(|script| format!(" script-src {};", hash(script))).unwrap_or_default();
    // `form-action` also rules over where an answer to the form redirects, which is wherever the application lives
    // and wherever it sends the browser next; `'self'` alone would end every sign-in with a blank page.
    let policy = format!(
        "default-src 'none'; style-src {};{script} form-action 'self' http: https:; base-uri 'none'; \
         frame-ancestors 'none'",
        hash(STYLE)
    );
    HeaderValue::try_from(policy).expect("base64 and our own text are ASCII")
}

fn hash(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(digest(&SHA256, text.as_bytes())))
}
