//! Lists of attributions.

use crate::dynamo::Read;
use crate::error::StoreError;
use crate::keys::LogName;
use crate::log::Log;
use crate::log_item::LogItem;
use crate::merge::Listed;
use crate::page::{ListRequest, Page};
use crate::stats::Subject;
use crate::store::Store;
use chrono::{DateTime, Utc};
use domain::period::Period;
use domain::rollup::Fold;
use domain::stats::Counts;
use domain::{Attribution, AttributionStatus, CodeRecord, FoldedCode, OwnerFilter, TimeSpan};
use futures::try_join;

/// Which attributions a list shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AttributionFilter {
    /// Whose.
    pub owner: OwnerFilter,
    /// Pending or confirmed.
    pub status: Option<AttributionStatus>,
    /// Of this code.
    pub code: Option<FoldedCode>,
    /// Made in this span.
    pub made: TimeSpan,
}

/// How many records a shard gives to a list of a span, which no roll-up can count: two read units'
/// worth, so that some two hundred are counted exactly.
pub(super) const READ_TO_COUNT: usize = 26;

impl AttributionFilter {
    fn matches(&self, attribution: &Attribution) -> bool {
        self.owner.matches(&attribution.mentor, &attribution.org)
            && self
                .status
                .is_none_or(|status| attribution.status() == status)
            && self
                .code
                .as_ref()
                .is_none_or(|code| attribution.code.folded() == *code)
    }
}

impl Store {
    /// The newest attributions that match `filter`. Totals of a span are counted no further than the
    /// page itself reads.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn list_attributions(
        &self,
        filter: &AttributionFilter,
        request: ListRequest,
        now: DateTime<Utc>,
    ) -> Result<Page<Attribution>, StoreError> {
        let Ok(owner) = self.scope().narrow(filter.owner.clone()) else {
            return Ok(Page::empty());
        };
        let filter = &AttributionFilter {
            owner,
            ..filter.clone()
        };
        if !filter.made.is_unlimited() {
            let subject = self.subject_listed(&filter.owner, filter.code.as_ref());
            let Some(subject) = subject.await? else {
                return Ok(Page::empty());
            };
            let listing = self.read_list(&subject, filter, request, Some(READ_TO_COUNT), now);
            return Ok(listing.await?.into());
        }
        let subject = self.subject_counted(&filter.owner, filter.code.as_ref(), now);
        let Some(subject) = subject.await? else {
            return Ok(Page::empty());
        };
        let stats = self.stats.for_lists();
        let (listed, counts) = try_join!(
            self.read_list(&subject, filter, request, None, now),
            stats.attributions(&subject, Period::AllTime, now)
        )?;
        Ok(Page {
            records: listed.records,
            total: counts.map(|counts| of_status(counts, filter.status)).into(),
            next: listed.next,
        })
    }

    async fn read_list(
        &self,
        subject: &Subject,
        filter: &AttributionFilter,
        request: ListRequest,
        first_read: Option<usize>,
        now: DateTime<Utc>,
    ) -> Result<Listed<Attribution>, StoreError> {
        let log = Log {
            dynamo: &self.dynamo,
            name: LogName::Attributions,
            view: subject.view(),
        };
        log.list_made(filter.made, request, first_read, |item| match item {
            LogItem::Click(click) => Some(Attribution::from(click))
                .filter(|click| !click.is_expired(now) && filter.matches(click)),
            _ => None,
        })
        .await
    }

    /// Whose attributions the list shows, once the fold that counts them is prepared.
    pub(super) async fn subject_counted(
        &self,
        owner: &OwnerFilter,
        code: Option<&FoldedCode>,
        now: DateTime<Utc>,
    ) -> Result<Option<Subject>, StoreError> {
        let fold = match code {
            Some(_) => Fold::Detail,
            None => Subject::from(owner.clone()).fold(),
        };
        let prepared = self.stats.prepare(fold, now);
        let (subject, ()) = try_join!(self.subject_listed(owner, code), prepared)?;
        Ok(subject)
    }

    /// Whose attributions the list shows; `None` where there can be none, as the code that the
    /// filter names is unknown or another owner's.
    async fn subject_listed(
        &self,
        owner: &OwnerFilter,
        code: Option<&FoldedCode>,
    ) -> Result<Option<Subject>, StoreError> {
        let Some(code) = code else {
            return Ok(Some(owner.clone().into()));
        };
        let issued = self.issued_code(code, Read::Eventual).await?;
        let own = issued
            .map(CodeRecord::from)
            .filter(|record| owner.matches(&record.mentor, &record.org));
        Ok(own.map(|record| Subject::Code(code.clone(), record.mentor, record.org)))
    }
}

fn of_status(counts: Counts, status: Option<AttributionStatus>) -> i64 {
    match status {
        None => counts.attributions(),
        Some(AttributionStatus::Confirmed) => counts.conversions,
        Some(AttributionStatus::Pending) => counts.pending(),
    }
}
