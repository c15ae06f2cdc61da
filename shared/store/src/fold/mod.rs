//! The aggregator: folds the facts of the logs into roll-up rows, each exactly once.
//!
//! Folding goes by slices of time. A round takes the facts of the slice from the checkpoint to
//! some moment that is far enough back, writes their ids as receipts under a key of its own,
//! and claims the checkpoint, if nobody else has. Then it changes each row once, by a plain
//! update on condition that the row is older, and moves the checkpoint. So a run that is
//! killed anywhere, repeated or doubled counts nothing twice and skips nothing, no two runs
//! cancel each other, and no row is held by a transaction. A run that finds a round under way
//! completes that one, from its receipts.
//!
//! Two folds of the same facts have their own rows, checkpoint and pace: the summary every
//! run, the detail when it is worth it ([`FoldPace`]).
//!
//! The margin is what makes "every fact before here is visible" true. Should a write still
//! arrive later than that, the audit finds it by the receipts and folds it on its own.

mod audit;
mod days;
mod late;
mod plan;
mod rebuild;
mod receipts;
mod round;
mod target;
mod verify;
mod window;

pub use audit::Audit;
pub use days::Days;
pub use domain::rollup::Fold;
pub(crate) use rebuild::RESUMED_WITHIN;
pub use rebuild::Rebuild;
pub use verify::{Difference, Verification};

use crate::dynamo::{Dynamo, Read};
use crate::error::StoreError;
use crate::rollup::{Checkpoint, to_the_millisecond};
use chrono::{DateTime, TimeDelta, Utc};
use domain::Timestamp;
use domain::facts::Fact;
use round::Outcome;
use std::sync::{Arc, Mutex, PoisonError};
use target::FoldTarget;
use window::Window;

/// How far before now folding stops: longer than any function runs, plus what two machines'
/// clocks may differ.
pub const SAFETY_MARGIN: TimeDelta = TimeDelta::seconds(20);

/// After how many rounds that another run was first at a run leaves a fold to it.
const OVERTAKEN_AT_MOST: u32 = 8;

/// When facts are worth folding into the rows of detail. They are counted meanwhile, from the
/// tail; the more facts a round has, the more of them share a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoldPace {
    /// How long a fact waits at most.
    pub wait: TimeDelta,
    /// How many facts wait at most.
    pub facts: usize,
}

impl Default for FoldPace {
    fn default() -> Self {
        Self {
            wait: TimeDelta::minutes(5),
            facts: 2_000,
        }
    }
}

/// The scheduled work on statistics. Cheap to clone; clones share what they have read.
#[derive(Debug, Clone)]
pub struct Aggregator {
    pub(crate) dynamo: Dynamo,
    /// Left by the last run for the next one.
    window: Arc<Mutex<Window>>,
}

/// What a run did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The summary, and the detail.
    pub folds: [Folded; 2],
}

/// What a run did for one fold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folded {
    /// Which fold.
    pub fold: Fold,
    /// Facts folded.
    pub facts: usize,
    /// Rounds that folded them.
    pub rounds: usize,
    /// Everything recorded before is folded.
    pub folded_to: Timestamp,
    /// How long the oldest fact has waited beyond what margin and pace allow; zero where the
    /// fold is caught up.
    pub behind: TimeDelta,
}

impl Run {
    /// Facts folded: each is counted once, though both folds fold it.
    pub fn facts(&self) -> usize {
        self.folds[Fold::Summary.index()].facts
    }

    /// Rounds of both folds.
    pub fn rounds(&self) -> usize {
        self.folds.iter().map(|folded| folded.rounds).sum()
    }

    /// How far the fold that is further behind is so.
    pub fn behind(&self) -> TimeDelta {
        let behind = self.folds.iter().map(|folded| folded.behind);
        behind.max().unwrap_or_default()
    }

    /// Whether everything is folded that should be.
    pub fn is_complete(&self) -> bool {
        self.behind().is_zero()
    }
}

impl Aggregator {
    pub(crate) fn new(dynamo: Dynamo) -> Self {
        Self {
            dynamo,
            window: Arc::default(),
        }
    }

    /// Folds the facts made up to [`SAFETY_MARGIN`] before `now`, round after round, those of
    /// detail at `pace`, until none is left or `stop` says so.
    ///
    /// What is not done, for want of time or because DynamoDB puts it off, is reported as a
    /// fold that is behind; the next run goes on from there.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB refuses a request, or cannot say how far the folds
    /// are.
    pub async fn run(
        &self,
        now: DateTime<Utc>,
        pace: &FoldPace,
        stop: impl Fn() -> bool,
    ) -> Result<Run, StoreError> {
        let mut run = RunUnderWay {
            dynamo: &self.dynamo,
            now,
            until: to_the_millisecond(now - SAFETY_MARGIN),
            pace,
            window: std::mem::take(&mut self.window()),
            facts: [0; 2],
            rounds: [0; 2],
            overtaken: [0; 2],
            is_put_off: [false; 2],
        };
        let checkpoints = run.fold_all(stop).await?;
        let report = run.report(&checkpoints);
        *self.window() = run.window;
        Ok(report)
    }

    fn window(&self) -> std::sync::MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct RunUnderWay<'t> {
    dynamo: &'t Dynamo,
    now: DateTime<Utc>,
    /// Where folding stops.
    until: DateTime<Utc>,
    pace: &'t FoldPace,
    window: Window,
    facts: [usize; 2],
    rounds: [usize; 2],
    overtaken: [u32; 2],
    /// Folds that DynamoDB or another run has put off: this one leaves them as they are.
    is_put_off: [bool; 2],
}

impl RunUnderWay<'_> {
    /// Goes round after round. Gives the checkpoints as they are then.
    async fn fold_all(&mut self, stop: impl Fn() -> bool) -> Result<[Checkpoint; 2], StoreError> {
        let mut checkpoints = Checkpoint::read_both(self.dynamo, Read::Strong).await?;
        loop {
            let mut has_changed = false;
            let mut is_over = false;
            for fold in self.oldest_first(&checkpoints) {
                is_over = is_over || stop();
                if is_over {
                    break;
                }
                has_changed |= self.fold_once(fold, &checkpoints).await?;
            }
            if has_changed {
                match Checkpoint::read_both(self.dynamo, Read::Strong).await {
                    Ok(read) => checkpoints = read,
                    // They are known as they were before the last rounds.
                    Err(StoreError::Unavailable(_)) => is_over = true,
                    Err(error) => return Err(error),
                }
            }
            if is_over || !has_changed {
                return Ok(checkpoints);
            }
        }
    }

    /// The folds of this run, the one that is further behind first: where there is time for
    /// one round only, they take turns.
    fn oldest_first(&self, checkpoints: &[Checkpoint; 2]) -> Vec<Fold> {
        let mut folds = Fold::ALL.to_vec();
        folds.retain(|fold| !self.is_put_off[fold.index()]);
        folds.sort_by_key(|fold| checkpoints[fold.index()].folded_to);
        folds
    }

    /// One round of `fold`, unless nothing is to be done. Says whether the checkpoint is
    /// another now.
    async fn fold_once(
        &mut self,
        fold: Fold,
        checkpoints: &[Checkpoint; 2],
    ) -> Result<bool, StoreError> {
        match self.round(fold, checkpoints).await {
            Ok(None) => Ok(false),
            Ok(Some(outcome)) => {
                self.note(fold, outcome);
                Ok(true)
            }
            Err(StoreError::Unavailable(cause)) => {
                tracing::warn!(%fold, %cause, "a round was put off");
                self.is_put_off[fold.index()] = true;
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// One round of `fold`; `None` where nothing is to be done.
    async fn round(
        &mut self,
        fold: Fold,
        checkpoints: &[Checkpoint; 2],
    ) -> Result<Option<Outcome>, StoreError> {
        let checkpoint = &checkpoints[fold.index()];
        let target = FoldTarget::live(self.dynamo, fold, checkpoint, self.now);
        if let Some(pending) = &checkpoint.pending {
            return target.resume(checkpoint, pending).await.map(Some);
        }
        let others = Fold::ALL
            .iter()
            .filter(|fold| !self.is_put_off[fold.index()]);
        let from = others.map(|fold| checkpoints[fold.index()].folded_to).min();
        let from = from.unwrap_or(checkpoint.folded_to);
        self.window
            .move_to(self.dynamo, from, self.until, |_| true)
            .await?;
        let at = checkpoint.folded_to;
        let Some(waiting) = self.window.since(at) else {
            return Ok(None);
        };
        if at >= self.window.to() || !self.is_due(fold, waiting) {
            return Ok(None);
        }
        let plan = plan::next_round(fold, waiting, self.window.to());
        target.fold(at, plan).await.map(Some)
    }

    fn is_due(&self, fold: Fold, waiting: &[Fact]) -> bool {
        let has_waited = |fact: &Fact| self.now - fact.made_at() >= self.pace.wait;
        fold == Fold::Summary
            // Nothing is lost by moving over a time without facts.
            || waiting.first().is_none_or(has_waited)
            || waiting.len() >= self.pace.facts
            || self.window.is_full()
    }

    fn note(&mut self, fold: Fold, outcome: Outcome) {
        match outcome {
            Outcome::Folded(facts) => {
                self.facts[fold.index()] += facts;
                self.rounds[fold.index()] += usize::from(facts > 0);
            }
            // Whoever keeps overtaking this run is folding instead.
            Outcome::Overtaken => {
                self.overtaken[fold.index()] += 1;
                self.is_put_off[fold.index()] |= self.overtaken[fold.index()] >= OVERTAKEN_AT_MOST;
            }
        }
    }

    fn report(&self, checkpoints: &[Checkpoint; 2]) -> Run {
        let folds = Fold::ALL.map(|fold| {
            let folded_to = checkpoints[fold.index()].folded_to;
            Folded {
                fold,
                facts: self.facts[fold.index()],
                rounds: self.rounds[fold.index()],
                folded_to: folded_to.into(),
                behind: self.behind(fold, folded_to),
            }
        });
        Run { folds }
    }

    /// How far a fold that is at `folded_to` is behind.
    fn behind(&self, fold: Fold, folded_to: DateTime<Utc>) -> TimeDelta {
        let oldest = match self.window.since(folded_to) {
            None => folded_to,
            Some(waiting) => match waiting.first() {
                Some(fact) => fact.made_at(),
                // What the window has not reached is unknown.
                None => self.window.to().max(folded_to),
            },
        };
        let allowed = match fold {
            Fold::Summary => TimeDelta::zero(),
            Fold::Detail => self.pace.wait,
        };
        (self.until - oldest - allowed).max(TimeDelta::zero())
    }
}
