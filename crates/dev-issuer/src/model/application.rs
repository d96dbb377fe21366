//! Applications: who may ask the issuer for tokens.

use std::fmt;

use serde::Deserialize;

use super::{Redacted, texts};

/// An application that is registered with the issuer. `Debug` does not show the secret.
///
/// In a configuration file: `kind` (`machine`, `web` or `spa`), `id`, `secret` (not for `spa`), `redirect_uris`,
/// `post_logout_redirect_uris`, `backchannel_logout_uri`, `roles` (for `machine`), `always_issue_refresh_token`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Application {
    pub(super) kind: Kind,
    pub(super) id: String,
    pub(super) secret: Option<String>,
    #[serde(default)]
    pub(super) redirect_uris: Vec<String>,
    #[serde(default)]
    pub(super) post_logout_redirect_uris: Vec<String>,
    pub(super) backchannel_logout_uri: Option<String>,
    #[serde(default)]
    pub(super) roles: Vec<String>,
    #[serde(default)]
    pub(super) always_issue_refresh_token: bool,
}

/// What an application is, which decides the grants it may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// No user at all: client credentials.
    Machine,
    /// A server that keeps a secret.
    Web,
    /// Code in a browser or on a phone, which cannot keep one.
    Spa,
}

impl Application {
    /// A machine-to-machine application: it asks for tokens with client credentials. What it may ask for comes
    /// from [`roles`](Self::roles).
    pub fn machine(id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self::new(Kind::Machine, id.into(), Some(secret.into()))
    }

    /// A traditional web application: it signs users in and keeps a secret.
    pub fn web(id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self::new(Kind::Web, id.into(), Some(secret.into()))
    }

    /// A single-page or native application: it signs users in and has no secret, so that PKCE is required and its
    /// refresh tokens rotate with each use.
    pub fn spa(id: impl Into<String>) -> Self {
        Self::new(Kind::Spa, id.into(), None)
    }

    fn new(kind: Kind, id: String, secret: Option<String>) -> Self {
        Self {
            kind,
            id,
            secret,
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            backchannel_logout_uri: None,
            roles: Vec::new(),
            always_issue_refresh_token: false,
        }
    }

    /// Registers a redirect URI. It is compared byte for byte.
    #[must_use]
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.redirect_uris.push(uri.into());
        self
    }

    /// Registers a URI to which a browser may be sent after signing out.
    #[must_use]
    pub fn post_logout_redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.post_logout_redirect_uris.push(uri.into());
        self
    }

    /// Asks for back-channel logout: the issuer posts a logout token to this `http` loopback address when the user
    /// signs out, and ID tokens carry a `sid`.
    #[must_use]
    pub fn backchannel_logout_uri(mut self, uri: impl Into<String>) -> Self {
        self.backchannel_logout_uri = Some(uri.into());
        self
    }

    /// Gives a machine application roles by name.
    #[must_use]
    pub fn roles<T: Into<String>>(mut self, roles: impl IntoIterator<Item = T>) -> Self {
        self.roles.extend(texts(roles));
        self
    }

    /// Issues a refresh token even when `offline_access` was not asked for. The default is no. Such a refresh token
    /// ends with the user's session.
    #[must_use]
    pub fn always_issue_refresh_token(mut self, always: bool) -> Self {
        self.always_issue_refresh_token = always;
        self
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn always_issues_refresh_tokens(&self) -> bool {
        self.always_issue_refresh_token
    }

    pub(crate) fn logout_uri(&self) -> Option<&str> {
        self.backchannel_logout_uri.as_deref()
    }

    pub(crate) fn may_return_to(&self, redirect_uri: &str) -> bool {
        self.redirect_uris.iter().any(|known| known == redirect_uri)
    }

    pub(crate) fn may_return_after_logout_to(&self, uri: &str) -> bool {
        self.post_logout_redirect_uris.iter().any(|known| known == uri)
    }

    pub(crate) fn secret_is(&self, given: &str) -> bool {
        self.secret.as_ref().is_some_and(|secret| {
            aws_lc_rs::constant_time::verify_slices_are_equal(secret.as_bytes(), given.as_bytes()).is_ok()
        })
    }
}

impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Application")
            .field("kind", &self.kind)
            .field("id", &self.id)
            .field("secret", &self.secret.as_ref().map(|_| Redacted))
            .field("redirect_uris", &self.redirect_uris)
            .finish_non_exhaustive()
    }
}
