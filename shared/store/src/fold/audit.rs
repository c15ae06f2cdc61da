//! The audit of closed hours: facts without a receipt came too late for their round. They are
//! folded now, on their own.
//!
//! It goes slice by slice, each as many rounds as fit in memory, and a mark says how far it
//! is: it can be stopped after any slice. The facts are read at half the price; an hour that
//! is closed no longer changes.

use super::Aggregator;
use super::target::FoldTarget;
use crate::dynamo::{Read, Updated};
use crate::error::StoreError;
use crate::expression::Update;
use crate::keys;
use crate::rollup::{Checkpoint, Logs, Slice, SliceReader, count, from_millis};
use chrono::{DateTime, SubsecRound, TimeDelta, Timelike, Utc};
use domain::Timestamp;
use domain::facts::Fact;
use domain::rollup::Fold;
use futures::future::try_join_all;
use std::collections::HashSet;
use uuid::Uuid;

/// An hour is audited when this much of the next one has passed.
const CLOSED_AFTER: TimeDelta = TimeDelta::hours(1);

/// How far back an audit begins at most: receipts of what is older may have expired, and a
/// fact without one would be counted again.
const REACH: TimeDelta = TimeDelta::days(12);

/// How long a slice is at most.
const LONGEST_SLICE: TimeDelta = TimeDelta::days(1);

/// How many receipted facts a slice has, one round more or less.
const FACTS_IN_A_SLICE: usize = 50_000;

/// How many late facts are taken up at once.
const LATE_AT_ONCE: usize = 2_000;

/// What holds how far the audit is, in milliseconds after 1970.
pub(super) const AUDITED_TO: &str = "audited_to";

/// What an audit did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Audit {
    /// Facts that were compared with the receipts.
    pub facts: usize,
    /// Facts that had come too late, and are counted now.
    pub late_facts: usize,
    /// Everything recorded before is audited.
    pub audited_to: Timestamp,
    /// Whether every closed hour is audited.
    pub is_complete: bool,
}

/// What a slice came to.
#[derive(Debug, Default)]
struct Compared {
    facts: usize,
    late: Vec<Late>,
    /// Whether there are more late facts than were taken up.
    has_more: bool,
}

/// A fact that some fold has no receipt of.
#[derive(Debug)]
struct Late {
    fact: Fact,
    is_missed_by: [bool; 2],
}

impl Aggregator {
    /// Audits the closed hours that are not audited yet, until `stop` says so. Runs whatever
    /// became of folding.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer; what was done until then stays so.
    pub async fn audit(
        &self,
        now: DateTime<Utc>,
        stop: impl Fn() -> bool,
    ) -> Result<Audit, StoreError> {
        let mut audit = Audit {
            facts: 0,
            late_facts: 0,
            audited_to: from_millis(0).into(),
            is_complete: false,
        };
        loop {
            let checkpoints = Checkpoint::read_both(&self.dynamo, Read::Strong).await?;
            let mark = self.audit_mark().await?;
            let folded_to = checkpoints.iter().map(|checkpoint| checkpoint.folded_to);
            let closed = folded_to.fold(now - CLOSED_AFTER, DateTime::min);
            let end = hour_of(closed);
            let from = mark.unwrap_or_default().max(hour_of(now - REACH));
            audit.audited_to = from.into();
            audit.is_complete = from >= end;
            if audit.is_complete || stop() {
                return Ok(audit);
            }
            let target =
                |fold: Fold| FoldTarget::live(&self.dynamo, fold, &checkpoints[fold.index()], now);
            let targets = Fold::ALL.map(target);
            let to = slice_end(&targets, from, end).await?;
            let compared = self.compare(&targets, from, to).await?;
            audit.facts += compared.facts;
            for late in &compared.late {
                if stop() {
                    return Ok(audit);
                }
                audit.late_facts += usize::from(fold_late(&targets, late).await?);
            }
            if !compared.has_more {
                self.mark_audited(mark, to).await?;
            }
        }
    }

    /// Reads the facts of a slice, and keeps those that some fold has no receipt of.
    async fn compare(
        &self,
        targets: &[FoldTarget<'_>; 2],
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Compared, StoreError> {
        let known = try_join_all(targets.iter().map(|target| known(target, from, to))).await?;
        let slice = Slice { from, to: Some(to) };
        let mut reader = SliceReader::new(&self.dynamo, &Logs::ALL, slice, Read::Eventual);
        let mut compared = Compared::default();
        while let Some(items) = reader.next().await? {
            compared.facts += items.len();
            for item in items {
                let id = item.id()?;
                let is_missed_by = [0, 1].map(|fold: usize| !known[fold].contains(&id));
                if is_missed_by.contains(&true) {
                    let fact = item.into_fact()?;
                    compared.late.push(Late { fact, is_missed_by });
                }
            }
            if compared.late.len() >= LATE_AT_ONCE {
                compared.has_more = true;
                break;
            }
        }
        Ok(compared)
    }

    async fn audit_mark(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let item = self.dynamo.get_item(&keys::audit(), Read::Strong).await?;
        Ok(item.map(|item| from_millis(count(&item, AUDITED_TO))))
    }

    /// Marks the slice as audited, unless another audit has gone on meanwhile, or a rebuild
    /// has sent it back.
    async fn mark_audited(
        &self,
        from: Option<DateTime<Utc>>,
        to: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mark = Update::new("SET #kind = :kind, audited_to = :to")
            .bind(":kind", "audit")
            .bind(":to", &to.timestamp_millis());
        let mark = match from {
            None => mark.when("attribute_not_exists(audited_to)"),
            Some(from) => mark
                .when("audited_to = :from")
                .bind(":from", &from.timestamp_millis()),
        };
        match self.dynamo.update(&keys::audit(), mark).await? {
            Updated::Done(_) | Updated::Refused(_) => Ok(()),
        }
    }
}

/// The end of the slice from `from`: after as many rounds as fit in memory.
async fn slice_end(
    targets: &[FoldTarget<'_>; 2],
    from: DateTime<Utc>,
    end: DateTime<Utc>,
) -> Result<DateTime<Utc>, StoreError> {
    let end = end.min(from + LONGEST_SLICE);
    let rounds = try_join_all(targets.iter().map(|target| target.rounds(from, end))).await?;
    let ends = rounds.iter().filter_map(|rounds| {
        let mut facts = 0;
        let mut is_past = |count| {
            facts += count;
            facts > FACTS_IN_A_SLICE
        };
        let last = rounds.iter().find(|round| is_past(round.facts));
        last.map(|round| round.pending.to)
    });
    Ok(ends.fold(end, DateTime::min))
}

/// The facts of a slice that a fold has receipts of.
async fn known(
    target: &FoldTarget<'_>,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<HashSet<Uuid>, StoreError> {
    let ids = |at: DateTime<Utc>| u128::try_from(at.timestamp_millis()).unwrap_or(0) << 80;
    let first = Uuid::from_u128(ids(from));
    let last = Uuid::from_u128(ids(to).saturating_sub(1));
    let mut known: HashSet<Uuid> = target.late(first, last).await?.into_iter().collect();
    for round in target.rounds(from, to).await? {
        let receipted = target.receipted(&round.pending).await?;
        known.extend(
            receipted
                .into_iter()
                .filter(|id| (first..=last).contains(id)),
        );
    }
    Ok(known)
}

/// Folds a late fact where it is missing. Says whether it was this run that counted it.
async fn fold_late(targets: &[FoldTarget<'_>; 2], late: &Late) -> Result<bool, StoreError> {
    let mut is_first = None;
    for (target, is_missed) in targets.iter().zip(late.is_missed_by) {
        if is_missed {
            let is_own = target.fold_late(&late.fact).await?;
            is_first.get_or_insert(is_own);
        }
    }
    Ok(is_first.unwrap_or(false))
}

/// The beginning of the hour.
fn hour_of(at: DateTime<Utc>) -> DateTime<Utc> {
    let at = at.trunc_subsecs(0);
    at - TimeDelta::seconds(i64::from(at.minute() * 60 + at.second()))
}
