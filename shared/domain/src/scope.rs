//! Whose records a request may touch.

use crate::ids::{MentorId, OrgId};

/// The records that a request may touch: all, or those of a mentor, of an organisation, or
/// of a mentor within one. What has no limit says so; there is no default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    mentor: Option<MentorId>,
    org: Option<OrgId>,
}

/// Whose records a list shows: those of a mentor, of an organisation, of both, or all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OwnerFilter {
    /// Only this mentor's.
    pub mentor: Option<MentorId>,
    /// Only this organisation's.
    pub org: Option<OrgId>,
}

impl OwnerFilter {
    /// Whether a record of `mentor` in `org` passes the filter.
    pub fn matches(&self, mentor: &MentorId, org: &OrgId) -> bool {
        self.mentor.as_ref().is_none_or(|own| own == mentor)
            && self.org.as_ref().is_none_or(|own| own == org)
    }
}

/// The owner that a request names is outside of its scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutOfScope;

impl Scope {
    /// Every record there is.
    pub fn unrestricted() -> Self {
        Self {
            mentor: None,
            org: None,
        }
    }

    /// The records of `mentor`, in `org` where one is given.
    pub fn mentor(mentor: MentorId, org: Option<OrgId>) -> Self {
        Self {
            mentor: Some(mentor),
            org,
        }
    }

    /// The records of `org`.
    pub fn org(org: OrgId) -> Self {
        Self {
            mentor: None,
            org: Some(org),
        }
    }

    /// Whether a record of `mentor` in `org` may be touched.
    pub fn covers(&self, mentor: &MentorId, org: &OrgId) -> bool {
        self.mentor.as_ref().is_none_or(|own| own == mentor) && self.covers_org(org)
    }

    /// Whether what belongs to `org` as a whole may be touched.
    pub fn covers_org(&self, org: &OrgId) -> bool {
        self.org.as_ref().is_none_or(|own| own == org)
    }

    /// The filter within the scope: the owner that it names, or else the one that the scope
    /// is limited to.
    ///
    /// # Errors
    /// [`OutOfScope`] when the filter names another owner.
    pub fn narrow(&self, filter: OwnerFilter) -> Result<OwnerFilter, OutOfScope> {
        Ok(OwnerFilter {
            mentor: within(self.mentor.as_ref(), filter.mentor)?,
            org: within(self.org.as_ref(), filter.org)?,
        })
    }
}

fn within<T: Clone + PartialEq>(
    own: Option<&T>,
    named: Option<T>,
) -> Result<Option<T>, OutOfScope> {
    match (own, named) {
        (Some(own), Some(named)) if *own != named => Err(OutOfScope),
        (own, named) => Ok(named.or_else(|| own.cloned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_never_leaves_the_scope() {
        let org = |text: &str| OwnerFilter {
            mentor: None,
            org: text.parse().ok(),
        };
        let own = Scope::org("org_1".parse().expect("an id"));
        assert_eq!(own.narrow(OwnerFilter::default()), Ok(org("org_1")));
        assert_eq!(own.narrow(org("org_1")), Ok(org("org_1")));
        assert_eq!(own.narrow(org("org_2")), Err(OutOfScope));
        assert_eq!(Scope::unrestricted().narrow(org("org_2")), Ok(org("org_2")));
    }
}
