use std::fmt;

use http::HeaderValue;
use logto_authkit_token::ErrorCode;
use serde::Serialize;
use uuid::Uuid;

use crate::set_cookie::{must_be_secure, secret_header};

/// A visitor without an accepted token, where guests are admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Guest {
    /// The guest's id: random, and the same over the visitor's requests.
    pub id: GuestId,
    /// Why the visitor is a guest.
    pub reason: GuestReason,
}

/// A guest's id: a UUID. Whoever knows it can pass for the guest, so `Debug` keeps it to itself; `Display` shows it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct GuestId(Uuid);

/// Why a visitor is a guest: it tells "never signed in" from "expired".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuestReason {
    /// The request brought no token.
    NoToken,
    /// The request brought a token that was refused.
    Refused(ErrorCode),
}

impl GuestId {
    /// A new random id (RFC 9562 §5.4).
    pub(crate) fn random() -> Self {
        GuestId(Uuid::new_v4())
    }

    /// The id in a guest's cookie; anything but a UUID in its usual spelling is none.
    pub(crate) fn parse(value: &str) -> Option<Self> {
        (value.len() == 36).then(|| Uuid::try_parse(value).ok()).flatten().map(GuestId)
    }

    /// The cookie that makes the id last: a year, for this site alone, out of reach of scripts.
    pub(crate) fn set_cookie(self, name: &str, secure: bool) -> Option<HeaderValue> {
        let cookie = cookie::Cookie::build((name, self.0.to_string()))
            .path("/")
            .max_age(cookie::time::Duration::days(365))
            .http_only(true)
            .same_site(cookie::SameSite::Lax)
            .secure(secure || must_be_secure(name));
        secret_header(&cookie.build()).ok()
    }
}

impl fmt::Debug for GuestId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("GuestId").finish_non_exhaustive()
    }
}

impl fmt::Display for GuestId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl GuestReason {
    /// `no_token`, or the refusal's code.
    pub fn as_str(self) -> &'static str {
        match self {
            GuestReason::NoToken => "no_token",
            GuestReason::Refused(code) => code.as_str(),
        }
    }
}
