//! The span of time that a list is limited to.

use crate::clock::Timestamp;
use crate::text::Invalid;
use chrono::{DateTime, Utc};

/// From one second, inclusive, to another, exclusive; without an end on the side that is not
/// given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TimeSpan {
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

impl TimeSpan {
    /// The span between two times.
    ///
    /// # Errors
    /// [`Invalid`], about `from`, where nothing is between them.
    pub fn new(from: Option<Timestamp>, to: Option<Timestamp>) -> Result<Self, Invalid> {
        match (from, to) {
            (Some(from), Some(to)) if from >= to => Err(Invalid("must be before to")),
            _ => Ok(Self { from, to }),
        }
    }

    /// When the span begins; `None` for one without a beginning.
    pub fn from(self) -> Option<DateTime<Utc>> {
        self.from.map(Timestamp::instant)
    }

    /// When the span is over; `None` for one without an end.
    pub fn to(self) -> Option<DateTime<Utc>> {
        self.to.map(Timestamp::instant)
    }

    /// Whether the span is all of time.
    pub fn is_unlimited(self) -> bool {
        self == Self::default()
    }

    /// Whether `at` is in the span.
    pub fn contains(self, at: DateTime<Utc>) -> bool {
        self.from().is_none_or(|from| from <= at) && self.to().is_none_or(|to| at < to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    fn at(text: &str) -> Option<Timestamp> {
        Some(text.parse().expect("a time"))
    }

    #[test]
    fn a_span_has_its_first_second_and_not_its_last() {
        let (first, last) = (at("2026-03-01T00:00:00Z"), at("2026-04-01T00:00:00Z"));
        let march = TimeSpan::new(first, last).expect("a span");
        let from = march.from().expect("a beginning");
        let to = march.to().expect("an end");
        let tick = TimeDelta::microseconds(1);
        for (time, is_in) in [
            (from - tick, false),
            (from, true),
            (to - tick, true),
            (to, false),
        ] {
            assert_eq!(march.contains(time), is_in, "{time}");
        }
        let since = TimeSpan::new(first, None).expect("a span");
        assert!(since.contains(to) && !since.contains(from - tick));
        let until = TimeSpan::new(None, last).expect("a span");
        assert!(until.contains(from - tick) && !until.contains(to));
        assert!(TimeSpan::default().is_unlimited() && !since.is_unlimited());
    }

    #[test]
    fn a_span_with_nothing_in_it_is_refused() {
        let (early, late) = (at("2026-03-01T00:00:00Z"), at("2026-03-01T00:00:01Z"));
        assert!(TimeSpan::new(early, late).is_ok());
        assert!(TimeSpan::new(early, early).is_err());
        assert!(TimeSpan::new(late, early).is_err());
    }
}
