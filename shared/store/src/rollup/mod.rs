//! What folding and reading statistics have in common: the facts of a slice of time, the rows
//! that hold their counts, and the checkpoints that say how far each fold is.
//!
//! A fact's time is the millisecond in its id, for every shard of both logs. A row says itself
//! up to when it was folded, so a fact is counted once wherever it is met.

mod checkpoint;
mod fact_item;
mod row;
mod slice;

pub(crate) use checkpoint::{Checkpoint, GENERATION, Pending, Rebuilding};
pub(crate) use fact_item::FactItem;
pub(crate) use row::{Additions, FOLDED_TO, Row, count, late_row_update, moved_rank, row_update};
pub(crate) use slice::{Logs, Slice, SliceReader};

use chrono::{DateTime, Utc};

/// `at` to the millisecond, as ids and checkpoints hold it.
pub(crate) fn to_the_millisecond(at: DateTime<Utc>) -> DateTime<Utc> {
    from_millis(at.timestamp_millis())
}

/// The time so many milliseconds after 1970.
pub(crate) fn from_millis(millis: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(millis).unwrap_or_default()
}
