//! What is written and not yet visible everywhere.
//!
//! A change keeps the item's image before it for as long as some partition may show that
//! one. A change under way is visible nowhere, so that a reader who overtakes its answer
//! does not see it early. A partition shows an item's changes in their order.

use super::keys::{Image, ItemKey, Partition};
use super::time::Moment;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;

/// The changes that some partition does not show yet.
#[derive(Debug, Default)]
pub(super) struct Journal {
    changes: u64,
    items: HashMap<ItemKey, Vec<Change>>,
    /// The items with changes in a partition, and how many.
    partitions: HashMap<Partition, HashMap<ItemKey, usize>>,
    /// When a change is visible everywhere.
    ends: BinaryHeap<Reverse<(Moment, ItemKey)>>,
}

#[derive(Debug)]
struct Change {
    number: u64,
    before: Option<Arc<Image>>,
    /// The partitions that showed the image before.
    shown_in: Vec<Partition>,
    /// When the partitions that the change touches show it; `None` while it is under way.
    visible: Option<HashMap<Partition, Moment>>,
}

/// What a partition shows of an item.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shown {
    /// The item as it is.
    Current,
    /// An older image, or `None` where the older one was not in the partition.
    Older(Option<Arc<Image>>),
}

impl Journal {
    /// A change of `item` gets under way: until it is settled, the partitions `shown_in`
    /// show the image `before`, and the others show nothing.
    pub(super) fn begin(
        &mut self,
        item: &ItemKey,
        before: Option<Arc<Image>>,
        shown_in: Vec<Partition>,
    ) -> u64 {
        self.changes += 1;
        for partition in &shown_in {
            self.count(partition, item);
        }
        self.items.entry(item.clone()).or_default().push(Change {
            number: self.changes,
            before,
            shown_in,
            visible: None,
        });
        self.changes
    }

    /// The change is made; each of the partitions that it touches shows it from its moment
    /// on, and no earlier than the changes before it.
    pub(super) fn settle(
        &mut self,
        item: &ItemKey,
        number: u64,
        mut visible: HashMap<Partition, Moment>,
    ) {
        let Some(changes) = self.items.get_mut(item) else {
            return;
        };
        let Some(at) = changes.iter().position(|change| change.number == number) else {
            return;
        };
        for earlier in changes[..at].iter().filter_map(|it| it.visible.as_ref()) {
            for (partition, moment) in &mut visible {
                let before = earlier.get(partition).copied().unwrap_or_default();
                *moment = before.max(*moment);
            }
        }
        let partitions: Vec<Partition> = visible.keys().cloned().collect();
        let end = visible.values().max().copied().unwrap_or_default();
        changes[at].visible = Some(visible);
        for partition in &partitions {
            self.count(partition, item);
        }
        self.ends.push(Reverse((end, item.clone())));
    }

    /// The change was not made.
    pub(super) fn abandon(&mut self, item: &ItemKey, number: u64) {
        self.remove(item, |change| change.number == number);
    }

    pub(super) fn shown(&self, item: &ItemKey, partition: &Partition, now: Moment) -> Shown {
        let changes = self.items.get(item).map_or(&[][..], Vec::as_slice);
        let waiting = changes.iter().find(|change| match &change.visible {
            None => true,
            Some(visible) => visible.get(partition).is_some_and(|at| *at > now),
        });
        match waiting {
            None => Shown::Current,
            Some(change) if change.shown_in.contains(partition) => {
                Shown::Older(change.before.clone())
            }
            Some(_) => Shown::Older(None),
        }
    }

    /// The items of which `partition` may show an older image.
    pub(super) fn waiting(&self, partition: &Partition) -> impl Iterator<Item = &ItemKey> {
        self.partitions
            .get(partition)
            .into_iter()
            .flat_map(HashMap::keys)
    }

    /// Forgets what every partition shows by now.
    pub(super) fn prune(&mut self, now: Moment) {
        while let Some(Reverse((end, _))) = self.ends.peek()
            && *end <= now
        {
            let Some(Reverse((_, item))) = self.ends.pop() else {
                return;
            };
            self.remove(&item, |change| {
                let visible = change.visible.as_ref();
                visible.is_some_and(|visible| visible.values().all(|at| *at <= now))
            });
        }
    }

    fn count(&mut self, partition: &Partition, item: &ItemKey) {
        let items = self.partitions.entry(partition.clone()).or_default();
        *items.entry(item.clone()).or_default() += 1;
    }

    fn remove(&mut self, item: &ItemKey, done: impl Fn(&Change) -> bool) {
        let Some(changes) = self.items.get_mut(item) else {
            return;
        };
        let removed: Vec<Change> = changes.extract_if(.., |change| done(change)).collect();
        if changes.is_empty() {
            self.items.remove(item);
        }
        for change in removed {
            let touched = change.visible.into_iter().flat_map(HashMap::into_keys);
            for partition in change.shown_in.into_iter().chain(touched) {
                self.discount(&partition, item);
            }
        }
    }

    fn discount(&mut self, partition: &Partition, item: &ItemKey) {
        let Some(items) = self.partitions.get_mut(partition) else {
            return;
        };
        if let Some(count) = items.get_mut(item) {
            *count -= 1;
            if *count == 0 {
                items.remove(item);
            }
        }
        if items.is_empty() {
            self.partitions.remove(partition);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::time::Duration;

    fn item() -> ItemKey {
        ItemKey {
            table: "t".to_owned(),
            pk: "p".to_owned(),
            sk: "s".to_owned(),
        }
    }

    fn partition(key: &str) -> Partition {
        Partition {
            table: "t".to_owned(),
            index: Some("gsi1"),
            key: key.to_owned(),
        }
    }

    fn image(number: u64) -> Arc<Image> {
        let image = json!({"n": {"N": number.to_string()}});
        Arc::new(image.as_object().expect("an object").clone())
    }

    fn ms(ms: u64) -> Moment {
        Duration::from_millis(ms)
    }

    fn at<const N: usize>(moments: [(&str, u64); N]) -> HashMap<Partition, Moment> {
        HashMap::from(moments.map(|(key, at)| (partition(key), ms(at))))
    }

    #[test]
    fn a_new_item_is_not_shown_until_its_partition_is_due() {
        let mut journal = Journal::default();
        let change = journal.begin(&item(), None, vec![]);
        let a = partition("a");
        assert_eq!(journal.shown(&item(), &a, ms(1)), Shown::Older(None));
        journal.settle(&item(), change, at([("a", 10), ("b", 20)]));
        assert_eq!(journal.shown(&item(), &a, ms(9)), Shown::Older(None));
        assert_eq!(journal.shown(&item(), &a, ms(10)), Shown::Current);
        let b = partition("b");
        assert_eq!(journal.shown(&item(), &b, ms(10)), Shown::Older(None));
    }

    #[test]
    fn a_moved_item_is_shown_at_its_old_place_and_not_yet_at_its_new_one() {
        let mut journal = Journal::default();
        let (old, new) = (partition("old"), partition("new"));
        let change = journal.begin(&item(), Some(image(1)), vec![old.clone()]);
        journal.settle(&item(), change, at([("old", 20), ("new", 10)]));
        let older = Shown::Older(Some(image(1)));
        assert_eq!(journal.shown(&item(), &old, ms(5)), older);
        assert_eq!(journal.shown(&item(), &new, ms(5)), Shown::Older(None));
        assert_eq!(journal.shown(&item(), &old, ms(15)), older);
        assert_eq!(journal.shown(&item(), &new, ms(15)), Shown::Current);
        assert_eq!(journal.waiting(&old).collect::<Vec<_>>(), [&item()]);
    }

    #[test]
    fn changes_become_visible_in_their_order() {
        let mut journal = Journal::default();
        let a = partition("a");
        let first = journal.begin(&item(), Some(image(1)), vec![a.clone()]);
        journal.settle(&item(), first, at([("a", 30)]));
        let second = journal.begin(&item(), Some(image(2)), vec![a.clone()]);
        let shown = |journal: &Journal, now| journal.shown(&item(), &a, ms(now));
        assert_eq!(shown(&journal, 30), Shown::Older(Some(image(2))));
        // Drawn earlier than the change before it.
        journal.settle(&item(), second, at([("a", 20)]));
        assert_eq!(shown(&journal, 29), Shown::Older(Some(image(1))));
        assert_eq!(shown(&journal, 30), Shown::Current);
    }

    #[test]
    fn an_abandoned_change_never_was() {
        let mut journal = Journal::default();
        let a = partition("a");
        let change = journal.begin(&item(), Some(image(1)), vec![a.clone()]);
        journal.abandon(&item(), change);
        assert_eq!(journal.shown(&item(), &a, ms(0)), Shown::Current);
        assert_eq!(journal.waiting(&a).count(), 0);
    }

    #[test]
    fn what_is_visible_everywhere_is_forgotten() {
        let mut journal = Journal::default();
        let a = partition("a");
        for _ in 0..3 {
            let change = journal.begin(&item(), Some(image(1)), vec![a.clone()]);
            journal.settle(&item(), change, at([("a", 10), ("b", 20)]));
        }
        journal.prune(ms(19));
        assert_eq!(journal.items[&item()].len(), 3);
        let under_way = journal.begin(&item(), Some(image(2)), vec![a.clone()]);
        journal.prune(ms(20));
        assert_eq!(journal.items[&item()].len(), 1);
        journal.settle(&item(), under_way, HashMap::new());
        journal.prune(ms(20));
        assert!(journal.items.is_empty() && journal.partitions.is_empty());
    }
}
