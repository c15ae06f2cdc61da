//! The span of days that counts are asked for: one word for one span, wherever it is asked.

use crate::stats::Month;
use crate::text::Invalid;
use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// The words, as a refusal lists them.
const WORDS: &str = "must be all_time, 7d, 30d, 90d, month, mtd, previous_month or ytd";

/// A span in whole UTC days. All but the previous month go up to today.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Period {
    /// Every day there is.
    #[default]
    AllTime,
    /// Today and the days before it, this many in all: 7, 30 or 90.
    Days(u8),
    /// This month: the same days as [`Period::MonthToDate`].
    Month,
    /// From the first of this month.
    MonthToDate,
    /// The month before this one.
    PreviousMonth,
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
            "month" => Ok(Self::Month),
            "mtd" => Ok(Self::MonthToDate),
            "previous_month" => Ok(Self::PreviousMonth),
            "ytd" => Ok(Self::YearToDate),
            _ => Err(Invalid(WORDS)),
        }
    }
}

impl From<Period> for String {
    fn from(period: Period) -> String {
        match period {
            Period::AllTime => "all_time".to_owned(),
            Period::Days(days) => format!("{days}d"),
            Period::Month => "month".to_owned(),
            Period::MonthToDate => "mtd".to_owned(),
            Period::PreviousMonth => "previous_month".to_owned(),
            Period::YearToDate => "ytd".to_owned(),
        }
    }
}

impl Period {
    /// The first UTC day that counts at `now`; `None` is every day.
    pub fn first_day(self, now: DateTime<Utc>) -> Option<NaiveDate> {
        let today = now.date_naive();
        match self {
            Self::AllTime => None,
            Self::Days(days) => Some(today - Days::new(u64::from(days) - 1)),
            Self::Month | Self::MonthToDate => today.with_day(1),
            Self::PreviousMonth => Month::of(today).previous().first_day(),
            Self::YearToDate => today.with_ordinal(1),
        }
    }

    /// The last UTC day that counts at `now`. `None` where later days all count: a click that
    /// a caller's clock dates a minute into tomorrow is in every period at once.
    pub fn last_day(self, now: DateTime<Utc>) -> Option<NaiveDate> {
        match self {
            Self::PreviousMonth => now.date_naive().with_day(1)?.pred_opt(),
            Self::AllTime | Self::Days(_) | Self::Month | Self::MonthToDate | Self::YearToDate => {
                None
            }
        }
    }

    /// The days that count at `now`.
    pub fn days(self, now: DateTime<Utc>) -> DaySpan {
        DaySpan {
            first: self.first_day(now),
            last: self.last_day(now),
        }
    }

    /// The month that mentors are ranked over, and `None` for all time: no other span has a
    /// ranking.
    ///
    /// # Errors
    /// [`NotRanked`].
    pub fn ranked(self, now: DateTime<Utc>) -> Result<Option<Month>, NotRanked> {
        let this_month = Month::of(now.date_naive());
        match self {
            Self::AllTime => Ok(None),
            Self::Month | Self::MonthToDate => Ok(Some(this_month)),
            Self::PreviousMonth => Ok(Some(this_month.previous())),
            Self::Days(_) | Self::YearToDate => Err(NotRanked),
        }
    }
}

/// No ranking is kept of the span: it would take the rows of every mentor to make one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotRanked;

/// Days from the first to the last; `None` is without an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DaySpan {
    /// The first.
    pub first: Option<NaiveDate>,
    /// The last.
    pub last: Option<NaiveDate>,
}

impl DaySpan {
    /// Whether `day` is one of them.
    pub fn has(self, day: NaiveDate) -> bool {
        self.first.is_none_or(|first| day >= first) && self.last.is_none_or(|last| day <= last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(text: &str) -> Period {
        Period::try_from(text.to_owned()).expect("a period")
    }

    #[test]
    fn periods_are_whole_days_and_count_today() {
        let now = "2026-03-20T23:59:59Z".parse().expect("a time");
        let rows = [
            ("all_time", None, None),
            ("7d", Some("2026-03-14"), None),
            ("30d", Some("2026-02-19"), None),
            ("90d", Some("2025-12-21"), None),
            ("month", Some("2026-03-01"), None),
            ("mtd", Some("2026-03-01"), None),
            ("previous_month", Some("2026-02-01"), Some("2026-02-28")),
            ("ytd", Some("2026-01-01"), None),
        ];
        for (word, first, last) in rows {
            let day = |text: &str| text.parse::<NaiveDate>().expect("a day");
            let expected = DaySpan {
                first: first.map(day),
                last: last.map(day),
            };
            assert_eq!(period(word).days(now), expected, "{word}");
            assert_eq!(String::from(period(word)), word);
        }
        assert!(Period::try_from("1d".to_owned()).is_err());
    }

    #[test]
    fn whole_months_and_all_time_have_a_ranking() {
        let now = "2026-01-20T12:00:00Z".parse().expect("a time");
        let ranked = |word| {
            period(word)
                .ranked(now)
                .map(|month| month.map(|it| it.to_string()))
        };
        let month = |text: &str| Ok(Some(text.to_owned()));
        assert_eq!(ranked("all_time"), Ok(None));
        assert_eq!(ranked("month"), month("2026-01"));
        assert_eq!(ranked("mtd"), month("2026-01"));
        assert_eq!(ranked("previous_month"), month("2025-12"));
        for word in ["7d", "30d", "90d", "ytd"] {
            assert_eq!(ranked(word), Err(NotRanked), "{word}");
        }
    }
}
