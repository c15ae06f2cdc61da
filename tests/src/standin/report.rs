//! What went wrong, by item.

use super::keys::ItemKey;
use std::collections::BTreeMap;
use std::ops::AddAssign;

/// Transactions, and the items at which calls were refused.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Transactions carried out.
    pub committed: u64,
    /// Transactions cancelled, whatever for.
    pub cancelled: u64,
    items: BTreeMap<ItemKey, Trouble>,
}

/// How often calls were refused because of an item.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Trouble {
    /// Transactions cancelled because another one held the item.
    pub conflicts: u64,
    /// Writes outside a transaction refused because a transaction held the item.
    pub refused_writes: u64,
    /// Calls refused or cancelled because a partition key that shows the item was over its
    /// limit. Queries name no item: [`super::HotKey::throttles`] has theirs.
    pub throttles: u64,
    /// Transactions cancelled because the item did not meet their condition.
    pub failed_conditions: u64,
}

impl Tally {
    /// The troubles of all items that `which` chooses.
    pub fn of(&self, which: impl Fn(&ItemKey) -> bool) -> Trouble {
        let mut sum = Trouble::default();
        for (_, trouble) in self.items.iter().filter(|(item, _)| which(item)) {
            sum += *trouble;
        }
        sum
    }

    /// The items that had trouble.
    pub fn items(&self) -> impl Iterator<Item = (&ItemKey, &Trouble)> {
        self.items.iter()
    }

    pub(super) fn at(&mut self, item: &ItemKey) -> &mut Trouble {
        self.items.entry(item.clone()).or_default()
    }
}

impl AddAssign for Trouble {
    fn add_assign(&mut self, other: Self) {
        self.conflicts += other.conflicts;
        self.refused_writes += other.refused_writes;
        self.throttles += other.throttles;
        self.failed_conditions += other.failed_conditions;
    }
}
