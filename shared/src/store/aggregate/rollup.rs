//! What a chunk of facts adds to which roll-up rows.

use crate::domain::stats::{Counts, Month};
use crate::domain::{MentorId, OrgId};
use crate::store::keys::{self, BY_ORG, Item, KIND, Key, Scope};
use crate::store::stats::{
    CLICKS, CODES, CONVERSIONS, Fact, day_attributes, folded_attribute, id_value, number,
    year_attributes,
};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use chrono::{Datelike, NaiveDate};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// What is added to one row.
#[derive(Debug, Clone, Default)]
pub(super) struct Delta {
    counts: Counts,
    codes: i64,
    /// By day in a row of a month.
    days: BTreeMap<NaiveDate, Counts>,
    /// By year in a row of totals.
    years: BTreeMap<i32, Counts>,
    /// The ranking in which the row stands: a mentor's rows do.
    ranking: Option<(OrgId, Option<Month>, MentorId)>,
}

/// The rows that a chunk changes.
#[derive(Debug, Clone, Default)]
pub(super) struct Rows(HashMap<Key, Delta>);

impl Rows {
    /// Adds a fact, unless the rows then are more than `most`. Says whether it did.
    pub(super) fn add(&mut self, fact: &Fact, most: usize) -> bool {
        let changes = changes(fact);
        let new = changes
            .iter()
            .filter(|(key, _)| !self.0.contains_key(key))
            .count();
        if self.0.len() + new > most {
            return false;
        }
        for (key, change) in changes {
            let row = self.0.entry(key).or_default();
            row.counts += change.counts;
            row.codes += change.codes;
            for (day, counts) in change.days {
                *row.days.entry(day).or_default() += counts;
            }
            for (year, counts) in change.years {
                *row.years.entry(year).or_default() += counts;
            }
            row.ranking = change.ranking;
        }
        true
    }

    /// The rows whose conversions change, and with them their place in a ranking.
    pub(super) fn moving_in_rankings(&self) -> Vec<Key> {
        let moving = |(_, delta): &(&Key, &Delta)| delta.moves_rank();
        self.0
            .iter()
            .filter(moving)
            .map(|(key, _)| key.clone())
            .collect()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Key, &Delta)> {
        self.0.iter()
    }
}

/// What one fact adds to each row it counts in: its mentor's and its code's of all time and
/// of the months, and its organisation's of all time.
fn changes(fact: &Fact) -> Vec<(Key, Delta)> {
    let counts = fact.counts();
    let mut changes = Vec::new();
    let scopes = [
        Some(Scope::Org(fact.org.clone())),
        Some(Scope::Mentor(fact.mentor.clone())),
        fact.code.clone().map(Scope::Code),
    ];
    for scope in scopes.into_iter().flatten() {
        let ranking = |month| match &scope {
            Scope::Mentor(mentor) => Some((fact.org.clone(), month, mentor.clone())),
            Scope::Org(_) | Scope::Code(_) => None,
        };
        let mut total = Delta {
            counts,
            codes: fact.codes,
            ranking: ranking(None),
            ..Delta::default()
        };
        let mut months: BTreeMap<Month, Delta> = BTreeMap::new();
        for (day, counts) in &fact.days {
            *total.years.entry(day.year()).or_default() += *counts;
            let month = Month::of(*day);
            let of_month = months.entry(month).or_default();
            of_month.counts += *counts;
            of_month.ranking = ranking(Some(month));
            *of_month.days.entry(*day).or_default() += *counts;
        }
        changes.push((keys::stats_total(&scope, &fact.org), total));
        if !matches!(scope, Scope::Org(_)) {
            let rows = months.into_iter();
            changes.extend(
                rows.map(|(month, delta)| (keys::stats_month(&scope, month, &fact.org), delta)),
            );
        }
    }
    changes
}

/// How far a chunk folds its lane; a late fact moves no lane.
pub(super) type FoldedTo = Option<(super::LaneName, Uuid)>;

impl Delta {
    fn moves_rank(&self) -> bool {
        self.ranking.is_some() && self.counts.conversions != 0
    }

    /// The update of the row, which stands as `row`, where its place in a ranking moves.
    pub(super) fn apply(
        &self,
        row: Option<&Item>,
        folded_to: FoldedTo,
        update: UpdateBuilder,
    ) -> UpdateBuilder {
        let mut add: Vec<(String, i64)> = vec![
            (CLICKS.to_owned(), self.counts.clicks),
            (CONVERSIONS.to_owned(), self.counts.conversions),
            (CODES.to_owned(), self.codes),
        ];
        let days = self
            .days
            .iter()
            .map(|(day, counts)| (day_attributes(*day), counts));
        let years = self
            .years
            .iter()
            .map(|(year, counts)| (year_attributes(*year), counts));
        for ([clicks, conversions], counts) in days.chain(years) {
            add.push((clicks, counts.clicks));
            add.push((conversions, counts.conversions));
        }
        add.retain(|(_, number)| *number != 0);

        let mut update = update
            .expression_attribute_names("#kind", KIND)
            .expression_attribute_values(":kind", AttributeValue::S("rollup".to_owned()));
        let mut set = vec!["#kind = :kind".to_owned()];
        if let Some((lane, at)) = folded_to {
            set.push(format!(
                "{} = :folded",
                folded_attribute(lane.log, lane.shard)
            ));
            update = update.expression_attribute_values(":folded", id_value(at));
        }
        let mut remove = "";
        if let Some((org, month, mentor)) = self.ranking.as_ref().filter(|_| self.moves_rank()) {
            let before = row.map(|row| number(row, CONVERSIONS));
            let after = before.unwrap_or(0) + self.counts.conversions;
            if after > 0 {
                set.push(format!("{} = :ranking, {} = :rank", BY_ORG.pk, BY_ORG.sk));
                update = update
                    .expression_attribute_values(
                        ":ranking",
                        AttributeValue::S(keys::ranking(org, *month)),
                    )
                    .expression_attribute_values(
                        ":rank",
                        AttributeValue::S(keys::rank(after, mentor)),
                    );
            } else {
                remove = " REMOVE gsi2pk, gsi2sk";
            }
            // The rank was computed from what the row held: it must still hold that.
            let held = row.and_then(|row| row.get(CONVERSIONS)).cloned();
            update = match held {
                None => update.condition_expression("attribute_not_exists(conversions)"),
                Some(held) => update
                    .condition_expression("conversions = :held")
                    .expression_attribute_values(":held", held),
            };
        }
        let mut added = Vec::new();
        for (at, (name, number)) in add.into_iter().enumerate() {
            added.push(format!("{name} :n{at}"));
            update = update.expression_attribute_values(
                format!(":n{at}"),
                AttributeValue::N(number.to_string()),
            );
        }
        let added = if added.is_empty() {
            String::new()
        } else {
            format!(" ADD {}", added.join(", "))
        };
        update.update_expression(format!("SET {}{remove}{added}", set.join(", ")))
    }
}
