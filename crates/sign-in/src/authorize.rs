use std::fmt;

use url::Url;

use crate::SignInError;
use crate::config::{LogtoConfig, is_loopback};
use crate::pending::PendingSignIn;

/// What a sign-in asks for beyond the configuration.
///
/// `Debug` shows neither the one-time token nor the values of further parameters.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignInOptions {
    /// Where to go afterwards: a path of the application. Default `/`.
    pub return_to: Option<String>,
    /// Where the issuer sends the browser back to, instead of [`LogtoConfig::redirect_uri`]: an address that the application chose, and
    /// nothing that a request said. It must be registered with the issuer.
    pub redirect_uri: Option<String>,
    /// Which page of Logto comes first.
    pub first_screen: Option<FirstScreen>,
    /// The user's name or address, if it is known (OpenID Connect Core §3.1.2.1).
    pub login_hint: Option<String>,
    /// A social or enterprise provider to go to at once: `social:google`, `sso:connector-id`.
    pub direct_sign_in: Option<String>,
    /// What users may identify themselves by: `email`, `phone`, `username`.
    pub identifiers: Vec<String>,
    /// A one-time token that Logto made for this user.
    pub one_time_token: Option<String>,
    /// Further parameters. One of a name that is set already replaces it; what protects the flow cannot be replaced.
    pub extra: Vec<(String, String)>,
}

/// Which page of Logto comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FirstScreen {
    /// Sign-in.
    SignIn,
    /// Registration.
    Register,
    /// A new password.
    ResetPassword,
    /// Sign-in, by the given identifiers alone.
    IdentifierSignIn,
    /// Registration, by the given identifiers alone.
    IdentifierRegister,
    /// Enterprise sign-in.
    SingleSignOn,
}

impl FirstScreen {
    fn as_str(self) -> &'static str {
        match self {
            FirstScreen::SignIn => "sign_in",
            FirstScreen::Register => "register",
            FirstScreen::ResetPassword => "reset_password",
            FirstScreen::IdentifierSignIn => "identifier:sign_in",
            FirstScreen::IdentifierRegister => "identifier:register",
            FirstScreen::SingleSignOn => "single_sign_on",
        }
    }
}

/// What an extra parameter must not touch.
const PROTECTED: [&str; 8] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "code_challenge",
    "code_challenge_method",
    "state",
    "nonce",
];

/// The address of the authorization request (RFC 6749 §4.1.1, RFC 7636 §4.3, RFC 8707 §2).
pub(crate) fn authorization_url(
    config: &LogtoConfig,
    endpoint: &Url,
    pending: &PendingSignIn,
    options: &SignInOptions,
) -> Result<String, SignInError> {
    let mut parameters: Vec<(&str, String)> = vec![
        ("client_id", config.app_id.clone()),
        ("redirect_uri", pending.redirect_uri.clone()),
        ("response_type", "code".to_owned()),
        ("code_challenge", pending.challenge()),
        ("code_challenge_method", "S256".to_owned()),
        ("state", pending.state.clone()),
        ("nonce", pending.nonce.clone()),
        ("prompt", config.prompt.as_str().to_owned()),
        ("scope", pending.scopes.clone()),
    ];
    parameters.extend(config.resources.iter().map(|resource| ("resource", resource.clone())));
    let single = [
        ("first_screen", options.first_screen.map(|screen| screen.as_str().to_owned())),
        ("login_hint", options.login_hint.clone()),
        ("direct_sign_in", options.direct_sign_in.clone()),
        ("identifier", (!options.identifiers.is_empty()).then(|| options.identifiers.join(" "))),
        ("one_time_token", options.one_time_token.clone()),
    ];
    parameters.extend(single.into_iter().filter_map(|(name, value)| Some((name, value?))));
    for (name, value) in &options.extra {
        if PROTECTED.contains(&name.as_str()) {
            return Err(SignInError::InvalidCallback(
                "an extra parameter would replace what protects the sign-in",
            ));
        }
        parameters.retain(|(known, _)| known != name);
        parameters.push((name, value.clone()));
    }
    let mut url = endpoint.clone();
    url.query_pairs_mut().extend_pairs(parameters);
    Ok(url.into())
}

/// Where the issuer sends the browser back to: `https`, or `http` on loopback.
pub(crate) fn redirect_uri(config: &LogtoConfig, options: &SignInOptions) -> Result<String, SignInError> {
    let Some(wanted) = &options.redirect_uri else { return Ok(config.redirect_uri()) };
    let url = Url::parse(wanted).map_err(|_| SignInError::RedirectUriMismatch)?;
    let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
    if !is_safe || url.query().is_some() || url.fragment().is_some() {
        return Err(SignInError::RedirectUriMismatch);
    }
    Ok(wanted.clone())
}

impl fmt::Debug for SignInOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SignInOptions")
            .field("return_to", &self.return_to)
            .field("first_screen", &self.first_screen)
            .field("direct_sign_in", &self.direct_sign_in)
            .field("identifiers", &self.identifiers)
            .finish_non_exhaustive()
    }
}
