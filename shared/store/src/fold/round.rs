//! One round of a fold: its receipts, its claim of the checkpoint, its rows, its end.

use super::plan::Plan;
use super::receipts::parts_of;
use super::target::FoldTarget;
use crate::dynamo::{Read, Updated, backoff};
use crate::error::StoreError;
use crate::expression::Update;
use crate::keys::{self, Item};
use crate::rollup::{
    Additions, Checkpoint, FOLDED_TO, GENERATION, Logs, Pending, Slice, SliceReader, count,
    from_millis, moved_rank, row_update,
};
use chrono::{DateTime, Utc};
use domain::ids::random_bytes;
use domain::rollup::{Delta, RowKey, Rows, Span};
use futures::stream::{self, TryStreamExt};
use futures::try_join;
use std::collections::HashSet;
use uuid::Uuid;

/// How many rows are written side by side.
const ROWS_AT_ONCE: usize = 32;

/// How often a row is tried that DynamoDB puts off, and a rank that others change meanwhile.
const TRIES: u32 = 6;

/// The checkpoint has not moved, and no round is under way.
const AT_FROM: &str = "folded_to = :from AND attribute_not_exists(pending)";

/// There was no round yet.
const AT_BEGINNING: &str = "attribute_not_exists(folded_to) AND attribute_not_exists(pending)";

/// What became of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Its facts, this many, are in the rows.
    Folded(usize),
    /// Another run is at it, or further.
    Overtaken,
}

impl FoldTarget<'_> {
    /// Folds the facts of the slice that begins at `from`, where the checkpoint is.
    pub(super) async fn fold(
        &self,
        from: DateTime<Utc>,
        plan: Plan<'_>,
    ) -> Result<Outcome, StoreError> {
        let Plan { facts, to, rows } = plan;
        if facts.is_empty() {
            return self.move_past_nothing(from, to).await;
        }
        let pending = Pending {
            to,
            round: Uuid::from_bytes(random_bytes()).simple().to_string(),
            parts: parts_of(facts.len()),
        };
        self.write_receipts(&pending, facts).await?;
        if !self.begin(from, &pending).await? {
            return Ok(Outcome::Overtaken);
        }
        self.complete(from, &pending, facts.len(), rows).await
    }

    /// Completes the round that `checkpoint` says is under way: its receipts say which facts
    /// it has. One that has arrived since is none of them.
    pub(super) async fn resume(
        &self,
        checkpoint: &Checkpoint,
        pending: &Pending,
    ) -> Result<Outcome, StoreError> {
        let receipted: HashSet<Uuid> = self.receipted(pending).await?.into_iter().collect();
        let slice = Slice {
            from: checkpoint.folded_to,
            to: Some(pending.to),
        };
        let mut reader = SliceReader::new(self.dynamo, &Logs::ALL, slice, Read::Strong);
        let mut facts = Vec::with_capacity(receipted.len());
        while let Some(items) = reader.next().await? {
            for item in items {
                if receipted.contains(&item.id()?) {
                    facts.push(item.into_fact()?);
                }
            }
        }
        if facts.len() < receipted.len() {
            let missing = receipted.len() - facts.len();
            tracing::warn!(fold = %self.fold, missing, "facts of a round have expired");
        }
        let rows = Rows::of(self.fold, &facts);
        self.complete(checkpoint.folded_to, pending, facts.len(), rows)
            .await
    }

    /// Claims the round. False where another run was first.
    async fn begin(&self, from: DateTime<Utc>, pending: &Pending) -> Result<bool, StoreError> {
        let claim = self
            .at(
                from,
                "SET #kind = :kind, generation = :generation, pending = :pending",
            )
            .bind(":pending", pending);
        match self.dynamo.update(&self.checkpoint, claim).await? {
            Updated::Done(_) => Ok(true),
            // The answer to the claim may have been lost, and this be its repetition.
            Updated::Refused(item) => {
                let held = Checkpoint::from_item(item)?.pending;
                Ok(held.is_some_and(|held| held.round == pending.round))
            }
        }
    }

    /// Moves the checkpoint over a slice that has no facts.
    async fn move_past_nothing(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Outcome, StoreError> {
        let moved = self
            .at(
                from,
                "SET #kind = :kind, generation = :generation, folded_to = :to",
            )
            .bind(":to", &to.timestamp_millis());
        let updated = self.dynamo.update(&self.checkpoint, moved).await?;
        Ok(Self::outcome(&updated, to, 0))
    }

    /// A change of the checkpoint, if it is at `from` and no round is under way.
    fn at(&self, from: DateTime<Utc>, change: &'static str) -> Update {
        let update = Update::new(change);
        let update = if from == from_millis(0) {
            update.when(format!("{AT_BEGINNING} AND {GENERATION}"))
        } else {
            let from = from.timestamp_millis();
            update
                .when(format!("{AT_FROM} AND {GENERATION}"))
                .bind(":from", &from)
        };
        update
            .bind(":kind", "checkpoint")
            .bind(":generation", &self.generation)
    }

    /// Changes every row of the round that is under way, and moves the checkpoint.
    async fn complete(
        &self,
        from: DateTime<Utc>,
        pending: &Pending,
        facts: usize,
        mut rows: Rows,
    ) -> Result<Outcome, StoreError> {
        let everything = rows.remove(&RowKey::All(Span::AllTime)).unwrap_or_default();
        try_join!(
            self.record_round(from, pending, facts),
            self.write_rows(&rows, pending.to)
        )?;
        let moved = Additions::from(&everything)
            .to("SET folded_to = :to REMOVE pending")
            .when("pending.#round = :round")
            .bind(":to", &pending.to.timestamp_millis())
            .bind(":round", &pending.round);
        let updated = self.dynamo.update(&self.checkpoint, moved).await?;
        Ok(Self::outcome(&updated, pending.to, facts))
    }

    /// A refused move is done already where the checkpoint is at its end or further: by another
    /// run, or by ourselves when the answer was lost.
    fn outcome(updated: &Updated, to: DateTime<Utc>, facts: usize) -> Outcome {
        match updated {
            Updated::Done(_) => Outcome::Folded(facts),
            Updated::Refused(Some(item)) if folded_to(item) >= to => Outcome::Folded(facts),
            Updated::Refused(_) => Outcome::Overtaken,
        }
    }

    async fn write_rows(&self, rows: &Rows, to: DateTime<Utc>) -> Result<(), StoreError> {
        stream::iter(rows.iter().map(Ok))
            .try_for_each_concurrent(ROWS_AT_ONCE, |(row, delta)| self.write_row(row, delta, to))
            .await
    }

    /// Changes one row, once for the round. What DynamoDB puts off is tried again: nothing is
    /// counted twice.
    async fn write_row(
        &self,
        row: &RowKey,
        delta: &Delta,
        to: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        for attempt in 0.. {
            let written = match row {
                RowKey::Rank(..) => self.write_rank(row, delta, to).await,
                _ => self.add_to_row(row, delta, to).await,
            };
            match written {
                Err(StoreError::Unavailable(_)) if attempt < TRIES => {
                    tokio::time::sleep(backoff(attempt + 3)).await;
                }
                written => return written,
            }
        }
        Err(StoreError::retries_exhausted("a row"))
    }

    async fn add_to_row(
        &self,
        row: &RowKey,
        delta: &Delta,
        to: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let key = keys::stats_row(row, self.generation);
        match self.dynamo.update(&key, row_update(delta, to)).await? {
            Updated::Done(_) => Ok(()),
            Updated::Refused(Some(row)) if folded_to(&row) >= to => Ok(()),
            Updated::Refused(_) => Err(StoreError::corrupt("a row that cannot be folded")),
        }
    }

    /// Moves a mentor's rank. Its place is computed from what it had, which must not change
    /// meanwhile.
    async fn write_rank(
        &self,
        row: &RowKey,
        delta: &Delta,
        to: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let key = keys::stats_row(row, self.generation);
        let mut held = self.dynamo.get_item(&key, Read::Strong).await?;
        for _ in 0..TRIES {
            if held.as_ref().is_some_and(|rank| folded_to(rank) >= to) {
                return Ok(());
            }
            let conversions = delta.counts.conversions;
            let moved = moved_rank(held.as_ref(), row, conversions, to, self.generation)?;
            match self.dynamo.update(&key, moved).await? {
                Updated::Done(_) => return Ok(()),
                Updated::Refused(now) => held = now,
            }
        }
        Err(StoreError::retries_exhausted("a rank"))
    }
}

fn folded_to(item: &Item) -> DateTime<Utc> {
    from_millis(count(item, FOLDED_TO))
}
