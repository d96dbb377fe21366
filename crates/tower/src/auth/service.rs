use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use logto_authkit_token::ErrorCode;
use logto_authkit_web::{Denial, Guard, RequestOrganization};
use tower_service::Service;

use crate::organization::Misconfigured;
use crate::{AuthFuture, OnDenied, Organization};

/// What [`AuthLayer`](crate::AuthLayer) makes of a service.
#[derive(Debug)]
pub struct AuthService<S, D> {
    inner: S,
    settings: Arc<AuthSettings<D>>,
}

/// What all clones of a service share: routers clone their services for every request.
#[derive(Debug)]
pub(super) struct AuthSettings<D> {
    pub(super) guard: Guard,
    pub(super) organization: Option<Organization>,
    pub(super) on_denied: D,
}

impl<S, D> AuthService<S, D> {
    pub(super) fn new(inner: S, settings: AuthSettings<D>) -> Self {
        AuthService { inner, settings: Arc::new(settings) }
    }
}

impl<S: Clone, D> Clone for AuthService<S, D> {
    fn clone(&self) -> Self {
        AuthService { inner: self.inner.clone(), settings: Arc::clone(&self.settings) }
    }
}

impl<S, D, A, B> Service<Request<A>> for AuthService<S, D>
where
    S: Service<Request<A>, Response = Response<B>> + Clone,
    D: OnDenied<B>,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = AuthFuture<S, D, A, B>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<A>) -> Self::Future {
        let AuthSettings { guard, organization, on_denied } = &*self.settings;
        let mut about = RequestOrganization::AsConfigured;
        if let Some(organization) = organization {
            let (mut parts, body) = request.into_parts();
            let found = organization.read(&mut parts);
            request = Request::from_parts(parts, body);
            match found {
                Ok(found) => about = found,
                Err(Misconfigured) => {
                    return AuthFuture::denied(on_denied, Denial::new(ErrorCode::Misconfigured), request);
                }
            }
        }
        let credentials =
            guard.credentials(request.method(), request.headers()).with_extensions(request.extensions());
        match guard.admit_cached(&credentials, &about) {
            Some(Ok(admission)) => AuthFuture::admitted(&mut self.inner, admission, request),
            Some(Err(denial)) => AuthFuture::denied(on_denied, denial, request),
            None => {
                let guard = guard.clone();
                let (parts, body) = request.into_parts();
                let admitting = Box::pin(async move {
                    let credentials =
                        guard.credentials(&parts.method, &parts.headers).with_extensions(&parts.extensions);
                    let admission = guard.admit(&credentials, about).await;
                    (admission, parts)
                });
                // The instance that was made ready is the one that must be called later; a clone takes its place.
                let next = self.inner.clone();
                let ready = mem::replace(&mut self.inner, next);
                AuthFuture::admitting(admitting, ready, on_denied.clone(), body)
            }
        }
    }
}
