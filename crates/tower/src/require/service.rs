use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use logto_authkit_web::{AuthContext, missing_layer};
use tower_service::Service;

use super::Requirement;
use crate::{OnDenied, RequireFuture};

/// What [`RequireScopes`](crate::RequireScopes) and [`RequireRoles`](crate::RequireRoles) make of a service.
#[derive(Clone, Debug)]
pub struct RequireService<S, D> {
    inner: S,
    requirement: Arc<Requirement>,
    on_denied: D,
}

impl<S, D> RequireService<S, D> {
    pub(super) fn new(inner: S, requirement: Arc<Requirement>, on_denied: D) -> Self {
        RequireService { inner, requirement, on_denied }
    }
}

impl<S, D, A, B> Service<Request<A>> for RequireService<S, D>
where
    S: Service<Request<A>, Response = Response<B>>,
    D: OnDenied<B>,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = RequireFuture<S::Future, B>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<A>) -> Self::Future {
        let verdict = match request.extensions().get::<AuthContext>() {
            Some(context) => self.requirement.check(context),
            None => Err(missing_layer(self.requirement.layer_name())),
        };
        match verdict {
            Ok(()) => RequireFuture::inner(self.inner.call(request)),
            Err(denial) => {
                let denial = denial.in_realm_of(request.extensions());
                RequireFuture::denied(self.on_denied.on_denied(denial, &request.into_parts().0))
            }
        }
    }
}
