//! The span of days that a recount is of.

use crate::rollup::from_millis;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use domain::clock::CLOCK_TOLERANCE;
use domain::rollup::{Delta, RowKey, Span};
use domain::stats::Month;

/// Which days are recounted; `None` is without an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Days {
    /// The first.
    pub from: Option<NaiveDate>,
    /// The last.
    pub to: Option<NaiveDate>,
}

impl Days {
    fn has(&self, day: NaiveDate) -> bool {
        self.from.is_none_or(|from| day >= from) && self.to.is_none_or(|to| day <= to)
    }

    pub(super) fn has_all(&self) -> bool {
        self.from.is_none() && self.to.is_none()
    }

    /// When the first fact can have been recorded: a day is at most so far ahead.
    pub(super) fn first_fact(&self) -> DateTime<Utc> {
        self.from.map_or(from_millis(0), |from| {
            from.and_time(NaiveTime::MIN).and_utc() - CLOCK_TOLERANCE
        })
    }

    /// What of a row's counts can be recounted; `None` where nothing can.
    pub(super) fn part_of(&self, row: &RowKey, delta: &Delta) -> Option<Delta> {
        let span = match row {
            RowKey::All(span)
            | RowKey::Org(_, span)
            | RowKey::Program(_, span)
            | RowKey::Code { span, .. } => *span,
            RowKey::Codes(..) => Span::AllTime,
            RowKey::Rank(_, _, Span::AllTime) => Span::AllTime,
            RowKey::Rank(_, _, Span::Month(month)) => {
                return self.has_month(*month).then(|| delta.clone());
            }
        };
        match span {
            Span::AllTime => self.has_all().then(|| delta.clone()),
            Span::Month(_) => {
                let days = delta.days.iter().filter(|(day, _)| self.has(**day));
                Some(Delta {
                    days: days.map(|(day, counts)| (*day, *counts)).collect(),
                    ..Delta::default()
                })
            }
        }
    }

    fn has_month(&self, month: Month) -> bool {
        let first = |month: Month| NaiveDate::from_ymd_opt(month.year, month.month, 1);
        let (first, next) = (first(month), first(month.next()));
        let last = next.and_then(|next| next.pred_opt());
        first.is_some_and(|day| self.has(day)) && last.is_some_and(|day| self.has(day))
    }
}
