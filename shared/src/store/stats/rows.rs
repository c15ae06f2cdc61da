//! A subject's roll-up rows and its tail, put together so that each fact counts once.

use super::facts::{Fact, Folded, day_attributes, pair, year_attributes};
use crate::domain::stats::{Counts, Month};
use crate::store::keys::{self, Item};
use chrono::{Datelike, NaiveDate};

/// A subject's rows, and the facts that they may not hold yet.
pub(super) struct RowsAndTail {
    pub(super) rows: Vec<Item>,
    pub(super) tail: Vec<Fact>,
}

impl RowsAndTail {
    /// What the tail adds by day, beyond what the rows hold.
    ///
    /// Rows are not read at one point in time, so each is asked about its own span only: a
    /// deletion may concern two months, and one row may be older than the other.
    pub(super) fn unfolded_days(&self) -> Vec<(NaiveDate, Counts)> {
        let rows = self.folded_rows();
        let days = self
            .tail
            .iter()
            .flat_map(|fact| fact.days.iter().map(move |day| (fact, day)));
        days.filter(|(fact, (day, _))| !rows.iter().any(|row| row.holds(fact, Some(**day))))
            .map(|(_, (day, counts))| (*day, *counts))
            .collect()
    }

    /// How many code records the tail adds beyond what the rows hold.
    pub(super) fn unfolded_codes(&self) -> i64 {
        let rows = self.folded_rows();
        let unfolded = self
            .tail
            .iter()
            .filter(|fact| !rows.iter().any(|row| row.holds(fact, None)));
        unfolded.map(|fact| fact.codes).sum()
    }

    fn folded_rows(&self) -> Vec<FoldedRow<'_>> {
        let row = |row| FoldedRow {
            org: org_of(row),
            month: month_of(row),
            folded: Folded::read(row),
        };
        self.rows.iter().map(row).collect()
    }
}

/// What a row covers, and how far it is folded.
struct FoldedRow<'a> {
    org: Option<&'a str>,
    month: Option<&'a str>,
    folded: Folded,
}

impl FoldedRow<'_> {
    /// Whether the row holds what `fact` adds to `day`.
    fn holds(&self, fact: &Fact, day: Option<NaiveDate>) -> bool {
        let covers_month = match (self.month, day) {
            (Some(month), Some(day)) => Month::of(day).to_string() == month,
            _ => true,
        };
        self.org == Some(fact.org.as_str()) && covers_month && self.folded.includes(fact)
    }
}

fn sort_key_of(row: &Item) -> Option<&str> {
    row.get(keys::SK)
        .and_then(|sk| sk.as_s().ok())
        .map(String::as_str)
}

pub(super) fn org_of(row: &Item) -> Option<&str> {
    sort_key_of(row).and_then(keys::org_of_row)
}

/// The month of a row of days, like `2026-03`; `None` for a row of totals.
fn month_of(row: &Item) -> Option<&str> {
    sort_key_of(row)?.strip_prefix("MONTH#")?.split('#').next()
}

pub(super) fn days_of(row: &Item) -> impl Iterator<Item = (NaiveDate, Counts)> + '_ {
    let first = month_of(row).and_then(|month| format!("{month}-01").parse::<NaiveDate>().ok());
    first
        .into_iter()
        .flat_map(|first| {
            first
                .iter_days()
                .take_while(move |day| day.month() == first.month())
        })
        .map(|day| (day, pair(row, day_attributes(day))))
        .filter(|(_, counts)| !counts.is_zero())
}

pub(super) fn years_from(row: &Item, first: i32) -> Counts {
    // A click may be dated a few minutes ahead, into the next year.
    (first..=first + 1).fold(Counts::default(), |sum, year| {
        sum + pair(row, year_attributes(year))
    })
}
