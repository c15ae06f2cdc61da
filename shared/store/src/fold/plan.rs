//! How many facts go into a round.

use chrono::{DateTime, TimeDelta, Utc};
use domain::facts::Fact;
use domain::rollup::{Fold, Rows};

/// How many rows a round changes: they are written in a few seconds, so that a run which is
/// out of time need not leave a round behind.
const ROWS_AT_MOST: usize = 20_000;

/// A round that is about to begin.
#[derive(Debug)]
pub(super) struct Plan<'f> {
    /// The first of the waiting facts.
    pub(super) facts: &'f [Fact],
    /// The end of their slice.
    pub(super) to: DateTime<Utc>,
    /// The rows that they change.
    pub(super) rows: Rows,
}

/// The next round of the `facts` that wait, in order of time and complete before `until`.
/// Facts of one millisecond are never parted.
pub(super) fn next_round(fold: Fold, facts: &[Fact], until: DateTime<Utc>) -> Plan<'_> {
    next_round_of(fold, facts, until, ROWS_AT_MOST)
}

fn next_round_of(
    fold: Fold,
    mut facts: &[Fact],
    until: DateTime<Utc>,
    most_rows: usize,
) -> Plan<'_> {
    let mut to = until;
    loop {
        let rows = Rows::of(fold, facts);
        if rows.len() > most_rows {
            let (half, end) = cut_before(facts, facts.len() / 2);
            if half.len() < facts.len() {
                (facts, to) = (half, end);
                continue;
            }
        }
        return Plan { facts, to, rows };
    }
}

/// At most `count` facts, or those of the first millisecond; and the end of their slice.
fn cut_before(facts: &[Fact], count: usize) -> (&[Fact], DateTime<Utc>) {
    let made_before = |to| &facts[..facts.partition_point(|fact| fact.made_at() < to)];
    let to = facts[count].made_at();
    let next = to + TimeDelta::milliseconds(1);
    match made_before(to) {
        [] => (made_before(next), next),
        first => (first, to),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::facts::DayCount;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn fact(millis: u64, owner: u32) -> Fact {
        let mut id = u128::from(millis) << 80;
        id |= u128::from(owner);
        Fact {
            id: Uuid::from_u128(id),
            mentor: format!("usr_{owner}").parse().expect("an id"),
            org: "org_1".parse().expect("an id"),
            code: "JANVERV".parse().ok(),
            clicks: Some(DayCount {
                day: "2026-03-20".parse().expect("a day"),
                count: 1,
            }),
            conversions: None,
            program: None,
            source: domain::Source::Click,
            codes: 0,
        }
    }

    proptest! {
        #[test]
        fn rounds_fold_every_fact_once_in_slices_that_follow_one_another(
            mut made in prop::collection::vec((1u64..40, 0u32..30), 0..80),
            most_rows in 1usize..40,
        ) {
            made.sort_unstable();
            let facts: Vec<_> = made.into_iter().map(|(at, owner)| fact(at, owner)).collect();
            let until = DateTime::from_timestamp_millis(50).expect("a time");
            let (mut done, mut at) = (0, DateTime::from_timestamp_millis(0).expect("a time"));
            while at < until {
                let waiting = &facts[done..];
                let plan = next_round_of(Fold::Detail, waiting, until, most_rows);
                prop_assert!(plan.to > at && plan.to <= until);
                let (folded, left) = waiting.split_at(plan.facts.len());
                prop_assert!(folded.iter().all(|fact| fact.made_at() < plan.to));
                prop_assert!(left.iter().all(|fact| fact.made_at() >= plan.to));
                let rows = Rows::of(Fold::Detail, folded).len();
                let is_one_moment = folded.first().map(Fact::made_at)
                    == folded.last().map(Fact::made_at);
                prop_assert!(rows <= most_rows || is_one_moment);
                done += plan.facts.len();
                at = plan.to;
            }
            prop_assert_eq!(done, facts.len());
        }
    }
}
