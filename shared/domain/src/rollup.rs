//! Roll-ups: which rows the counts of facts are added to, and what is added.
//!
//! Adding is all that folding does, so the same facts give the same rows in any order and in
//! any number of rounds.

use crate::code::FoldedCode;
use crate::facts::Fact;
use crate::ids::{MentorId, OrgId};
use crate::stats::{Counts, DailyCounts, Month};
use chrono::{Datelike, NaiveDate};
use std::collections::{BTreeMap, HashMap};
use std::fmt;

/// A set of rows that is folded on its own and at its own pace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fold {
    /// Everything, and each organisation: few rows, written often.
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
        for fact in facts {
            orgs.entry(&fact.org).or_default().add(fact);
        }
        for (org, activity) in orgs {
            self.count(&activity, RowKey::All);
            self.count(&activity, |span| RowKey::Org(org.clone(), span));
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
        months.entry(Month::of(*day)).or_default().push((*day, *counts));
    }
    months
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::DayCount;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn day(ordinal: u32) -> NaiveDate {
        NaiveDate::from_yo_opt(2025, 350).expect("a day") + chrono::Days::new(ordinal.into())
    }

    fn day_count() -> impl Strategy<Value = DayCount> {
        (0u32..60, prop_oneof![Just(1i64), Just(-1i64)]).prop_map(|(at, count)| DayCount {
            day: day(at),
            count,
        })
    }

    prop_compose! {
        fn fact()(
            id in any::<u128>(),
            mentor in 0..3,
            org in 0..2,
            code in prop::option::of(0..3),
            clicks in prop::option::of(day_count()),
            conversions in prop::option::of(day_count()),
            codes in -1i64..=1,
        ) -> Fact {
            let counts_code = code.is_none();
            Fact {
                id: Uuid::from_u128(id),
                mentor: format!("usr_{mentor}").parse().expect("an id"),
                org: format!("org_{org}").parse().expect("an id"),
                code: code.map(|code| format!("CODE{code}").parse().expect("a code")),
                clicks: clicks.filter(|_| !counts_code),
                conversions: conversions.filter(|_| !counts_code),
                codes: if counts_code { codes } else { 0 },
            }
        }
    }

    /// Clicks and conversions on each day by a plain recount.
    fn recount(facts: &[Fact], is_counted: impl Fn(&Fact) -> bool) -> DailyCounts {
        let mut days = DailyCounts::new();
        for fact in facts.iter().filter(|fact| is_counted(fact)) {
            for (day, counts) in fact.days() {
                *days.entry(day).or_default() += counts;
            }
        }
        days.retain(|_, counts| !counts.is_zero());
        days
    }

    /// The days that the rows say, of all months together.
    fn days_in(rows: &Rows, is_of: impl Fn(&RowKey) -> bool) -> DailyCounts {
        let mut days = DailyCounts::new();
        for (_, delta) in rows.iter().filter(|(key, _)| is_of(key)) {
            for (day, counts) in &delta.days {
                *days.entry(*day).or_default() += *counts;
            }
        }
        days.retain(|_, counts| !counts.is_zero());
        days
    }

    proptest! {
        #[test]
        fn rows_are_the_same_in_one_round_and_in_many(
            facts in prop::collection::vec(fact(), 0..60),
            cuts in prop::collection::vec(0usize..60, 0..6),
        ) {
            for fold in Fold::ALL {
                let at_once = Rows::of(fold, &facts);
                let mut cuts: Vec<_> = cuts.iter().map(|cut| cut % (facts.len() + 1)).collect();
                cuts.extend([0, facts.len()]);
                cuts.sort_unstable();
                let mut in_rounds = Rows::default();
                for ends in cuts.windows(2) {
                    in_rounds.add(Rows::of(fold, &facts[ends[0]..ends[1]]));
                }
                prop_assert_eq!(in_rounds.len(), at_once.len());
                for (key, delta) in at_once.iter() {
                    let mut other = in_rounds.get(key).cloned().unwrap_or_default();
                    other.years.retain(|_, counts| !counts.is_zero());
                    other.days.retain(|_, counts| !counts.is_zero());
                    let mut delta = delta.clone();
                    delta.years.retain(|_, counts| !counts.is_zero());
                    delta.days.retain(|_, counts| !counts.is_zero());
                    prop_assert_eq!(delta, other);
                }
            }
        }

        #[test]
        fn rows_say_what_a_recount_says(facts in prop::collection::vec(fact(), 0..60)) {
            let summary = Rows::of(Fold::Summary, &facts);
            let detail = Rows::of(Fold::Detail, &facts);
            prop_assert_eq!(
                days_in(&summary, |key| matches!(key, RowKey::All(_))),
                recount(&facts, |_| true)
            );
            for org in ["org_0", "org_1"] {
                let of_org = |key: &RowKey| matches!(key, RowKey::Org(o, _) if o.as_str() == org);
                let days = recount(&facts, |fact| fact.org.as_str() == org);
                let key = RowKey::Org(org.parse().expect("an id"), Span::AllTime);
                let total = summary.get(&key).cloned().unwrap_or_default();
                prop_assert_eq!(total.counts, days.values().copied().sum::<Counts>());
                prop_assert_eq!(total.years.values().copied().sum::<Counts>(), total.counts);
                prop_assert_eq!(days_in(&summary, of_org), days);
                for mentor in ["usr_0", "usr_1", "usr_2"] {
                    let owned = |fact: &Fact| {
                        fact.org.as_str() == org && fact.mentor.as_str() == mentor
                    };
                    let days = recount(&facts, owned);
                    let of_pair = |key: &RowKey| matches!(key, RowKey::Code { mentor: m, org: o, .. }
                        if m.as_str() == mentor && o.as_str() == org);
                    prop_assert_eq!(days_in(&detail, of_pair), days.clone());
                    let pair = (mentor.parse().expect("an id"), org.parse().expect("an id"));
                    let rank = detail.get(&RowKey::Rank(pair.0, pair.1, Span::AllTime));
                    let conversions: i64 = days.values().map(|day| day.conversions).sum();
                    prop_assert_eq!(rank.map_or(0, |rank| rank.counts.conversions), conversions);
                }
            }
        }
    }

    #[test]
    fn a_click_changes_two_rows_of_detail_and_a_conversion_two_ranks() {
        let click = Fact {
            id: Uuid::nil(),
            mentor: "usr_1".parse().expect("an id"),
            org: "org_1".parse().expect("an id"),
            code: "JANVERV".parse().ok(),
            clicks: Some(DayCount {
                day: day(0),
                count: 1,
            }),
            conversions: None,
            codes: 0,
        };
        assert_eq!(Rows::of(Fold::Detail, [&click]).len(), 2);
        let conversion = Fact {
            clicks: None,
            conversions: click.clicks,
            ..click.clone()
        };
        assert_eq!(Rows::of(Fold::Detail, [&click, &conversion]).len(), 4);
        let taken_away = Fact {
            clicks: Some(DayCount {
                day: day(0),
                count: -1,
            }),
            ..click.clone()
        };
        assert!(Rows::of(Fold::Detail, [&click, &taken_away]).is_empty());
    }
}
