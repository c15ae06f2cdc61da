//! The end of a code: deactivated, invalidated, deleted.

use super::as_read::status_as_read;
use crate::attribution_item::CodeRemoval;
use crate::code_item::{ActiveCode, CanonicalCode, CodeLogItem};
use crate::error::TransactError;
use crate::expression::{Condition, LIVE, Update};
use crate::keys;
use crate::log_item::LogItem;
use crate::store::Store;
use crate::transaction::{Attempt, Conflict, Transaction, refused, until_settled};
use chrono::{DateTime, Utc};
use domain::codes::{RetireRefusal, deactivation_time};
use domain::event::Change;
use domain::event_data::CodeState;
use domain::{CodeId, CodeRecord, OutboxEntry, Timestamp};
use std::sync::atomic::{AtomicBool, Ordering};

impl Store {
    /// Makes a code inactive as of `at`, or now. The first deactivation's time stays.
    ///
    /// # Errors
    /// [`RetireRefusal`] when it is not there or is invalidated, or the time cannot be.
    pub async fn deactivate_code(
        &self,
        id: CodeId,
        at: Option<Timestamp>,
        now: DateTime<Utc>,
    ) -> Result<CodeRecord, TransactError<RetireRefusal>> {
        let at = deactivation_time(at, now).map_err(TransactError::Refused)?;
        let decide = |record: &CodeRecord| record.deactivated(at, now);
        let change = |retired: &CodeRecord| deactivation(retired.deactivated_at.unwrap_or(at));
        self.retire(id, decide, change, Change::CodeDeactivated, now)
            .await
    }

    /// Makes a code invalid for good, as of `now`. The first invalidation's time stays.
    ///
    /// # Errors
    /// [`RetireRefusal::NotFound`].
    pub async fn invalidate_code(
        &self,
        id: CodeId,
        now: DateTime<Utc>,
    ) -> Result<CodeRecord, TransactError<RetireRefusal>> {
        let change = Update::new(
            "SET invalidated_at = :at, deactivated_at = if_not_exists(deactivated_at, :at)",
        )
        .when(format!("{LIVE} AND attribute_not_exists(invalidated_at)"))
        .bind(":at", &Timestamp::from(now));
        let decide = |record: &CodeRecord| Ok(record.invalidated(now));
        let change = |_: &CodeRecord| change.clone();
        self.retire(id, decide, change, Change::CodeInvalidated, now)
            .await
    }

    /// Reads, decides and changes until nobody is in between. `decide` gives the record as it
    /// will be, or `None` where it is so already; `change` says how the items come to be so, and
    /// `told` what others are told.
    async fn retire(
        &self,
        id: CodeId,
        decide: impl Fn(&CodeRecord) -> Result<Option<CodeRecord>, RetireRefusal>,
        change: impl Fn(&CodeRecord) -> Update,
        told: fn(CodeState) -> Change,
        now: DateTime<Utc>,
    ) -> Result<CodeRecord, TransactError<RetireRefusal>> {
        let pair = PairOf::default();
        until_settled("the code", || async {
            let record = self.existing_code(id).await?;
            let Some(retired) = decide(&record).map_err(refused)? else {
                return Ok(record);
            };
            let change = change(&retired).and_when(status_as_read(&record));
            let told = told(CodeState::new(&retired, now));
            self.retiring(&record, &change, || Conflict::Overtaken)
                .free_pair(&record, &pair)
                .emit(OutboxEntry::new(&record.org, told, now))
                .commit()
                .await?;
            Ok(retired)
        })
        .await
    }

    /// Deletes a code's record, and the reply that it was made with. Its string stays taken.
    ///
    /// # Errors
    /// [`RetireRefusal::NotFound`], the second time too.
    pub async fn delete_code(
        &self,
        id: CodeId,
        now: DateTime<Utc>,
    ) -> Result<Timestamp, TransactError<RetireRefusal>> {
        let at = Timestamp::from(now);
        let pair = PairOf::default();
        until_settled("the code", || async {
            let item = self.existing_code_item(id).await?;
            let record = CodeRecord::from(item.clone());
            let (made_under, made_at) = item.origin();
            self.burying(&record, at, now)
                .free_pair(&record, &pair)
                .drop_reply(made_under, made_at, now)
                .commit()
                .await?;
            Ok(at)
        })
        .await
    }

    /// Begins a transaction that leaves tombstones of a code, the fact of its removal, and the
    /// event.
    fn burying(
        &self,
        record: &CodeRecord,
        at: Timestamp,
        now: DateTime<Utc>,
    ) -> Transaction<'_, Conflict<RetireRefusal>> {
        let removal = CodeRemoval {
            id: CodeId::new(now),
            mentor: record.mentor.clone(),
            org: record.org.clone(),
        };
        let told = Change::CodeDeleted(CodeState::new(record, now));
        // The log's tombstone stays as long as the other, which is found by it: whoever is
        // erased must be found in both.
        let bury = Update::new("SET deleted_at = :at")
            .when(LIVE)
            .and_when(status_as_read(record))
            .bind(":at", &at);
        self.transaction()
            .update(
                &keys::code(&record.code.folded()),
                bury.clone(),
                |_: Option<CanonicalCode>| Conflict::Overtaken,
            )
            .update(
                &keys::code_by_id(record.id),
                bury,
                |_: Option<CodeLogItem>| Conflict::Overtaken,
            )
            .create(&removal, |_| Conflict::Overtaken)
            .emit(OutboxEntry::new(&record.org, told, now))
    }

    /// The record that is to be changed.
    async fn existing_code(&self, id: CodeId) -> Attempt<CodeRecord, RetireRefusal> {
        Ok(self.existing_code_item(id).await?.into())
    }

    pub(super) async fn existing_code_item(
        &self,
        id: CodeId,
    ) -> Attempt<CodeLogItem, RetireRefusal> {
        match self.find_log_item(&keys::code_by_id(id)).await? {
            Some(LogItem::Code(item)) => Ok(item),
            _ => Err(refused(RetireRefusal::NotFound)),
        }
    }

    /// Begins a transaction that changes the canonical item and the log item of `record` alike.
    fn retiring<R: Send + 'static>(
        &self,
        record: &CodeRecord,
        change: &Update,
        changed: fn() -> R,
    ) -> Transaction<'_, R> {
        self.transaction()
            .update(
                &keys::code(&record.code.folded()),
                change.clone(),
                move |_: Option<CanonicalCode>| changed(),
            )
            .update(
                &keys::code_by_id(record.id),
                change.clone(),
                move |_: Option<CodeLogItem>| changed(),
            )
    }
}

/// The deactivation of a code as of `at`.
fn deactivation(at: Timestamp) -> Update {
    Update::new("SET deactivated_at = :at")
        .when(LIVE)
        .bind(":at", &at)
}

/// Whether the pair has turned out to have another active code: the one that ends had expired
/// and was replaced.
#[derive(Debug, Default)]
struct PairOf {
    has_another: AtomicBool,
}

impl<'t> Transaction<'t, Conflict<RetireRefusal>> {
    /// Frees the pair for a new code, where `record` may be its active one.
    fn free_pair(self, record: &CodeRecord, pair: &'t PairOf) -> Self {
        if record.deactivated_at.is_some() || pair.has_another.load(Ordering::Relaxed) {
            return self;
        }
        let is_own = Condition::new("attribute_not_exists(pk) OR id = :id").bind(":id", &record.id);
        let key = keys::active_code(&record.mentor, &record.org);
        self.delete(&key, is_own, move |_: Option<ActiveCode>| {
            pair.has_another.store(true, Ordering::Relaxed);
            Conflict::Overtaken
        })
    }
}
