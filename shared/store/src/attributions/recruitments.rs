//! Recruitments, listed by when they were confirmed.
//!
//! The guards of members are the list: each holds all of its recruitment, exists as long as that
//! does, and is sorted in the indexes by `confirmed_at`, which a body may date back. So a list
//! costs a confirmation one write unit in each index, and who recruited a member is one read.

use super::list::READ_TO_COUNT;
use crate::error::{ListOfOrgError, StoreError};
use crate::keys::LogName;
use crate::log::Log;
use crate::log_item::LogItem;
use crate::merge::Listed;
use crate::page::{ListRequest, Page, Total};
use crate::stats::Subject;
use crate::store::Store;
use chrono::{DateTime, Utc};
use domain::period::DaySpan;
use domain::{FoldedCode, MemberId, OrgId, OwnerFilter, Recruitment, TimeSpan};
use futures::try_join;

/// Which recruitments a list shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecruitmentFilter {
    /// Whose. The organisation is named, or the scope's.
    pub owner: OwnerFilter,
    /// By this code.
    pub code: Option<FoldedCode>,
    /// Of this member.
    pub member: Option<MemberId>,
    /// Confirmed in this span.
    pub confirmed: TimeSpan,
}

impl RecruitmentFilter {
    fn matches(&self, recruitment: &Recruitment) -> bool {
        let is_by = |code: &FoldedCode| recruitment.code.folded() == *code;
        self.owner.matches(&recruitment.mentor, &recruitment.org)
            && self.code.as_ref().is_none_or(is_by)
            && self.confirmed.contains(recruitment.confirmed_at.instant())
    }
}

impl Store {
    /// The recruitments of an organisation that match `filter`, the last confirmed first. Their
    /// total is exact where the span is of whole UTC days; otherwise it is counted no further
    /// than the page reads.
    ///
    /// # Errors
    /// [`ListOfOrgError`].
    pub async fn list_recruitments(
        &self,
        filter: &RecruitmentFilter,
        request: ListRequest,
        now: DateTime<Utc>,
    ) -> Result<Page<Recruitment>, ListOfOrgError> {
        let owner = self.scope().narrow(filter.owner.clone())?;
        let org = owner.org.clone().ok_or(ListOfOrgError::OrgRequired)?;
        let filter = &RecruitmentFilter {
            owner,
            ..filter.clone()
        };
        if let Some(member) = &filter.member {
            return Ok(self.list_of_member(&org, member, filter, now).await?);
        }
        let subject = self.subject_counted(&filter.owner, filter.code.as_ref(), now);
        let Some(subject) = subject.await? else {
            return Ok(Page::empty());
        };
        Ok(self.count_and_list(&subject, filter, request, now).await?)
    }

    /// At most one: a member has one referrer.
    async fn list_of_member(
        &self,
        org: &OrgId,
        member: &MemberId,
        filter: &RecruitmentFilter,
        now: DateTime<Utc>,
    ) -> Result<Page<Recruitment>, StoreError> {
        let found = self.find_recruitment(org, member, now).await?;
        let records: Vec<_> = found
            .filter(|found| filter.matches(found))
            .into_iter()
            .collect();
        Ok(Page {
            total: Total::exactly(i64::from(!records.is_empty())),
            records,
            next: None,
        })
    }

    async fn count_and_list(
        &self,
        subject: &Subject,
        filter: &RecruitmentFilter,
        request: ListRequest,
        now: DateTime<Utc>,
    ) -> Result<Page<Recruitment>, StoreError> {
        let Some(days) = DaySpan::of(filter.confirmed) else {
            let listing = self.read_recruitments(subject, filter, request, Some(READ_TO_COUNT));
            return Ok(listing.await?.into());
        };
        let stats = self.stats.for_lists();
        let (listed, counts) = try_join!(
            self.read_recruitments(subject, filter, request, None),
            stats.on_days(subject, days, now)
        )?;
        Ok(Page {
            records: listed.records,
            total: counts.map(|counts| counts.conversions).into(),
            next: listed.next,
        })
    }

    async fn read_recruitments(
        &self,
        subject: &Subject,
        filter: &RecruitmentFilter,
        request: ListRequest,
        first_read: Option<usize>,
    ) -> Result<Listed<Recruitment>, StoreError> {
        let log = Log {
            dynamo: &self.dynamo,
            name: LogName::Conversions,
            view: subject.view(),
        };
        log.list_made(filter.confirmed, request, first_read, |item| match item {
            LogItem::Recruitment(found) => Some(found).filter(|found| filter.matches(found)),
            _ => None,
        })
        .await
    }
}
