//! Codes: found by code, by id and by owner; made, rotated, retired, listed.

mod as_read;
mod change;
mod issue;
mod line;
mod list;
mod retire;
mod rotate;
mod terms;

pub(crate) use line::ROTATIONS;
pub use list::CodeFilter;

use crate::code_item::{ActiveCode, CanonicalCode};
use crate::dynamo::Read;
use crate::error::StoreError;
use crate::keys;
use crate::log_item::LogItem;
use crate::misses::Lookup;
use crate::stats::{Counted, Subject};
use crate::store::Store;
use chrono::{DateTime, Utc};
use domain::period::Period;
use domain::rollup::Fold;
use domain::stats::Counts;
use domain::{CodeId, CodeRecord, CodeStatus, CountedCode, FoldedCode, MentorId, OrgId, Program};
use futures::try_join;

impl Store {
    /// A code, read strongly, if it is in scope. One that is not is a miss, like one that does
    /// not exist: the address's misses are read side by side.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer, or the address has missed too often.
    pub async fn find_code(&self, code: &FoldedCode) -> Result<Option<CountedCode>, StoreError> {
        let lookup = self.begin_lookup().await?;
        let key = keys::code(code);
        let (found, ()) = try_join!(
            self.dynamo.get(&key, Read::Strong),
            self.check_misses(lookup.as_ref())
        )?;
        self.in_scope_or_missed(found, lookup).await
    }

    /// The code, if it may be touched.
    pub(crate) fn in_scope(&self, code: CountedCode) -> Option<CountedCode> {
        let CodeRecord { mentor, org, .. } = &code.record;
        self.scope().covers(mentor, org).then_some(code)
    }

    /// Begins a lookup of a code, where misses are counted.
    pub(crate) async fn begin_lookup(&self) -> Result<Option<Lookup<'_>>, StoreError> {
        match &self.misses {
            None => Ok(None),
            Some(misses) => misses.begin().await.map(Some),
        }
    }

    /// Passes while the caller may look up codes.
    pub(crate) async fn check_misses(&self, lookup: Option<&Lookup<'_>>) -> Result<(), StoreError> {
        match lookup {
            None => Ok(()),
            Some(lookup) => lookup.check(&self.dynamo).await,
        }
    }

    /// What a lookup came to: a code that is not there or out of scope is a miss.
    pub(crate) async fn in_scope_or_missed(
        &self,
        found: Option<CanonicalCode>,
        lookup: Option<Lookup<'_>>,
    ) -> Result<Option<CountedCode>, StoreError> {
        let found = found.and_then(|canonical| self.in_scope(canonical.into()));
        if let (None, Some(lookup)) = (&found, lookup) {
            lookup.missed(&self.dynamo).await?;
        }
        Ok(found)
    }

    /// A code's record, read strongly.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn find_code_by_id(&self, id: CodeId) -> Result<Option<CodeRecord>, StoreError> {
        match self.find_log_item(&keys::code_by_id(id)).await? {
            Some(LogItem::Code(item)) => Ok(Some(item.into())),
            // The log holds facts of removal too: those are no codes.
            _ => Ok(None),
        }
    }

    /// The code of a mentor in an organisation that is active at `now`, read strongly.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn find_active_code(
        &self,
        mentor: &MentorId,
        org: &OrgId,
        now: DateTime<Utc>,
    ) -> Result<Option<CodeRecord>, StoreError> {
        let key = keys::active_code(mentor, org);
        let active: Option<ActiveCode> = self.dynamo.get(&key, Read::Strong).await?;
        let record = active.map(CodeRecord::from);
        Ok(record.filter(|record| {
            record.status(now) == CodeStatus::Active && self.scope().covers(mentor, org)
        }))
    }

    /// The pair's active code as [`Store::find_active_code`] finds it, and how many referrals
    /// it has confirmed: read of the canonical item, where the code counts them; its program
    /// beside that.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn find_counted_active_code(
        &self,
        mentor: &MentorId,
        org: &OrgId,
        now: DateTime<Utc>,
    ) -> Result<Option<(CountedCode, Option<Program>)>, StoreError> {
        let Some(record) = self.find_active_code(mentor, org, now).await? else {
            return Ok(None);
        };
        let uncounted = |record| CountedCode {
            record,
            confirmed: 0,
            counts_since: None,
        };
        if !record.terms.may_limit() {
            return Ok(Some((uncounted(record), None)));
        }
        let key = keys::code(&record.code.folded());
        let (canonical, program): (Option<CanonicalCode>, _) = try_join!(
            self.dynamo.get(&key, Read::Strong),
            self.program_of_code(record.terms.program, now)
        )?;
        let code = canonical.map_or_else(|| uncounted(record), CountedCode::from);
        Ok(Some((code, program)))
    }

    /// A code's record and its clicks and conversions over `period`: two trips.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn code_total(
        &self,
        id: CodeId,
        period: Period,
        now: DateTime<Utc>,
    ) -> Result<Option<(CodeRecord, Counted<Counts>)>, StoreError> {
        let prepared = self.stats.prepare(Fold::Detail, now);
        let (record, ()) = try_join!(self.find_code_by_id(id), prepared)?;
        let Some(record) = record else {
            return Ok(None);
        };
        let (mentor, org) = (record.mentor.clone(), record.org.clone());
        let subject = Subject::Code(record.code.folded(), mentor, org);
        let counts = self.stats.attributions(&subject, period, now).await?;
        Ok(Some((record, counts)))
    }
}
