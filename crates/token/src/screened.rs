use crate::{Claims, CompactJws, JwkSet, KeyIdentity, LogtoUrl, Policy, Timestamp, VerifyError};

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
/// let (claims, _key) = screened.verify(&keys())?;
/// policy.authorize(&claims)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Screened<'a> {
    jws: CompactJws<'a>,
    claims: Claims,
}

impl<'a> Screened<'a> {
    /// Makes the cheap refusals, before any cryptography.
    ///
    /// # Errors
    /// Whatever is wrong with the token, short of its key, its signature and what it permits.
    pub fn screen(token: &'a str, issuer: &LogtoUrl, policy: &Policy, now: Timestamp) -> Result<Self, VerifyError> {
        let jws = CompactJws::parse(token)?;
        policy.check_algorithm(&jws)?;
        policy.check_type(&jws)?;
        let claims = Claims::parse(jws.payload())?;
        policy.check(issuer, &claims, now)?;
        Ok(Screened { jws, claims })
    }

    /// The token's parts, for choosing its key.
    pub fn jws(&self) -> &CompactJws<'a> {
        &self.jws
    }

    /// Verifies the signature and hands the claims over, with the key that signed them.
    ///
    /// # Errors
    /// As [`JwkSet::verify`].
    pub fn verify(self, keys: &JwkSet) -> Result<(Claims, KeyIdentity), VerifyError> {
        let key = keys.verify(&self.jws)?;
        Ok((self.claims, key))
    }
}
