use http::{HeaderMap, Uri};
use logto_authkit_token::Timestamp;
use url::form_urlencoded;

use crate::SignInError;
use crate::config::LogtoConfig;
use crate::pending::PendingSignIn;

/// What the issuer sent the browser back with, checked: the sign-in it belongs to and the code.
pub(crate) struct Callback {
    pub(crate) pending: PendingSignIn,
    pub(crate) code: String,
}

/// The parameters of a callback, each at most once.
#[derive(Default)]
pub(crate) struct Parameters {
    code: Option<String>,
    pub(crate) state: Option<String>,
    iss: Option<String>,
    error: Option<String>,
}

impl Parameters {
    pub(crate) fn read(uri: &Uri) -> Result<Self, SignInError> {
        let mut parameters = Parameters::default();
        for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
            let place = match &*name {
                "code" => &mut parameters.code,
                "state" => &mut parameters.state,
                "iss" => &mut parameters.iss,
                "error" => &mut parameters.error,
                _ => continue,
            };
            if place.replace(value.into_owned()).is_some() {
                return Err(SignInError::InvalidCallback("a parameter is there twice"));
            }
        }
        Ok(parameters)
    }

    /// Whether this is an answer to the sign-in that this browser began (RFC 6749 §4.1.2, RFC 9207 §2.4).
    pub(crate) fn check(
        self,
        config: &LogtoConfig,
        request: (&HeaderMap, &str),
        names_issuer: bool,
        now: Timestamp,
    ) -> Result<Callback, SignInError> {
        let (headers, came_to) = request;
        if let Some(error) = &self.error {
            return Err(SignInError::AuthorizationDenied { error: error_code(error) });
        }
        let state = self.state.as_deref().ok_or(SignInError::StateMismatch)?;
        let pending = PendingSignIn::find(config, headers, state, now).ok_or(SignInError::StateMismatch)?;
        match &self.iss {
            Some(iss) if iss != config.logto_url.issuer() => return Err(SignInError::IssuerMismatch),
            None if names_issuer => return Err(SignInError::IssuerMismatch),
            _ => {}
        }
        if came_to != pending.redirect_uri {
            return Err(SignInError::RedirectUriMismatch);
        }
        match self.code {
            Some(code) if !code.is_empty() => Ok(Callback { pending, code }),
            _ => Err(SignInError::InvalidCallback("there is no code")),
        }
    }
}

/// An issuer's error code, unless somebody wrote a text of their own in its place (RFC 6749 §4.1.2.1).
pub(crate) fn error_code(text: &str) -> String {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let is_code = !text.is_empty() && text.len() <= 64 && text.bytes().all(legal);
    if is_code { text.to_owned() } else { "unknown".to_owned() }
}
