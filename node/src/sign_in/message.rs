use http::{HeaderMap, HeaderValue, Response};
use logto_authkit_sign_in::{AuthRoutes, Redirect, SignInError};
use napi_derive::napi;

use crate::request::Request;

/// An answer to a request, to be sent as it is.
#[napi(object)]
pub struct HttpAnswer {
    pub status: u16,
    /// Names and values in turn.
    pub headers: Vec<String>,
    pub body: String,
}

/// Where to send a browser.
#[napi(object)]
pub struct Destination {
    pub location: String,
    pub set_cookies: Vec<String>,
}

/// What cannot be done: the JavaScript half throws a `SignInError` of it, or sends the answer.
#[napi(object)]
pub struct Refusal {
    pub code: String,
    pub status: u16,
    pub message: String,
    /// The issuer's own code, where it has one.
    pub issuer_error: Option<String>,
    /// In seconds.
    pub retry_after: Option<u32>,
    pub answer: HttpAnswer,
}

impl From<Response<Vec<u8>>> for HttpAnswer {
    fn from(response: Response<Vec<u8>>) -> Self {
        let (parts, body) = response.into_parts();
        let mut headers = Vec::with_capacity(2 * parts.headers.len());
        for (name, value) in &parts.headers {
            headers.extend(text(value).map(|value| [name.as_str().to_owned(), value]).into_iter().flatten());
        }
        let body = String::from_utf8_lossy(&body).into_owned();
        HttpAnswer { status: parts.status.as_u16(), headers, body }
    }
}

impl From<Redirect> for Destination {
    fn from(redirect: Redirect) -> Self {
        Destination { location: redirect.location, set_cookies: texts(&redirect.set_cookies) }
    }
}

impl Refusal {
    /// `headers` are those of the request: a person gets a page, a program JSON.
    pub(crate) fn new(error: &SignInError, routes: &AuthRoutes, headers: &HeaderMap) -> Self {
        let issuer_error = match error {
            SignInError::AuthorizationDenied { error } | SignInError::TokenRequestFailed { error, .. } => {
                Some(error.clone())
            }
            _ => None,
        };
        let seconds = error.retry_after().map(|span| span.as_millis().div_ceil(1000).max(1));
        Refusal {
            code: error.code().to_owned(),
            status: error.status(),
            message: error.to_string(),
            issuer_error,
            retry_after: seconds.map(|seconds| u32::try_from(seconds).unwrap_or(u32::MAX)),
            answer: routes.refusal(error, headers).into(),
        }
    }
}

pub(crate) fn texts(values: &[HeaderValue]) -> Vec<String> {
    values.iter().filter_map(text).collect()
}

fn text(value: &HeaderValue) -> Option<String> {
    value.to_str().ok().map(str::to_owned)
}

/// The headers of a request, as the JavaScript half writes them.
pub(crate) fn headers(lines: &str) -> HeaderMap {
    Request::new("GET", lines).headers
}
