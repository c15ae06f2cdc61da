//! What is counted, and over which days.

use crate::text::Invalid;
use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::iter::Sum;
use std::ops::{Add, AddAssign};

/// Clicks and conversions. A single fact's are signed: a deletion takes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Every attribution, confirmed ones included.
    pub clicks: i64,
    /// The confirmed ones.
    pub conversions: i64,
}

impl Counts {
    /// Conversions per click to three decimals, and 0 without clicks.
    pub fn conversion_rate(self) -> f64 {
        if self.clicks <= 0 {
            return 0.0;
        }
        (self.conversions as f64 / self.clicks as f64 * 1000.0).round() / 1000.0
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
        }
    }
}

impl Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            clicks: self.clicks + other.clicks,
            conversions: self.conversions + other.conversions,
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

/// The span that a total or a series is asked for, in whole UTC days up to today.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Period {
    /// Every day there is.
    #[default]
    AllTime,
    /// Today and the days before it, this many in all: 7, 30 or 90.
    Days(u8),
    /// From the first of this month.
    MonthToDate,
    /// From the first of this year.
    YearToDate,
}

impl TryFrom<String> for Period {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        match text.as_str() {
            "all_time" => Ok(Self::AllTime),
            "7d" => Ok(Self::Days(7)),
            "30d" => Ok(Self::Days(30)),
            "90d" => Ok(Self::Days(90)),
            "mtd" => Ok(Self::MonthToDate),
            "ytd" => Ok(Self::YearToDate),
            _ => Err(Invalid("must be all_time, 7d, 30d, 90d, mtd or ytd")),
        }
    }
}

impl From<Period> for String {
    fn from(period: Period) -> String {
        match period {
            Period::AllTime => "all_time".to_owned(),
            Period::Days(days) => format!("{days}d"),
            Period::MonthToDate => "mtd".to_owned(),
            Period::YearToDate => "ytd".to_owned(),
        }
    }
}

impl Period {
    /// The first UTC day that counts at `now`; `None` is every day. Later days all count:
    /// a click that a caller's clock dates a minute into tomorrow is in every period at once.
    pub fn first_day(self, now: DateTime<Utc>) -> Option<NaiveDate> {
        let today = now.date_naive();
        match self {
            Self::AllTime => None,
            Self::Days(days) => Some(today - Days::new(u64::from(days) - 1)),
            Self::MonthToDate => today.with_day(1),
            Self::YearToDate => today.with_ordinal(1),
        }
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
            }
            .conversion_rate()
        };
        assert_eq!(rate(94, 12), 0.128);
        assert_eq!(rate(0, 0), 0.0);
        assert_eq!(rate(3, 3), 1.0);
    }

    #[test]
    fn periods_are_whole_days_and_count_today() {
        let now = "2026-03-20T23:59:59Z".parse().expect("a time");
        let days = |text: &str| {
            let period = Period::try_from(text.to_owned()).expect("a period");
            period.first_day(now).map(|day| day.to_string())
        };
        assert_eq!(days("7d").as_deref(), Some("2026-03-14"));
        assert_eq!(days("30d").as_deref(), Some("2026-02-19"));
        assert_eq!(days("mtd").as_deref(), Some("2026-03-01"));
        assert_eq!(days("ytd").as_deref(), Some("2026-01-01"));
        assert_eq!(days("all_time"), None);
        assert!(Period::try_from("1d".to_owned()).is_err());
    }
}
