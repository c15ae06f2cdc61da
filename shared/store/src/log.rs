//! The sharded logs: one fan-out behind every list and every count.
//!
//! A log is spread over [`SHARDS`](domain::ids::SHARDS) partitions, of the table and of each
//! index, and ids sort by time.

use crate::dynamo::{Dynamo, Order, Query, Read};
use crate::entity::is_tombstone;
use crate::error::StoreError;
use crate::keys::{Item, LogName, SK, View};
use crate::log_item::LogItem;
use crate::merge::{Listed, Merge};
use crate::page::ListRequest;
use domain::ids::first_uuid_at;
use domain::{Shard, TimeSpan};
use futures::future::try_join_all;
use uuid::Uuid;

/// How many facts a list may look at beyond those that it returns or passes over by page
/// number. A filter that few facts match then gives a short page and the cursor to go on.
const EXAMINED_AT_MOST: usize = 4_000;

/// A fact of a log: its id without the prefix, and what it says.
pub(crate) struct LogEntry {
    pub(crate) id: Uuid,
    pub(crate) item: LogItem,
    /// Whether the record is deleted: still a fact to count, no longer one to show.
    pub(crate) is_tombstone: bool,
}

impl LogEntry {
    /// An entry as the table, or an index, has it at its sort key.
    fn read(item: Item, sort_key: &str) -> Result<Self, StoreError> {
        let is_tombstone = is_tombstone(&item);
        let sk = item.get(sort_key).and_then(|sk| sk.as_s().ok());
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
pub(crate) fn sort_key(log: LogName, id: Uuid) -> String {
    format!("{}{}", log.id_prefix(), id.simple())
}

/// Whose facts of which log.
pub(crate) struct Log<'t> {
    pub(crate) dynamo: &'t Dynamo,
    pub(crate) name: LogName,
    pub(crate) view: View,
}

/// The facts of a shard between two ids, both exclusive; `None` is without an end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Range {
    pub(crate) after: Option<Uuid>,
    pub(crate) before: Option<Uuid>,
    pub(crate) order: Order,
    /// Facts read at most.
    pub(crate) limit: usize,
}

impl Log<'_> {
    /// The page of records that `keep` makes of the log's live facts.
    pub(crate) async fn list<T>(
        &self,
        request: ListRequest,
        first_read: Option<usize>,
        keep: impl Fn(LogItem) -> Option<T>,
    ) -> Result<Listed<T>, StoreError> {
        let always = TimeSpan::default();
        self.list_made(always, request, first_read, keep).await
    }

    /// The same of those facts alone that were made in `span`.
    ///
    /// One fan-out for a page of a list whose records all match: a second only if the newest
    /// records crowd in one shard far beyond chance.
    pub(crate) async fn list_made<T>(
        &self,
        span: TimeSpan,
        request: ListRequest,
        first_read: Option<usize>,
        keep: impl Fn(LogItem) -> Option<T>,
    ) -> Result<Listed<T>, StoreError> {
        let (skip, cursor) = request.start.parts();
        let (after, end) = ids_around(span);
        let before = [cursor, end].into_iter().flatten().min();
        let wanted = skip + request.limit + 1;
        let mut merge = Merge::new(Shard::all().len(), before, wanted);
        let mut examined = 0;
        let mut read_size = expected_in_one_shard(wanted).max(first_read.unwrap_or(0));
        loop {
            for (at, entries) in self.read_open(&merge, after, read_size).await? {
                examined += entries.len();
                let is_exhausted = entries.len() < read_size;
                let facts = entries.into_iter().map(|entry| {
                    let record = (!entry.is_tombstone).then_some(entry.item);
                    (entry.id, record.and_then(&keep))
                });
                merge.add(at, facts.collect(), is_exhausted);
            }
            if merge.is_settled() || examined >= wanted + EXAMINED_AT_MOST {
                let mut listed = merge.page(skip, request.limit);
                listed.is_complete &= cursor.is_none();
                return Ok(listed);
            }
            read_size = (read_size * 2).clamp(request.limit + 1, 1_000);
        }
    }

    /// Reads on in every shard that may hold a wanted record still, side by side: down to
    /// `after`, `read_size` facts at most of each.
    async fn read_open<T>(
        &self,
        merge: &Merge<T>,
        after: Option<Uuid>,
        read_size: usize,
    ) -> Result<Vec<(usize, Vec<LogEntry>)>, StoreError> {
        let shards: Vec<Shard> = Shard::all().collect();
        let reads = merge.open().into_iter().map(|(at, before)| {
            let shard = shards[at];
            async move {
                let range = Range {
                    after,
                    before,
                    order: Order::Descending,
                    limit: read_size,
                };
                let entries = self.read(shard, range, Read::Eventual).await?;
                Ok::<_, StoreError>((at, entries))
            }
        });
        try_join_all(reads).await
    }

    /// The facts of one shard in `range`.
    pub(crate) async fn read(
        &self,
        shard: Shard,
        range: Range,
        read: Read,
    ) -> Result<Vec<LogEntry>, StoreError> {
        let (index, pk) = self.view.partition(self.name, shard);
        let key = |id: u128| sort_key(self.name, Uuid::from_u128(id));
        let after = range.after.map(|id| id.as_u128().saturating_add(1));
        let before = range.before.map(|id| id.as_u128().saturating_sub(1));
        if matches!((after, before), (Some(from), Some(to)) if from > to) {
            return Ok(Vec::new());
        }
        let query = Query {
            index,
            pk,
            from: after.map(key),
            to: before.map(key),
            order: range.order,
            limit: range.limit,
            read,
        };
        let items = self.dynamo.query(&query).await?;
        let sort_key = index.map_or(SK, |index| index.sk);
        let items = items.into_iter();
        items.map(|item| LogEntry::read(item, sort_key)).collect()
    }
}

/// The ids between which those of `span` are, both exclusive.
fn ids_around(span: TimeSpan) -> (Option<Uuid>, Option<Uuid>) {
    let first = span.from().map(first_uuid_at);
    let before_first = first.map(|id| Uuid::from_u128(id.as_u128().saturating_sub(1)));
    (before_first, span.to().map(first_uuid_at))
}

/// How many of the `wanted` newest facts are in any one shard, by all but a chance of one in
/// a million: the mean and four deviations, and a few for facts that are not shown.
fn expected_in_one_shard(wanted: usize) -> usize {
    let mean = wanted as f64 / Shard::all().len() as f64;
    (mean + 4.0 * mean.sqrt() + 4.0).ceil() as usize
}
