//! Roll-ups: which rows the counts of facts are added to, and what is added.
//!
//! Adding is all that folding does, so the same facts give the same rows in any order and in
//! any number of rounds.

use crate::code::FoldedCode;
use crate::facts::Fact;
use crate::ids::{MentorId, OrgId, ProgramId};
use crate::stats::{Counts, DailyCounts, Month};
use chrono::{Datelike, NaiveDate};
use std::collections::{BTreeMap, HashMap};
use std::fmt;

/// A set of rows that is folded on its own and at its own pace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fold {
    /// Everything, each organisation and each program: few rows, written often.
    Summary,
    /// Each code of each mentor, and the rankings: many rows, written when it is worth it.
    Detail,
}

impl Fold {
    /// Both folds.
    pub const ALL: [Self; 2] = [Self::Summary, Self::Detail];

    /// The fold's name in keys, metrics and log lines.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Summary => "summary",
            Self::Detail => "detail",
        }
    }

    /// The fold's place in arrays that have one for each.
    pub fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Fold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The days that a row counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Span {
    /// Every day, with the sums of each year.
    AllTime,
    /// Each day of a month.
    Month(Month),
}

/// What a row counts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RowKey {
    /// Everything.
    All(Span),
    /// An organisation.
    Org(OrgId, Span),
    /// A program: what its codes came to while they were its.
    Program(ProgramId, Span),
    /// The clicks and conversions of a code.
    Code {
        /// Its mentor.
        mentor: MentorId,
        /// Its organisation.
        org: OrgId,
        /// The code.
        code: FoldedCode,
        /// The days.
        span: Span,
    },
    /// The code records of a mentor in an organisation.
    Codes(MentorId, OrgId),
    /// The conversions that rank a mentor in an organisation.
    Rank(MentorId, OrgId, Span),
}

/// What is added to a row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Delta {
    /// Clicks and conversions of all time; of a rank, conversions alone.
    pub counts: Counts,
    /// Code records.
    pub codes: i64,
    /// The sums of each year, in a row of all time.
    pub years: BTreeMap<i32, Counts>,
    /// Each day, in a row of a month.
    pub days: DailyCounts,
}

impl Delta {
    /// Adds what `other` adds as well.
    pub fn add(&mut self, other: &Self) {
        self.counts += other.counts;
        self.codes += other.codes;
        for (year, counts) in &other.years {
            *self.years.entry(*year).or_default() += *counts;
        }
        for (day, counts) in &other.days {
            *self.days.entry(*day).or_default() += *counts;
        }
    }

    /// Whether nothing is added.
    pub fn is_zero(&self) -> bool {
        self.counts.is_zero()
            && self.codes == 0
            && self.years.values().all(|counts| counts.is_zero())
            && self.days.values().all(|counts| counts.is_zero())
    }
}

/// The rows that facts change. A row to which they add nothing is not among them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rows(HashMap<RowKey, Delta>);

/// The facts of one owner, by day.
#[derive(Debug, Default)]
struct Activity {
    days: DailyCounts,
    codes: i64,
}

impl Activity {
    fn add(&mut self, fact: &Fact) {
        for (day, counts) in fact.days() {
            *self.days.entry(day).or_default() += counts;
        }
        self.codes += fact.codes;
    }
}

impl Rows {
    /// The rows of `fold` that `facts` change.
    pub fn of<'f>(fold: Fold, facts: impl IntoIterator<Item = &'f Fact>) -> Self {
        let mut rows = Self::default();
        match fold {
            Fold::Summary => rows.summarize(facts),
            Fold::Detail => rows.detail(facts),
        }
        rows.0.retain(|_, delta| !delta.is_zero());
        rows
    }

    /// Adds what `other` adds as well.
    pub fn add(&mut self, other: Self) {
        for (key, delta) in other.0 {
            self.row(key).add(&delta);
        }
        self.0.retain(|_, delta| !delta.is_zero());
    }

    /// Takes a row out.
    pub fn remove(&mut self, key: &RowKey) -> Option<Delta> {
        self.0.remove(key)
    }

    /// What is added to a row.
    pub fn get(&self, key: &RowKey) -> Option<&Delta> {
        self.0.get(key)
    }

    /// How many rows are changed.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no row is changed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The rows, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&RowKey, &Delta)> {
        self.0.iter()
    }

    fn row(&mut self, key: RowKey) -> &mut Delta {
        self.0.entry(key).or_default()
    }

    fn summarize<'f>(&mut self, facts: impl IntoIterator<Item = &'f Fact>) {
        let mut orgs: HashMap<&OrgId, Activity> = HashMap::new();
        let mut programs: HashMap<ProgramId, Activity> = HashMap::new();
        for fact in facts {
            orgs.entry(&fact.org).or_default().add(fact);
            if let Some(program) = fact.program {
                programs.entry(program).or_default().add(fact);
            }
        }
        for (org, activity) in orgs {
            self.count(&activity, RowKey::All);
            self.count(&activity, |span| RowKey::Org(org.clone(), span));
        }
        for (program, activity) in programs {
            self.count(&activity, |span| RowKey::Program(program, span));
        }
    }

    fn detail<'f>(&mut self, facts: impl IntoIterator<Item = &'f Fact>) {
        let mut owners: HashMap<(&MentorId, &OrgId, Option<&FoldedCode>), Activity> =
            HashMap::new();
        for fact in facts {
            let owner = (&fact.mentor, &fact.org, fact.code.as_ref());
            owners.entry(owner).or_default().add(fact);
        }
        for ((mentor, org, code), activity) in owners {
            let Some(code) = code else {
                self.row(RowKey::Codes(mentor.clone(), org.clone())).codes += activity.codes;
                continue;
            };
            self.rank(mentor, org, &activity.days);
            self.count(&activity, |span| RowKey::Code {
                mentor: mentor.clone(),
                org: org.clone(),
                code: code.clone(),
                span,
            });
        }
    }

    /// Adds to the row of all time and to those of the months.
    fn count(&mut self, activity: &Activity, key: impl Fn(Span) -> RowKey) {
        let total = self.row(key(Span::AllTime));
        total.codes += activity.codes;
        for (day, counts) in &activity.days {
            total.counts += *counts;
            *total.years.entry(day.year()).or_default() += *counts;
        }
        for (month, days) in by_month(&activity.days) {
            let row = self.row(key(Span::Month(month)));
            for (day, counts) in days {
                *row.days.entry(day).or_default() += counts;
            }
        }
    }

    /// Adds conversions to the mentor's ranks: of all time, and of the months that they are in.
    fn rank(&mut self, mentor: &MentorId, org: &OrgId, days: &DailyCounts) {
        for (day, Counts { conversions, .. }) in days {
            if *conversions == 0 {
                continue;
            }
            for span in [Span::AllTime, Span::Month(Month::of(*day))] {
                let key = RowKey::Rank(mentor.clone(), org.clone(), span);
                self.row(key).counts.conversions += conversions;
            }
        }
    }
}

/// Days, put together by month.
fn by_month(days: &DailyCounts) -> BTreeMap<Month, Vec<(NaiveDate, Counts)>> {
    let mut months: BTreeMap<Month, Vec<_>> = BTreeMap::new();
    for (day, counts) in days {
        months
            .entry(Month::of(*day))
            .or_default()
            .push((*day, *counts));
    }
    months
}

#[cfg(test)]
mod tests;
