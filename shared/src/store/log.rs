//! The sharded logs, read newest first: one fan-out and merge behind every list.
//!
//! A log lies in [`SHARDS`](crate::domain::ids::SHARDS) partitions, of the table and of each
//! index, and ids sort by time. A list asks every shard for its newest facts side by side
//! and merges them by id. It has settled down to the newest of the points where a shard was
//! cut off: nothing it has not seen can sort before that.

use super::StoreError;
use super::entities::{self, LogItem};
use super::keys::{LogName, SK, View};
use super::table::{Order, Query, Read, Table};
use crate::domain::Shard;
use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::try_join_all;
use uuid::Uuid;

/// How many facts a list may look at beyond those that it returns or passes over by page
/// number. A filter that few facts match then gives a short page and the cursor to go on.
const EXAMINED_AT_MOST: usize = 4_000;

/// A fact of a log: its id without the prefix, and what it says.
pub struct LogEntry {
    pub id: Uuid,
    pub item: LogItem,
    /// Whether the record is deleted: still a fact to count, no longer one to show.
    pub is_tombstone: bool,
}

impl LogEntry {
    pub(super) fn read(item: super::keys::Item) -> Result<Self, StoreError> {
        let is_tombstone = entities::is_tombstone(&item);
        let sk = item.get(SK).and_then(|sk: &AttributeValue| sk.as_s().ok());
        let id = sk
            .and_then(|sk| sk.split_once('_'))
            .and_then(|(_, hex)| Uuid::try_parse(hex).ok())
            .ok_or_else(|| StoreError::corrupt("a log entry without an id"))?;
        Ok(Self {
            id,
            item: LogItem::read(item)?,
            is_tombstone,
        })
    }
}

/// The sort key of the fact `id`.
pub(super) fn sort_key(log: LogName, id: Uuid) -> String {
    format!("{}{}", log.id_prefix(), id.simple())
}

/// The place behind a record in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor(pub Uuid);

/// Which part of a list is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListRequest {
    /// Records on a page: 1 to 100.
    pub limit: usize,
    pub start: Start,
}

/// Where a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Behind this many of the newest records.
    Skip(usize),
    /// Behind the last record of an earlier page.
    Behind(Cursor),
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// Newest first.
    pub records: Vec<T>,
    pub total: Total,
    /// Where the list goes on; `None` at its end.
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// The page of a list that has no records.
    pub(super) fn empty() -> Self {
        Self {
            records: Vec::new(),
            total: Total::exactly(0),
            next: None,
        }
    }
}

/// How many records a list has in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Total {
    pub count: i64,
    /// Whether there may be more, uncounted because counting would cost more than the page.
    pub is_lower_bound: bool,
}

impl Total {
    pub fn exactly(count: i64) -> Self {
        Self {
            count,
            is_lower_bound: false,
        }
    }
}

/// Whose facts of which log.
pub struct Log<'t> {
    pub table: &'t Table,
    pub name: LogName,
    pub view: View,
}

/// The records of a page, before their total is known.
pub(super) struct Listed<T> {
    pub records: Vec<T>,
    pub next: Option<Cursor>,
    /// Records that matched, shown, passed over or cut off.
    pub matched: usize,
    /// Whether every record there is was looked at.
    pub complete: bool,
}

/// What is known of one shard.
struct Reading {
    shard: Shard,
    /// The oldest fact read, below which nothing is known.
    frontier: Option<Uuid>,
    /// Whether the shard has nothing older.
    exhausted: bool,
}

impl Log<'_> {
    /// The page of records that `keep` makes of the log's live facts.
    ///
    /// Two trips for a page of a list whose records all match: the second only if the
    /// newest records crowd in one shard far beyond chance.
    pub(super) async fn list<T>(
        &self,
        request: ListRequest,
        first_read: Option<usize>,
        keep: impl Fn(LogItem) -> Option<T>,
    ) -> Result<Listed<T>, StoreError> {
        let (skip, before) = match request.start {
            Start::Skip(skip) => (skip, None),
            Start::Behind(Cursor(id)) => (0, Some(id)),
        };
        // One more than is shown tells whether there is a next page.
        let wanted = skip + request.limit + 1;
        let mut readings: Vec<Reading> = Shard::all()
            .map(|shard| Reading {
                shard,
                frontier: before,
                exhausted: false,
            })
            .collect();
        let mut matched: Vec<(Uuid, T)> = Vec::new();
        let mut examined = 0;
        let mut read_size = first_read.unwrap_or_else(|| expected_in_one_shard(wanted));

        let settled = loop {
            let floor = matched.get(wanted - 1).map(|(id, _)| *id);
            let open = readings.iter_mut().filter(|reading| {
                // A shard read down past the last record wanted has no more to say.
                let is_past =
                    matches!((reading.frontier, floor), (Some(at), Some(floor)) if at <= floor);
                !reading.exhausted && !is_past
            });
            let reads = open.map(|reading| async {
                let entries = self
                    .read_down(reading.shard, reading.frontier, read_size)
                    .await?;
                reading.exhausted = entries.len() < read_size;
                reading.frontier = entries.last().map(|entry| entry.id).or(reading.frontier);
                Ok::<_, StoreError>(entries)
            });
            for entry in try_join_all(reads).await?.into_iter().flatten() {
                examined += 1;
                if !entry.is_tombstone
                    && let Some(record) = keep(entry.item)
                {
                    matched.push((entry.id, record));
                }
            }
            matched.sort_by(|(a, _), (b, _)| b.cmp(a));

            let horizon = readings
                .iter()
                .filter(|r| !r.exhausted)
                .filter_map(|r| r.frontier)
                .max();
            let settled = match horizon {
                None => matched.len(),
                Some(horizon) => matched.partition_point(|(id, _)| *id >= horizon),
            };
            if horizon.is_none() || settled >= wanted || examined >= wanted + EXAMINED_AT_MOST {
                break settled;
            }
            read_size = (read_size * 2).clamp(request.limit + 1, 1_000);
        };

        let open = readings.iter().filter(|reading| !reading.exhausted);
        let horizon = open.filter_map(|reading| reading.frontier).max();
        let count = matched.len();
        let shown_end = settled.min(skip + request.limit);
        let next = if settled > shown_end {
            shown_end.checked_sub(1).map(|last| Cursor(matched[last].0))
        } else {
            horizon.map(Cursor)
        };
        let records = matched
            .into_iter()
            .take(shown_end)
            .skip(skip)
            .map(|(_, record)| record)
            .collect();
        Ok(Listed {
            records,
            next,
            matched: count,
            complete: horizon.is_none() && before.is_none(),
        })
    }

    /// At most `count` facts of one shard, newest first, all older than `before`.
    async fn read_down(
        &self,
        shard: Shard,
        before: Option<Uuid>,
        count: usize,
    ) -> Result<Vec<LogEntry>, StoreError> {
        let (index, pk) = self.view.partition(self.name, shard);
        let just_before = before.map(|id| Uuid::from_u128(id.as_u128().saturating_sub(1)));
        let query = Query {
            index,
            pk,
            from: None,
            to: just_before.map(|id| sort_key(self.name, id)),
            order: Order::Descending,
            limit: Some(count),
            read: Read::Eventual,
        };
        self.table
            .query(&query)
            .await?
            .into_iter()
            .map(LogEntry::read)
            .collect()
    }

    /// Every fact of one shard after `after`, oldest first, `limit` at most.
    pub(super) async fn read_up(
        &self,
        shard: Shard,
        after: Option<Uuid>,
        to: Option<Uuid>,
        limit: Option<usize>,
        read: Read,
    ) -> Result<Vec<LogEntry>, StoreError> {
        let (index, pk) = self.view.partition(self.name, shard);
        let just_after = after.map(|id| Uuid::from_u128(id.as_u128().saturating_add(1)));
        let query = Query {
            index,
            pk,
            from: just_after.map(|id| sort_key(self.name, id)),
            to: to.map(|id| sort_key(self.name, id)),
            order: Order::Ascending,
            limit,
            read,
        };
        self.table
            .query(&query)
            .await?
            .into_iter()
            .map(LogEntry::read)
            .collect()
    }
}

/// How many of the `wanted` newest facts lie in any one shard, by all but a chance of one
/// in a million: the mean and four deviations, and a few for facts that are not shown.
fn expected_in_one_shard(wanted: usize) -> usize {
    let mean = wanted as f64 / Shard::all().len() as f64;
    (mean + 4.0 * mean.sqrt() + 4.0).ceil() as usize
}
