use std::sync::Arc;

use crate::{
    Algorithm, Claims, CompactJws, JwkSet, KeyIdentity, LogtoUrl, Policy, Timestamp, TokenType, VerifyError,
};

/// A token that passed every check which needs no key: shape, algorithm, type, claims, issuer, audience, time.
///
/// Nothing about it is proven yet: the claims come out only through [`verify`](Screened::verify).
///
/// ```no_run
/// # use logto_authkit_token::*;
/// # fn keys() -> JwkSet { unimplemented!() }
/// # let (token, now) = ("", Timestamp::from_unix_seconds(0));
/// let logto = LogtoUrl::parse("https://tenant.logto.app")?;
/// let policy = Policy::for_resource("https://api.example.com")?;
///
/// let screened = Screened::screen(token, &logto, &policy, now)?;
/// let signed = screened.verify(&keys())?;
/// policy.authorize(signed.claims())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Screened<'a> {
    /// Without its payload, which became the claims.
    jws: CompactJws<'a>,
    claims: Claims,
}

impl<'a> Screened<'a> {
    /// Makes the cheap refusals, before any cryptography.
    ///
    /// # Errors
    /// Whatever is wrong with the token, short of its key, its signature and what it permits.
    pub fn screen(
        token: &'a str,
        issuer: &LogtoUrl,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<Self, VerifyError> {
        let mut jws = CompactJws::parse(token)?;
        policy.check_algorithm(jws.algorithm())?;
        policy.check_type(jws.token_type())?;
        let claims = Claims::from_payload(jws.take_payload())?;
        policy.check_issuer(issuer, &claims)?;
        policy.check_audience(&claims)?;
        policy.check_time(&claims, now)?;
        Ok(Screened { jws, claims })
    }

    /// Whether `keys` could hold the key of this token.
    pub fn finds_key_in(&self, keys: &JwkSet) -> bool {
        keys.knows(self.jws.key_id(), self.jws.algorithm())
    }

    /// Verifies the signature and hands the claims over. What they permit is still to be asked: [`Policy::authorize`].
    ///
    /// # Errors
    /// As [`JwkSet::verify`].
    pub fn verify(self, keys: &JwkSet) -> Result<SignedClaims, VerifyError> {
        Ok(SignedClaims {
            key: keys.verify(&self.jws)?,
            algorithm: self.jws.algorithm(),
            token_type: self.jws.token_type(),
            claims: Arc::new(self.claims),
        })
    }
}

/// Claims that the issuer signed, with how it did: what is worth remembering of a verification.
///
/// It is a memory of a signature, not of a verdict; [`Policy::accept`] gives the verdict, as often as one is needed.
#[derive(Clone, Debug)]
pub struct SignedClaims {
    claims: Arc<Claims>,
    key: KeyIdentity,
    algorithm: Algorithm,
    token_type: TokenType,
}

impl SignedClaims {
    /// The claims.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// The claims, shared.
    pub fn into_claims(self) -> Arc<Claims> {
        self.claims
    }

    /// The same with claims that share no memory with these: for a thread that reads them often.
    #[must_use]
    pub fn with_own_claims(&self) -> Self {
        SignedClaims { claims: Arc::new(Claims::clone(&self.claims)), ..*self }
    }

    /// The key that signed them.
    pub fn key(&self) -> KeyIdentity {
        self.key
    }

    /// The algorithm of the signature.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// What the token says it is.
    pub fn token_type(&self) -> TokenType {
        self.token_type
    }
}
