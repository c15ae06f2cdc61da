//! A fact that came too late for its round, folded by a transaction of its own.

use super::receipts::LateReceipt;
use super::target::FoldTarget;
use crate::dynamo::Read;
pub(super) use crate::entity::Untyped;
use crate::error::{StoreError, TransactError};
use crate::expression::Update;
use crate::keys::{self, Item, Key};
use crate::rollup::{Additions, Checkpoint, GENERATION, late_row_update, moved_rank};
use crate::transaction::{Attempt, Conflict, Transaction, refused, until_settled};
use chrono::{DateTime, Utc};
use domain::facts::Fact;
use domain::rollup::{Delta, RowKey, Rows, Span};

/// Why a late fact is not folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NotLate {
    /// Another run has folded it.
    Receipted,
    /// The rows are no longer those that are read: they are audited anew.
    Rebuilt,
}

impl FoldTarget<'_> {
    /// Counts one late fact, unless another run has. Says whether it did.
    pub(super) async fn fold_late(&self, fact: &Fact) -> Result<bool, StoreError> {
        match until_settled("a late fact", || self.try_late(fact)).await {
            Ok(()) => Ok(true),
            Err(TransactError::Refused(NotLate::Receipted | NotLate::Rebuilt)) => Ok(false),
            Err(TransactError::KeyReused) => Err(StoreError::corrupt("no key was given")),
            Err(TransactError::Store(error)) => Err(error),
        }
    }

    /// The rows are read first: one that was not folded for long is marked as folded up to the
    /// checkpoint, so that no reader with an older checkpoint counts the fact in its tail, too.
    async fn try_late(&self, fact: &Fact) -> Attempt<(), NotLate> {
        let checkpoint = Checkpoint::read(self.dynamo, &self.checkpoint, Read::Strong).await?;
        if checkpoint.generation != self.generation {
            return Err(refused(NotLate::Rebuilt));
        }
        let mut rows = Rows::of(self.fold, [fact]);
        let everything = rows.remove(&RowKey::All(Span::AllTime)).unwrap_or_default();
        let rows: Vec<_> = rows
            .iter()
            .map(|(row, delta)| (row, keys::stats_row(row, self.generation), delta))
            .collect();
        let wanted: Vec<Key> = rows.iter().map(|(_, key, _)| key.clone()).collect();
        let held = self.dynamo.batch_get(&wanted, Read::Strong).await?;

        let mut transaction = Transaction::new(self.dynamo)
            .create(&self.late_receipt(fact), |_: Option<LateReceipt>| {
                Conflict::Refused(NotLate::Receipted)
            })
            .update(
                &self.checkpoint,
                self.add_everything(&everything),
                overtaken,
            );
        for (row, key, delta) in &rows {
            let held = held.iter().find(|item| is_at(item, key));
            let change = self.late_change(row, held, delta, checkpoint.folded_to)?;
            transaction = transaction.update(key, change, overtaken);
        }
        transaction.commit().await
    }

    /// The summary's checkpoint holds counts; that of the detail is held still all the same,
    /// as no rebuild must take the place of the rows meanwhile.
    fn add_everything(&self, everything: &Delta) -> Update {
        Additions::from(everything)
            .to("SET #kind = :kind")
            .when(GENERATION)
            .bind(":kind", "checkpoint")
            .bind(":generation", &self.generation)
    }

    fn late_change(
        &self,
        row: &RowKey,
        held: Option<&Item>,
        delta: &Delta,
        folded_to: DateTime<Utc>,
    ) -> Result<Update, StoreError> {
        match row {
            RowKey::Rank(..) => {
                let conversions = delta.counts.conversions;
                moved_rank(held, row, conversions, folded_to, self.generation)
            }
            _ => Ok(late_row_update(held, delta, folded_to)),
        }
    }
}

fn overtaken(_: Option<Untyped>) -> Conflict<NotLate> {
    Conflict::Overtaken
}

fn is_at(item: &Item, key: &Key) -> bool {
    let wanted = key.to_item();
    wanted
        .iter()
        .all(|(name, value)| item.get(name) == Some(value))
}
