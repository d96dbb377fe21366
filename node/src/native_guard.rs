use std::sync::Arc;

use logto_authkit_token::Timestamp;
use logto_authkit_web::{Admission, Denial, Guard, RequestOrganization, danger};
use napi::Either;
use napi::bindgen_prelude::{AsyncTask, Env, FnArgs, Function, PromiseRaw};
use napi_derive::napi;

use crate::answer::{Answer, answer, either, short_answer};
use crate::judgement::{Judgement, Subject};
use crate::options::{self, CompiledOptions};
use crate::problem::ConfigProblem;
use crate::request::Request;

/// One set of options, checked and ready.
///
/// What runs on another thread owns all that it uses and borrows nothing from this object: Node.js drops it when a worker ends,
/// whatever is still on its way.
///
/// `decide…` answers at once, on the JavaScript thread, or with `null` where that takes a request to the issuer or a signature
/// check that would hold the thread up. `admit…` then does it on another thread, and `admit…Here` on this one, for when it has
/// nothing else to do. `reject…` is for claims that the application's own check refuses.
#[napi]
pub struct NativeGuard(Arc<CompiledOptions>);

type TokenDecider<'env> = Function<'env, FnArgs<(String, Option<String>, Option<f64>)>, Option<Answer>>;

/// Checks the options.
#[napi]
pub fn compile_options(json: String) -> Either<NativeGuard, ConfigProblem> {
    either(options::guard(&json).map(|options| NativeGuard(Arc::new(options))))
}

#[napi]
impl NativeGuard {
    #[napi]
    pub fn decide(
        &self,
        method: String,
        lines: String,
        organization: Option<String>,
        now: Option<f64>,
    ) -> Option<Answer> {
        let request = Request::new(&method, &lines);
        let guard = self.guard(now);
        let credentials = guard.credentials(&request.method, &request.headers);
        guard.admit_at_once(&credentials, &self.organization(organization.as_deref())).map(self.teller())
    }

    #[napi(ts_return_type = "Promise<Answer>")]
    pub fn admit(
        &self,
        method: String,
        lines: String,
        organization: Option<String>,
        now: Option<f64>,
    ) -> AsyncTask<Judgement> {
        AsyncTask::new(self.judgement(request(&method, &lines), organization, now))
    }

    #[napi(ts_return_type = "Answer | Promise<Answer>")]
    pub fn admit_here<'env>(
        &self,
        env: &'env Env,
        method: String,
        lines: String,
        organization: Option<String>,
        now: Option<f64>,
    ) -> napi::Result<Either<Answer, PromiseRaw<'env, Answer>>> {
        self.judgement(request(&method, &lines), organization, now).here(env)
    }

    #[napi]
    pub fn reject(&self, method: String, lines: String, claim: String) -> Answer {
        let request = Request::new(&method, &lines);
        let guard = &self.0.guard;
        answer(guard.reject(&guard.credentials(&request.method, &request.headers), &claim))
    }

    /// `decide` for a token alone, as a function: it is called for nearly every request, and napi keeps no accounts of what a plain
    /// function borrows.
    #[napi(
        ts_return_type = "(token: string, organization: string | undefined, now: number | undefined) => Answer | null"
    )]
    pub fn token_decider<'env>(&self, env: &'env Env) -> napi::Result<TokenDecider<'env>> {
        let guard = NativeGuard(Arc::clone(&self.0));
        env.create_function_from_closure("decideToken", move |call| {
            let token: String = call.get(0)?;
            Ok(guard.decide_token(&token, call.get(1)?, call.get(2)?))
        })
    }

    #[napi(ts_return_type = "Promise<Answer>")]
    pub fn admit_token(
        &self,
        token: String,
        organization: Option<String>,
        now: Option<f64>,
    ) -> AsyncTask<Judgement> {
        AsyncTask::new(self.judgement(Subject::Token(token), organization, now))
    }

    #[napi(ts_return_type = "Answer | Promise<Answer>")]
    pub fn admit_token_here<'env>(
        &self,
        env: &'env Env,
        token: String,
        organization: Option<String>,
        now: Option<f64>,
    ) -> napi::Result<Either<Answer, PromiseRaw<'env, Answer>>> {
        self.judgement(Subject::Token(token), organization, now).here(env)
    }

    #[napi]
    pub fn reject_token(&self, claim: String) -> Answer {
        answer(self.0.guard.reject(&self.0.guard.credentials_of_token(""), &claim))
    }

    fn decide_token(&self, token: &str, organization: Option<String>, now: Option<f64>) -> Option<Answer> {
        let guard = self.guard(now);
        let credentials = guard.credentials_of_token(token);
        guard.admit_at_once(&credentials, &self.organization(organization.as_deref())).map(self.teller())
    }

    fn judgement(&self, subject: Subject, organization: Option<String>, now: Option<f64>) -> Judgement {
        let organization = self.organization(organization.as_deref());
        Judgement::new(self.guard(now), subject, organization)
    }

    /// How decisions are told at once.
    fn teller(&self) -> fn(Result<Admission, Denial>) -> Answer {
        if self.0.holds_claims { short_answer } else { answer }
    }

    /// The guard, at another time of day if one is given, in milliseconds since 1970.
    fn guard(&self, now: Option<f64>) -> Guard {
        match now {
            None => self.0.guard.clone(),
            Some(milliseconds) => {
                danger::at_another_time(&self.0.guard, Timestamp::from_unix_millis(milliseconds as i64))
            }
        }
    }

    fn organization(&self, named: Option<&str>) -> RequestOrganization {
        if self.0.organization_from_request {
            RequestOrganization::named(named)
        } else {
            RequestOrganization::AsConfigured
        }
    }
}

fn request(method: &str, lines: &str) -> Subject {
    Subject::Request(Request::new(method, lines))
}
