//! Lists of codes.

use crate::domain::{CodeRecord, CodeStatus, FoldedCode, MentorId, OrgId};
use crate::store::StoreError;
use crate::store::entities::{CodeTruth, LogItem};
use crate::store::keys::{self, LogName, View};
use crate::store::log::{ListRequest, Listed, Log, Page, Start, Total};
use crate::store::stats::Subject;
use crate::store::table::{Read, Table};
use chrono::{DateTime, Utc};
use futures::try_join;

/// Which code records a list shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CodeFilter {
    pub mentor: Option<MentorId>,
    pub org: Option<OrgId>,
    pub status: Option<CodeStatus>,
    pub code: Option<FoldedCode>,
}

impl CodeFilter {
    fn matches(&self, record: &CodeRecord, now: DateTime<Utc>) -> bool {
        self.mentor
            .as_ref()
            .is_none_or(|mentor| record.mentor == *mentor)
            && self.org.as_ref().is_none_or(|org| record.org == *org)
            && self
                .status
                .is_none_or(|status| record.status(now) == status)
            && self
                .code
                .as_ref()
                .is_none_or(|code| record.code.folded() == *code)
    }

    fn subject(&self) -> Subject {
        match (self.mentor.clone(), self.org.clone()) {
            (None, None) => Subject::All,
            (None, Some(org)) => Subject::Org(org),
            (Some(mentor), None) => Subject::Mentor(mentor),
            (Some(mentor), Some(org)) => Subject::MentorInOrg(mentor, org),
        }
    }
}

/// How many records a shard gives to a list that has no roll-up to take its total from: two
/// read units' worth, so that some hundreds of records are counted exactly.
const READ_TO_COUNT: usize = 36;

impl Table {
    /// Whether no code was ever made in the table.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn is_empty(&self) -> Result<bool, StoreError> {
        let request = ListRequest {
            limit: 1,
            start: Start::Skip(0),
        };
        let log = Log {
            table: self,
            name: LogName::Codes,
            view: View::All,
        };
        let listed = log.list(request, Some(1), |item| Some(item.log())).await?;
        Ok(listed.records.is_empty())
    }

    /// The newest code records that match `filter`. Totals by status are counted no further
    /// than the page itself reads.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn list_codes(
        &self,
        filter: &CodeFilter,
        request: ListRequest,
        now: DateTime<Utc>,
    ) -> Result<Page<CodeRecord>, StoreError> {
        let owner = (filter.mentor.clone(), filter.org.clone());
        let Ok((mentor, org)) = self.reach().narrow(owner.0, owner.1) else {
            return Ok(Page::empty());
        };
        let filter = &CodeFilter {
            mentor,
            org,
            ..filter.clone()
        };
        if let Some(code) = &filter.code {
            return self.list_one_code(code, filter, request, now).await;
        }
        if filter.status.is_some() {
            let listed = self
                .read_code_list(filter, request, Some(READ_TO_COUNT), now)
                .await?;
            let total = Total {
                count: i64::try_from(listed.matched).unwrap_or(i64::MAX),
                is_lower_bound: !listed.complete,
            };
            return Ok(Page {
                records: listed.records,
                total,
                next: listed.next,
            });
        }
        let published = self.published().await?;
        let subject = filter.subject();
        let (listed, count) = try_join!(
            self.read_code_list(filter, request, None, now),
            self.count_codes(&subject, &published)
        )?;
        Ok(Page {
            records: listed.records,
            total: Total::exactly(count),
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
        let view = match (&filter.mentor, &filter.org) {
            (Some(mentor), _) => View::Mentor(mentor.clone()),
            (None, Some(org)) => View::Org(org.clone()),
            (None, None) => View::All,
        };
        let log = Log {
            table: self,
            name: LogName::Codes,
            view,
        };
        log.list(request, first_read, |item| match item {
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
        let truth: Option<CodeTruth> = self.get(&keys::code(code), Read::Strong).await?;
        let found: Vec<_> = truth
            .map(CodeRecord::from)
            .into_iter()
            .filter(|record| filter.matches(record, now))
            .collect();
        let total = Total::exactly(i64::from(!found.is_empty()));
        let records = if request.start == Start::Skip(0) {
            found
        } else {
            Vec::new()
        };
        Ok(Page {
            records,
            total,
            next: None,
        })
    }
}
