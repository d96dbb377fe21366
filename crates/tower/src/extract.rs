use std::sync::Arc;

use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;
use logto_authkit_token::{Claims, Scopes};
use logto_authkit_web::{AuthContext, Denial, missing_layer};

/// The user who makes the request: what a handler asks for. Guests are answered with 401 before the handler runs.
///
/// `Option<Auth>` is `None` for a guest. Both need an `AuthLayer` around the route; without one the answer is 500.
///
/// ```
/// use logto_authkit_tower::Auth;
///
/// async fn hello(auth: Auth) -> String {
///     format!("hello {}", auth.user_id())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Auth(Arc<Claims>);

impl Auth {
    /// The user's id, `sub`; the application's id for a machine-to-machine token.
    pub fn user_id(&self) -> &str {
        self.0.subject()
    }

    /// What the token permits.
    pub fn scopes(&self) -> Scopes<'_> {
        self.0.scopes()
    }

    /// The organization that the token belongs to.
    pub fn organization_id(&self) -> Option<&str> {
        self.0.organization_id()
    }

    /// All claims.
    pub fn claims(&self) -> &Claims {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for Auth {
    type Rejection = Denial;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Denial> {
        let context =
            parts.extensions.get::<AuthContext>().ok_or_else(|| missing_layer("the extractor Auth"))?;
        match context.require_user() {
            Ok(claims) => Ok(Auth(Arc::clone(claims))),
            Err(denial) => Err(denial.in_realm_of(&parts.extensions)),
        }
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for Auth {
    type Rejection = Denial;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Denial> {
        match parts.extensions.get::<AuthContext>() {
            None => Err(missing_layer("the extractor Option<Auth>")),
            Some(AuthContext::User(claims)) => Ok(Some(Auth(Arc::clone(claims)))),
            Some(_) => Ok(None),
        }
    }
}
