use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use logto_authkit_web::{Guard, RequestOrganization};
use napi::ScopedTask;
use napi::bindgen_prelude::{Either, Env, PromiseRaw, Result};

use crate::answer::{Answer, answer};
use crate::request::Request;

/// A guard's decision about one request or token that takes a signature check which is not quick, or keys that are not at hand.
///
/// It begins on the thread pool of Node.js, the shortest way to another thread and back, or [`here`](Judgement::here); a signature is
/// checked there. What has to wait for the issuer's keys goes on in the runtime, and holds no thread meanwhile.
pub struct Judgement(Option<Decision>);

type Decision = Pin<Box<dyn Future<Output = Answer> + Send>>;

pub(crate) enum Subject {
    Request(Request),
    Token(String),
}

pub enum Progress {
    Decided(Answer),
    Waits(Decision),
}

impl Judgement {
    pub(crate) fn new(guard: Guard, subject: Subject, organization: RequestOrganization) -> Self {
        Judgement(Some(Box::pin(async move {
            let credentials = match &subject {
                Subject::Request(request) => guard.credentials(&request.method, &request.headers),
                Subject::Token(token) => guard.credentials_of_token(token),
            };
            answer(guard.admit(&credentials, organization).await)
        })))
    }

    /// The decision, begun on the JavaScript thread.
    pub(crate) fn here<'env>(mut self, env: &'env Env) -> Result<<Self as ScopedTask<'env>>::JsValue> {
        let progress = self.compute()?;
        self.resolve(env, progress)
    }
}

impl<'task> ScopedTask<'task> for Judgement {
    type Output = Progress;
    type JsValue = Either<Answer, PromiseRaw<'task, Answer>>;

    fn compute(&mut self) -> Result<Progress> {
        let mut decision =
            self.0.take().ok_or_else(|| napi::Error::from_reason("a decision is made once"))?;
        Ok(match decision.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(answer) => Progress::Decided(answer),
            Poll::Pending => Progress::Waits(decision),
        })
    }

    /// A promise that is resolved with another one becomes that one.
    fn resolve(&mut self, env: &'task Env, progress: Progress) -> Result<Self::JsValue> {
        match progress {
            Progress::Decided(answer) => Ok(Either::A(answer)),
            Progress::Waits(decision) => env.spawn_future(async { Ok(decision.await) }).map(Either::B),
        }
    }
}
