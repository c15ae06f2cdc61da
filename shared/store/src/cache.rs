//! Records that a function holds in memory for a moment: those that change rarely and that many
//! requests need.

use chrono::{DateTime, TimeDelta, Utc};
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many records a cache holds at most.
const CAPACITY: usize = 1_000;

/// How long a record is used without being read again.
const HELD_FOR: TimeDelta = TimeDelta::seconds(10);

/// Records read a moment ago, by their ids. Clones share them.
#[derive(Debug)]
pub(crate) struct Cache<K, V>(Arc<Mutex<HashMap<K, Held<V>>>>);

#[derive(Debug)]
struct Held<V> {
    record: V,
    read_at: DateTime<Utc>,
}

impl<K, V> Default for Cache<K, V> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K, V> Clone for Cache<K, V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K: Eq + Hash, V: Clone> Cache<K, V> {
    pub(crate) fn get(&self, id: &K, now: DateTime<Utc>) -> Option<V> {
        let held = self.lock();
        let Held { record, read_at } = held.get(id)?;
        (now - *read_at < HELD_FOR).then(|| record.clone())
    }

    pub(crate) fn insert(&self, id: K, record: V, now: DateTime<Utc>) {
        let mut held = self.lock();
        if held.len() >= CAPACITY {
            held.clear();
        }
        let read_at = now;
        held.insert(id, Held { record, read_at });
    }

    pub(crate) fn invalidate(&self, id: &K) {
        self.lock().remove(id);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, Held<V>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_held_for_ten_seconds_and_no_longer() {
        let now = DateTime::from_timestamp(1_774_526_400, 0).expect("in range");
        let cache = Cache::default();
        cache.insert(1, "one", now);
        let at = |seconds| now + TimeDelta::seconds(seconds);
        assert_eq!(cache.get(&1, at(9)), Some("one"));
        assert_eq!(cache.get(&1, at(10)), None);
        assert_eq!(cache.clone().get(&1, now), Some("one"), "clones share");
        cache.invalidate(&1);
        assert_eq!(cache.get(&1, now), None);
    }

    #[test]
    fn a_full_cache_forgets_rather_than_grows() {
        let now = DateTime::from_timestamp(1_774_526_400, 0).expect("in range");
        let cache = Cache::default();
        for id in 0..=CAPACITY {
            cache.insert(id, (), now);
        }
        assert_eq!(cache.lock().len(), 1);
    }
}
