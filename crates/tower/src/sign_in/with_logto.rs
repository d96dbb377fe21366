use std::fmt;
use std::task::{Context, Poll};

use http::{Request, Response};
use logto_authkit_sign_in::{AuthRoutes, LogtoClient};
use tower_layer::Layer;
use tower_service::Service;

use super::{Application, SignInFuture};

/// Loads the session of every request: handlers find it in the extensions, as a [`LogtoSession`](logto_authkit_sign_in::LogtoSession).
///
/// What a handler's use of it changes in the browser's cookies is appended to the answer. Where the session store cannot be reached,
/// the answer is 503, and nobody is signed out.
///
/// ```
/// use logto_authkit_sign_in::{LogtoClient, LogtoConfig, MemoryStore};
/// use logto_authkit_tower::WithLogto;
///
/// let config = LogtoConfig::builder("https://tenant.logto.app", "my-app-id")
///     .base_url("https://app.example.com")
///     .sealing_key("thirty-two random bytes, or more of them")
///     .build()?;
/// let layer = WithLogto::new(LogtoClient::builder(config).store(MemoryStore::new()).build());
/// # Ok::<(), logto_authkit_tower::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct WithLogto {
    client: LogtoClient,
}

/// What [`WithLogto`] makes of a service.
#[derive(Clone)]
pub struct WithLogtoService<S> {
    inner: S,
    client: LogtoClient,
    routes: AuthRoutes,
}

impl WithLogto {
    /// With the sessions of this client.
    pub fn new(client: LogtoClient) -> Self {
        WithLogto { client }
    }
}

impl<S> Layer<S> for WithLogto {
    type Service = WithLogtoService<S>;

    fn layer(&self, inner: S) -> WithLogtoService<S> {
        let routes = AuthRoutes::new(self.client.clone());
        WithLogtoService { inner, client: self.client.clone(), routes }
    }
}

impl<S, A, B> Service<Request<A>> for WithLogtoService<S>
where
    S: Service<Request<A>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    A: Send + 'static,
    B: From<Vec<u8>>,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = SignInFuture<B, S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<A>) -> Self::Future {
        // The one that was asked whether it is ready is the one that is called.
        let next = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, next);
        let (client, routes) = (self.client.clone(), self.routes.clone());
        Box::pin(async move {
            let session = match client.session(request.headers()).await {
                Ok(session) => session,
                Err(error) => return Ok(routes.refusal(&error, request.headers()).map(B::from)),
            };
            request.extensions_mut().insert(session.clone());
            request.extensions_mut().insert(Application(routes));
            let mut response = inner.call(request).await?;
            session.append_cookies(response.headers_mut());
            Ok(response)
        })
    }
}

impl<S> fmt::Debug for WithLogtoService<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("WithLogtoService").field("client", &self.client).finish_non_exhaustive()
    }
}
