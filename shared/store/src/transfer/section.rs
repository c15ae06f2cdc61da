//! The order of an export: programs before the codes that refer to them, codes before their clicks,
//! and what is in the way of a record before the facts that change it.

use crate::keys::{self, BY_ORG, Index, LogName, View};
use domain::{OrgId, Shard};

/// The records of one partition of index 2 that are of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Section {
    Programs,
    Codes(Shard),
    /// Deletions of codes.
    Removals(Shard),
    Attributions(Shard),
    /// Conversions and deletions.
    Changes(Shard),
}

impl Section {
    /// All of them, in order.
    pub(super) fn all() -> Vec<Self> {
        let kinds: [fn(Shard) -> Self; 4] = [
            Self::Codes,
            Self::Removals,
            Self::Attributions,
            Self::Changes,
        ];
        let in_shards = kinds.into_iter().flat_map(|kind| Shard::all().map(kind));
        [Self::Programs].into_iter().chain(in_shards).collect()
    }

    /// Where its records are listed.
    pub(super) fn partition(self, org: &OrgId) -> (Option<Index>, String) {
        let view = View::Org(org.clone());
        match self {
            Self::Programs => (Some(BY_ORG), keys::programs_of(org)),
            Self::Codes(shard) | Self::Removals(shard) => view.partition(LogName::Codes, shard),
            Self::Attributions(shard) | Self::Changes(shard) => {
                view.partition(LogName::Attributions, shard)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_in_the_order_in_which_they_compare() {
        let all = Section::all();
        assert_eq!(all.len(), 1 + 4 * Shard::all().len());
        assert!(all.is_sorted());
    }
}
