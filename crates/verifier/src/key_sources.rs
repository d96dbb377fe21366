use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use logto_authkit_token::{CompactJws, JwkSet, LogtoUrl, VerifyError};

use crate::key_source::KeySource;
use crate::{Clock, HttpClient, HttpLimits, KeyTimes, Readiness, ReqwestClient, SystemClock, lock};

/// The key sources of a process, one per issuer: two verifiers of one issuer fetch once.
///
/// [`KeySources::global`] is what verifiers use unless they are given another. A set of one's own brings another HTTP client,
/// another clock, or isolation in a test.
///
/// ```
/// use logto_authkit_verifier::{KeySources, ManualClock, ReqwestClient, Verifier};
/// use std::sync::Arc;
///
/// let sources = KeySources::new(Arc::new(ReqwestClient::new()), Arc::new(ManualClock::at_present()));
/// let verifier = Verifier::builder("https://tenant.logto.app")
///     .audience("https://api.example.com")
///     .key_sources(&sources)
///     .build()?;
/// # Ok::<(), logto_authkit_verifier::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct KeySources(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    client: Arc<dyn HttpClient>,
    clock: Arc<dyn Clock>,
    limits: HttpLimits,
    sources: Mutex<HashMap<LogtoUrl, Arc<KeySource>>>,
}

/// A request for keys takes 5 s in all and brings 1 MiB at most.
const DEFAULT_LIMITS: HttpLimits = HttpLimits { timeout: Duration::from_secs(5), max_body: 1024 * 1024 };

static GLOBAL: LazyLock<KeySources> =
    LazyLock::new(|| KeySources::new(Arc::new(ReqwestClient::new()), Arc::new(SystemClock::new())));

impl KeySources {
    /// The process-wide set.
    pub fn global() -> &'static KeySources {
        &GLOBAL
    }

    /// A set of one's own.
    pub fn new(client: Arc<dyn HttpClient>, clock: Arc<dyn Clock>) -> Self {
        KeySources::with_limits(client, clock, DEFAULT_LIMITS)
    }

    /// A set of one's own with other limits than 5 s and 1 MiB per request.
    pub fn with_limits(client: Arc<dyn HttpClient>, clock: Arc<dyn Clock>, limits: HttpLimits) -> Self {
        KeySources(Arc::new(Inner { client, clock, limits, sources: Mutex::default() }))
    }

    /// Drops the keys of one issuer; whoever needs them next fetches them.
    pub fn invalidate(&self, issuer: &LogtoUrl) {
        let source = lock(&self.0.sources).get(issuer).cloned();
        if let Some(source) = source {
            source.invalidate();
        }
    }

    /// Drops the keys of every issuer.
    pub fn clear(&self) {
        let sources: Vec<_> = lock(&self.0.sources).values().cloned().collect();
        sources.iter().for_each(|source| source.invalidate());
    }

    /// Holds `keys` for an issuer as if they had just been fetched: for a process that has them from elsewhere.
    pub fn prime(&self, issuer: &LogtoUrl, keys: JwkSet) {
        self.source(issuer).prime(keys);
    }

    /// Whether keys of an issuer are there, and how old they are. Fetches nothing.
    pub fn readiness(&self, issuer: &LogtoUrl) -> Readiness {
        let source = lock(&self.0.sources).get(issuer).cloned();
        source.map_or(Readiness::NotReady, |source| source.readiness(&KeyTimes::default()))
    }

    /// Verifies the signature of a token that is no access token, such as an ID token, with the issuer's keys, fetched if need be.
    /// Nothing else about it is looked at: type, claims and times are the caller's to check.
    ///
    /// # Errors
    /// No key for it, a signature that is wrong, or no keys at all.
    pub async fn verify_signature(
        &self,
        issuer: &LogtoUrl,
        token: &CompactJws<'_>,
    ) -> Result<(), VerifyError> {
        let knows = |keys: &JwkSet| keys.knows(token.key_id(), token.algorithm());
        let held = self.source(issuer).keys(&KeyTimes::default(), knows).await?;
        held.keys().verify(token).map(|_| ())
    }

    /// The clock that the keys age by.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.clock
    }

    /// The client that keys are fetched with.
    pub fn http_client(&self) -> &Arc<dyn HttpClient> {
        &self.0.client
    }

    pub(crate) fn source(&self, issuer: &LogtoUrl) -> Arc<KeySource> {
        let mut sources = lock(&self.0.sources);
        let source = sources.entry(issuer.clone()).or_insert_with(|| {
            let Inner { client, clock, limits, .. } = &*self.0;
            KeySource::new(issuer.clone(), Arc::clone(client), Arc::clone(clock), *limits)
        });
        Arc::clone(source)
    }
}
