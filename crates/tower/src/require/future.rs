use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Response;
use pin_project_lite::pin_project;

pin_project! {
    /// The answer of a [`RequireService`](crate::RequireService).
    pub struct RequireFuture<F, B> {
        #[pin]
        state: State<F, B>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F, B> {
        Denied { response: Option<Response<B>> },
        Inner { #[pin] future: F },
    }
}

impl<F, B> RequireFuture<F, B> {
    pub(super) fn denied(response: Response<B>) -> Self {
        RequireFuture { state: State::Denied { response: Some(response) } }
    }

    pub(super) fn inner(future: F) -> Self {
        RequireFuture { state: State::Inner { future } }
    }
}

impl<F, B, E> Future for RequireFuture<F, B>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        match self.project().state.project() {
            StateProjection::Inner { future } => future.poll(context),
            StateProjection::Denied { response } => {
                Poll::Ready(Ok(response.take().expect("a future is not polled after it is ready")))
            }
        }
    }
}

impl<F, B> fmt::Debug for RequireFuture<F, B> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RequireFuture").finish_non_exhaustive()
    }
}
