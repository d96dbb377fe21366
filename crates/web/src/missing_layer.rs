use logto_authkit_token::ErrorCode;

use crate::Denial;

/// The answer to a request on a route that asks who makes it and that no authentication layer covers.
///
/// A mistake in the application, and a dangerous one: the request is refused with 500, and the log says which layer is missing
/// and who asked for it.
pub fn missing_layer(asked_by: &'static str) -> Denial {
    tracing::error!(
        asked_by,
        missing = "AuthLayer",
        "a route asks who makes the request, but no AuthLayer is around it: add .layer(AuthLayer::new(verifier)) outside of it"
    );
    Denial::new(ErrorCode::Misconfigured)
}
