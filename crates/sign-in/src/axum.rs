use axum_core::extract::FromRequestParts;
use http::request::Parts;
use logto_authkit_web::Denial;

use crate::{ContextOptions, LogtoContext, LogtoSession, missing_layer};

/// The session of the request, whoever makes it. Needs a `WithLogto` layer around the route.
impl<S: Sync> FromRequestParts<S> for LogtoSession {
    type Rejection = Denial;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Denial> {
        parts.extensions.get().cloned().ok_or_else(|| missing_layer("the extractor LogtoSession"))
    }
}

/// Who is signed in, without any request to the issuer. Needs a `WithLogto` layer around the route.
impl<S: Sync> FromRequestParts<S> for LogtoContext {
    type Rejection = Denial;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Denial> {
        let session: Option<&LogtoSession> = parts.extensions.get();
        let session = session.ok_or_else(|| missing_layer("the extractor LogtoContext"))?;
        Ok(session.context(&ContextOptions::default()).await)
    }
}
