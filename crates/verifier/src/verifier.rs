use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use logto_authkit_token::{
    Claims, JwkSet, LogtoUrl, MAX_TOKEN_LENGTH, Policy, Screened, Timestamp, VerifyError,
};

use crate::key_source::KeySource;
use crate::token_cache::{Remembered, TokenCache, TokenDigest};
use crate::{KeyTimes, VerifierBuilder};

/// Verifies the access tokens of one issuer.
///
/// Cheap to clone, and every clone shares keys and cache. It needs no start-up: the first token fetches the keys, and
/// [`warm_up`](Verifier::warm_up) does it earlier where that is wished.
///
/// ```no_run
/// # async fn run(token: &str) -> Result<(), Box<dyn std::error::Error>> {
/// use logto_authkit_verifier::Verifier;
///
/// let verifier = Verifier::builder("https://tenant.logto.app").audience("https://api.example.com").build()?;
/// let claims = verifier.verify(token).await?;
/// println!("hello {}", claims.subject());
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Verifier {
    inner: Arc<Inner>,
    /// Another time than the clock's.
    at: Option<Timestamp>,
}

pub(crate) struct Inner {
    pub(crate) policy: Policy,
    pub(crate) keys: Arc<KeySource>,
    pub(crate) times: KeyTimes,
    pub(crate) cache: TokenCache,
}

/// Whether a verifier could verify a token this moment, for a health check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Readiness {
    /// Keys are held.
    Ready {
        /// How long ago they were fetched, or confirmed by the issuer.
        age: Duration,
        /// How many of them are usable.
        keys: usize,
    },
    /// No keys have been fetched yet, or they are too old to be used.
    NotReady,
}

impl Verifier {
    /// Starts a verifier for the Logto server at `logto_url`, the endpoint without `/oidc`. An audience or a policy is needed too.
    pub fn builder(logto_url: impl AsRef<str>) -> VerifierBuilder {
        VerifierBuilder::new(LogtoUrl::parse(logto_url))
    }

    /// As [`builder`](Verifier::builder), with an endpoint that has been read before.
    pub fn builder_for(issuer: LogtoUrl) -> VerifierBuilder {
        VerifierBuilder::new(Ok(issuer))
    }

    pub(crate) fn new(inner: Inner) -> Self {
        Verifier { inner: Arc::new(inner), at: None }
    }

    /// Verifies a token against the verifier's own policy.
    ///
    /// Any executor may poll this, also outside of Tokio: keys are fetched on a thread of the library's own.
    ///
    /// # Errors
    /// Why the token is refused, or [`VerifyError::KeysUnavailable`] when nobody can tell.
    pub async fn verify(&self, token: &str) -> Result<Arc<Claims>, VerifyError> {
        self.verify_with(token, &self.inner.policy).await
    }

    /// Verifies a token against another policy than the verifier's own, over the same keys and cache.
    ///
    /// # Errors
    /// As [`verify`](Verifier::verify).
    pub async fn verify_with(&self, token: &str, policy: &Policy) -> Result<Arc<Claims>, VerifyError> {
        let digest = match self.recall(token, policy) {
            Recall::Verdict(verdict) => return verdict,
            Recall::Nothing(digest) => digest,
        };
        let screened = Screened::screen(token, self.issuer(), policy, self.now())?;
        let held = self.inner.keys.keys(&self.inner.times, |keys| screened.finds_key_in(keys)).await?;
        self.judge(screened, held.keys(), digest, policy)
    }

    /// The verdict on a token whose signature is remembered, or `None` where only [`verify_with`](Verifier::verify_with) can
    /// tell. Does no cryptography but one hash, never waits, and needs no runtime.
    pub fn verify_cached(&self, token: &str, policy: &Policy) -> Option<Result<Arc<Claims>, VerifyError>> {
        match self.recall(token, policy) {
            Recall::Verdict(verdict) => Some(verdict),
            Recall::Nothing(_) => None,
        }
    }

    /// The verdict where it can be had on this thread and at once: on a remembered token, and on any token while all of the issuer's
    /// keys are at hand and quick ([`VerificationKey::is_quick`](logto_authkit_token::VerificationKey::is_quick)). `None` where only
    /// [`verify_with`](Verifier::verify_with) can tell. Never waits and needs no runtime.
    ///
    /// For threads that must not be held up, and would lose more by handing the work to another one than by doing it.
    pub fn verify_at_once(&self, token: &str, policy: &Policy) -> Option<Result<Arc<Claims>, VerifyError>> {
        let digest = match self.recall(token, policy) {
            Recall::Verdict(verdict) => return Some(verdict),
            Recall::Nothing(digest) => digest,
        };
        let at_hand = self.inner.keys.at_hand(&self.inner.times);
        let keys = at_hand.as_ref()?.keys();
        if !keys.is_quick() {
            return None;
        }
        match Screened::screen(token, self.issuer(), policy, self.now()) {
            Ok(screened) if !screened.finds_key_in(keys) => None,
            Ok(screened) => Some(self.judge(screened, keys, digest, policy)),
            Err(refusal) => Some(Err(refusal)),
        }
    }

    /// Checks the signature, remembers it, and asks what the token permits.
    fn judge(
        &self,
        screened: Screened<'_>,
        keys: &JwkSet,
        digest: Option<TokenDigest>,
        policy: &Policy,
    ) -> Result<Arc<Claims>, VerifyError> {
        let signed = screened.verify(keys)?;
        if let Some(digest) = digest {
            self.inner.cache.insert(digest, signed.clone());
        }
        policy.authorize(signed.claims())?;
        Ok(signed.into_claims())
    }

    /// Verifies a token with keys that are fetched for it alone: reads and writes neither the keys at hand nor the cache.
    ///
    /// One request to the issuer per call. For a tool that must know how things are this moment.
    ///
    /// # Errors
    /// As [`verify`](Verifier::verify).
    pub async fn verify_past_caches(&self, token: &str, policy: &Policy) -> Result<Arc<Claims>, VerifyError> {
        let screened = Screened::screen(token, self.issuer(), policy, self.now())?;
        let keys = self.inner.keys.fetch_apart().await?;
        let signed = screened.verify(&keys)?;
        policy.authorize(signed.claims())?;
        Ok(signed.into_claims())
    }

    fn recall(&self, token: &str, policy: &Policy) -> Recall {
        // What is too long to be a token is not hashed either.
        if token.len() > MAX_TOKEN_LENGTH {
            return Recall::Nothing(None);
        }
        let signed = match self.inner.cache.get(token) {
            Remembered::Signed(signed) => signed,
            Remembered::Nothing(digest) => return Recall::Nothing(digest),
        };
        match &*self.inner.keys.at_hand(&self.inner.times) {
            Some(held) if held.keys().contains(signed.key()) => {
                let verdict = policy.accept(self.issuer(), &signed, self.now());
                Recall::Verdict(verdict.map(|()| signed.into_claims()))
            }
            // The key left the issuer's set: what it signed is refused from now on.
            Some(_) => {
                self.inner.cache.remove(token);
                Recall::Nothing(Some(TokenDigest::of(token)))
            }
            None => Recall::Nothing(Some(TokenDigest::of(token))),
        }
    }

    /// Fetches the keys now instead of at the first token.
    ///
    /// # Errors
    /// [`VerifyError::KeysUnavailable`] when the issuer cannot be reached or publishes no usable key.
    pub async fn warm_up(&self) -> Result<(), VerifyError> {
        self.inner.keys.keys(&self.inner.times, |_| true).await.map(|_| ())
    }

    /// Whether keys are there, and how old they are.
    pub fn readiness(&self) -> Readiness {
        self.inner.keys.readiness(&self.inner.times)
    }

    /// Drops the issuer's keys, for every verifier that shares them, and this verifier's remembered tokens.
    pub fn invalidate(&self) {
        self.inner.keys.invalidate();
        self.inner.cache.clear();
    }

    /// The verifier's own policy.
    pub fn policy(&self) -> &Policy {
        &self.inner.policy
    }

    /// The issuer whose tokens are verified.
    pub fn issuer(&self) -> &LogtoUrl {
        self.inner.keys.issuer()
    }

    pub(crate) fn at(&self, now: Timestamp) -> Self {
        Verifier { inner: Arc::clone(&self.inner), at: Some(now) }
    }

    fn now(&self) -> Timestamp {
        self.at.unwrap_or_else(|| self.inner.keys.clock().now())
    }
}

/// What the cache has to say about a token.
enum Recall {
    Verdict(Result<Arc<Claims>, VerifyError>),
    /// Nothing; the digest, where there is a cache to write to.
    Nothing(Option<TokenDigest>),
}

impl fmt::Debug for Verifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Verifier")
            .field("issuer", self.issuer())
            .field("policy", &self.inner.policy)
            .finish_non_exhaustive()
    }
}
