use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use axum::extract::RawPathParams;
use axum_core::extract::FromRequestParts;
use http::request::Parts;

/// A path parameter of the matched route, percent-decoded. axum alone knows which part of the path it is.
pub(crate) fn path_parameter(parts: &mut Parts, name: &str) -> Option<String> {
    // The extractor is asynchronous by its trait only: it reads what the router left in the extensions.
    let reading = pin!(RawPathParams::from_request_parts(parts, &()));
    match reading.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(parameters)) => {
            parameters.iter().find(|(parameter, _)| *parameter == name).map(|(_, value)| value.to_owned())
        }
        Poll::Ready(Err(_)) | Poll::Pending => None,
    }
}
