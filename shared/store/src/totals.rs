//! What lists and statistics share: whose records are counted, and how the count is shown.

use crate::page::Total;
use crate::stats::{Counted, Subject};
use domain::OwnerFilter;

impl From<OwnerFilter> for Subject {
    fn from(owner: OwnerFilter) -> Self {
        match (owner.mentor, owner.org) {
            (None, None) => Self::All,
            (None, Some(org)) => Self::Org(org),
            (Some(mentor), None) => Self::Mentor(mentor),
            (Some(mentor), Some(org)) => Self::MentorInOrg(mentor, org),
        }
    }
}

impl From<Counted<i64>> for Total {
    fn from(counted: Counted<i64>) -> Self {
        Self {
            count: counted.value,
            is_lower_bound: false,
            as_of: Some(counted.as_of),
        }
    }
}
