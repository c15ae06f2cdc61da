//! The aggregator: folds the facts of the logs into roll-up rows, each exactly once.
//!
//! Every shard of a log has a lane, which knows the last fact folded. A chunk is the facts
//! after it, up to a safety margin before now; one transaction adds what they count to the
//! rows, leaves a receipt that names them, and moves the lane on, if it still stands where
//! the chunk began. So a run that is killed anywhere, repeated or doubled counts nothing
//! twice and skips nothing.
//!
//! The margin is what makes "every fact before here is visible" true. Should a write still
//! arrive later than that, [`audit`] finds it by the receipts and folds it on its own.

mod audit;
mod fold;
mod rollup;

pub use audit::Audit;

use super::keys::{self, LogName};
use super::stats::{CLICKS, CODES, CONVERSIONS, folded_attribute, id_value, number};
use super::table::{Read, Table};
use super::{StoreError, keys::Item};
use crate::domain::stats::Counts;
use crate::domain::{Shard, Timestamp};
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use futures::StreamExt;
use uuid::Uuid;

/// How far before now folding stops: longer than any function may run (30 s, the most that
/// an HTTP API waits), plus what two machines' clocks may differ.
pub const SAFETY_MARGIN: TimeDelta = TimeDelta::seconds(60);

/// How many lanes are folded side by side.
const LANES_AT_ONCE: usize = 4;

/// One shard of one log, as the aggregator folds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LaneName {
    pub log: LogName,
    pub shard: Shard,
}

impl LaneName {
    /// Every lane there is.
    pub fn all() -> impl Iterator<Item = Self> {
        LogName::ALL
            .into_iter()
            .flat_map(|log| Shard::all().map(move |shard| Self { log, shard }))
    }
}

impl std::fmt::Display for LaneName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}#{}", self.log.as_str(), self.shard)
    }
}

/// How far a lane is, and what it has folded so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Lane {
    at: Option<Uuid>,
    counts: Counts,
    codes: i64,
    /// The first day that is not audited yet.
    audited_to: Option<NaiveDate>,
}

impl Lane {
    fn read(item: &Item) -> Self {
        let audited_to = item.get("audited_to").and_then(|day| day.as_s().ok());
        Self {
            at: item
                .get("at")
                .and_then(|at| at.as_b().ok())
                .and_then(|bytes| Uuid::from_slice(bytes.as_ref()).ok()),
            counts: Counts {
                clicks: number(item, CLICKS),
                conversions: number(item, CONVERSIONS),
            },
            codes: number(item, CODES),
            audited_to: audited_to.and_then(|day| day.parse().ok()),
        }
    }
}

/// What a run did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Run {
    /// Facts folded.
    pub facts: usize,
    /// Transactions that folded them.
    pub chunks: usize,
    /// How far each lane is behind the safety margin; zero where it is caught up.
    pub lags: Vec<(LaneName, TimeDelta)>,
}

impl Run {
    /// Whether everything up to the margin is folded.
    pub fn is_complete(&self) -> bool {
        self.lags.iter().all(|(_, lag)| lag.is_zero())
    }
}

impl Table {
    /// Folds every fact made up to [`SAFETY_MARGIN`] before `now`, or as many as come before
    /// `stop` says so, and publishes how far everything is.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer; what was folded until then is kept.
    pub async fn aggregate(
        &self,
        now: DateTime<Utc>,
        margin: TimeDelta,
        stop: impl Fn() -> bool,
    ) -> Result<Run, StoreError> {
        let until = now - margin;
        let stop = &stop;
        let folds = LaneName::all().map(|lane| async move {
            let folded = self.fold_lane(lane, until, stop).await;
            folded.map(|folded| (lane, folded))
        });
        let folded: Vec<_> = futures::stream::iter(folds)
            .buffer_unordered(LANES_AT_ONCE)
            .collect()
            .await;

        let mut run = Run::default();
        let mut failed = None;
        for lane in folded {
            match lane {
                Ok((lane, folded)) => {
                    run.facts += folded.facts;
                    run.chunks += folded.chunks;
                    run.lags.push((lane, folded.lag));
                }
                Err(error) => failed = Some(error),
            }
        }
        // What was folded is published even where one lane failed.
        let caught_up = (failed.is_none() && run.is_complete()).then_some(until);
        self.publish(caught_up).await?;
        match failed {
            Some(error) => Err(error),
            None => Ok(run),
        }
    }

    /// Publishes how far the lanes are. Not part of their transactions: a reader that meets
    /// an older state reads a longer tail, and rows know themselves what they hold.
    async fn publish(&self, caught_up: Option<DateTime<Utc>>) -> Result<(), StoreError> {
        let keys: Vec<_> = LaneName::all()
            .map(|lane| keys::lane(lane.log, lane.shard))
            .collect();
        let items = self.batch_get(&keys, Read::Strong).await?;
        let mut published = keys::published().to_item();
        let mut counts = Counts::default();
        let mut codes = 0;
        for name in LaneName::all() {
            let key = keys::lane(name.log, name.shard).to_item();
            let Some(item) = items
                .iter()
                .find(|item| item.get(keys::PK) == key.get(keys::PK))
            else {
                continue;
            };
            let lane = Lane::read(item);
            counts += lane.counts;
            codes += lane.codes;
            if let Some(at) = lane.at {
                published.insert(folded_attribute(name.log, name.shard), id_value(at));
            }
        }
        let mut set = |name: &str, value| published.insert(name.to_owned(), value);
        set(CLICKS, AttributeValue::N(counts.clicks.to_string()));
        set(
            CONVERSIONS,
            AttributeValue::N(counts.conversions.to_string()),
        );
        set(CODES, AttributeValue::N(codes.to_string()));
        set(keys::KIND, AttributeValue::S("published".to_owned()));
        let as_of = match caught_up {
            Some(until) => Some(until.into()),
            None => self.published().await?.as_of,
        };
        if let Some(as_of) = as_of {
            let as_of: Timestamp = as_of;
            published.insert("as_of".to_owned(), AttributeValue::S(as_of.to_string()));
        }
        self.replace_item(published).await
    }
}
