//! Replacing a code by one with the same prefix.

use crate::code_item::{ActiveCode, CanonicalCode, CodeLogItem};
use crate::error::TransactError;
use crate::expression::{Condition, Update};
use crate::keys;
use crate::store::Store;
use crate::transaction::{Conflict, refused, until_settled};
use chrono::{DateTime, Utc};
use domain::codes::{RetireRefusal, Rotation};
use domain::event::Change;
use domain::event_data::CodeState;
use domain::{CodeId, CodeRecord, CodeStatus, CountedCode, MentorId, OutboxEntry, Timestamp};
use futures::try_join;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

impl Store {
    /// Replaces an active code by one with the same prefix and count, in one transaction.
    ///
    /// # Errors
    /// [`RetireRefusal`] when it is not there, not active, or not `mentor`'s.
    pub async fn rotate_code(
        &self,
        id: CodeId,
        mentor: &MentorId,
        now: DateTime<Utc>,
    ) -> Result<Rotation, TransactError<RetireRefusal>> {
        let collisions = AtomicUsize::new(0);
        let told = Mutex::new(None);
        until_settled("the code", || async {
            let (item, since) = try_join!(self.existing_code_item(id), async {
                Ok(self.counted_since_entry(id).await?)
            })?;
            let mut old = CountedCode::from(item);
            old.confirmed += since;
            match old.record.check_rotation(mentor, now) {
                Ok(()) => {}
                Err(RetireRefusal::Status(CodeStatus::Inactive)) => {
                    return Err(self.replaced(&old.record, now).await);
                }
                Err(refusal) => return Err(refused(refusal)),
            }
            if let Some(confirmed) = *lock(&told) {
                old.confirmed = confirmed;
            }
            let new = old.rotated(collisions.load(Ordering::Relaxed), now);
            let overtaken = TransactError::Refused(Conflict::Overtaken);
            match self.commit_rotation(&old, &new, now).await {
                Ok(()) => Ok(Rotation {
                    previous: old.record.code,
                    new: new.record,
                }),
                Err(TransactError::Refused(RotationConflict::CodeTaken)) => {
                    collisions.fetch_add(1, Ordering::Relaxed);
                    Err(overtaken)
                }
                Err(TransactError::Refused(RotationConflict::Changed { confirmed })) => {
                    *lock(&told) = confirmed;
                    Err(overtaken)
                }
                Err(TransactError::KeyReused) => Err(TransactError::KeyReused),
                Err(TransactError::Store(error)) => Err(error.into()),
            }
        })
        .await
    }

    /// Replaces `old` by `new` on condition that as many referrals are confirmed as `old` says:
    /// the refusal tells how many there are. The first try takes the number from the log entry and
    /// what was counted since. Those of codes that counted before entries did say less.
    async fn commit_rotation(
        &self,
        old: &CountedCode,
        new: &CountedCode,
        now: DateTime<Utc>,
    ) -> Result<(), TransactError<RotationConflict>> {
        const CHANGED: RotationConflict = RotationConflict::Changed { confirmed: None };
        let record = &old.record;
        let (replace, replace_entry) = replacing(old, &new.record, now);
        let previous = record.code.folded();
        let canonical = CanonicalCode::from(new).replacing(previous.clone());
        let entry = CodeLogItem::from(new).replacing(previous);
        let change = Change::CodeRotated(CodeState::new(&new.record, now).replacing(record));
        let is_old = Condition::new("id = :old").bind(":old", &record.id);
        self.transaction()
            .update(
                &keys::code(&record.code.folded()),
                replace,
                |held: Option<CanonicalCode>| RotationConflict::Changed {
                    confirmed: held.map(|code| code.confirmed().unwrap_or(0)),
                },
            )
            .update(
                &keys::code_by_id(record.id),
                replace_entry,
                |_: Option<CodeLogItem>| CHANGED,
            )
            .put(&ActiveCode::from(&new.record), is_old, |_| CHANGED)
            .create(&canonical, |_| RotationConflict::CodeTaken)
            .create(&entry, |_| RotationConflict::CodeTaken)
            .emit(OutboxEntry::new(&record.org, change, now))
            .commit()
            .await
    }

    /// The refusal of an inactive code's rotation, which names the code that replaced it.
    async fn replaced(
        &self,
        old: &CodeRecord,
        now: DateTime<Utc>,
    ) -> TransactError<Conflict<RetireRefusal>> {
        match self.find_active_code(&old.mentor, &old.org, now).await {
            Ok(Some(active)) => refused(RetireRefusal::Replaced(Box::new(active))),
            Ok(None) => refused(RetireRefusal::Status(CodeStatus::Inactive)),
            Err(error) => error.into(),
        }
    }
}

/// The changes of the canonical item, which has the count that `new` carries on, and of the log
/// entry.
fn replacing(old: &CountedCode, new: &CodeRecord, now: DateTime<Utc>) -> (Update, Update) {
    let count = match old.confirmed {
        0 => "(attribute_not_exists(confirmed) OR confirmed = :carried)",
        _ => "confirmed = :carried",
    };
    let replace = |set: &'static str| {
        Update::new(set)
            .when_as_read(&old.record)
            .bind(":at", &Timestamp::from(now))
            .bind(":by", &new.code.folded())
    };
    let canonical = replace("SET deactivated_at = :at, replaced_by = :by, successor = :successor")
        .and_when(count)
        .bind(":successor", &new.id)
        .bind(":carried", &old.confirmed);
    let entry = replace("SET deactivated_at = :at, replaced_by = :by");
    (canonical, entry)
}

fn lock(told: &Mutex<Option<i64>>) -> MutexGuard<'_, Option<i64>> {
    told.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A condition of a rotation was refused.
enum RotationConflict {
    /// The code or its pair's active code is not as it was read; where the code's count may be
    /// the reason, that is how many referrals are `confirmed`.
    Changed { confirmed: Option<i64> },
    /// The new code's string is taken.
    CodeTaken,
}
