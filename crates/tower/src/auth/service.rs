use std::mem;
use std::task::{Context, Poll};

use http::{Request, Response};
use logto_authkit_token::ErrorCode;
use logto_authkit_web::{Denial, Guard, RequestOrganization};
use tower_service::Service;

use crate::organization::NoSuchParameter;
use crate::{AuthFuture, OnDenied, Organization};

/// What [`AuthLayer`](crate::AuthLayer) makes of a service.
#[derive(Clone, Debug)]
pub struct AuthService<S, D> {
    inner: S,
    guard: Guard,
    organization: Option<Organization>,
    on_denied: D,
}

impl<S, D> AuthService<S, D> {
    pub(crate) fn new(inner: S, guard: Guard, organization: Option<Organization>, on_denied: D) -> Self {
        AuthService { inner, guard, organization, on_denied }
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

    fn call(&mut self, request: Request<A>) -> Self::Future {
        let (mut parts, body) = request.into_parts();
        let organization = match self.organization.as_ref().map(|organization| organization.read(&mut parts))
        {
            None => RequestOrganization::AsConfigured,
            Some(Ok(organization)) => organization,
            Some(Err(NoSuchParameter)) => {
                return AuthFuture::denied(
                    self.on_denied.on_denied(Denial::new(ErrorCode::Misconfigured), &parts),
                );
            }
        };
        let credentials = self.guard.credentials(&parts.method, &parts.headers);
        match self.guard.admit_cached(&credentials, &organization) {
            Some(Ok(admission)) => AuthFuture::admitted(&mut self.inner, admission, parts, body),
            Some(Err(denial)) => AuthFuture::denied(self.on_denied.on_denied(denial, &parts)),
            None => {
                // The instance that was made ready is the one that must be called later; a clone takes its place.
                let next = self.inner.clone();
                let ready = mem::replace(&mut self.inner, next);
                let guard = self.guard.clone();
                let admitting = Box::pin(async move {
                    let credentials = guard.credentials(&parts.method, &parts.headers);
                    let admission = guard.admit(&credentials, organization).await;
                    (admission, parts)
                });
                AuthFuture::admitting(admitting, ready, self.on_denied.clone(), body)
            }
        }
    }
}
