use std::task::{Context, Poll};

use http::{Request, Response};
use logto_authkit_sign_in::{LogtoSession, missing_layer};
use tower_layer::Layer;
use tower_service::Service;

use super::{Application, SignInFuture, asked_for};

/// Lets only those pass who are signed in: browsers are sent to sign in and back again, everything else is answered with 401.
///
/// Needs a [`WithLogto`](crate::WithLogto) layer around it; without one every request is answered with 500.
#[derive(Clone, Copy, Debug, Default)]
pub struct RequireSignIn;

/// What [`RequireSignIn`] makes of a service.
#[derive(Clone, Debug)]
pub struct RequireSignInService<S>(S);

impl<S> Layer<S> for RequireSignIn {
    type Service = RequireSignInService<S>;

    fn layer(&self, inner: S) -> RequireSignInService<S> {
        RequireSignInService(inner)
    }
}

impl<S, A, B> Service<Request<A>> for RequireSignInService<S>
where
    S: Service<Request<A>, Response = Response<B>>,
    S::Future: Send + 'static,
    B: From<Vec<u8>> + From<String> + Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = SignInFuture<B, S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request<A>) -> Self::Future {
        let extensions = request.extensions();
        let denied = match (extensions.get::<LogtoSession>(), extensions.get::<Application>()) {
            (Some(session), Some(_)) if session.is_authenticated() => return Box::pin(self.0.call(request)),
            (Some(_), Some(Application(routes))) => {
                let uri = asked_for(request.extensions(), request.uri());
                routes.require_sign_in(request.method(), uri, request.headers()).map(B::from)
            }
            _ => missing_layer("the layer RequireSignIn").to_response::<B>(),
        };
        Box::pin(std::future::ready(Ok(denied)))
    }
}
