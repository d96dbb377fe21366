use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arc_swap::{ArcSwapOption, Guard};
use http::header::{ACCEPT, ETAG, HeaderValue, IF_NONE_MATCH};
use logto_authkit_token::{JwkSet, JwkSetError, LogtoUrl, VerifyError};
use tokio::sync::watch;

use crate::key_cache_state::{FetchId, HeldSince, Transition};
use crate::{
    Clock, Decision, HttpClient, HttpError, HttpLimits, KeyCacheState, KeyTimes, Moment, Readiness, Stage,
    Wanted, fetch_runtime, lock,
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
    /// The last fetch that need not be waited for any more; wakes those who wait.
    settled: watch::Sender<FetchId>,
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
    #[error("the fetch ended without an answer")]
    Aborted,
}

/// What a fetch brought.
enum Fetched {
    Keys(JwkSet, Option<HeaderValue>),
    NotModified,
}

/// What a lookup leads to.
enum Step {
    Use(Arc<HeldKeys>),
    Wait(FetchId),
}

/// For so many fetches a caller waits where the application drops the keys again and again.
const MAX_WAITS: usize = 3;
/// When to try again where no back-off says it.
const RETRY_AFTER: Duration = Duration::from_secs(1);

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
            settled: watch::Sender::new(FetchId::default()),
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
        let mut stage = Stage::First;
        for _ in 0..MAX_WAITS {
            match self.look_up(times, &holds, stage)? {
                Step::Use(held) => return Ok(held),
                Step::Wait(fetch) => {
                    // The sender lives as long as `self`, so this cannot fail.
                    drop(self.settled.subscribe().wait_for(|settled| *settled >= fetch).await);
                    stage = Stage::AfterWait(fetch);
                }
            }
        }
        match self.look_up(times, &holds, stage)? {
            Step::Use(held) => Ok(held),
            Step::Wait(_) => Err(VerifyError::KeysUnavailable { retry_after: RETRY_AFTER }),
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
        let now = self.clock.moment();
        let decision = state.on_lookup(now, times, wanted, stage);
        self.publish_quiet(&state);
        drop(state);
        match (decision, current) {
            (Decision::Serve, Some(held)) => Ok(Step::Use(held)),
            (Decision::ServeAndRefresh(fetch), Some(held)) => {
                self.start_fetch(fetch, now);
                Ok(Step::Use(held))
            }
            (Decision::Fetch(fetch), _) => {
                self.start_fetch(fetch, now);
                Ok(Step::Wait(fetch))
            }
            (Decision::Wait(fetch), _) => Ok(Step::Wait(fetch)),
            (Decision::Unknown, _) => Err(VerifyError::UnknownKey),
            (Decision::Unavailable { retry_after }, _) => Err(VerifyError::KeysUnavailable { retry_after }),
            // The state serves only what it holds; should the two ever differ, there are no keys.
            (Decision::Serve | Decision::ServeAndRefresh(_), None) => {
                Err(VerifyError::KeysUnavailable { retry_after: RETRY_AFTER })
            }
        }
    }

    /// On a thread of our own: a caller that goes away, or whose runtime does, must not take the others' fetch with it.
    fn start_fetch(self: &Arc<Self>, fetch: FetchId, started: Moment) {
        let flight = Flight { source: Arc::clone(self), fetch, started, landed: false };
        // Where there is no thread, the flight is dropped, which lands it as a failure.
        let _ = fetch_runtime::spawn(async move {
            let held = flight.source.current.load_full();
            let held = held.as_deref();
            let fetched = flight.source.fetch(held.and_then(|held| held.etag.as_ref())).await;
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
    pub(crate) async fn fetch_apart(self: &Arc<Self>) -> Result<JwkSet, VerifyError> {
        let source = Arc::clone(self);
        let fetched = match fetch_runtime::spawn(async move { source.fetch(None).await }) {
            Ok(task) => task.await.unwrap_or(Err(FetchError::Aborted)),
            Err(_) => Err(FetchError::Aborted),
        };
        match fetched {
            Ok(Fetched::Keys(keys, _)) => Ok(keys),
            Ok(Fetched::NotModified) => Err(VerifyError::KeysUnavailable { retry_after: RETRY_AFTER }),
            Err(error) => {
                tracing::warn!(issuer = %self.issuer, %error, "the issuer's keys cannot be fetched");
                Err(VerifyError::KeysUnavailable { retry_after: RETRY_AFTER })
            }
        }
    }

    /// Holds `keys` as if they had just been fetched, whatever a fetch that is under way brings.
    pub(crate) fn prime(&self, keys: JwkSet) {
        let mut state = lock(&self.state);
        state.on_primed(self.clock.moment());
        self.hold(&state, Arc::new(keys), None);
        self.publish_quiet(&state);
        let latest = state.latest_fetch();
        drop(state);
        self.wake(latest);
    }

    /// Drops the keys; the next lookup fetches, and so do those who wait for a fetch that is under way.
    pub(crate) fn invalidate(&self) {
        let mut state = lock(&self.state);
        state.on_invalidated();
        self.current.store(None);
        self.publish_quiet(&state);
        let latest = state.latest_fetch();
        drop(state);
        self.wake(latest);
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

    /// A fetch has ended, with keys or without.
    fn settle(&self, fetch: FetchId, now: Moment, brought: Option<Brought>) -> Transition {
        let mut state = lock(&self.state);
        let transition = match brought {
            None => state.on_failed(now, fetch),
            Some((keys, etag)) => {
                let transition = state.on_fetched(now, fetch);
                if transition != Transition::Discarded {
                    self.hold(&state, keys, etag);
                }
                transition
            }
        };
        self.publish_quiet(&state);
        drop(state);
        self.wake(fetch);
        transition
    }

    /// Publishes keys that the state has just been told of.
    fn hold(&self, state: &KeyCacheState, keys: Arc<JwkSet>, etag: Option<HeaderValue>) {
        if let Some(since) = state.held() {
            self.current.store(Some(Arc::new(HeldKeys { keys, since, etag })));
        }
    }

    /// Wakes those who wait for `fetch` or an earlier one, and nobody else.
    fn wake(&self, fetch: FetchId) {
        self.settled.send_if_modified(|settled| {
            let news = *settled < fetch;
            *settled = fetch.max(*settled);
            news
        });
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

/// Keys, and the tag that the issuer gave them.
type Brought = (Arc<JwkSet>, Option<HeaderValue>);

/// A fetch under way. It lands however it ends, with an answer, a panic or its thread: nobody is left waiting.
struct Flight {
    source: Arc<KeySource>,
    fetch: FetchId,
    started: Moment,
    landed: bool,
}

impl Flight {
    fn land(mut self, fetched: Result<Fetched, FetchError>, asked_with: Option<&HeldKeys>) {
        let now = self.source.clock.moment();
        let brought = match (fetched, asked_with) {
            (Ok(Fetched::Keys(keys, etag)), _) => Ok((Arc::new(keys), etag)),
            // "Not modified" speaks of the keys that were asked with, whatever has happened to the cache since.
            (Ok(Fetched::NotModified), Some(held)) => Ok((Arc::clone(&held.keys), held.etag.clone())),
            (Ok(Fetched::NotModified), None) => Err(FetchError::Status(304)),
            (Err(error), _) => Err(error),
        };
        let transition = self.source.settle(self.fetch, now, brought.as_ref().ok().cloned());
        self.landed = true;
        match brought {
            Ok((keys, _)) => self.source.tell_of_success(transition, &keys, asked_with),
            Err(error) => self.source.tell_of_failure(transition, &error),
        }
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        if !self.landed {
            // Not the clock's time: it may be what panicked.
            let transition = self.source.settle(self.fetch, self.started, None);
            self.source.tell_of_failure(transition, &FetchError::Aborted);
        }
    }
}

/// The log: one line per change and none per request.
impl KeySource {
    fn tell_of_success(&self, transition: Transition, keys: &JwkSet, before: Option<&HeldKeys>) {
        let skipped_before = before.map(|held| held.keys.skipped());
        if transition != Transition::Discarded && skipped_before != Some(keys.skipped()) {
            for skipped in keys.skipped() {
                tracing::warn!(issuer = %self.issuer, index = skipped.index, reason = %skipped.problem, "a published key is not used");
            }
        }
        if transition == Transition::Recovered {
            tracing::info!(issuer = %self.issuer, "the issuer's keys can be fetched again");
        }
    }

    fn tell_of_failure(&self, transition: Transition, error: &FetchError) {
        if transition == Transition::BecameUnreachable {
            tracing::warn!(issuer = %self.issuer, %error, "the issuer's keys cannot be fetched; the keys at hand stay in use");
        }
    }
}
