use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::header::SET_COOKIE;
use http::request::Parts;
use http::{HeaderValue, Request, Response};
use logto_authkit_web::{Admission, Denial};
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::OnDenied;

type Admitting = Pin<Box<dyn Future<Output = (Result<Admission, Denial>, Parts)> + Send>>;

pin_project! {
    /// The answer of an [`AuthService`](crate::AuthService).
    pub struct AuthFuture<S, D, A, B>
    where
        S: Service<Request<A>>,
    {
        #[pin]
        state: State<S, D, A, B, S::Future>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S, D, A, B, F> {
        Denied { response: Option<Response<B>> },
        Admitting { admitting: Admitting, waiting: Option<Box<(S, D, A)>> },
        Inner { #[pin] future: F, set_cookie: Option<HeaderValue> },
    }
}

impl<S, D, A, B> AuthFuture<S, D, A, B>
where
    S: Service<Request<A>, Response = Response<B>>,
{
    pub(super) fn denied(on_denied: &D, denial: Denial, request: Request<A>) -> Self
    where
        D: OnDenied<B>,
    {
        let response = on_denied.on_denied(denial, &request.into_parts().0);
        AuthFuture { state: State::Denied { response: Some(response) } }
    }

    pub(super) fn admitted(inner: &mut S, admission: Admission, request: Request<A>) -> Self {
        AuthFuture { state: go_on(inner, admission, request) }
    }

    pub(super) fn admitting(admitting: Admitting, inner: S, on_denied: D, body: A) -> Self {
        AuthFuture {
            state: State::Admitting { admitting, waiting: Some(Box::new((inner, on_denied, body))) },
        }
    }
}

/// Lets an admitted request through, with who makes it in its extensions.
fn go_on<S, D, A, B>(
    inner: &mut S,
    admission: Admission,
    mut request: Request<A>,
) -> State<S, D, A, B, S::Future>
where
    S: Service<Request<A>>,
{
    let set_cookie = admission.enter(request.extensions_mut());
    State::Inner { future: inner.call(request), set_cookie }
}

impl<S, D, A, B> Future for AuthFuture<S, D, A, B>
where
    S: Service<Request<A>, Response = Response<B>>,
    D: OnDenied<B>,
{
    type Output = Result<Response<B>, S::Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            let next = match state.as_mut().project() {
                StateProjection::Denied { response } => {
                    return Poll::Ready(Ok(response
                        .take()
                        .expect("a future is not polled after it is ready")));
                }
                StateProjection::Inner { future, set_cookie } => {
                    let mut response = ready!(future.poll(context))?;
                    if let Some(cookie) = set_cookie.take() {
                        response.headers_mut().append(SET_COOKIE, cookie);
                    }
                    return Poll::Ready(Ok(response));
                }
                StateProjection::Admitting { admitting, waiting } => {
                    let (admission, parts) = ready!(admitting.as_mut().poll(context));
                    let (mut inner, on_denied, body) =
                        *waiting.take().expect("the admission is ready only once");
                    match admission {
                        Ok(admission) => go_on(&mut inner, admission, Request::from_parts(parts, body)),
                        Err(denial) => State::Denied { response: Some(on_denied.on_denied(denial, &parts)) },
                    }
                }
            };
            state.set(next);
        }
    }
}

impl<S, D, A, B> fmt::Debug for AuthFuture<S, D, A, B>
where
    S: Service<Request<A>>,
{
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("AuthFuture").finish_non_exhaustive()
    }
}
