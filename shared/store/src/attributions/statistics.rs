//! What a mentor's attributions come to, as far as the caller may see.

use crate::error::ScopedError;
use crate::stats::{Counted, Ranking, Subject};
use crate::store::Store;
use chrono::{DateTime, NaiveDate, Utc};
use domain::stats::{Counts, DailyCounts, Month, Period};
use domain::{MentorId, OrgId, OutOfScope, OwnerFilter};

impl Store {
    /// A mentor's clicks and conversions over `period`, everywhere or in `org`: two trips.
    ///
    /// # Errors
    /// [`ScopedError`].
    pub async fn mentor_total(
        &self,
        mentor: &MentorId,
        org: Option<OrgId>,
        period: Period,
        now: DateTime<Utc>,
    ) -> Result<Counted<Counts>, ScopedError> {
        let subject = self.subject_of(mentor, org)?;
        Ok(self.stats.attributions(&subject, period, now).await?)
    }

    /// A mentor's clicks and conversions by day from `first` on, days without any left out.
    ///
    /// # Errors
    /// [`ScopedError`].
    pub async fn mentor_daily(
        &self,
        mentor: &MentorId,
        org: Option<OrgId>,
        first: NaiveDate,
        now: DateTime<Utc>,
    ) -> Result<Counted<DailyCounts>, ScopedError> {
        let subject = self.subject_of(mentor, org)?;
        Ok(self.stats.daily(&subject, first, now).await?)
    }

    /// An organisation's mentors by conversions, best first, as of the last aggregation: at
    /// most `limit`.
    ///
    /// # Errors
    /// [`ScopedError`].
    pub async fn ranking(
        &self,
        org: &OrgId,
        month: Option<Month>,
        limit: usize,
        now: DateTime<Utc>,
    ) -> Result<Ranking, ScopedError> {
        self.scope().narrow(OwnerFilter {
            mentor: None,
            org: Some(org.clone()),
        })?;
        Ok(self.stats.ranking(org, month, limit, now).await?)
    }

    /// A mentor everywhere, or the part that is named or that the scope is limited to.
    fn subject_of(&self, mentor: &MentorId, org: Option<OrgId>) -> Result<Subject, OutOfScope> {
        let owner = OwnerFilter {
            mentor: Some(mentor.clone()),
            org,
        };
        Ok(self.scope().narrow(owner)?.into())
    }
}
