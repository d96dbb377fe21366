//! Grants, and the codes and tokens that stand for them.

/// `offline_access`: the refresh token outlives the session.
pub(crate) const OFFLINE_ACCESS: &str = "offline_access";

/// What a user allowed an application at one sign-in.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) client_id: String,
    pub(crate) user_id: String,
    /// The session in which it was given.
    pub(crate) session: String,
    /// The session's id for this application, as ID tokens and logout tokens call it.
    pub(crate) sid: String,
    /// Scopes about the user, `openid` and the like.
    pub(crate) scopes: Vec<String>,
    /// Scopes of resources and organizations, as far as the user had them then.
    pub(crate) resource_scopes: Vec<String>,
    pub(crate) resources: Vec<String>,
    pub(crate) nonce: Option<String>,
    /// Seconds since 1970, when the application asked for it with `max_age`.
    pub(crate) auth_time: Option<i64>,
}

impl Grant {
    /// How long a grant is remembered: longer than any chain of refresh tokens that somebody will wait for.
    pub(crate) const LIFETIME_SECONDS: i64 = 366 * 86_400;

    pub(crate) fn is_offline(&self) -> bool {
        self.has_scope(OFFLINE_ACCESS)
    }

    pub(crate) fn has_scope(&self, scope: &str) -> bool {
        self.scopes.iter().any(|known| known == scope)
    }
}

/// An authorization code. It stays after its use, so that a second use is noticed.
#[derive(Clone, Debug)]
pub(crate) struct Code {
    pub(crate) grant: String,
    pub(crate) redirect_uri: String,
    pub(crate) challenge: Option<String>,
    pub(crate) used: bool,
}

impl Code {
    pub(crate) const LIFETIME_SECONDS: i64 = 60;
}

/// A refresh token. It stays after it rotated, so that its reuse is noticed.
#[derive(Clone, Debug)]
pub(crate) struct RefreshToken {
    pub(crate) grant: String,
    pub(crate) issued_at_millis: i64,
    pub(crate) expires_at_millis: i64,
    /// When it was last exchanged for a successor.
    pub(crate) rotated_at_millis: Option<i64>,
}

/// What to do with a refresh token that somebody presents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RefreshVerdict {
    /// It stays valid, and comes back with the answer.
    Keep,
    /// A successor takes its place.
    Rotate,
    /// It was replaced too long ago: somebody else has it, and the whole grant ends.
    Stolen,
}

impl RefreshToken {
    pub(crate) const LIFETIME_SECONDS: i64 = 14 * 86_400;
    /// For so long a token that was replaced may be used again, for clients that sent two requests at once.
    const REUSE_GRACE_MILLIS: i64 = 3_000;

    pub(crate) fn verdict(&self, client_is_public: bool, now_millis: i64) -> RefreshVerdict {
        match self.rotated_at_millis {
            Some(rotated) if now_millis.saturating_sub(rotated) > Self::REUSE_GRACE_MILLIS => {
                RefreshVerdict::Stolen
            }
            Some(_) => RefreshVerdict::Rotate,
            None if client_is_public || self.share_passed(now_millis) >= 70 => RefreshVerdict::Rotate,
            None => RefreshVerdict::Keep,
        }
    }

    /// How much of its life is over, in per cent.
    fn share_passed(&self, now_millis: i64) -> i64 {
        let life = self.expires_at_millis.saturating_sub(self.issued_at_millis).max(1);
        now_millis.saturating_sub(self.issued_at_millis).saturating_mul(100) / life
    }
}

/// An access token for userinfo: 43 characters that mean something to the issuer only.
#[derive(Clone, Debug)]
pub(crate) struct OpaqueToken {
    pub(crate) grant: String,
    pub(crate) scope: String,
    pub(crate) issued_at: i64,
    pub(crate) expires_at: i64,
}

impl OpaqueToken {
    pub(crate) const LIFETIME_SECONDS: i64 = 3600;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(rotated_at_millis: Option<i64>) -> RefreshToken {
        RefreshToken { grant: "g".into(), issued_at_millis: 0, expires_at_millis: 100_000, rotated_at_millis }
    }

    #[test]
    fn a_confidential_client_keeps_its_token_until_seventy_per_cent_are_over() {
        assert_eq!(token(None).verdict(false, 69_999), RefreshVerdict::Keep);
        assert_eq!(token(None).verdict(false, 70_000), RefreshVerdict::Rotate);
        assert_eq!(token(None).verdict(true, 0), RefreshVerdict::Rotate);
    }

    #[test]
    fn a_replaced_token_works_for_three_more_seconds() {
        assert_eq!(token(Some(1_000)).verdict(true, 4_000), RefreshVerdict::Rotate);
        assert_eq!(token(Some(1_000)).verdict(true, 4_001), RefreshVerdict::Stolen);
    }
}
