//! Lists of codes.

use crate::code_item::CanonicalCode;
use crate::dynamo::{Dynamo, Read};
use crate::error::StoreError;
use crate::keys::{self, LogName, View};
use crate::log::Log;
use crate::log_item::LogItem;
use crate::merge::Listed;
use crate::page::{ListRequest, Page, Start, Total};
use crate::stats::Subject;
use crate::store::{Store, UnscopedStore};
use chrono::{DateTime, Utc};
use domain::{CodeRecord, CodeStatus, FoldedCode, OwnerFilter, TimeSpan};
use futures::try_join;

/// Which code records a list shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CodeFilter {
    /// Whose.
    pub owner: OwnerFilter,
    /// In which status, as it is now.
    pub status: Option<CodeStatus>,
    /// With this string.
    pub code: Option<FoldedCode>,
    /// Made in this span.
    pub made: TimeSpan,
}

impl CodeFilter {
    fn matches(&self, record: &CodeRecord, now: DateTime<Utc>) -> bool {
        self.owner.matches(&record.mentor, &record.org)
            && self
                .status
                .is_none_or(|status| record.status(now) == status)
            && self
                .code
                .as_ref()
                .is_none_or(|code| record.code.folded() == *code)
            && self.made.contains(record.id.made_at())
    }
}

/// How many records a shard gives to a list that has no roll-up to take its total from: two
/// read units' worth, so that some hundreds of records are counted exactly.
const READ_TO_COUNT: usize = 36;

impl UnscopedStore {
    /// Whether no code was ever made in the table.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn is_empty(&self) -> Result<bool, StoreError> {
        let newest = ListRequest {
            limit: 1,
            start: Start::Skip(0),
        };
        let log = log_of(&self.dynamo, View::All);
        let listed = log.list(newest, None, |item| Some(item.log())).await?;
        Ok(listed.records.is_empty())
    }
}

impl Store {
    /// The newest code records that match `filter`. Totals by status and of a span are counted no
    /// further than the page itself reads.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn list_codes(
        &self,
        filter: &CodeFilter,
        request: ListRequest,
        now: DateTime<Utc>,
    ) -> Result<Page<CodeRecord>, StoreError> {
        let Ok(owner) = self.scope().narrow(filter.owner.clone()) else {
            return Ok(Page::empty());
        };
        let filter = &CodeFilter {
            owner,
            ..filter.clone()
        };
        if let Some(code) = &filter.code {
            return self.list_one_code(code, filter, request, now).await;
        }
        if filter.status.is_some() || !filter.made.is_unlimited() {
            let listing = self.read_code_list(filter, request, Some(READ_TO_COUNT), now);
            return Ok(listing.await?.into());
        }
        let subject = Subject::from(filter.owner.clone());
        let stats = self.stats.for_lists();
        let (listed, count) = try_join!(
            self.read_code_list(filter, request, None, now),
            stats.codes(&subject, now)
        )?;
        Ok(Page {
            records: listed.records,
            total: count.into(),
            next: listed.next,
        })
    }

    async fn read_code_list(
        &self,
        filter: &CodeFilter,
        request: ListRequest,
        first_read: Option<usize>,
        now: DateTime<Utc>,
    ) -> Result<Listed<CodeRecord>, StoreError> {
        let view = Subject::from(filter.owner.clone()).view();
        log_of(&self.dynamo, view)
            .list_made(filter.made, request, first_read, |item| match item {
                LogItem::Code(code) => {
                    Some(CodeRecord::from(code)).filter(|code| filter.matches(code, now))
                }
                _ => None,
            })
            .await
    }

    /// The list of the one code that folds to `code`, if the rest of the filter matches it.
    async fn list_one_code(
        &self,
        code: &FoldedCode,
        filter: &CodeFilter,
        request: ListRequest,
        now: DateTime<Utc>,
    ) -> Result<Page<CodeRecord>, StoreError> {
        let canonical: Option<CanonicalCode> =
            self.dynamo.get(&keys::code(code), Read::Strong).await?;
        let record = canonical.map(CodeRecord::from);
        let found = record.filter(|record| filter.matches(record, now));
        let total = Total::exactly(i64::from(found.is_some()));
        let is_first_page = request.start == Start::Skip(0);
        Ok(Page {
            records: found.filter(|_| is_first_page).into_iter().collect(),
            total,
            next: None,
        })
    }
}

fn log_of(dynamo: &Dynamo, view: View) -> Log<'_> {
    Log {
        dynamo,
        name: LogName::Codes,
        view,
    }
}
