//! Codes: found by code, by id and by owner; made, rotated, retired, listed.

mod issue;
mod list;
mod retire;

pub use issue::{CreateRefusal, Issued};
pub use list::CodeFilter;
pub use retire::{RetireRefusal, Rotation};

use crate::domain::{CodeId, CodeRecord, CodeStatus, FoldedCode, MentorId, OrgId};
use crate::store::StoreError;
use crate::store::entities::{ActiveCode, CodeTruth, LogItem};
use crate::store::idempotency::{Answer, IdempotencyKey};
use crate::store::keys::{self};
use crate::store::table::{Read, Table};
use chrono::{DateTime, Utc};
use futures::try_join;

/// How often an operation that others keep overtaking starts over.
const ATTEMPTS: usize = 8;

/// What the caller wants of an answer that is kept: its key, and how it is rendered.
pub struct Keep<'a, T> {
    pub key: Option<&'a IdempotencyKey>,
    pub render: &'a (dyn Fn(&T) -> Answer + Sync),
}

impl Table {
    /// The truth about a code, read strongly, if it lies within reach. One that does not is
    /// a miss, like one that does not exist: the asker's misses are read side by side.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer, or the asker has missed too often.
    pub async fn find_code(&self, code: &FoldedCode) -> Result<Option<CodeTruth>, StoreError> {
        let key = keys::code(code);
        let (found, ()) = try_join!(self.get(&key, Read::Strong), self.check_misses())?;
        let found = found.filter(|truth: &CodeTruth| {
            let (mentor, org) = truth.owner();
            self.reach().covers(mentor, org)
        });
        if found.is_none() {
            self.count_miss().await?;
        }
        Ok(found)
    }

    /// A code's record, read strongly.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn find_code_by_id(&self, id: CodeId) -> Result<Option<CodeRecord>, StoreError> {
        match self.find_log_item(&keys::code_by_id(id)).await? {
            Some(LogItem::Code(entry)) => Ok(Some(entry.into())),
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
        let active: Option<ActiveCode> = self
            .get(&keys::active_code(mentor, org), Read::Strong)
            .await?;
        let record = active.map(CodeRecord::from);
        Ok(record.filter(|record| {
            record.status(now) == CodeStatus::Active && self.reach().covers(mentor, org)
        }))
    }

    /// The pair's active code as [`Table::find_active_code`] finds it, and how many
    /// referrals it has confirmed: read of the truth, where there is a limit to compare with.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn find_counted_active_code(
        &self,
        mentor: &MentorId,
        org: &OrgId,
        now: DateTime<Utc>,
    ) -> Result<Option<(CodeRecord, i64)>, StoreError> {
        let Some(record) = self.find_active_code(mentor, org, now).await? else {
            return Ok(None);
        };
        if record.terms.max_referrals.is_none() {
            return Ok(Some((record, 0)));
        }
        let key = keys::code(&record.code.folded());
        let truth: Option<CodeTruth> = self.get(&key, Read::Strong).await?;
        let confirmed = truth.map_or(0, |truth| truth.confirmed());
        Ok(Some((record, confirmed)))
    }
}
