use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use logto_authkit_token::{Claims, Timestamp};
use serde::{Deserialize, Serialize};

use crate::SignInError;

/// What the server remembers of a browser that is signed in.
///
/// `Debug` shows who it is and no token.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// The user: `sub` of the ID token.
    pub subject: String,
    /// The issuer's name for the session, where it has one: what back-channel logout ends.
    pub sid: Option<String>,
    pub(crate) id_token: String,
    pub(crate) refresh_token: Option<String>,
    /// The opaque token of the sign-in and those for resources and organizations.
    pub(crate) access_tokens: BTreeMap<TokenKey, AccessToken>,
    /// The scopes of the sign-in.
    pub(crate) scopes: String,
    pub(crate) created_at: i64,
    pub(crate) expires_at: i64,
    /// Which callback made it: what a second click on the same link is recognised by.
    pub(crate) made_by: String,
}

/// What an access token is for, as one text: `resource organization`, either of which may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct TokenKey(String);

/// An access token and what is known of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessToken {
    pub(crate) token: String,
    pub(crate) scope: String,
    pub(crate) expires_at: i64,
}

/// A token is renewed when less than this is left of it.
pub(crate) const LEFT_OVER: Duration = Duration::from_secs(60);

/// So many access tokens are kept; of more, those that end first go.
const MAX_ACCESS_TOKENS: usize = 32;

impl Session {
    /// The claims of the ID token.
    pub fn claims(&self) -> Option<Claims> {
        claims_of(&self.id_token)
    }

    /// When the user signed in.
    pub fn created_at(&self) -> Timestamp {
        Timestamp::from_unix_seconds(self.created_at)
    }

    /// When the session ends.
    pub fn expires_at(&self) -> Timestamp {
        Timestamp::from_unix_seconds(self.expires_at)
    }

    /// A token that is good for at least another minute.
    pub(crate) fn access_token(&self, key: &TokenKey, now: Timestamp) -> Option<&AccessToken> {
        let found = self.access_tokens.get(key)?;
        found.is_good_for(now, LEFT_OVER).then_some(found)
    }

    /// Keeps what a refresh brought, and forgets what has ended.
    pub(crate) fn keep(&mut self, key: &TokenKey, fresh: Fresh, now: Timestamp) {
        if let Some(refresh_token) = fresh.refresh_token {
            self.refresh_token = Some(refresh_token);
        }
        if let Some(id_token) = fresh.id_token {
            self.id_token = id_token;
        }
        self.access_tokens.retain(|_, token| token.is_good_for(now, Duration::ZERO));
        self.access_tokens.insert(key.clone(), fresh.access_token);
        while self.access_tokens.len() > MAX_ACCESS_TOKENS && self.forget_a_token(key) {}
    }

    /// Forgets an access token, the one that ends first, and of this key at last. Returns whether there was one.
    pub(crate) fn forget_a_token(&mut self, last: &TokenKey) -> bool {
        let first = self.access_tokens.iter().min_by_key(|(key, token)| (*key == last, token.expires_at));
        let first = first.map(|(key, _)| key.clone());
        first.is_some_and(|first| self.access_tokens.remove(&first).is_some())
    }
}

/// What a refresh brought.
#[derive(Clone)]
pub(crate) struct Fresh {
    pub(crate) access_token: AccessToken,
    pub(crate) refresh_token: Option<String>,
    pub(crate) id_token: Option<String>,
}

impl TokenKey {
    /// # Errors
    /// Neither a resource (RFC 8707 §2: a URI) nor an organization has a space in it.
    pub(crate) fn new(resource: Option<&str>, organization: Option<&str>) -> Result<Self, SignInError> {
        if [resource, organization].into_iter().flatten().any(|name| name.contains(char::is_whitespace)) {
            return Err(SignInError::TokenRequestFailed { error: "invalid_target".to_owned(), status: 400 });
        }
        match (resource, organization) {
            (None, None) => Ok(TokenKey::default()),
            (resource, organization) => {
                Ok(TokenKey(format!("{} {}", resource.unwrap_or_default(), organization.unwrap_or_default())))
            }
        }
    }

    pub(crate) fn resource(&self) -> Option<&str> {
        self.0.split_once(' ').map(|(resource, _)| resource).filter(|resource| !resource.is_empty())
    }

    pub(crate) fn organization(&self) -> Option<&str> {
        self.0
            .split_once(' ')
            .map(|(_, organization)| organization)
            .filter(|organization| !organization.is_empty())
    }
}

impl AccessToken {
    /// The token itself.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The scopes that it was given.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.scope.split_ascii_whitespace()
    }

    /// When it ends.
    pub fn expires_at(&self) -> Timestamp {
        Timestamp::from_unix_seconds(self.expires_at)
    }

    fn is_good_for(&self, now: Timestamp, span: Duration) -> bool {
        let span = i64::try_from(span.as_secs()).unwrap_or(i64::MAX);
        now.as_unix_seconds().saturating_add(span) < self.expires_at
    }
}

/// The claims of a token that was verified when it came, or that is the issuer's answer to us.
pub(crate) fn claims_of(token: &str) -> Option<Claims> {
    let jws = logto_authkit_token::CompactJws::parse(token).ok()?;
    Claims::parse(jws.payload()).ok()
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Session")
            .field("subject", &self.subject)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AccessToken")
            .field("scope", &self.scope)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Fresh {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Fresh").field("access_token", &self.access_token).finish_non_exhaustive()
    }
}
