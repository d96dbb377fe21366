use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{MatchedPath, RawPathParams};
use axum_core::extract::FromRequestParts;
use http::request::Parts;

/// What a request's path has at the place of a parameter. axum alone knows which part of the path that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PathParameter {
    /// This, percent-decoded.
    One(String),
    /// Bytes that are no UTF-8, here or in another parameter of the route.
    NoText,
    /// The path belongs to no route: a fallback answers it.
    NoRoute,
    /// The route has no such parameter, or no router is around.
    Absent,
    /// Nested routers use the name more than once.
    Several,
}

impl PathParameter {
    pub(crate) fn read(parts: &mut Parts, name: &str) -> Self {
        let parameters = match parameters(parts) {
            Poll::Ready(Ok(parameters)) => parameters,
            Poll::Ready(Err(RawPathParamsRejection::InvalidUtf8InPathParam(_))) => return Self::NoText,
            // RFC 9110 §9.3.6: a CONNECT has an authority and no path. axum's routers pass it by.
            Poll::Ready(Err(_)) if parts.uri.path().is_empty() => return Self::NoRoute,
            Poll::Ready(Err(_)) | Poll::Pending => return Self::Absent,
        };
        let mut values =
            parameters.iter().filter(|(parameter, _)| *parameter == name).map(|(_, value)| value);
        match (values.next(), values.next()) {
            (Some(value), None) => Self::One(value.to_owned()),
            (Some(_), Some(_)) => Self::Several,
            (None, _) if parts.extensions.get::<MatchedPath>().is_none() => Self::NoRoute,
            (None, _) => Self::Absent,
        }
    }
}

/// The extractor is asynchronous by its trait only: it reads what the router left in the extensions.
fn parameters(parts: &mut Parts) -> Poll<Result<RawPathParams, RawPathParamsRejection>> {
    pin!(RawPathParams::from_request_parts(parts, &())).poll(&mut Context::from_waker(Waker::noop()))
}
