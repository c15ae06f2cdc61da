//! What the attributions of a mentor, an organisation or a program come to, as far as the
//! caller may see.

use crate::error::{ListOfOrgError, ScopedError};
use crate::stats::{Counted, Ranking, Subject};
use crate::store::Store;
use chrono::{DateTime, NaiveDate, Utc};
use domain::period::Period;
use domain::rollup::Fold;
use domain::stats::{Counts, DailyCounts, Month};
use domain::{MentorId, OrgId, OutOfScope, OwnerFilter, ProgramId};
use futures::try_join;

/// An organisation, or one of its programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrgPart {
    /// The organisation.
    pub org: OrgId,
    /// What was counted while the code was this program's.
    pub program: Option<ProgramId>,
}

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

    /// The organisation or program that a request names, or else the organisation that the
    /// scope is limited to. A program is read beside the checkpoint that counting needs.
    ///
    /// # Errors
    /// [`ListOfOrgError`].
    pub async fn org_part(
        &self,
        org: Option<OrgId>,
        program: Option<ProgramId>,
        now: DateTime<Utc>,
    ) -> Result<OrgPart, ListOfOrgError> {
        let owner = OwnerFilter { mentor: None, org };
        let org = self.scope().narrow(owner)?.org;
        let Some(id) = program else {
            let org = org.ok_or(ListOfOrgError::OrgRequired)?;
            return Ok(OrgPart { org, program });
        };
        let prepared = self.stats.prepare(Fold::Summary, now);
        let (found, ()) = try_join!(self.program_of_code(program, now), prepared)?;
        let program = found.ok_or(OutOfScope)?;
        if org.is_some_and(|org| org != program.org) {
            return Err(OutOfScope.into());
        }
        Ok(OrgPart {
            org: program.org,
            program: Some(id),
        })
    }

    /// Clicks and conversions of an organisation or a program over `period`: two trips with
    /// [`Store::org_part`].
    ///
    /// # Errors
    /// [`ScopedError`].
    pub async fn org_total(
        &self,
        part: &OrgPart,
        period: Period,
        now: DateTime<Utc>,
    ) -> Result<Counted<Counts>, ScopedError> {
        let subject = self.subject_of_org(part)?;
        Ok(self.stats.attributions(&subject, period, now).await?)
    }

    /// Clicks and conversions of an organisation or a program by day from `first` on, days
    /// without any left out.
    ///
    /// # Errors
    /// [`ScopedError`].
    pub async fn org_daily(
        &self,
        part: &OrgPart,
        first: NaiveDate,
        now: DateTime<Utc>,
    ) -> Result<Counted<DailyCounts>, ScopedError> {
        let subject = self.subject_of_org(part)?;
        Ok(self.stats.daily(&subject, first, now).await?)
    }

    fn subject_of_org(&self, part: &OrgPart) -> Result<Subject, OutOfScope> {
        let org = Some(part.org.clone());
        let owner = self.scope().narrow(OwnerFilter { mentor: None, org })?;
        Ok(match part.program {
            // A mentor's part of a program has no rows of its own.
            Some(_) if owner.mentor.is_some() => return Err(OutOfScope),
            Some(program) => Subject::Program(program, part.org.clone()),
            None => owner.into(),
        })
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
