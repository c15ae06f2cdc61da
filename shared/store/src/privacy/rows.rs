//! Rows of statistics that go over to a pseudonym.
//!
//! They are added to the rows that the pseudonym may have already, of facts that came after. No
//! run changes the old ones any more: all their facts are renamed, and every run that had read
//! one of them under the old id has ended.

use super::sources::{Found, is_at};
use crate::dynamo::{Dynamo, Read};
use crate::entity::Untyped;
use crate::error::StoreError;
use crate::expression::Condition;
use crate::keys::{self, Generation, Item, Key, RowOwner};
use crate::rollup::{FOLDED_TO, Row, count, late_row_update, moved_rank};
use crate::transaction::Transaction;
use domain::MentorId;
use domain::rollup::RowKey;

/// A row with its item.
struct Moved<'f> {
    row: &'f Row,
    item: &'f Item,
    /// The row of the pseudonym that takes it over; `None` for one that is not read any more.
    to: Option<(RowKey, Key)>,
}

/// The rows of a step.
pub(super) struct Moving<'f> {
    rows: Vec<Moved<'f>>,
    /// What the pseudonym has of them already.
    held: Vec<Item>,
    generation: Generation,
}

impl<'f> Moving<'f> {
    /// Prepares to move the rows of `live`, and to delete those of other generations.
    pub(super) async fn prepare(
        dynamo: &Dynamo,
        found: &'f [Found],
        new: &MentorId,
        live: Generation,
    ) -> Result<Self, StoreError> {
        let owner = RowOwner::Mentor(new.clone());
        let rows = found.iter().filter_map(|found| match found {
            Found::Row(generation, row, item) => {
                let to = (*generation == live)
                    .then(|| owner.row(row.sort_key()))
                    .flatten()
                    .map(|key| {
                        let at = keys::stats_row(&key, live);
                        (key, at)
                    });
                Some(Moved { row, item, to })
            }
            _ => None,
        });
        let rows: Vec<_> = rows.collect();
        let wanted = rows.iter().filter_map(|moved| moved.to.as_ref());
        let wanted: Vec<Key> = wanted.map(|(_, key)| key.clone()).collect();
        Ok(Self {
            rows,
            held: dynamo.batch_get(&wanted, Read::Strong).await?,
            generation: live,
        })
    }

    /// How many rows it is about.
    pub(super) fn count(&self) -> u64 {
        self.rows.len() as u64
    }

    /// Adds the writes to `step`.
    pub(super) fn write<'t>(
        &self,
        mut step: Transaction<'t, ()>,
    ) -> Result<Transaction<'t, ()>, StoreError> {
        for Moved { row, item, to } in &self.rows {
            let is_same =
                Condition::new("folded_to = :held").bind(":held", &count(item, FOLDED_TO));
            step = step.delete(&key_of(item), is_same, |_: Option<Untyped>| ());
            let Some((key, at)) = to else {
                continue;
            };
            let held = self.held.iter().find(|item| is_at(item, at));
            let (delta, folded_to) = (row.delta(), row.folded_to());
            let change = match key {
                RowKey::Rank(..) => {
                    let conversions = delta.counts.conversions;
                    moved_rank(held, key, conversions, folded_to, self.generation)?
                }
                _ => late_row_update(held, &delta, folded_to),
            };
            step = step.update(at, change, |_: Option<Untyped>| ());
        }
        Ok(step)
    }
}

fn key_of(item: &Item) -> Key {
    let text = |name| {
        super::sources::text(item, name)
            .unwrap_or_default()
            .to_owned()
    };
    Key {
        pk: text(keys::PK),
        sk: text(keys::SK),
    }
}
