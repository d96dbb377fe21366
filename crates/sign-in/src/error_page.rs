//! What a person sees when a sign-in fails.

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Response};

use crate::SignInError;
use crate::secret::base64;

const STYLE: &str = include_str!("error_page.css");

/// Nothing but our own style runs on the page, and no other page shows it in a frame.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let style = base64(digest(&SHA256, STYLE.as_bytes()).as_ref());
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
});

/// A page with a way on. Its status is the caller's to set.
pub(crate) fn respond(error: &SignInError, prefix: &str) -> Response<Vec<u8>> {
    let (heading, advice) = words(error);
    // `code` is of ours, and a prefix holds no character that means something in HTML.
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><meta name=\"robots\" content=\"noindex\">\
         <title>{heading}</title><style>{STYLE}</style></head><body><main><h1>{heading}</h1><p>{advice}</p>\
         <nav><a class=\"button\" href=\"{prefix}/sign-in\">Sign in again</a><a href=\"/\">Back to the start</a></nav>\
         <p class=\"code\"><code>{}</code></p></main></body></html>",
        error.code()
    );
    let mut response = Response::new(page.into_bytes());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(policy) = HeaderValue::from_str(&POLICY) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

fn words(error: &SignInError) -> (&'static str, &'static str) {
    match error {
        SignInError::NotAuthenticated => ("Please sign in", "This page is for people who are signed in."),
        SignInError::StateMismatch => (
            "This sign-in is no longer valid",
            "It was begun in another browser, or more than 15 minutes ago. Nothing has happened; you can start again.",
        ),
        SignInError::AuthorizationDenied { .. } => {
            ("The sign-in was refused", "The identity server did not let you in, or you stopped there.")
        }
        SignInError::CrossSite => (
            "Another site sent you here",
            "Open the page from the application itself, so that nobody else decides it for you.",
        ),
        SignInError::RateLimited { .. }
        | SignInError::IssuerUnavailable { .. }
        | SignInError::SessionStoreUnavailable => (
            "Signing in does not work right now",
            "You have not been signed out. Please try again in a few moments.",
        ),
        _ => (
            "The sign-in did not work",
            "You can start again. If it keeps happening, tell the people who run this application.",
        ),
    }
}
