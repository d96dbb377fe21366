use http::{HeaderMap, HeaderValue};
use logto_authkit_token::Timestamp;
use serde::{Deserialize, Serialize};

use crate::config::LogtoConfig;
use crate::secret::{base64url, from_base64url, random_text, sha256};
use crate::{SignInError, cookies};

/// A sign-in between its redirect and its callback. It is sealed into a cookie of its own, named after its state, so that tabs do not
/// overwrite each other, and nothing on the server is there before somebody has signed in.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct PendingSignIn {
    pub(crate) state: String,
    pub(crate) nonce: String,
    pub(crate) verifier: String,
    pub(crate) redirect_uri: String,
    pub(crate) return_to: String,
    pub(crate) scopes: String,
    created_at: i64,
}

/// A sign-in that takes longer begins anew.
const LIFETIME_SECONDS: i64 = 15 * 60;
/// So many tabs sign in at once; of more, the oldest begins anew.
const MAX_PENDING: usize = 5;
/// So long their cookies are together, or the oldest begins anew: common servers take 8 KB of all cookies.
const MAX_BYTES: usize = 5000;

impl PendingSignIn {
    pub(crate) fn begin(
        redirect_uri: String,
        return_to: String,
        scopes: String,
        now: Timestamp,
    ) -> Result<Self, SignInError> {
        Ok(PendingSignIn {
            state: random_text::<64>()?,
            nonce: random_text::<64>()?,
            verifier: random_text::<64>()?,
            redirect_uri,
            return_to,
            scopes,
            created_at: now.as_unix_seconds(),
        })
    }

    /// RFC 7636 §4.2, S256.
    pub(crate) fn challenge(&self) -> String {
        sha256(&self.verifier)
    }

    /// The cookie that remembers it, and those that remove what is too much.
    pub(crate) fn cookies(
        &self,
        config: &LogtoConfig,
        request: &HeaderMap,
        now: Timestamp,
    ) -> Result<Vec<HeaderValue>, SignInError> {
        let name = name(config, &self.state);
        let json = serde_json::to_vec(self).map_err(|_| SignInError::SessionTooLarge)?;
        let expires_at = Timestamp::from_unix_seconds(now.as_unix_seconds() + LIFETIME_SECONDS);
        let sealed = base64url(&config.keys.seal(&purpose(config, &name), expires_at, &json)?);
        let mut headers = Vec::new();
        let (mut count, mut bytes) = (1, name.len() + sealed.len());
        for (other, value) in newest_first(config, request, now) {
            (count, bytes) = (count + 1, bytes + other.len() + value.len());
            if count > MAX_PENDING || bytes > MAX_BYTES {
                headers.push(cookies::clear(config, other)?);
            }
        }
        headers.push(cookies::set(config, &name, &sealed, LIFETIME_SECONDS)?);
        Ok(headers)
    }

    /// The sign-in that this browser began with this state.
    pub(crate) fn find(
        config: &LogtoConfig,
        request: &HeaderMap,
        state: &str,
        now: Timestamp,
    ) -> Option<Self> {
        let name = name(config, state);
        open(config, &name, cookies::get(request, &name)?, now).filter(|pending| pending.state == state)
    }

    /// The header that forgets it.
    pub(crate) fn forget(config: &LogtoConfig, state: &str) -> Result<HeaderValue, SignInError> {
        cookies::clear(config, &name(config, state))
    }
}

fn prefix(config: &LogtoConfig) -> String {
    format!("{}_pending_", config.cookie_name)
}

fn name(config: &LogtoConfig, state: &str) -> String {
    format!("{}{}", prefix(config), &sha256(state)[..16])
}

/// The pending sign-ins of a browser; last those that cannot be opened.
fn newest_first<'a>(
    config: &LogtoConfig,
    request: &'a HeaderMap,
    now: Timestamp,
) -> impl Iterator<Item = (&'a str, &'a str)> {
    let prefix = prefix(config);
    let begun = |(name, value): &(&str, &str)| {
        open(config, name, value, now).map_or(i64::MIN, |pending| pending.created_at)
    };
    let mut found = cookies::find(request, |name| name.starts_with(&prefix));
    found.sort_by_cached_key(|cookie| std::cmp::Reverse(begun(cookie)));
    found.into_iter()
}

fn purpose(config: &LogtoConfig, name: &str) -> String {
    format!("pending sign-in {} {name}", config.realm)
}

fn open(config: &LogtoConfig, name: &str, value: &str, now: Timestamp) -> Option<PendingSignIn> {
    let opened = config.keys.open(&purpose(config, name), now, &from_base64url(value)?)?;
    serde_json::from_slice(&opened).ok()
}
