use logto_authkit_web::{Admission, AuthContext, Denial};
use napi::Either;
use napi::bindgen_prelude::Either3;
use napi_derive::napi;

/// What a guard decided: the claims of a user as JSON text, a guest, or a denial.
#[napi]
pub type Answer = Either3<String, GuestAnswer, DenialAnswer>;

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
    let (context, set_cookie) = match decided {
        Ok(admission) => admission.into_parts(),
        Err(denial) => return Either3::C(denial.into()),
    };
    match context {
        AuthContext::Guest(guest) => Either3::B(GuestAnswer {
            guest_id: guest.id.to_string(),
            guest_reason: guest.reason.as_str().to_owned(),
            set_cookie: set_cookie.and_then(|value| value.to_str().ok().map(str::to_owned)),
        }),
        AuthContext::User(claims) => Either3::A(claims.json().to_owned()),
        // An admission of a kind that this half does not know is none.
        _ => Either3::C(Denial::new(logto_authkit_web::ErrorCode::Misconfigured).into()),
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
