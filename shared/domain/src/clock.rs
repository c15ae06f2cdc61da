//! The one place that reads the time, and the format in which Verv shows it.

use crate::text::{Invalid, string_serde};
use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, SubsecRound, TimeDelta, Utc};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// How far ahead of our clock a caller's may be: five minutes.
pub const CLOCK_TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// Where `now` comes from: the system, or a test's own hand.
#[derive(Debug, Clone, Default)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self(None)
    }

    /// A clock that shows `at` until [`Clock::set`] or [`Clock::advance`] moves it.
    pub fn manual(at: DateTime<Utc>) -> Self {
        Self(Some(Arc::new(AtomicI64::new(at.timestamp_micros()))))
    }

    /// The time now.
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            None => Utc::now(),
            Some(micros) => {
                DateTime::from_timestamp_micros(micros.load(Ordering::SeqCst)).unwrap_or_default()
            }
        }
    }

    /// Moves a manual clock to `at`; the system's clock is not moved.
    pub fn set(&self, at: DateTime<Utc>) {
        if let Some(micros) = &self.0 {
            micros.store(at.timestamp_micros(), Ordering::SeqCst);
        }
    }

    /// Moves a manual clock by `step`; the system's clock is not moved.
    pub fn advance(&self, step: TimeDelta) {
        self.set(self.now() + step);
    }
}

/// A point in time to the second, in UTC: `2026-03-20T14:22:01Z`.
///
/// Read from any RFC 3339 time of the years 2000 to 9999. Its texts sort as the times do,
/// which is what DynamoDB compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(DateTime<Utc>);

impl Timestamp {
    /// The point as chrono's type.
    pub fn instant(self) -> DateTime<Utc> {
        self.0
    }

    /// The UTC day of the point.
    pub fn day(self) -> NaiveDate {
        self.0.date_naive()
    }

    /// Whether the point is further ahead of `now` than two clocks may differ.
    pub fn is_ahead_of(self, now: DateTime<Utc>) -> bool {
        self.0 > now + CLOCK_TOLERANCE
    }

    /// Seconds since 1970, as DynamoDB's TTL counts.
    pub fn epoch_seconds(self) -> i64 {
        self.0.timestamp()
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(at: DateTime<Utc>) -> Self {
        Self(at.trunc_subsecs(0))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Secs, true))
    }
}

impl FromStr for Timestamp {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        DateTime::parse_from_rfc3339(text)
            .ok()
            .map(|at| Self::from(at.to_utc()))
            .filter(|at| (2000..=9999).contains(&at.0.year()))
            .ok_or(Invalid(
                "must be an RFC 3339 time of the years 2000 to 9999, like 2026-03-20T14:22:01Z",
            ))
    }
}

string_serde!(Timestamp);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shown_in_utc_to_the_second() {
        let shown = |text: &str| text.parse::<Timestamp>().map(|at| at.to_string());
        assert_eq!(
            shown("2026-03-20T15:22:01.987+01:00"),
            Ok("2026-03-20T14:22:01Z".to_owned())
        );
        assert!(shown("2026-03-20 14:22").is_err());
        assert!(shown("1999-12-31T23:59:59Z").is_err());
        assert!(shown("9999-12-31T23:59:59-05:00").is_err());
    }
}
