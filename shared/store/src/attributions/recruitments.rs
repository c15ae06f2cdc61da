//! Recruitments, listed by when they were confirmed.
//!
//! The guards of members are the list: each holds all of its recruitment, exists as long as that
//! does, and is sorted in the indexes by `confirmed_at`, which a body may date back. So a list
//! costs a confirmation one write unit in each index, and who recruited a member is one read.

use crate::error::{ListOfOrgError, StoreError};
use crate::keys::LogName;
use crate::log::Log;
use crate::log_item::LogItem;
use crate::merge::Listed;
use crate::page::{ListRequest, Page, Start, Total};
use crate::stats::{Counted, Subject};
use crate::store::Store;
use chrono::{DateTime, Utc};
use domain::period::{DaySpan, SplitSpan};
use domain::stats::Counts;
use domain::{FoldedCode, MemberId, OrgId, OwnerFilter, Recruitment, TimeSpan};
use futures::future::try_join_all;
use futures::try_join;

/// How many recruitments of a part of a day are counted: as many as an unfolded tail of lists has.
const EDGE_AT_MOST: usize = 500;

const ALL_OF_AN_EDGE: ListRequest = ListRequest {
    limit: EDGE_AT_MOST,
    start: Start::Skip(0),
};

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
    /// total is that of the roll-ups for the whole UTC days of the span, and is counted for the
    /// parts of days at its ends: exact up to 500 in each.
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
        let split = SplitSpan::of(filter.confirmed);
        let edges = split.edges.into_iter().map(|edge| {
            let filter = RecruitmentFilter {
                confirmed: edge,
                ..filter.clone()
            };
            async move {
                let all = self.read_recruitments(subject, &filter, ALL_OF_AN_EDGE);
                Ok(Page::from(all.await?).total)
            }
        });
        let (listed, days, edges) = try_join!(
            self.read_recruitments(subject, filter, request),
            self.count_days(subject, split.days, now),
            try_join_all(edges),
        )?;
        let of_days = days.map(|counts| Total::from(counts.map(|counts| counts.conversions)));
        Ok(Page {
            records: listed.records,
            total: of_days.into_iter().chain(edges).sum(),
            next: listed.next,
        })
    }

    async fn count_days(
        &self,
        subject: &Subject,
        days: Option<DaySpan>,
        now: DateTime<Utc>,
    ) -> Result<Option<Counted<Counts>>, StoreError> {
        let Some(days) = days else {
            return Ok(None);
        };
        let stats = self.stats.for_lists();
        stats.on_days(subject, days, now).await.map(Some)
    }

    async fn read_recruitments(
        &self,
        subject: &Subject,
        filter: &RecruitmentFilter,
        request: ListRequest,
    ) -> Result<Listed<Recruitment>, StoreError> {
        let log = Log {
            dynamo: &self.dynamo,
            name: LogName::Conversions,
            view: subject.view(),
        };
        log.list_made(filter.confirmed, request, None, |item| match item {
            LogItem::Recruitment(found) => Some(found).filter(|found| filter.matches(found)),
            _ => None,
        })
        .await
    }
}
