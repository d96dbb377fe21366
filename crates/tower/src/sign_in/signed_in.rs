use axum_core::extract::FromRequestParts;
use axum_core::response::{IntoResponse, Response};
use http::request::Parts;
use logto_authkit_sign_in::{AccessToken, LogtoSession, SignInError, missing_layer};
use logto_authkit_token::Claims;

use super::{Application, asked_for};

/// Somebody who is signed in: what a handler asks for. A browser that is not is sent to sign in and back again, anything else is
/// answered with 401.
///
/// Needs a [`WithLogto`](crate::WithLogto) layer around the route; without one the answer is 500.
///
/// ```
/// use logto_authkit_tower::SignedIn;
///
/// async fn hello(user: SignedIn) -> String {
///     format!("hello {}", user.user_id())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct SignedIn {
    user_id: String,
    session: LogtoSession,
}

impl SignedIn {
    /// The user's id.
    pub fn user_id(&self) -> &str {
        &self.user_id
    }

    /// The claims of the ID token.
    pub fn claims(&self) -> Option<Claims> {
        self.session.claims()
    }

    /// A token for an API resource: see [`LogtoSession::access_token`].
    ///
    /// # Errors
    /// As there.
    pub async fn access_token(&self, resource: Option<&str>) -> Result<AccessToken, SignInError> {
        self.session.access_token(resource).await
    }

    /// Everything else that the session can do.
    pub fn session(&self) -> &LogtoSession {
        &self.session
    }
}

impl<S: Sync> FromRequestParts<S> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        let extensions = &parts.extensions;
        let (Some(session), Some(Application(routes))) =
            (extensions.get::<LogtoSession>(), extensions.get::<Application>())
        else {
            return Err(missing_layer("the extractor SignedIn").into_response());
        };
        match session.user_id() {
            Some(user_id) => Ok(SignedIn { user_id, session: session.clone() }),
            None => {
                let answer = routes.require_sign_in(
                    &parts.method,
                    asked_for(&parts.extensions, &parts.uri),
                    &parts.headers,
                );
                Err(answer.map(Into::into))
            }
        }
    }
}
