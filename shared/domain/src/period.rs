//! The span of days that counts are asked for: one word for one span, wherever it is asked.

use crate::stats::Month;
use crate::text::Invalid;
use crate::time_span::TimeSpan;
use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, Utc};
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

/// A span of time as what a count by day knows of it, and the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitSpan {
    /// The whole UTC days in it.
    pub days: Option<DaySpan>,
    /// The parts of days at its ends: two at most, each shorter than two days.
    pub edges: Vec<TimeSpan>,
}

impl SplitSpan {
    /// The parts of `span`.
    pub fn of(span: TimeSpan) -> Self {
        let days = DaySpan {
            first: span.from().map(day_from),
            last: span.to().and_then(|to| to.date_naive().pred_opt()),
        };
        if matches!((days.first, days.last), (Some(first), Some(last)) if first > last) {
            return Self {
                days: None,
                edges: vec![span],
            };
        }
        let begins = days.first.map(midnight);
        let ends = span.to().map(|to| midnight(to.date_naive()));
        let edges = [edge(span.from(), begins), edge(ends, span.to())];
        Self {
            days: Some(days),
            edges: edges.into_iter().flatten().collect(),
        }
    }
}

/// The first day that begins no earlier than `at`.
fn day_from(at: DateTime<Utc>) -> NaiveDate {
    let day = at.date_naive();
    if at == midnight(day) {
        day
    } else {
        day + Days::new(1)
    }
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

/// What is between two times, if anything is.
fn edge(from: Option<DateTime<Utc>>, to: Option<DateTime<Utc>>) -> Option<TimeSpan> {
    let (from, to) = (from?, to?);
    TimeSpan::new(Some(from.into()), Some(to.into())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;
    use proptest::prelude::*;

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
    fn a_span_from_midnight_to_midnight_is_of_whole_days() {
        let day = |text: &str| Some(text.parse::<NaiveDate>().expect("a day"));
        let (first, next) = ("2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z");
        let rows = [
            (
                Some(first),
                Some(next),
                day("2026-03-01"),
                day("2026-03-31"),
            ),
            (None, Some(next), None, day("2026-03-31")),
            (Some(first), None, day("2026-03-01"), None),
            (None, None, None, None),
        ];
        for (from, to, first, last) in rows {
            let at = |text: &str| text.parse().expect("a time");
            let span = TimeSpan::new(from.map(at), to.map(at)).expect("a span");
            let days = Some(DaySpan { first, last });
            assert_eq!(
                SplitSpan::of(span),
                SplitSpan {
                    days,
                    edges: Vec::new()
                }
            );
        }
    }

    #[test]
    fn a_span_within_a_day_has_no_whole_one() {
        for to in [
            "2026-03-01T12:00:00Z",
            "2026-03-02T00:00:00Z",
            "2026-03-02T18:00:00Z",
        ] {
            let at = |text: &str| Some(text.parse().expect("a time"));
            let span = TimeSpan::new(at("2026-03-01T09:00:00Z"), at(to)).expect("a span");
            assert_eq!(
                SplitSpan::of(span),
                SplitSpan {
                    days: None,
                    edges: vec![span]
                }
            );
        }
    }

    proptest! {
        #[test]
        fn the_parts_have_every_moment_of_a_span_once_and_no_other(
            from in prop::option::of(0i64..200),
            length in prop::option::of(1i64..200),
            probe in -10i64..420,
        ) {
            // Eight steps a day, so that midnights are common.
            let at = |step: i64| midnight(NaiveDate::MIN) + TimeDelta::days(400_000) + TimeDelta::hours(3 * step);
            let to = length.map(|length| at(from.unwrap_or(100) + length).into());
            let span = TimeSpan::new(from.map(|from| at(from).into()), to).expect("a span");
            let split = SplitSpan::of(span);
            let probe = at(probe);
            let in_days = split.days.is_some_and(|days| days.has(probe.date_naive()));
            let in_edges = split.edges.iter().filter(|edge| edge.contains(probe)).count();
            prop_assert_eq!(usize::from(in_days) + in_edges, usize::from(span.contains(probe)));
            for edge in split.edges {
                let (from, to) = (edge.from().expect("bounded"), edge.to().expect("bounded"));
                prop_assert!(to - from < TimeDelta::days(2));
            }
        }
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
