use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A point in time, in milliseconds since 1970-01-01T00:00:00Z: a `NumericDate` of RFC 7519 §2 with a finer step.
///
/// The engine never reads a clock: whoever asks it something says what time it is.
///
/// ```
/// use logto_authkit_token::Timestamp;
/// use std::time::Duration;
///
/// let issued = Timestamp::from_unix_seconds(1_795_204_215);
/// assert!(issued + Duration::from_secs(3600) > issued);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// `seconds` since the epoch. Values beyond what milliseconds can express are held at the limit.
    pub fn from_unix_seconds(seconds: i64) -> Self {
        Timestamp(seconds.saturating_mul(1000))
    }

    /// `milliseconds` since the epoch.
    pub fn from_unix_millis(milliseconds: i64) -> Self {
        Timestamp(milliseconds)
    }

    /// The present time of the system's clock.
    pub(crate) fn from_system(time: SystemTime) -> Self {
        match time.duration_since(UNIX_EPOCH) {
            Ok(after) => Timestamp(i64::try_from(after.as_millis()).unwrap_or(i64::MAX)),
            Err(before) => {
                Timestamp(i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |millis| -millis))
            }
        }
    }

    /// Milliseconds since the epoch.
    pub fn as_unix_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    pub fn as_unix_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The `NumericDate` `seconds`, rounded down to a millisecond; `None` outside ±2⁵³.
    pub(crate) fn from_numeric_date(seconds: f64) -> Option<Self> {
        // Beyond 2⁵³ a JSON number is no longer exact in every reader (RFC 8259 §6).
        const LIMIT: f64 = 9_007_199_254_740_992.0;
        (seconds.abs() <= LIMIT).then(|| Timestamp((seconds * 1000.0).floor() as i64))
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        Timestamp::from_system(time)
    }
}

impl std::ops::Add<Duration> for Timestamp {
    type Output = Timestamp;

    fn add(self, span: Duration) -> Timestamp {
        Timestamp(self.0.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl std::ops::Sub<Duration> for Timestamp {
    type Output = Timestamp;

    fn sub(self, span: Duration) -> Timestamp {
        Timestamp(self.0.saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numeric_dates_end_at_two_to_the_53() {
        assert_eq!(Timestamp::from_numeric_date(1.5), Some(Timestamp(1500)));
        assert_eq!(Timestamp::from_numeric_date(-0.0001), Some(Timestamp(-1)));
        assert!(Timestamp::from_numeric_date(9_007_199_254_740_992.0).is_some());
        for impossible in [9_007_199_254_740_994.0, 1e300, f64::INFINITY, f64::NAN] {
            assert_eq!(Timestamp::from_numeric_date(impossible), None, "{impossible}");
        }
    }

    #[test]
    fn arithmetic_at_the_limits_saturates() {
        let last = Timestamp::from_unix_seconds(i64::MAX);
        assert_eq!(last + Duration::MAX, last);
        let first = Timestamp::from_unix_seconds(i64::MIN);
        assert_eq!(first - Duration::MAX, first);
    }
}
