use axum_core::body::Body;
use axum_core::extract::FromRequestParts;
use axum_core::response::{IntoResponse, Response};
use http::request::Parts;

use crate::{AuthContext, Denial, missing_layer};

impl IntoResponse for Denial {
    fn into_response(self) -> Response {
        self.to_response::<Body>()
    }
}

/// Who makes the request: a user, or a guest where guests are admitted. Needs an `AuthLayer` around the route.
impl<S: Sync> FromRequestParts<S> for AuthContext {
    type Rejection = Denial;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Denial> {
        parts.extensions.get().cloned().ok_or_else(|| missing_layer("the extractor AuthContext"))
    }
}
