//! Merging the shards of a log: the newest records of all, from reads of each.
//!
//! Ids sort by time. Each shard is read downwards, some facts at a time; the merge is settled
//! down to the newest of the points where a shard was cut off, as nothing unseen can sort
//! before that.

use crate::page::{Cursor, Page, Total};
use uuid::Uuid;

/// What has been read of a log's shards.
pub(crate) struct Merge<T> {
    shards: Vec<ShardState>,
    /// The records that matched, newest first.
    matched: Vec<(Uuid, T)>,
    /// How many records are wanted: one more than are shown tells whether there are more.
    wanted: usize,
}

/// What is known of one shard.
#[derive(Debug, Clone, Copy)]
struct ShardState {
    /// The oldest fact read, below which nothing is known.
    frontier: Option<Uuid>,
    /// Whether the shard has nothing older.
    is_exhausted: bool,
}

/// The records of a page, before their total is known.
pub(crate) struct Listed<T> {
    pub(crate) records: Vec<T>,
    pub(crate) next: Option<Cursor>,
    /// Records that matched, shown, passed over or cut off.
    pub(crate) matched: usize,
    /// Whether every record below the point where the merge begins was looked at.
    pub(crate) is_complete: bool,
}

/// A page whose total is what was read for it: a lower bound where there was more.
impl<T> From<Listed<T>> for Page<T> {
    fn from(listed: Listed<T>) -> Self {
        Self {
            total: Total {
                count: i64::try_from(listed.matched).unwrap_or(i64::MAX),
                is_lower_bound: !listed.is_complete,
                as_of: None,
            },
            records: listed.records,
            next: listed.next,
        }
    }
}

impl<T> Merge<T> {
    /// A merge of `shards` shards for the `wanted` newest records older than `before`.
    pub(crate) fn new(shards: usize, before: Option<Uuid>, wanted: usize) -> Self {
        let unread = ShardState {
            frontier: before,
            is_exhausted: false,
        };
        Self {
            shards: vec![unread; shards],
            matched: Vec::new(),
            wanted,
        }
    }

    /// The shards that may hold a wanted record still, each with the id to read on below.
    pub(crate) fn open(&self) -> Vec<(usize, Option<Uuid>)> {
        let floor = self.matched.get(self.wanted - 1).map(|(id, _)| *id);
        let is_open = |shard: &ShardState| {
            // A shard read down past the last record wanted has no more to say.
            let is_past = matches!((shard.frontier, floor), (Some(at), Some(floor)) if at <= floor);
            !shard.is_exhausted && !is_past
        };
        let shards = self.shards.iter().enumerate();
        shards
            .filter(|(_, shard)| is_open(shard))
            .map(|(at, shard)| (at, shard.frontier))
            .collect()
    }

    /// Adds a read of a shard, newest first: each fact's id with the record that is shown of
    /// it, if any.
    pub(crate) fn add(&mut self, shard: usize, facts: Vec<(Uuid, Option<T>)>, is_exhausted: bool) {
        let state = &mut self.shards[shard];
        state.is_exhausted = is_exhausted;
        state.frontier = facts.last().map(|(id, _)| *id).or(state.frontier);
        let records = facts.into_iter();
        self.matched
            .extend(records.filter_map(|(id, record)| record.map(|record| (id, record))));
        self.matched.sort_by(|(a, _), (b, _)| b.cmp(a));
    }

    /// The newest point where a shard was cut off; `None` when all are read to their end.
    fn horizon(&self) -> Option<Uuid> {
        let open = self.shards.iter().filter(|shard| !shard.is_exhausted);
        open.filter_map(|shard| shard.frontier).max()
    }

    /// How many of the newest records are known to be just these.
    fn settled(&self) -> usize {
        match self.horizon() {
            None => self.matched.len(),
            Some(horizon) => self.matched.partition_point(|(id, _)| *id >= horizon),
        }
    }

    /// Whether the wanted records are known, or all there are.
    pub(crate) fn is_settled(&self) -> bool {
        self.horizon().is_none() || self.settled() >= self.wanted
    }

    /// The page of `limit` records after the `skip` newest, as far as they are settled.
    pub(crate) fn page(self, skip: usize, limit: usize) -> Listed<T> {
        let (settled, horizon) = (self.settled(), self.horizon());
        let shown_end = settled.min(skip + limit);
        let next = if settled > shown_end {
            let last = shown_end.checked_sub(1);
            last.map(|last| Cursor(self.matched[last].0))
        } else {
            horizon.map(Cursor)
        };
        let matched = self.matched.len();
        let records = self.matched.into_iter().take(shown_end).skip(skip);
        Listed {
            records: records.map(|(_, record)| record).collect(),
            next,
            matched,
            is_complete: horizon.is_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SHARDS: usize = 3;

    /// Reads pages of `limit` from `facts`, of which those with an even id are shown, each
    /// shard `read_size` facts at a time, until there is no cursor.
    fn pages(facts: &[(usize, u128)], limit: usize, read_size: usize) -> Vec<u128> {
        let mut shown = Vec::new();
        let mut before = None;
        loop {
            let mut merge = Merge::new(SHARDS, before, limit + 1);
            // Nothing is known before the first read.
            loop {
                for (shard, below) in merge.open() {
                    let older = |id: &u128| below.is_none_or(|below| *id < below.as_u128());
                    let mut read: Vec<u128> = facts
                        .iter()
                        .filter(|(at, id)| *at == shard && older(id))
                        .map(|(_, id)| *id)
                        .collect();
                    read.sort_by(|a, b| b.cmp(a));
                    read.truncate(read_size);
                    let is_exhausted = read.len() < read_size;
                    let entries = read.into_iter();
                    let entries =
                        entries.map(|id| (Uuid::from_u128(id), (id % 2 == 0).then_some(id)));
                    merge.add(shard, entries.collect(), is_exhausted);
                }
                if merge.is_settled() {
                    break;
                }
            }
            let page = merge.page(0, limit);
            shown.extend(page.records);
            match page.next {
                Some(Cursor(id)) => before = Some(id),
                None => return shown,
            }
        }
    }

    proptest! {
        #[test]
        fn pages_show_every_record_once_and_newest_first(
            ids in proptest::collection::btree_map(1u128..10_000, 0..SHARDS, 0..120),
            limit in 1usize..20,
            read_size in 1usize..10,
        ) {
            let facts: Vec<_> = ids.iter().map(|(id, shard)| (*shard, *id)).collect();
            let mut expected: Vec<_> = ids.into_keys().filter(|id| id % 2 == 0).collect();
            expected.reverse();
            prop_assert_eq!(pages(&facts, limit, read_size), expected);
        }
    }
}
