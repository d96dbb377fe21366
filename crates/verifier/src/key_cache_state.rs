use std::time::Duration;

use crate::Moment;

/// When one issuer's keys are used, fetched and given up: a pure state machine.
///
/// It is told the time and what happened, and says what to do. It holds no keys and does no IO; the shell around it does one
/// fetch at a time. Randomness comes from a seed, so that a run can be repeated.
///
/// ```
/// use logto_authkit_verifier::{Decision, KeyCacheState, KeyTimes, Moment, Stage, Wanted};
///
/// let mut state = KeyCacheState::new(7);
/// let (times, now) = (KeyTimes::default(), Moment::default());
/// let Decision::Fetch(fetch) = state.on_lookup(now, &times, Wanted::NotHeld, Stage::First) else { panic!("there are no keys") };
/// assert_eq!(state.on_lookup(now, &times, Wanted::NotHeld, Stage::First), Decision::Wait(fetch));
/// state.on_fetched(now, fetch);
/// assert_eq!(state.on_lookup(now, &times, Wanted::Held, Stage::AfterWait(fetch)), Decision::Serve);
/// ```
#[derive(Clone, Debug)]
pub struct KeyCacheState {
    held: Option<HeldSince>,
    /// The fetch that brought what is held.
    held_from: FetchId,
    in_flight: Option<FetchId>,
    /// The fetch that was started last.
    latest: FetchId,
    /// The last fetch whose end counted.
    landed: FetchId,
    failures: u32,
    /// Before this, a refresh that nobody waits for is not tried.
    refresh_not_before: Moment,
    /// Before this, a fetch that callers wait for is not tried.
    fetch_not_before: Moment,
    /// When an unknown key last led to a fetch, or had to be content with one that was under way.
    unknown_fetch_at: Option<Moment>,
    random: Random,
}

/// One fetch of an issuer's keys. A later one is greater.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct FetchId(u64);

/// Since when a key set is held, and how early it is refreshed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeldSince {
    fetched_at: Moment,
    /// Between 0.8 and 1.0 of the fresh time: processes that started together drift apart.
    refresh_at: f64,
}

/// How long keys are used. Part of a verifier, not of the shared source: two verifiers of one issuer may differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyTimes {
    pub(crate) fresh_for: Duration,
    pub(crate) stale_for: Duration,
    pub(crate) unknown_key_cooldown: Duration,
}

impl Default for KeyTimes {
    fn default() -> Self {
        KeyTimes {
            fresh_for: Duration::from_secs(300),
            stale_for: Duration::from_secs(24 * 3600),
            unknown_key_cooldown: Duration::from_secs(30),
        }
    }
}

/// Whether the present key set holds the key that a token names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// It does.
    Held,
    /// It does not, or there is no key set.
    NotHeld,
}

/// Whether a lookup is a caller's first, or the one after it waited for a fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The first.
    First,
    /// After a wait for this fetch: what is there now decides, and nothing is fetched again for this caller, unless the keys were
    /// dropped or replaced while it waited.
    AfterWait(FetchId),
}

/// What to do about a lookup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Use the keys that are held.
    Serve,
    /// Use the keys that are held and start a fetch that nobody waits for.
    ServeAndRefresh(FetchId),
    /// Start a fetch and wait for it.
    Fetch(FetchId),
    /// A fetch is under way: wait for it.
    Wait(FetchId),
    /// The key is unknown, and the cooldown allows no fetch.
    Unknown,
    /// There are no keys, and the back-off allows no fetch yet.
    Unavailable {
        /// How long it takes until it does.
        retry_after: Duration,
    },
}

/// What a finished fetch changed, for the log: one line per change of state and none per request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transition {
    /// As before.
    None,
    /// The first failure after a success or at the start.
    BecameUnreachable,
    /// The first success after a failure.
    Recovered,
    /// The keys were dropped or replaced while the fetch was under way: what it brought is not to be held.
    Discarded,
}

const FIRST_BACK_OFF: Duration = Duration::from_secs(1);
/// The longest pause between fetches that callers wait for.
const MAX_FETCH_BACK_OFF: Duration = Duration::from_secs(30);
/// The longest pause between refreshes that nobody waits for: as often as when all is well, so that a fleet does not come
/// down on an issuer that is just getting up.
const MAX_REFRESH_BACK_OFF: Duration = Duration::from_secs(300);
/// For how long after the start of a fetch lookups of held keys need not ask the state.
const FLIGHT: Duration = Duration::from_secs(10);

impl KeyCacheState {
    /// A state without keys.
    pub fn new(seed: u64) -> Self {
        KeyCacheState {
            held: None,
            held_from: FetchId::default(),
            in_flight: None,
            latest: FetchId::default(),
            landed: FetchId::default(),
            failures: 0,
            refresh_not_before: Moment::default(),
            fetch_not_before: Moment::default(),
            unknown_fetch_at: None,
            random: Random(seed),
        }
    }

    /// A caller needs a key.
    pub fn on_lookup(&mut self, now: Moment, times: &KeyTimes, wanted: Wanted, stage: Stage) -> Decision {
        // A fetch that was waited for and did not count was no fetch: its callers begin anew.
        let waited_for = match stage {
            Stage::AfterWait(fetch) if fetch <= self.landed => Some(fetch),
            _ => None,
        };
        match (self.usable(now, times, waited_for), wanted) {
            (None, _) => self.on_lookup_without_keys(now, waited_for),
            (Some(held), Wanted::Held) => self.on_lookup_of_held_key(now, times, held, waited_for),
            (Some(_), Wanted::NotHeld) => self.on_lookup_of_unknown_key(now, times, waited_for),
        }
    }

    fn on_lookup_without_keys(&mut self, now: Moment, waited_for: Option<FetchId>) -> Decision {
        match (waited_for, self.in_flight) {
            (None, Some(fetch)) => Decision::Wait(fetch),
            (None, None) if now >= self.fetch_not_before => Decision::Fetch(self.start(now)),
            _ => Decision::Unavailable { retry_after: self.fetch_not_before.since(now).max(FIRST_BACK_OFF) },
        }
    }

    fn on_lookup_of_held_key(
        &mut self,
        now: Moment,
        times: &KeyTimes,
        held: HeldSince,
        waited_for: Option<FetchId>,
    ) -> Decision {
        if waited_for.is_some() || held.is_fresh(now, times) {
            return Decision::Serve;
        }
        // A fresh time of zero asks for a fetch before every answer; everything else is served while it is refreshed.
        match self.in_flight {
            Some(fetch) if times.fresh_for.is_zero() => Decision::Wait(fetch),
            None if times.fresh_for.is_zero() && now >= self.fetch_not_before => {
                Decision::Fetch(self.start(now))
            }
            None if !times.fresh_for.is_zero() && now >= self.refresh_not_before => {
                Decision::ServeAndRefresh(self.start(now))
            }
            _ => Decision::Serve,
        }
    }

    fn on_lookup_of_unknown_key(
        &mut self,
        now: Moment,
        times: &KeyTimes,
        waited_for: Option<FetchId>,
    ) -> Decision {
        let allowed = self.unknown_fetch_at.is_none_or(|last| now.since(last) >= times.unknown_key_cooldown);
        if allowed {
            // Failed fetches count, and so does a first fetch that did not bring the key: whatever a stranger sends, the
            // issuer hears of it once per cooldown.
            self.unknown_fetch_at = Some(now);
        }
        match (waited_for, self.in_flight) {
            (None, Some(fetch)) => Decision::Wait(fetch),
            (None, None) if allowed => Decision::Fetch(self.start(now)),
            _ => Decision::Unknown,
        }
    }

    /// A fetch brought a key set, or said that the present one is still right.
    pub fn on_fetched(&mut self, now: Moment, fetch: FetchId) -> Transition {
        if !self.land(fetch) {
            return Transition::Discarded;
        }
        let recovered = self.failures > 0;
        self.hold(now);
        if recovered { Transition::Recovered } else { Transition::None }
    }

    /// A fetch failed. What is held stays.
    pub fn on_failed(&mut self, now: Moment, fetch: FetchId) -> Transition {
        if !self.land(fetch) {
            return Transition::Discarded;
        }
        self.failures = self.failures.saturating_add(1);
        let back_off = FIRST_BACK_OFF.saturating_mul(1 << (self.failures - 1).min(16));
        // Somewhere in the upper half, so that processes which failed together do not come back together.
        let jitter = 0.5 + 0.5 * self.random.unit();
        self.fetch_not_before = now + back_off.min(MAX_FETCH_BACK_OFF).mul_f64(jitter);
        self.refresh_not_before = now + back_off.min(MAX_REFRESH_BACK_OFF).mul_f64(jitter);
        if self.failures == 1 { Transition::BecameUnreachable } else { Transition::None }
    }

    /// The keys are dropped by the application's wish; the next lookup fetches. A fetch that is under way no longer counts: it
    /// may bring what was to be dropped.
    pub fn on_invalidated(&mut self) {
        self.held = None;
        self.fetch_not_before = Moment::default();
        self.forget_fetches();
    }

    /// The application brought keys. A fetch that is under way no longer counts.
    pub fn on_primed(&mut self, now: Moment) {
        self.forget_fetches();
        self.hold(now);
    }

    /// The fetch that was started last, whether it has ended or not.
    pub fn latest_fetch(&self) -> FetchId {
        self.latest
    }

    /// Since when keys are held, if they are.
    pub fn held(&self) -> Option<HeldSince> {
        self.held
    }

    /// Until when a held key can be served without asking again.
    pub fn quiet_until(&self) -> Moment {
        self.refresh_not_before
    }

    /// What is held and may be used: not too old, or brought by the very fetch that the caller waited for or a later one.
    fn usable(&self, now: Moment, times: &KeyTimes, waited_for: Option<FetchId>) -> Option<HeldSince> {
        let awaited = waited_for.is_some_and(|fetch| fetch <= self.held_from);
        self.held.filter(|held| awaited || !held.is_expired(now, times))
    }

    fn start(&mut self, now: Moment) -> FetchId {
        self.latest.0 += 1;
        self.in_flight = Some(self.latest);
        self.refresh_not_before = now + FLIGHT;
        self.latest
    }

    /// Whether the end of `fetch` counts.
    fn land(&mut self, fetch: FetchId) -> bool {
        if self.in_flight != Some(fetch) {
            return false;
        }
        self.in_flight = None;
        self.landed = fetch;
        true
    }

    fn hold(&mut self, now: Moment) {
        self.held = Some(HeldSince { fetched_at: now, refresh_at: 0.8 + 0.2 * self.random.unit() });
        self.held_from = self.latest;
        self.failures = 0;
        self.refresh_not_before = now;
        self.fetch_not_before = now;
    }

    fn forget_fetches(&mut self) {
        self.in_flight = None;
        self.unknown_fetch_at = None;
    }
}

impl HeldSince {
    /// When the keys were fetched, or confirmed by a 304.
    pub fn fetched_at(&self) -> Moment {
        self.fetched_at
    }

    /// Whether the keys are young enough to be used without a thought of refreshing them.
    pub fn is_fresh(&self, now: Moment, times: &KeyTimes) -> bool {
        now.since(self.fetched_at) < times.fresh_for.mul_f64(self.refresh_at)
    }

    /// Whether the keys are too old to be used even while the issuer is down.
    pub fn is_expired(&self, now: Moment, times: &KeyTimes) -> bool {
        now.since(self.fetched_at) > times.fresh_for + times.stale_for
    }
}

/// `SplitMix64`: enough for spreading moments, and small enough to be read here.
#[derive(Clone, Debug)]
struct Random(u64);

impl Random {
    /// A number from 0 up to, not including, 1.
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((bits ^ bits >> 31) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests;
