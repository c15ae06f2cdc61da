//! Lists of attributions.

use crate::domain::stats::{Counts, Period};
use crate::domain::{Attribution, AttributionStatus, FoldedCode, MentorId, OrgId};
use crate::store::StoreError;
use crate::store::entities::LogItem;
use crate::store::keys::{LogName, View};
use crate::store::log::{ListRequest, Log, Page, Total};
use crate::store::stats::Subject;
use crate::store::table::{Read, Table};
use chrono::{DateTime, Utc};
use futures::try_join;

/// Which attributions a list shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AttributionFilter {
    pub mentor: Option<MentorId>,
    pub org: Option<OrgId>,
    pub status: Option<AttributionStatus>,
    pub code: Option<FoldedCode>,
}

impl AttributionFilter {
    fn matches(&self, attribution: &Attribution) -> bool {
        self.mentor
            .as_ref()
            .is_none_or(|mentor| attribution.mentor == *mentor)
            && self.org.as_ref().is_none_or(|org| attribution.org == *org)
            && self
                .status
                .is_none_or(|status| attribution.status() == status)
            && self
                .code
                .as_ref()
                .is_none_or(|code| attribution.code.folded() == *code)
    }
}

impl Table {
    /// The newest attributions that match `filter`.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn list_attributions(
        &self,
        filter: &AttributionFilter,
        request: ListRequest,
        now: DateTime<Utc>,
    ) -> Result<Page<Attribution>, StoreError> {
        let owner = (filter.mentor.clone(), filter.org.clone());
        let Ok((mentor, org)) = self.reach().narrow(owner.0, owner.1) else {
            return Ok(Page::empty());
        };
        let filter = &AttributionFilter {
            mentor,
            org,
            ..filter.clone()
        };
        let (published, owner) =
            try_join!(self.published(), self.code_owner(filter.code.as_ref()))?;
        let subject = match (&filter.code, owner) {
            (None, _) => match (filter.mentor.clone(), filter.org.clone()) {
                (None, None) => Subject::All,
                (None, Some(org)) => Subject::Org(org),
                (Some(mentor), None) => Subject::Mentor(mentor),
                (Some(mentor), Some(org)) => Subject::MentorInOrg(mentor, org),
            },
            (Some(_), None) => return Ok(Page::empty()),
            (Some(code), Some((mentor, org))) => {
                let is_other = filter.mentor.as_ref().is_some_and(|asked| *asked != mentor)
                    || filter.org.as_ref().is_some_and(|asked| *asked != org);
                if is_other {
                    return Ok(Page::empty());
                }
                Subject::Code(code.clone(), mentor, org)
            }
        };
        let view: View = subject.view();
        let log = Log {
            table: self,
            name: LogName::Attributions,
            view,
        };
        let listing = log.list(request, None, |item| match item {
            LogItem::Click(click) => {
                Some(Attribution::from(click)).filter(|attribution| filter.matches(attribution))
            }
            _ => None,
        });
        let counting = self.count_attributions(&subject, Period::AllTime, &published, now);
        let (listed, counts) = try_join!(listing, counting)?;
        let total = Total::exactly(of_status(counts, filter.status));
        Ok(Page {
            records: listed.records,
            total,
            next: listed.next,
        })
    }

    /// Who a code belongs to, or belonged to before its record was deleted.
    async fn code_owner(
        &self,
        code: Option<&FoldedCode>,
    ) -> Result<Option<(MentorId, OrgId)>, StoreError> {
        let Some(code) = code else { return Ok(None) };
        let issued = self.issued_code(code, Read::Eventual).await?;
        Ok(issued.map(|record| (record.mentor, record.org)))
    }
}

fn of_status(counts: Counts, status: Option<AttributionStatus>) -> i64 {
    match status {
        None => counts.clicks,
        Some(AttributionStatus::Confirmed) => counts.conversions,
        Some(AttributionStatus::Pending) => counts.clicks - counts.conversions,
    }
}
