//! Browsers: what they asked for, that they are signed in, that they want to sign out.

use std::collections::BTreeMap;

use crate::random;

/// A request of an application to sign somebody in, already checked.
#[derive(Clone, Debug)]
pub(crate) struct AuthorizationRequest {
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    /// All scopes that were asked for, known or not.
    pub(crate) scopes: Vec<String>,
    pub(crate) resources: Vec<String>,
    pub(crate) state: Option<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) challenge: Option<String>,
    pub(crate) prompts: Prompts,
    /// How old a sign-in may be, in seconds.
    pub(crate) max_age: Option<i64>,
    /// Whether the application sent the user to sign up.
    pub(crate) register: bool,
    pub(crate) login_hint: Option<String>,
}

impl AuthorizationRequest {
    /// How long the sign-in page waits for a password.
    pub(crate) const LIFETIME_SECONDS: i64 = 3600;
}

/// The values of `prompt` that were there.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Prompts {
    pub(crate) none: bool,
    pub(crate) login: bool,
    pub(crate) consent: bool,
}

/// A browser that is signed in at the issuer.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) user_id: String,
    /// Seconds since 1970.
    pub(crate) signed_in_at: i64,
    /// The applications it was used for, each with the id under which the application knows the session.
    clients: BTreeMap<String, String>,
}

impl Session {
    pub(crate) const LIFETIME_SECONDS: i64 = 14 * 86_400;

    pub(crate) fn new(user_id: &str, now: i64) -> Self {
        Self { user_id: user_id.to_owned(), signed_in_at: now, clients: BTreeMap::new() }
    }

    /// The id under which an application knows this session, the same at each sign-in.
    pub(crate) fn sid(&mut self, client_id: &str) -> String {
        self.clients.entry(client_id.to_owned()).or_insert_with(random::identifier).clone()
    }

    /// The applications and their ids.
    pub(crate) fn clients(&self) -> impl Iterator<Item = (&str, &str)> {
        self.clients.iter().map(|(client, sid)| (client.as_str(), sid.as_str()))
    }

    /// Whether the sign-in is as recent as the request wants it.
    pub(crate) fn is_recent_enough(&self, max_age: Option<i64>, now: i64) -> bool {
        max_age.is_none_or(|max_age| now.saturating_sub(self.signed_in_at) <= max_age)
    }
}

/// A sign-out that waits for its confirmation.
#[derive(Clone, Debug)]
pub(crate) struct SignOut {
    /// The cookie of the browser that asked; another one cannot confirm.
    pub(crate) session: Option<String>,
    pub(crate) return_to: Option<String>,
    pub(crate) state: Option<String>,
}

impl SignOut {
    pub(crate) const LIFETIME_SECONDS: i64 = 3600;
}
