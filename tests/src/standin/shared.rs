//! The state that all calls through one stand-in share.

use super::buckets::Buckets;
use super::holds::Holds;
use super::journal::Journal;
use super::keys::ItemKey;
use super::options::Options;
use super::report::Tally;
use super::time::Watch;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};
use tokio::sync::MutexGuard;

/// More than the items that are written at once, so that two of them seldom share a lock.
const LOCKS: usize = 4096;

pub(super) struct Shared {
    pub(super) options: Options,
    pub(super) watch: Watch,
    state: Mutex<State>,
    /// Keep an item's image from changing between its reading and its write.
    locks: Vec<tokio::sync::Mutex<()>>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shared")
    }
}

pub(super) struct State {
    pub(super) holds: Holds,
    pub(super) journal: Journal,
    pub(super) buckets: Buckets,
    pub(super) tally: Tally,
}

impl Shared {
    pub(super) fn new(options: Options) -> Self {
        let state = State {
            holds: Holds::default(),
            journal: Journal::default(),
            buckets: Buckets::new(options.limits),
            tally: Tally::default(),
        };
        Self {
            watch: Watch::new(options.time.clone()),
            options,
            state: Mutex::new(state),
            locks: (0..LOCKS).map(|_| tokio::sync::Mutex::default()).collect(),
        }
    }

    pub(super) fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Locks `items`, always in the same order, so that no two calls wait for each other.
    pub(super) async fn lock(
        &self,
        items: impl Iterator<Item = &ItemKey>,
    ) -> Vec<MutexGuard<'_, ()>> {
        let lock_of = |item: &ItemKey| {
            let mut hasher = DefaultHasher::new();
            item.hash(&mut hasher);
            (hasher.finish() % self.locks.len() as u64) as usize
        };
        let mut numbers: Vec<usize> = items.map(lock_of).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let mut guards = Vec::with_capacity(numbers.len());
        for number in numbers {
            guards.push(self.locks[number].lock().await);
        }
        guards
    }
}

impl State {
    /// Counts one throttle for each of `items`.
    pub(super) fn count_throttles<'i>(&mut self, items: impl Iterator<Item = &'i ItemKey>) {
        for item in items {
            self.tally.at(item).throttles += 1;
        }
    }
}
