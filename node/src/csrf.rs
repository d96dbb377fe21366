use logto_authkit_web::{CsrfTokens, csrf_cookie};
use napi::Either;
use napi_derive::napi;

use crate::answer::either;
use crate::problem::ConfigProblem;

/// Makes and checks CSRF tokens under one secret.
#[napi]
pub struct NativeCsrfTokens(CsrfTokens);

#[napi]
pub fn csrf_tokens(secret: String) -> Either<NativeCsrfTokens, ConfigProblem> {
    either(CsrfTokens::new(secret.as_bytes()).map(NativeCsrfTokens).map_err(Into::into))
}

#[napi]
impl NativeCsrfTokens {
    #[napi]
    pub fn issue(&self, session: String) -> Either<String, ConfigProblem> {
        either(self.0.issue(&session).map_err(Into::into))
    }

    #[napi]
    pub fn verify(&self, session: String, token: String) -> bool {
        self.0.verify(&session, &token)
    }
}

/// The `Set-Cookie` that gives a page its token.
#[napi]
pub fn csrf_cookie_header(name: String, token: String, secure: bool) -> Either<String, ConfigProblem> {
    let value = csrf_cookie(&name, &token, secure).map_err(Into::into);
    either(value.map(|value| value.to_str().unwrap_or_default().to_owned()))
}
