//! Whose records a request may touch.

use super::{MentorId, OrgId};

/// The records that a request may touch: all, or those of a mentor, of an organisation, or
/// of a mentor within one.
///
/// Anyone may ask for everything by not asking at all, but a narrower reach is made by the
/// access layer alone, from a token that it has verified.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reach {
    mentor: Option<MentorId>,
    org: Option<OrgId>,
}

/// The owner that a filter names lies outside of the reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutOfReach;

impl Reach {
    /// The records of `mentor`, in `org` where one is given.
    pub(crate) fn mentor(mentor: MentorId, org: Option<OrgId>) -> Self {
        Self {
            mentor: Some(mentor),
            org,
        }
    }

    /// The records of `org`.
    pub(crate) fn org(org: OrgId) -> Self {
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

    /// The owner that a filter comes to within the reach: what it names, or else what the
    /// reach is limited to.
    ///
    /// # Errors
    /// [`OutOfReach`] when the filter names someone else.
    pub fn narrow(
        &self,
        mentor: Option<MentorId>,
        org: Option<OrgId>,
    ) -> Result<(Option<MentorId>, Option<OrgId>), OutOfReach> {
        Ok((
            within(self.mentor.as_ref(), mentor)?,
            within(self.org.as_ref(), org)?,
        ))
    }
}

fn within<T: Clone + PartialEq>(
    own: Option<&T>,
    asked: Option<T>,
) -> Result<Option<T>, OutOfReach> {
    match (own, asked) {
        (Some(own), Some(asked)) if *own != asked => Err(OutOfReach),
        (own, asked) => Ok(asked.or_else(|| own.cloned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_never_leaves_the_reach() {
        let org = |text: &str| text.parse::<OrgId>().ok();
        let own = Reach::org("org_1".parse().expect("an id"));
        assert_eq!(own.narrow(None, None), Ok((None, org("org_1"))));
        assert_eq!(own.narrow(None, org("org_1")), Ok((None, org("org_1"))));
        assert_eq!(own.narrow(None, org("org_2")), Err(OutOfReach));
        assert_eq!(
            Reach::default().narrow(None, org("org_2")),
            Ok((None, org("org_2")))
        );
    }
}
