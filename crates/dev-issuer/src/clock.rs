//! Where the issuer takes the time from.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Tells the issuer what time it is.
///
/// A test that waits for a token to expire gives the issuer a [`ManualClock`] and moves it. A closure that returns
/// milliseconds since 1970 is a clock too. The default is [`SystemClock`].
pub trait Clock: Send + Sync {
    /// The time in milliseconds since 1970-01-01 00:00 UTC.
    fn unix_millis(&self) -> i64;
}

impl<F: Fn() -> i64 + Send + Sync> Clock for F {
    fn unix_millis(&self) -> i64 {
        self()
    }
}

/// The operating system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn unix_millis(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        millis(since)
    }
}

/// A clock that stands still until somebody moves it. Clones share one time.
///
/// ```
/// use logto_authkit_dev_issuer::{Clock, ManualClock};
/// use std::time::Duration;
///
/// let clock = ManualClock::at_unix_seconds(1_800_000_000);
/// clock.advance(Duration::from_secs(5));
/// assert_eq!(clock.unix_millis(), 1_800_000_005_000);
/// ```
#[derive(Clone, Debug)]
pub struct ManualClock {
    millis: Arc<AtomicI64>,
}

impl ManualClock {
    /// A clock that stands at this number of seconds since 1970.
    pub fn at_unix_seconds(seconds: i64) -> Self {
        Self { millis: Arc::new(AtomicI64::new(seconds.saturating_mul(1000))) }
    }

    /// A clock that stands at the time when it is made.
    pub fn at_now() -> Self {
        Self { millis: Arc::new(AtomicI64::new(SystemClock.unix_millis())) }
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        self.millis.fetch_add(millis(by), Ordering::SeqCst);
    }

    /// Puts the clock at this number of seconds since 1970; backwards is allowed.
    pub fn set_unix_seconds(&self, seconds: i64) {
        self.millis.store(seconds.saturating_mul(1000), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn unix_millis(&self) -> i64 {
        self.millis.load(Ordering::SeqCst)
    }
}

/// A clock behind a pointer, so that the issuer's state can hold any of them.
#[derive(Clone)]
pub(crate) struct SharedClock(Arc<dyn Clock>);

impl SharedClock {
    pub(crate) fn new(clock: impl Clock + 'static) -> Self {
        Self(Arc::new(clock))
    }

    pub(crate) fn unix_millis(&self) -> i64 {
        self.0.unix_millis()
    }

    pub(crate) fn unix_seconds(&self) -> i64 {
        self.0.unix_millis().div_euclid(1000)
    }
}

impl fmt::Debug for SharedClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedClock")
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
