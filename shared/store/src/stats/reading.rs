//! A subject's rows and its tail, put together so that each fact counts once.

use super::counted::Counted;
use super::subject::Subject;
use crate::rollup::Row;
use chrono::{DateTime, NaiveDate, Utc};
use domain::facts::Fact;
use domain::rollup::Fold;
use domain::stats::{Counts, Month};
use std::collections::HashMap;

/// A subject's rows, and the facts that they may not hold yet.
pub(super) struct Reading {
    rows: Vec<Row>,
    tail: Vec<Fact>,
    as_of: DateTime<Utc>,
    /// Whether each row is of one code, or of one organisation's code records.
    is_by_code: bool,
    is_by_month: bool,
}

/// The row that holds what a fact adds to a day: month, organisation, code.
type Place<'a> = (Option<Month>, Option<&'a str>, Option<&'a str>);

impl Reading {
    pub(super) fn new(
        subject: &Subject,
        rows: Vec<Row>,
        tail: Vec<Fact>,
        as_of: DateTime<Utc>,
    ) -> Self {
        Self {
            is_by_code: subject.fold() == Fold::Detail,
            is_by_month: rows.iter().any(|row| row.name().month.is_some()),
            rows,
            tail,
            as_of,
        }
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter()
    }

    /// A result with the time that everything is counted up to.
    pub(super) fn counted<T>(&self, value: T) -> Counted<T> {
        Counted {
            value,
            as_of: self.as_of,
        }
    }

    /// What the tail adds by day, beyond what the rows hold.
    ///
    /// Rows are not read at one point in time, so each is asked about its own span only: a
    /// deletion may concern two months, and one row may be older than the other.
    pub(super) fn unfolded_days(&self) -> impl Iterator<Item = (NaiveDate, Counts)> {
        let folded_to = self.folded_to();
        let days = self
            .tail
            .iter()
            .flat_map(|fact| fact.days().map(move |day| (fact, day)));
        days.filter(move |(fact, (day, _))| {
            let month = self.is_by_month.then(|| Month::of(*day));
            !is_folded(&folded_to, self.place(fact, month), fact)
        })
        .map(|(_, day)| day)
    }

    /// How many code records the tail adds beyond what the rows hold.
    pub(super) fn unfolded_codes(&self) -> i64 {
        let folded_to = self.folded_to();
        let unfolded = self
            .tail
            .iter()
            .filter(|fact| !is_folded(&folded_to, self.place(fact, None), fact));
        unfolded.map(|fact| fact.codes).sum()
    }

    fn place<'a>(&self, fact: &'a Fact, month: Option<Month>) -> Place<'a> {
        if !self.is_by_code {
            return (month, None, None);
        }
        let code = fact.code.as_ref().map(|code| code.as_str());
        (month, Some(fact.org.as_str()), code)
    }

    /// Up to when each row holds its facts.
    fn folded_to(&self) -> HashMap<Place<'_>, DateTime<Utc>> {
        let rows = self.rows.iter();
        rows.map(|row| (place_of(row), row.folded_to())).collect()
    }
}

fn place_of(row: &Row) -> Place<'_> {
    let name = row.name();
    let first = name
        .month
        .and_then(|month| format!("{month}-01").parse().ok());
    (first.map(Month::of), name.org, name.code)
}

fn is_folded(folded_to: &HashMap<Place<'_>, DateTime<Utc>>, place: Place<'_>, fact: &Fact) -> bool {
    folded_to.get(&place).is_some_and(|to| fact.made_at() < *to)
}
