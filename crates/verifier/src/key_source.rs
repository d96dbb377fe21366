use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arc_swap::{ArcSwapOption, Guard};
use http::header::{ACCEPT, ETAG, HeaderValue, IF_NONE_MATCH};
use logto_authkit_token::{JwkSet, JwkSetError, LogtoUrl, VerifyError};
use tokio::sync::watch;

use crate::key_cache_state::{HeldSince, Transition};
use crate::{
    Clock, Decision, HttpClient, HttpError, HttpLimits, KeyCacheState, KeyTimes, Moment, Readiness, Stage,
    Wanted, lock,
};

/// One issuer's keys: fetched over HTTP, held in memory, shared by every verifier of that issuer.
///
/// The shell around [`KeyCacheState`]: the state decides, this performs. A caller whose key is held and fresh takes no lock and
/// never waits.
pub(crate) struct KeySource {
    issuer: LogtoUrl,
    client: Arc<dyn HttpClient>,
    clock: Arc<dyn Clock>,
    limits: HttpLimits,
    state: Mutex<KeyCacheState>,
    current: ArcSwapOption<HeldKeys>,
    /// `KeyCacheState::quiet_until` in nanoseconds, readable without the lock.
    quiet_until: AtomicU64,
    /// Counts finished fetches, and wakes those who wait for one.
    landed: watch::Sender<u64>,
}

/// A key set and since when it is held.
#[derive(Debug)]
pub(crate) struct HeldKeys {
    keys: Arc<JwkSet>,
    since: HeldSince,
    etag: Option<HeaderValue>,
}

impl HeldKeys {
    pub(crate) fn keys(&self) -> &JwkSet {
        &self.keys
    }
}

/// Why a fetch brought no keys. Told to the log and to `doctor`, never to a caller.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error("the answer's status is {0}, not 200")]
    Status(u16),
    #[error(transparent)]
    Document(#[from] JwkSetError),
    #[error("the key set holds no usable key ({skipped} skipped)")]
    NoUsableKey { skipped: usize },
}

/// What a fetch brought.
enum Fetched {
    Keys(JwkSet, Option<HeaderValue>),
    NotModified,
}

/// What a lookup leads to.
enum Step {
    Use(Arc<HeldKeys>),
    Wait(watch::Receiver<u64>),
}

impl KeySource {
    pub(crate) fn new(
        issuer: LogtoUrl,
        client: Arc<dyn HttpClient>,
        clock: Arc<dyn Clock>,
        limits: HttpLimits,
    ) -> Arc<Self> {
        Arc::new(KeySource {
            issuer,
            client,
            clock,
            limits,
            state: Mutex::new(KeyCacheState::new(RandomState::new().hash_one("key source"))),
            current: ArcSwapOption::empty(),
            quiet_until: AtomicU64::new(0),
            landed: watch::Sender::new(0),
        })
    }

    /// The keys that can be used without any further step, if there are some.
    pub(crate) fn at_hand(&self, times: &KeyTimes) -> Guard<Option<Arc<HeldKeys>>> {
        let now = self.clock.moment();
        let current = self.current.load();
        match &*current {
            Some(held) if held.since.is_fresh(now, times) => current,
            Some(held) if self.is_quiet(now, times) && !held.since.is_expired(now, times) => current,
            _ => Guard::from_inner(None),
        }
    }

    /// Whether a refresh is under way or backed off, so that stale keys are served as they are.
    fn is_quiet(&self, now: Moment, times: &KeyTimes) -> bool {
        !times.fresh_for.is_zero() && now.as_nanos() < self.quiet_until.load(Ordering::Relaxed)
    }

    /// The keys for a token, fetched if need be. `holds` says whether a set holds the token's key.
    pub(crate) async fn keys(
        self: &Arc<Self>,
        times: &KeyTimes,
        holds: impl Fn(&JwkSet) -> bool,
    ) -> Result<Arc<HeldKeys>, VerifyError> {
        if let Some(held) = &*self.at_hand(times)
            && holds(&held.keys)
        {
            return Ok(Arc::clone(held));
        }
        let mut landed = match self.look_up(times, &holds, Stage::First)? {
            Step::Use(held) => return Ok(held),
            Step::Wait(landed) => landed,
        };
        // The sender lives as long as `self`, so this cannot fail.
        let _ = landed.changed().await;
        match self.look_up(times, &holds, Stage::AfterWait)? {
            Step::Use(held) => Ok(held),
            Step::Wait(_) => Err(VerifyError::KeysUnavailable { retry_after: Duration::from_secs(1) }),
        }
    }

    fn look_up(
        self: &Arc<Self>,
        times: &KeyTimes,
        holds: &impl Fn(&JwkSet) -> bool,
        stage: Stage,
    ) -> Result<Step, VerifyError> {
        let mut state = lock(&self.state);
        let current = self.current.load_full();
        let wanted = match &current {
            Some(held) if holds(&held.keys) => Wanted::Held,
            _ => Wanted::NotHeld,
        };
        let decision = state.on_lookup(self.clock.moment(), times, wanted, stage);
        self.publish_quiet(&state);
        // Subscribed under the lock: a fetch that lands from here on is not missed.
        let landed = self.landed.subscribe();
        drop(state);
        match (decision, current) {
            (Decision::Serve, Some(held)) => Ok(Step::Use(held)),
            (Decision::ServeAndRefresh, Some(held)) => {
                self.start_fetch();
                Ok(Step::Use(held))
            }
            (Decision::Fetch, _) => {
                self.start_fetch();
                Ok(Step::Wait(landed))
            }
            (Decision::Wait, _) => Ok(Step::Wait(landed)),
            (Decision::Unknown, _) => Err(VerifyError::UnknownKey),
            (Decision::Unavailable { retry_after }, _) => Err(VerifyError::KeysUnavailable { retry_after }),
            // The state serves only what it holds; should the two ever differ, there are no keys.
            (Decision::Serve | Decision::ServeAndRefresh, None) => {
                Err(VerifyError::KeysUnavailable { retry_after: Duration::from_secs(1) })
            }
        }
    }

    /// A task of its own: a caller that goes away must not take the others' fetch with it.
    fn start_fetch(self: &Arc<Self>) {
        let flight = Flight { source: Arc::clone(self), landed: false };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            // The flight is dropped, which lands it as a failure.
            tracing::error!(issuer = %self.issuer, "keys can be fetched inside a Tokio runtime only");
            return;
        };
        runtime.spawn(async move {
            let held = flight.source.current.load_full();
            let fetched = flight.source.fetch(held.as_deref().and_then(|held| held.etag.as_ref())).await;
            flight.land(fetched, held);
        });
    }

    /// Asks the issuer for its keys, once.
    async fn fetch(&self, etag: Option<&HeaderValue>) -> Result<Fetched, FetchError> {
        let mut request = http::Request::new(Vec::new());
        *request.uri_mut() = self.issuer.jwks_uri().parse().map_err(|_| {
            HttpError::Exchange("the address of the keys is not one that HTTP can carry".to_owned())
        })?;
        request
            .headers_mut()
            .insert(ACCEPT, HeaderValue::from_static("application/jwk-set+json, application/json"));
        if let Some(etag) = etag {
            request.headers_mut().insert(IF_NONE_MATCH, etag.clone());
        }
        // The client keeps the limit itself; this one also holds for a client that does not.
        let answer = tokio::time::timeout(self.limits.timeout, self.client.send(request, self.limits))
            .await
            .unwrap_or(Err(HttpError::Timeout))?;
        match answer.status().as_u16() {
            304 if etag.is_some() => return Ok(Fetched::NotModified),
            200 => {}
            status => return Err(FetchError::Status(status)),
        }
        if answer.body().len() > self.limits.max_body {
            return Err(HttpError::BodyTooLarge.into());
        }
        let keys = JwkSet::parse(answer.body())?;
        if keys.is_empty() {
            return Err(FetchError::NoUsableKey { skipped: keys.skipped().len() });
        }
        Ok(Fetched::Keys(keys, answer.headers().get(ETAG).cloned()))
    }

    /// The issuer's keys as they are this moment, past every cache and without touching one.
    pub(crate) async fn fetch_apart(&self) -> Result<JwkSet, VerifyError> {
        match self.fetch(None).await {
            Ok(Fetched::Keys(keys, _)) => Ok(keys),
            Ok(Fetched::NotModified) => {
                Err(VerifyError::KeysUnavailable { retry_after: Duration::from_secs(1) })
            }
            Err(error) => {
                tracing::warn!(issuer = %self.issuer, %error, "the issuer's keys cannot be fetched");
                Err(VerifyError::KeysUnavailable { retry_after: Duration::from_secs(1) })
            }
        }
    }

    /// Holds `keys` as if they had just been fetched.
    pub(crate) fn prime(&self, keys: JwkSet) {
        let mut state = lock(&self.state);
        self.hold(&mut state, Arc::new(keys), None);
    }

    /// Drops the keys; the next lookup fetches.
    pub(crate) fn invalidate(&self) {
        let mut state = lock(&self.state);
        state.on_invalidated();
        self.current.store(None);
        self.publish_quiet(&state);
    }

    /// Whether keys are held that may still be used.
    pub(crate) fn readiness(&self, times: &KeyTimes) -> Readiness {
        let current = self.current.load();
        let Some(held) = current.as_ref() else { return Readiness::NotReady };
        let age = self.clock.moment().since(held.since.fetched_at());
        if age > times.fresh_for + times.stale_for {
            return Readiness::NotReady;
        }
        Readiness::Ready { age, keys: held.keys.keys().len() }
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    pub(crate) fn issuer(&self) -> &LogtoUrl {
        &self.issuer
    }

    fn hold(&self, state: &mut KeyCacheState, keys: Arc<JwkSet>, etag: Option<HeaderValue>) -> Transition {
        let transition = state.on_fetched(self.clock.moment());
        if let Some(since) = state.held() {
            self.current.store(Some(Arc::new(HeldKeys { keys, since, etag })));
        }
        self.publish_quiet(state);
        transition
    }

    fn publish_quiet(&self, state: &KeyCacheState) {
        self.quiet_until.store(state.quiet_until().as_nanos(), Ordering::Relaxed);
    }
}

impl fmt::Debug for KeySource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("KeySource").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// A fetch under way. It lands however it ends: a runtime that is shut down must leave nobody waiting.
struct Flight {
    source: Arc<KeySource>,
    landed: bool,
}

impl Flight {
    fn land(mut self, fetched: Result<Fetched, FetchError>, asked_with: Option<Arc<HeldKeys>>) {
        self.landed = true;
        let source = &self.source;
        let mut state = lock(&source.state);
        let fetched = match (fetched, asked_with) {
            (Ok(Fetched::Keys(keys, etag)), before) => {
                let skipped_before = before.as_ref().map(|held| held.keys.skipped());
                if skipped_before != Some(keys.skipped()) {
                    for skipped in keys.skipped() {
                        tracing::warn!(issuer = %source.issuer, index = skipped.index, reason = %skipped.problem, "a published key is not used");
                    }
                }
                Ok((Arc::new(keys), etag))
            }
            // "Not modified" speaks of the keys that were asked with, whatever has happened to the cache since.
            (Ok(Fetched::NotModified), Some(held)) => Ok((Arc::clone(&held.keys), held.etag.clone())),
            (Ok(Fetched::NotModified), None) => Err(FetchError::Status(304)),
            (Err(error), _) => Err(error),
        };
        match fetched {
            Ok((keys, etag)) => {
                if source.hold(&mut state, keys, etag) == Transition::Recovered {
                    tracing::info!(issuer = %source.issuer, "the issuer's keys can be fetched again");
                }
            }
            Err(error) => {
                if state.on_failed(source.clock.moment()) == Transition::BecameUnreachable {
                    tracing::warn!(issuer = %source.issuer, %error, "the issuer's keys cannot be fetched; the keys at hand stay in use");
                }
                source.publish_quiet(&state);
            }
        }
        drop(state);
        source.landed.send_modify(|count| *count += 1);
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        if !self.landed {
            let mut state = lock(&self.source.state);
            state.on_failed(self.source.clock.moment());
            self.source.publish_quiet(&state);
            drop(state);
            self.source.landed.send_modify(|count| *count += 1);
        }
    }
}
