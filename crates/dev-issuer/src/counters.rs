//! How often the issuer was asked for what.

use std::sync::atomic::{AtomicU64, Ordering};

/// A snapshot of how many requests arrived since the issuer started or [`reset_counters`] was called.
///
/// A request counts when it arrives, also when a fault answers it; a connection that was closed because the issuer
/// is down does not.
///
/// [`reset_counters`]: crate::DevIssuer::reset_counters
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Requests for the discovery document.
    pub discovery: u64,
    /// Requests for the key set, those answered with 304 included.
    pub jwks: u64,
    /// Requests for the key set that were answered with 304.
    pub jwks_not_modified: u64,
    /// Requests that begin a sign-in.
    pub authorize: u64,
    /// Requests for tokens, of every grant and of none.
    pub token: u64,
    /// Requests for tokens with `grant_type=authorization_code`.
    pub token_authorization_code: u64,
    /// Requests for tokens with `grant_type=refresh_token`.
    pub token_refresh: u64,
    /// Requests for tokens with `grant_type=client_credentials`.
    pub token_client_credentials: u64,
    /// Requests for userinfo.
    pub userinfo: u64,
    /// Introspection requests.
    pub introspection: u64,
    /// Revocation requests.
    pub revocation: u64,
    /// Requests that begin a sign-out.
    pub end_session: u64,
}

/// One of the numbers of [`Counters`].
#[derive(Clone, Copy, Debug)]
pub(crate) enum Counted {
    Discovery,
    Jwks,
    JwksNotModified,
    Authorize,
    Token,
    TokenAuthorizationCode,
    TokenRefresh,
    TokenClientCredentials,
    Userinfo,
    Introspection,
    Revocation,
    EndSession,
}

#[derive(Debug, Default)]
pub(crate) struct LiveCounters([AtomicU64; 12]);

impl LiveCounters {
    pub(crate) fn count(&self, what: Counted) {
        self.of(what).fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn reset(&self) {
        self.0.iter().for_each(|number| number.store(0, Ordering::Relaxed));
    }

    pub(crate) fn snapshot(&self) -> Counters {
        let number = |what| self.of(what).load(Ordering::Relaxed);
        Counters {
            discovery: number(Counted::Discovery),
            jwks: number(Counted::Jwks),
            jwks_not_modified: number(Counted::JwksNotModified),
            authorize: number(Counted::Authorize),
            token: number(Counted::Token),
            token_authorization_code: number(Counted::TokenAuthorizationCode),
            token_refresh: number(Counted::TokenRefresh),
            token_client_credentials: number(Counted::TokenClientCredentials),
            userinfo: number(Counted::Userinfo),
            introspection: number(Counted::Introspection),
            revocation: number(Counted::Revocation),
            end_session: number(Counted::EndSession),
        }
    }

    fn of(&self, what: Counted) -> &AtomicU64 {
        // The variants number the places from 0 to 11, as many as the array has.
        &self.0[what as usize]
    }
}
