use std::sync::Arc;

use logto_authkit_token::Claims;
use logto_authkit_web::{Admission, AuthContext, Denial};
use napi::Either;
use napi::bindgen_prelude::Either4;
use napi_derive::napi;

use crate::held_claims;

/// What a guard decided: the claims of a user, as JSON text or as the number that stands for it, a guest, or a denial.
#[napi]
pub type Answer = Either4<String, f64, GuestAnswer, DenialAnswer>;

/// A visitor who was admitted as a guest.
#[napi(object)]
pub struct GuestAnswer {
    pub guest_id: String,
    pub guest_reason: String,
    /// A `Set-Cookie` for a guest who is new.
    pub set_cookie: Option<String>,
}

/// A request that was not admitted, and what to answer.
#[napi(object)]
pub struct DenialAnswer {
    pub code: String,
    pub status: u16,
    pub message: String,
    pub www_authenticate: Option<String>,
    /// In seconds.
    pub retry_after: Option<u32>,
    /// The JSON body.
    pub body: String,
    /// Names and values in turn.
    pub headers: Vec<String>,
}

pub(crate) fn answer(decided: Result<Admission, Denial>) -> Answer {
    answer_with(decided, |claims| Either4::A(claims.json().to_owned()))
}

/// As [`answer`], on the JavaScript thread, where claims that come back are told by their number.
pub(crate) fn short_answer(decided: Result<Admission, Denial>) -> Answer {
    answer_with(decided, |claims| match held_claims::number_of(claims) {
        Some(number) => Either4::B(number),
        None => Either4::A(claims.json().to_owned()),
    })
}

fn answer_with(decided: Result<Admission, Denial>, of_user: impl FnOnce(&Arc<Claims>) -> Answer) -> Answer {
    let (context, set_cookie) = match decided {
        Ok(admission) => admission.into_parts(),
        Err(denial) => return Either4::D(denial.into()),
    };
    match context {
        AuthContext::Guest(guest) => Either4::C(GuestAnswer {
            guest_id: guest.id.to_string(),
            guest_reason: guest.reason.as_str().to_owned(),
            set_cookie: set_cookie.and_then(|value| value.to_str().ok().map(str::to_owned)),
        }),
        AuthContext::User(claims) => of_user(&claims),
        // An admission of a kind that this half does not know is none.
        _ => Either4::D(Denial::new(logto_authkit_web::ErrorCode::Misconfigured).into()),
    }
}

impl From<Denial> for DenialAnswer {
    fn from(denial: Denial) -> Self {
        let headers = denial
            .headers()
            .iter()
            .filter_map(|(name, value)| Some([name.as_str().to_owned(), value.to_str().ok()?.to_owned()]))
            .flatten()
            .collect();
        let seconds = denial.retry_after().map(|span| span.as_millis().div_ceil(1000).max(1));
        DenialAnswer {
            code: denial.code().as_str().to_owned(),
            status: denial.status(),
            message: denial.message().to_owned(),
            www_authenticate: denial.www_authenticate(),
            retry_after: seconds.map(|seconds| u32::try_from(seconds).unwrap_or(u32::MAX)),
            body: denial.body(),
            headers,
        }
    }
}

/// `value`, or the problem with it.
pub(crate) fn either<T, P>(result: Result<T, P>) -> Either<T, P> {
    match result {
        Ok(value) => Either::A(value),
        Err(problem) => Either::B(problem),
    }
}
