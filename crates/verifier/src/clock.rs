use std::fmt;
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime};

use logto_authkit_token::Timestamp;

/// Where the engine reads the time. Replaced in tests, so that none of them waits.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The time of day: what `exp` and `nbf` are compared with.
    fn now(&self) -> Timestamp;

    /// A time that never goes back, for the age of keys: setting the system's clock must not make them old or young.
    fn moment(&self) -> Moment;
}

/// A point on a clock that never goes back, counted from an arbitrary start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(Duration);

impl Moment {
    /// The moment that lies `elapsed` behind the start of the clock.
    pub fn after_start(elapsed: Duration) -> Self {
        Moment(elapsed)
    }

    /// How long after `earlier` this is; zero when it is not after it.
    pub fn since(self, earlier: Moment) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    pub(crate) fn as_nanos(self) -> u64 {
        u64::try_from(self.0.as_nanos()).unwrap_or(u64::MAX)
    }
}

impl std::ops::Add<Duration> for Moment {
    type Output = Moment;

    fn add(self, span: Duration) -> Moment {
        Moment(self.0.saturating_add(span))
    }
}

/// The machine's clocks.
#[derive(Debug)]
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// The machine's clocks, with moments counted from now.
    pub fn new() -> Self {
        SystemClock { start: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        SystemClock::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        SystemTime::now().into()
    }

    fn moment(&self) -> Moment {
        Moment(self.start.elapsed())
    }
}

/// A clock that stands still until it is told to go on: for tests.
///
/// ```
/// use logto_authkit_verifier::{Clock, ManualClock};
/// use std::time::Duration;
///
/// let clock = ManualClock::at_unix_seconds(1_795_204_215);
/// clock.advance(Duration::from_secs(3600));
/// assert_eq!(clock.now().as_unix_seconds(), 1_795_207_815);
/// ```
#[derive(Debug)]
pub struct ManualClock {
    start: Timestamp,
    elapsed: Mutex<Duration>,
}

impl ManualClock {
    /// A clock that shows this time.
    pub fn at_unix_seconds(seconds: i64) -> Self {
        ManualClock { start: Timestamp::from_unix_seconds(seconds), elapsed: Mutex::default() }
    }

    /// A clock that shows the machine's present time.
    pub fn at_present() -> Self {
        ManualClock { start: SystemTime::now().into(), elapsed: Mutex::default() }
    }

    /// Goes on by `span`.
    pub fn advance(&self, span: Duration) {
        let mut elapsed = crate::lock(&self.elapsed);
        *elapsed = elapsed.saturating_add(span);
    }

    fn elapsed(&self) -> Duration {
        *crate::lock(&self.elapsed)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.start + self.elapsed()
    }

    fn moment(&self) -> Moment {
        Moment(self.elapsed())
    }
}
