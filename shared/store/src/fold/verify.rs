//! Recounts the rows of a span of days from the facts, and reports every row that differs.
//!
//! A row of a month is compared day by day; rows of all time only where the span has neither
//! beginning nor end. Folding goes on meanwhile: a row that has moved past the moment of the
//! recount is compared with the facts up to where it is. Facts that have expired cannot be
//! recounted, and late ones differ until they are audited.

use super::days::Days;
use super::target::FoldTarget;
use super::{Aggregator, Fold};
use crate::dynamo::{Order, Query, Read};
use crate::error::StoreError;
use crate::keys::{self, RowOwner};
use crate::rollup::{Checkpoint, FactItem, Logs, Row, Slice, SliceReader};
use chrono::{DateTime, TimeDelta, Utc};
use domain::facts::Fact;
use domain::rollup::{Delta, RowKey, Rows, Span};
use futures::future::try_join_all;
use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

/// How many rows are held; more are recounted in as many passes as that takes.
const ROWS_AT_MOST: usize = 200_000;

/// How many differences are told in full.
const TOLD_AT_MOST: usize = 1_000;

/// How many partitions are read side by side.
const OWNERS_AT_ONCE: usize = 32;

/// A removal and what it removed are left out when they expire within this time.
const EXPIRY_MARGIN: TimeDelta = TimeDelta::days(1);

/// What a recount found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verification {
    /// Facts that were recounted.
    pub facts: usize,
    /// Rows that were compared.
    pub rows: usize,
    /// How many of them differ.
    pub differ: usize,
    /// Those that differ: the first thousand.
    pub differences: Vec<Difference>,
    /// Whether all rows of the span were compared.
    pub is_complete: bool,
}

/// A row that differs from a recount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Its keys.
    pub row: String,
    /// What the facts say.
    pub recounted: Delta,
    /// What the row says.
    pub found: Delta,
}

/// One pass over the facts: the owners whose hash falls to it.
#[derive(Debug, Clone, Copy)]
struct Pass {
    number: u64,
    of: u64,
}

impl Pass {
    fn has(self, row: &RowKey) -> bool {
        let mut hasher = DefaultHasher::new();
        RowOwner::of(row).hash(&mut hasher);
        hasher.finish() % self.of == self.number
    }
}

/// What the facts say about one fold.
struct Recount<'t> {
    target: FoldTarget<'t>,
    checkpoint: Checkpoint,
    rows: HashMap<RowKey, Delta>,
    /// Rows that are further than the recount: up to when they are folded.
    ahead: HashMap<RowKey, (DateTime<Utc>, Delta)>,
}

impl Aggregator {
    /// Recounts `days`. `stop` ends it; `on_progress` is called now and then with what is recounted.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn verify(
        &self,
        days: Days,
        now: DateTime<Utc>,
        stop: impl Fn() -> bool,
        on_progress: impl Fn(&Verification),
    ) -> Result<Verification, StoreError> {
        let mut found = Verification::default();
        let mut passes = 1;
        let mut number = 0;
        while number < passes {
            let pass = Pass { number, of: passes };
            let mut recounts = self.settled(now).await?;
            let facts = Recounting { days, pass, now };
            let Some(count) = facts
                .count(self, &mut recounts, &stop, &mut found, &on_progress)
                .await?
            else {
                return Ok(found);
            };
            if count == Memory::Full {
                (passes, number) = (passes * 4, 0);
                found = Verification::default();
                continue;
            }
            facts.compare(self, recounts, &mut found).await?;
            number += 1;
        }
        found.is_complete = true;
        Ok(found)
    }

    /// Both folds, with no round under way.
    async fn settled(&self, now: DateTime<Utc>) -> Result<[Recount<'_>; 2], StoreError> {
        let settle = Fold::ALL.map(|fold| async move {
            loop {
                let key = keys::checkpoint(fold);
                let checkpoint = Checkpoint::read(&self.dynamo, &key, Read::Strong).await?;
                let target = FoldTarget::live(&self.dynamo, fold, &checkpoint, now);
                match &checkpoint.pending {
                    Some(pending) => {
                        target.resume(&checkpoint, pending).await?;
                    }
                    None => {
                        return Ok::<_, StoreError>(Recount {
                            target,
                            checkpoint,
                            rows: HashMap::new(),
                            ahead: HashMap::new(),
                        });
                    }
                }
            }
        });
        let [summary, detail] = settle;
        let (summary, detail) = futures::try_join!(summary, detail)?;
        Ok([summary, detail])
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Memory {
    Enough,
    Full,
}

/// How one pass recounts.
struct Recounting {
    days: Days,
    pass: Pass,
    now: DateTime<Utc>,
}

impl Recounting {
    /// Counts the facts up to where each fold is. `None` where it was stopped.
    async fn count(
        &self,
        aggregator: &Aggregator,
        recounts: &mut [Recount<'_>; 2],
        stop: &impl Fn() -> bool,
        found: &mut Verification,
        on_progress: &impl Fn(&Verification),
    ) -> Result<Option<Memory>, StoreError> {
        let ends = recounts.iter().map(|recount| recount.checkpoint.folded_to);
        let slice = Slice {
            from: self.days.first_fact(),
            to: ends.max(),
        };
        let mut reader = SliceReader::new(&aggregator.dynamo, &Logs::ALL, slice, Read::Eventual);
        while let Some(items) = reader.next().await? {
            if stop() {
                return Ok(None);
            }
            let facts = self.facts(items)?;
            found.facts += if self.pass.number == 0 {
                facts.len()
            } else {
                0
            };
            on_progress(found);
            for recount in recounts.iter_mut() {
                let to = recount.checkpoint.folded_to;
                let folded = facts.iter().filter(|fact| fact.made_at() < to);
                for (row, delta) in Rows::of(recount.target.fold, folded).iter() {
                    self.add(&mut recount.rows, row, delta);
                }
            }
            let rows: usize = recounts.iter().map(|recount| recount.rows.len()).sum();
            if rows > ROWS_AT_MOST {
                return Ok(Some(Memory::Full));
            }
        }
        Ok(Some(Memory::Enough))
    }

    fn facts(&self, items: Vec<FactItem>) -> Result<Vec<Fact>, StoreError> {
        let expired_by = self.now + EXPIRY_MARGIN;
        let items = items.into_iter();
        items
            .filter(|item| !item.cancels_out(expired_by))
            .map(FactItem::into_fact)
            .collect()
    }

    fn add(&self, rows: &mut HashMap<RowKey, Delta>, row: &RowKey, delta: &Delta) {
        if !self.pass.has(row) {
            return;
        }
        if let Some(part) = self.days.part_of(row, delta) {
            rows.entry(row.clone()).or_default().add(&part);
        }
    }

    async fn compare(
        &self,
        aggregator: &Aggregator,
        mut recounts: [Recount<'_>; 2],
        found: &mut Verification,
    ) -> Result<(), StoreError> {
        for recount in &mut recounts {
            self.compare_everything(recount, found);
            let owners: BTreeSet<RowOwner> = recount.rows.keys().map(RowOwner::of).collect();
            let owners: Vec<_> = owners.into_iter().collect();
            for owners in owners.chunks(OWNERS_AT_ONCE) {
                let rows = owners.iter().map(|owner| read_rows(&recount.target, owner));
                for (row, delta, folded_to) in try_join_all(rows).await?.into_iter().flatten() {
                    let Some(part) = self.days.part_of(&row, &delta) else {
                        continue;
                    };
                    if folded_to > recount.checkpoint.folded_to {
                        recount.ahead.insert(row, (folded_to, part));
                    } else {
                        let recounted = recount.rows.remove(&row).unwrap_or_default();
                        tell_difference(&recount.target, &row, recounted, part, found);
                    }
                }
            }
        }
        self.compare_ahead(aggregator, &mut recounts, found).await?;
        for recount in recounts {
            for (row, recounted) in recount.rows {
                tell_difference(&recount.target, &row, recounted, Delta::default(), found);
            }
        }
        Ok(())
    }

    /// The counts of everything are on the checkpoint.
    fn compare_everything(&self, recount: &mut Recount<'_>, found: &mut Verification) {
        let row = RowKey::All(Span::AllTime);
        if recount.target.fold == Fold::Summary && self.pass.has(&row) && self.days.has_all() {
            let recounted = recount.rows.remove(&row).unwrap_or_default();
            let everything = recount.checkpoint.everything().delta();
            tell_difference(&recount.target, &row, recounted, everything, found);
        }
    }

    /// Compares the rows that were folded further meanwhile, with the facts up to there.
    async fn compare_ahead(
        &self,
        aggregator: &Aggregator,
        recounts: &mut [Recount<'_>; 2],
        found: &mut Verification,
    ) -> Result<(), StoreError> {
        for recount in recounts {
            let slice = Slice {
                from: recount.checkpoint.folded_to.max(self.days.first_fact()),
                to: recount
                    .ahead
                    .values()
                    .map(|(folded_to, _)| *folded_to)
                    .max(),
            };
            if slice.to.is_none() {
                continue;
            }
            let mut reader = SliceReader::new(&aggregator.dynamo, &Logs::ALL, slice, Read::Strong);
            while let Some(items) = reader.next().await? {
                for fact in self.facts(items)? {
                    for (row, delta) in Rows::of(recount.target.fold, [&fact]).iter() {
                        let ahead = recount.ahead.get(row);
                        if ahead.is_some_and(|(folded_to, _)| fact.made_at() < *folded_to) {
                            self.add(&mut recount.rows, row, delta);
                        }
                    }
                }
            }
            for (row, (_, part)) in std::mem::take(&mut recount.ahead) {
                let recounted = recount.rows.remove(&row).unwrap_or_default();
                tell_difference(&recount.target, &row, recounted, part, found);
            }
        }
        Ok(())
    }
}

/// All the rows of one owner, with up to when each is folded.
async fn read_rows(
    target: &FoldTarget<'_>,
    owner: &RowOwner,
) -> Result<Vec<(RowKey, Delta, DateTime<Utc>)>, StoreError> {
    let query = Query {
        index: None,
        pk: owner.partition(target.generation),
        from: None,
        to: None,
        order: Order::Ascending,
        limit: usize::MAX,
        read: Read::Strong,
    };
    let rows = target
        .dynamo
        .query(&query)
        .await?
        .into_iter()
        .map(Row::from);
    let rows = rows.filter_map(|row| {
        let key = owner.row(row.sort_key())?;
        Some((key, row.delta(), row.folded_to()))
    });
    Ok(rows.collect())
}

fn tell_difference(
    target: &FoldTarget<'_>,
    row: &RowKey,
    mut recounted: Delta,
    mut found: Delta,
    verification: &mut Verification,
) {
    for delta in [&mut recounted, &mut found] {
        delta.years.retain(|_, counts| !counts.is_zero());
        delta.days.retain(|_, counts| !counts.is_zero());
    }
    verification.rows += 1;
    if recounted == found {
        return;
    }
    verification.differ += 1;
    if verification.differences.len() < TOLD_AT_MOST {
        let key = keys::stats_row(row, target.generation);
        verification.differences.push(Difference {
            row: format!("{} {}", key.pk, key.sk),
            recounted,
            found,
        });
    }
}
