//! Merging the shards of an outbox: the oldest entries of all, from reads of each.
//!
//! Each shard is read upwards, some entries at a time. Up to the least of the points where a
//! shard was cut off nothing is missing.

use domain::EventId;

/// What has been read of an outbox's shards, oldest first.
pub(super) struct OldestFirst<T> {
    shards: Vec<Frontier>,
    entries: Vec<(EventId, T)>,
}

/// What is known of one shard.
#[derive(Debug, Clone, Copy)]
struct Frontier {
    /// The newest entry read; `None` before the first.
    last: Option<EventId>,
    /// Whether it has nothing newer.
    is_exhausted: bool,
}

impl<T> OldestFirst<T> {
    /// A merge of so many shards, of which nothing is read.
    pub(super) fn new(shards: usize) -> Self {
        let unread = Frontier {
            last: None,
            is_exhausted: false,
        };
        Self {
            shards: vec![unread; shards],
            entries: Vec::new(),
        }
    }

    /// The shards that are not read to their end, each with the entry to read on after.
    pub(super) fn open(&self) -> Vec<(usize, Option<EventId>)> {
        let shards = self.shards.iter().enumerate();
        let open = shards.filter(|(_, shard)| !shard.is_exhausted);
        open.map(|(at, shard)| (at, shard.last)).collect()
    }

    /// Adds a read of a shard, oldest first.
    pub(super) fn add(&mut self, shard: usize, read: Vec<(EventId, T)>, is_exhausted: bool) {
        let frontier = &mut self.shards[shard];
        frontier.is_exhausted = is_exhausted;
        frontier.last = read.last().map(|(id, _)| *id).or(frontier.last);
        self.entries.extend(read);
    }

    /// Up to which entry nothing is missing; `None` when all shards are read to their end.
    fn horizon(&self) -> Option<Option<EventId>> {
        let open = self.shards.iter().filter(|shard| !shard.is_exhausted);
        open.map(|shard| shard.last).min()
    }

    /// How many entries are known to have none missing before them.
    pub(super) fn settled_count(&self) -> usize {
        match self.horizon() {
            None => self.entries.len(),
            Some(horizon) => {
                let ids = self.entries.iter().map(|(id, _)| Some(*id));
                ids.filter(|id| *id <= horizon).count()
            }
        }
    }

    /// The entries before which none is missing, in order.
    pub(super) fn settled(self) -> Vec<(EventId, T)> {
        let horizon = self.horizon();
        let mut entries = self.entries;
        entries.sort_by_key(|(id, _)| *id);
        if let Some(horizon) = horizon {
            entries.retain(|(id, _)| horizon.is_some_and(|horizon| *id <= horizon));
        }
        entries
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    const SHARDS: usize = 3;

    fn id(number: u128) -> EventId {
        EventId::from_uuid(Uuid::from_u128(number))
    }

    /// One read of each shard, of so many entries at most.
    fn read(facts: &[(usize, u128)], read_size: usize, after: u128) -> (Vec<u128>, bool) {
        let mut merge = OldestFirst::new(SHARDS);
        for (shard, _) in merge.open() {
            let mut found: Vec<u128> = facts
                .iter()
                .filter(|(at, number)| *at == shard && *number > after)
                .map(|(_, number)| *number)
                .collect();
            found.sort_unstable();
            found.truncate(read_size);
            let is_exhausted = found.len() < read_size;
            let entries = found.into_iter().map(|number| (id(number), number));
            merge.add(shard, entries.collect(), is_exhausted);
        }
        let is_all = merge.open().is_empty();
        let settled = merge.settled();
        let numbers = settled.into_iter().map(|(_, number)| number);
        (numbers.collect(), is_all)
    }

    proptest! {
        #[test]
        fn reading_on_finds_every_entry_once_and_in_order(
            facts in proptest::collection::btree_map(1u128..10_000, 0..SHARDS, 0..120),
            read_size in 1usize..10,
        ) {
            let expected: Vec<u128> = facts.keys().copied().collect();
            let facts: Vec<_> = facts.into_iter().map(|(number, shard)| (shard, number)).collect();
            let (mut seen, mut after) = (Vec::new(), 0);
            loop {
                let (found, is_all) = read(&facts, read_size, after);
                prop_assert!(is_all || found.len() >= read_size);
                after = found.last().copied().unwrap_or(after);
                seen.extend(found);
                if is_all {
                    break;
                }
            }
            prop_assert_eq!(seen, expected);
        }
    }
}
