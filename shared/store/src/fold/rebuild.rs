//! All rows written anew from the facts, beside the old ones: the way out after a restore or a
//! bug.
//!
//! The new rows are a generation of their own, folded from the first fact on by the same
//! rounds, under a checkpoint of its own. When they have caught up, one transaction makes that
//! the fold's checkpoint; readers follow within two seconds. The old rows stay as they are.
//! The audit then begins anew, as its receipts are of the old rows.

use super::late::Untyped;
use super::round::Outcome;
use super::target::FoldTarget;
use super::window::Window;
use super::{Aggregator, Fold, SAFETY_MARGIN, audit, plan};
use crate::dynamo::{Dynamo, Read, Updated};
use crate::entity::Entity;
use crate::error::{StoreError, TransactError};
use crate::expression::{Condition, Update};
use crate::keys::{self, Item, Keys};
use crate::rollup::{Checkpoint, FOLDED_TO, GENERATION, Rebuilding, to_the_millisecond};
use crate::transaction::Transaction;
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, TimeDelta, Utc};
use domain::Timestamp;
use serde::{Deserialize, Serialize};

/// How long a rebuild that was stopped is gone on with; later ones begin anew.
pub(crate) const RESUMED_WITHIN: TimeDelta = TimeDelta::days(1);

/// A removal and what it removed are left out when they expire within this time: TTL does not
/// delete both at once.
const EXPIRY_MARGIN: TimeDelta = TimeDelta::days(1);

/// How many facts may be left to be folded by the next run.
const CAUGHT_UP: usize = 2_000;

/// What a rebuild did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rebuild {
    /// Facts that this call folded anew.
    pub facts: usize,
    /// Everything recorded before is in the new rows; `None` where nothing was folded yet.
    pub rebuilt_to: Option<Timestamp>,
    /// Whether the new rows are read now. Otherwise the next call goes on.
    pub is_complete: bool,
    /// When it began, which may have been in an earlier call: what was written since with an
    /// older id may not be in the new rows.
    pub began_at: Option<DateTime<Utc>>,
}

/// A fold's new rows, and the checkpoint that they are to be put under.
struct NewRows<'t> {
    target: FoldTarget<'t>,
    started_at: DateTime<Utc>,
}

/// A checkpoint as it is to be.
#[derive(Serialize, Deserialize)]
struct Successor {
    #[serde(skip)]
    item: Item,
}

impl Entity for Successor {
    const KIND: &'static str = "checkpoint";

    fn keys(&self) -> Keys {
        keys::nothing().into()
    }

    fn to_item(&self) -> Result<Item, StoreError> {
        Ok(self.item.clone())
    }
}

impl Aggregator {
    /// Writes all rows of both folds anew and switches over to them. `stop` ends it between
    /// two rounds; calling it again within a day goes on. `on_progress` is called after each round with how
    /// far it is.
    ///
    /// Clicks that their retention has taken away are not counted any more.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer; what was done until then is kept.
    pub async fn rebuild(
        &self,
        now: impl Fn() -> DateTime<Utc>,
        stop: impl Fn() -> bool,
        on_progress: impl Fn(&Rebuild),
    ) -> Result<Rebuild, StoreError> {
        let mut rebuild = Rebuild::default();
        let mut folds = Vec::new();
        for fold in Fold::ALL {
            folds.extend(begin(&self.dynamo, fold, now()).await?);
        }
        let started_at = folds.iter().map(|rows| rows.started_at).min();
        rebuild.began_at = started_at;
        let expired_by = started_at.unwrap_or_else(&now) + EXPIRY_MARGIN;
        let mut window = Window::default();
        while !folds.is_empty() {
            if stop() {
                return Ok(rebuild);
            }
            let until = to_the_millisecond(now() - SAFETY_MARGIN);
            let mut checkpoints = Vec::new();
            for rows in &folds {
                checkpoints.push(rows.checkpoint().await?);
            }
            let reached = checkpoints
                .iter()
                .map(|checkpoint| checkpoint.folded_to)
                .min();
            let from = reached.unwrap_or(until);
            let is_wanted = |item: &crate::rollup::FactItem| !item.cancels_out(expired_by);
            window.move_to(&self.dynamo, from, until, is_wanted).await?;
            let waiting = window.since(from).map_or(0, <[_]>::len);
            let is_caught_up = window.to() >= until && waiting <= CAUGHT_UP;
            for (rows, checkpoint) in folds.iter().zip(&checkpoints) {
                rebuild.facts += rows.fold_once(checkpoint, &window).await?;
            }
            rebuild.rebuilt_to = Some(from.into());
            on_progress(&rebuild);
            if is_caught_up {
                folds = switch_all(folds).await?;
            }
        }
        rebuild.is_complete = true;
        Ok(rebuild)
    }
}

/// Names the generation of the new rows on the fold's checkpoint, or goes on with the one
/// that is named there. `None` where nothing was ever folded.
async fn begin(
    dynamo: &Dynamo,
    fold: Fold,
    now: DateTime<Utc>,
) -> Result<Option<NewRows<'_>>, StoreError> {
    loop {
        let checkpoint = Checkpoint::read(dynamo, &keys::checkpoint(fold), Read::Strong).await?;
        if !checkpoint.exists() {
            return Ok(None);
        }
        let before = checkpoint.rebuilding.as_ref();
        if let Some(rebuilding) = before.filter(|it| now - it.started_at < RESUMED_WITHIN) {
            return Ok(Some(NewRows::new(dynamo, fold, rebuilding, now)));
        }
        let last = before.map_or(checkpoint.generation, |it| it.generation);
        let rebuilding = Rebuilding {
            generation: last.next(),
            started_at: to_the_millisecond(now),
        };
        let claim = Update::new("SET rebuilding = :rebuilding").bind(":rebuilding", &rebuilding);
        let claim = match before {
            None => claim.when("attribute_not_exists(rebuilding)"),
            Some(before) => claim
                .when("rebuilding.#generation = :before")
                .bind(":before", &before.generation),
        };
        if let Updated::Done(_) = dynamo.update(&keys::checkpoint(fold), claim).await? {
            return Ok(Some(NewRows::new(dynamo, fold, &rebuilding, now)));
        }
    }
}

/// Switches over to the rows that have caught up. Gives those that have not.
async fn switch_all(folds: Vec<NewRows<'_>>) -> Result<Vec<NewRows<'_>>, StoreError> {
    let mut left = Vec::new();
    for rows in folds {
        if !rows.switch().await? {
            left.push(rows);
        }
    }
    Ok(left)
}

impl<'t> NewRows<'t> {
    fn new(dynamo: &'t Dynamo, fold: Fold, rebuilding: &Rebuilding, now: DateTime<Utc>) -> Self {
        let generation = rebuilding.generation;
        Self {
            target: FoldTarget {
                dynamo,
                fold,
                generation,
                checkpoint: keys::rebuilt_checkpoint(fold, generation),
                now,
            },
            started_at: rebuilding.started_at,
        }
    }

    async fn checkpoint(&self) -> Result<Checkpoint, StoreError> {
        Checkpoint::read(self.target.dynamo, &self.target.checkpoint, Read::Strong).await
    }

    /// One round of the facts in the window; says how many those were.
    async fn fold_once(
        &self,
        checkpoint: &Checkpoint,
        window: &Window,
    ) -> Result<usize, StoreError> {
        let at = checkpoint.folded_to;
        let outcome = if let Some(pending) = &checkpoint.pending {
            self.target.resume(checkpoint, pending).await?
        } else {
            let Some(waiting) = window.since(at).filter(|_| at < window.to()) else {
                return Ok(0);
            };
            let plan = plan::next_round(self.target.fold, waiting, window.to());
            self.target.fold(at, plan).await?
        };
        match outcome {
            Outcome::Folded(facts) => Ok(facts),
            Outcome::Overtaken => Ok(0),
        }
    }

    /// Puts the new checkpoint in the place of the fold's, unless a round of it is under way.
    /// Says whether the new rows are read now.
    async fn switch(&self) -> Result<bool, StoreError> {
        let target = &self.target;
        let live_key = keys::checkpoint(target.fold);
        let live = Checkpoint::read(target.dynamo, &live_key, Read::Strong).await?;
        if live.generation == target.generation {
            return Ok(true);
        }
        let new = self.checkpoint().await?;
        let Some(mut item) = new.to_item().filter(|_| new.pending.is_none()) else {
            return Ok(false);
        };
        item.extend(live_key.to_item());
        item.insert(
            keys::KIND.to_owned(),
            AttributeValue::S(Successor::KIND.to_owned()),
        );
        let is_rebuilt = Condition::new(format!("{GENERATION} AND rebuilding.#generation = :new"))
            .bind(":generation", &live.generation)
            .bind(":new", &target.generation);
        let is_still = Condition::new(format!(
            "{FOLDED_TO} = :to AND attribute_not_exists(pending)"
        ))
        .bind(":to", &new.folded_to.timestamp_millis());
        let audited_anew = Update::new(format!(
            "SET #kind = :kind, {} = :beginning",
            audit::AUDITED_TO
        ))
        .bind(":kind", "audit")
        .bind(":beginning", &0);
        let switched = Transaction::new(target.dynamo)
            .put(&Successor { item }, is_rebuilt, |_| ())
            .delete(&target.checkpoint, is_still, |_: Option<Untyped>| ())
            .update(&keys::audit(), audited_anew, |_: Option<Untyped>| ())
            .commit()
            .await;
        match switched {
            Ok(()) => Ok(true),
            Err(TransactError::Refused(()) | TransactError::KeyReused) => Ok(false),
            Err(TransactError::Store(error)) => Err(error),
        }
    }
}
