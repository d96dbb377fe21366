//! Sign-in for tower services: who is signed in, and routes that need somebody who is.

mod require_sign_in;
#[cfg(feature = "axum")]
mod router;
#[cfg(feature = "axum")]
mod signed_in;
mod with_logto;

pub use require_sign_in::{RequireSignIn, RequireSignInService};
#[cfg(feature = "axum")]
pub use router::auth_router;
#[cfg(feature = "axum")]
pub use signed_in::SignedIn;
pub use with_logto::{WithLogto, WithLogtoService};

use std::future::Future;
use std::pin::Pin;

use http::{Extensions, Response, Uri};
use logto_authkit_sign_in::AuthRoutes;

/// What the layers of sign-in return.
pub type SignInFuture<B, E> = Pin<Box<dyn Future<Output = Result<Response<B>, E>> + Send>>;

/// The routes of the application whose session is in a request's extensions.
#[derive(Clone, Debug)]
struct Application(AuthRoutes);

/// The address that the client asked for: a router that nests another takes its own path off.
fn asked_for<'a>(extensions: &'a Extensions, uri: &'a Uri) -> &'a Uri {
    #[cfg(feature = "axum")]
    if let Some(axum::extract::OriginalUri(uri)) = extensions.get() {
        return uri;
    }
    #[cfg(not(feature = "axum"))]
    let _ = extensions;
    uri
}
