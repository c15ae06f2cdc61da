//! A fold's rows of one generation: what rounds, receipts and the audit work on.

use crate::dynamo::Dynamo;
use crate::keys::{self, Generation, Key};
use crate::rollup::Checkpoint;
use chrono::{DateTime, Utc};
use domain::rollup::Fold;

/// A fold's rows of one generation, as a run at `now` folds them.
#[derive(Debug, Clone)]
pub(super) struct FoldTarget<'t> {
    pub(super) dynamo: &'t Dynamo,
    pub(super) fold: Fold,
    pub(super) generation: Generation,
    /// The checkpoint of these rows.
    pub(super) checkpoint: Key,
    pub(super) now: DateTime<Utc>,
}

impl<'t> FoldTarget<'t> {
    /// The rows that are read, which `checkpoint` names.
    pub(super) fn live(
        dynamo: &'t Dynamo,
        fold: Fold,
        checkpoint: &Checkpoint,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            dynamo,
            fold,
            generation: checkpoint.generation,
            checkpoint: keys::checkpoint(fold),
            now,
        }
    }
}
