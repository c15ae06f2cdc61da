//! Any span of days, counted from few rows: whole years on the row of all time, the days before
//! and after them in the rows of their months. So what is read does not grow with the span.

use super::Statistics;
use super::counted::Counted;
use super::reading::Reading;
use super::subject::{RowSet, Subject};
use crate::error::StoreError;
use crate::keys::LogName;
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use domain::period::DaySpan;
use domain::stats::{Counts, Month};
use futures::future::try_join_all;
use futures::try_join;

/// A part of a span. The parts of one do not overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Whole years from the first to the last; `None` is without an end.
    Years(Option<i32>, Option<i32>),
    /// Days of one year from the first to the last.
    Days(NaiveDate, NaiveDate),
}

impl Part {
    fn rows(self) -> RowSet {
        match self {
            Self::Years(..) => RowSet::AllTime,
            Self::Days(first, last) => RowSet::Months(Month::of(first), Month::of(last)),
        }
    }

    fn has_year(self, year: i32) -> bool {
        match self {
            Self::Years(first, last) => {
                first.is_none_or(|first| year >= first) && last.is_none_or(|last| year <= last)
            }
            Self::Days(..) => false,
        }
    }

    fn has(self, day: NaiveDate) -> bool {
        match self {
            Self::Years(..) => self.has_year(day.year()),
            Self::Days(first, last) => first <= day && day <= last,
        }
    }

    fn count(self, reading: &Reading) -> Counts {
        let unfolded = reading.unfolded_days().filter(|(day, _)| self.has(*day));
        let unfolded = unfolded.map(|(_, counts)| counts);
        let folded = reading.rows().map(|row| match self {
            Self::Years(None, None) => row.counts(),
            Self::Years(..) => {
                let years = row.years().filter(|(year, _)| self.has_year(*year));
                years.map(|(_, counts)| counts).sum()
            }
            Self::Days(..) => {
                let days = row.days().filter(|(day, _)| self.has(*day));
                days.map(|(_, counts)| counts).sum()
            }
        });
        folded.chain(unfolded).sum()
    }
}

/// The parts of a span: three at most.
fn parts(days: DaySpan) -> Vec<Part> {
    let january = |year| NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or(NaiveDate::MIN);
    let december = |year| NaiveDate::from_ymd_opt(year, 12, 31).unwrap_or(NaiveDate::MAX);
    let year = |day: Option<NaiveDate>| day.map(|day| day.year());
    match (days.first, days.last) {
        (Some(first), Some(last)) if first.year() == last.year() => vec![Part::Days(first, last)],
        (first, last) => {
            let after = year(first).map(|year| year + 1);
            let before = year(last).map(|year| year - 1);
            let is_empty = matches!((after, before), (Some(first), Some(last)) if first > last);
            let years = (!is_empty).then_some(Part::Years(after, before));
            let head = first.map(|first| Part::Days(first, december(first.year())));
            let tail = last.map(|last| Part::Days(january(last.year()), last));
            [head, years, tail].into_iter().flatten().collect()
        }
    }
}

impl Statistics {
    /// The subject's clicks and conversions on any span of days: two trips.
    pub(crate) async fn on_days(
        &self,
        subject: &Subject,
        days: DaySpan,
        now: DateTime<Utc>,
    ) -> Result<Counted<Counts>, StoreError> {
        let parts = parts(days);
        let checkpoint = self.checkpoint(subject.fold(), now).await?;
        let lookups = parts.iter().map(|part| {
            let lookup = subject.lookup(part.rows(), checkpoint.generation);
            self.rows(lookup, &checkpoint, subject)
        });
        let (rows, tail) = try_join!(
            try_join_all(lookups),
            self.tail(LogName::Attributions, subject, &checkpoint)
        )?;
        let as_of = tail.as_ref().map_or(checkpoint.folded_to, |_| now);
        let tail = tail.unwrap_or_default();
        let counts = parts.iter().zip(rows).map(|(part, rows)| {
            let reading = Reading::new(subject, rows, tail.clone(), as_of);
            part.count(&reading)
        });
        let counts: Counts = counts.sum();
        Ok(Counted {
            value: counts.at_least_zero(),
            as_of,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(number: i64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2023, 6, 1).expect("a day") + chrono::TimeDelta::days(number)
    }

    proptest! {
        #[test]
        fn parts_have_every_day_of_a_span_once_and_no_other(
            first in prop::option::of(0i64..1_500),
            length in prop::option::of(0i64..1_200),
            probe in -100i64..2_800,
        ) {
            let last = length.map(|length| day(first.unwrap_or(700) + length));
            let days = DaySpan { first: first.map(day), last };
            let parts = parts(days);
            prop_assert!(parts.len() <= 3);
            let found = parts.iter().filter(|part| part.has(day(probe))).count();
            prop_assert_eq!(found, usize::from(days.has(day(probe))));
            for part in parts {
                if let Part::Days(first, last) = part {
                    prop_assert_eq!(first.year(), last.year());
                }
            }
        }
    }
}
