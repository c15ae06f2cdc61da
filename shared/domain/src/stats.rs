//! What is counted, and over which days.

use chrono::{Datelike, NaiveDate};
use std::collections::BTreeMap;
use std::iter::Sum;
use std::ops::{Add, AddAssign};

/// Clicks and conversions. A single fact's are signed: a deletion takes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Every click, confirmed ones included.
    pub clicks: i64,
    /// Every conversion, with a click or without.
    pub conversions: i64,
    /// The conversions without a click, whose code was typed.
    pub typed: i64,
}

impl Counts {
    /// Conversions that came from clicks, per click, to three decimals; 0 without clicks.
    pub fn conversion_rate(self) -> f64 {
        if self.clicks <= 0 {
            return 0.0;
        }
        let from_clicks = self.conversions - self.typed;
        (from_clicks as f64 / self.clicks as f64 * 1000.0).round() / 1000.0
    }

    /// How many attributions there are: every click, and every conversion without one.
    pub fn attributions(self) -> i64 {
        self.clicks + self.typed
    }

    /// How many of the attributions are clicks still.
    pub fn pending(self) -> i64 {
        self.attributions() - self.conversions
    }

    /// Whether nothing is counted.
    pub fn is_zero(self) -> bool {
        self == Self::default()
    }

    /// The counts as they are shown: a deletion that is seen before its click is no debt.
    #[must_use]
    pub fn at_least_zero(self) -> Self {
        Self {
            clicks: self.clicks.max(0),
            conversions: self.conversions.max(0),
            typed: self.typed.max(0),
        }
    }
}

impl Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            clicks: self.clicks + other.clicks,
            conversions: self.conversions + other.conversions,
            typed: self.typed + other.typed,
        }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), Self::add)
    }
}

/// Counts by day: clicks on the day that they occurred, conversions on the day that they were
/// confirmed.
pub type DailyCounts = BTreeMap<NaiveDate, Counts>;

/// A calendar month in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    /// The calendar year.
    pub year: i32,
    /// 1 to 12.
    pub month: u32,
}

impl Month {
    /// The month of `day`.
    pub fn of(day: NaiveDate) -> Self {
        Self {
            year: day.year(),
            month: day.month(),
        }
    }

    /// Its first day; `None` past what a calendar holds.
    pub fn first_day(self) -> Option<NaiveDate> {
        NaiveDate::from_ymd_opt(self.year, self.month, 1)
    }

    /// The month after.
    pub fn next(self) -> Self {
        match self.month {
            12 => Self {
                year: self.year + 1,
                month: 1,
            },
            _ => Self {
                month: self.month + 1,
                ..self
            },
        }
    }

    /// The month before.
    pub fn previous(self) -> Self {
        match self.month {
            1 => Self {
                year: self.year - 1,
                month: 12,
            },
            _ => Self {
                month: self.month - 1,
                ..self
            },
        }
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_has_three_decimals_and_survives_no_clicks() {
        let rate = |clicks, conversions| {
            Counts {
                clicks,
                conversions,
                typed: 0,
            }
            .conversion_rate()
        };
        assert_eq!(rate(94, 12), 0.128);
        assert_eq!(rate(0, 0), 0.0);
        assert_eq!(rate(3, 3), 1.0);
    }

    #[test]
    fn a_conversion_without_a_click_is_in_no_rate() {
        let counts = Counts {
            clicks: 4,
            conversions: 5,
            typed: 3,
        };
        assert_eq!(counts.conversion_rate(), 0.5);
        assert_eq!((counts.attributions(), counts.pending()), (7, 2));
    }
}
