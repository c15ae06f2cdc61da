//! Replacing a code by one with the same prefix.

use super::retire::deactivation;
use crate::code_item::{ActiveCode, CanonicalCode, CodeLogItem};
use crate::error::TransactError;
use crate::expression::Condition;
use crate::store::Store;
use crate::transaction::{Conflict, refused, until_settled};
use chrono::{DateTime, Utc};
use domain::codes::{RetireRefusal, Rotation};
use domain::{CodeId, CodeRecord, CodeStatus, MentorId};
use std::sync::atomic::{AtomicUsize, Ordering};

impl Store {
    /// Replaces an active code by one with the same prefix, in one transaction.
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
        until_settled("the code", || async {
            let old = self.existing_code(id).await?;
            match old.check_rotation(mentor, now) {
                Ok(()) => {}
                Err(RetireRefusal::Status(CodeStatus::Inactive)) => {
                    return Err(self.replaced(&old, now).await);
                }
                Err(refusal) => return Err(refused(refusal)),
            }
            let new = old.rotated(collisions.load(Ordering::Relaxed), now);
            match self.commit_rotation(&old, &new, now).await {
                Ok(()) => Ok(Rotation {
                    previous: old.code,
                    new,
                }),
                Err(TransactError::Refused(RotationConflict::CodeTaken)) => {
                    collisions.fetch_add(1, Ordering::Relaxed);
                    Err(TransactError::Refused(Conflict::Overtaken))
                }
                Err(TransactError::Refused(RotationConflict::Changed)) => {
                    Err(TransactError::Refused(Conflict::Overtaken))
                }
                Err(TransactError::KeyReused) => Err(TransactError::KeyReused),
                Err(TransactError::Store(error)) => Err(error.into()),
            }
        })
        .await
    }

    async fn commit_rotation(
        &self,
        old: &CodeRecord,
        new: &CodeRecord,
        now: DateTime<Utc>,
    ) -> Result<(), TransactError<RotationConflict>> {
        let is_old = Condition::new("id = :old").bind(":old", &old.id);
        self.retiring(old, &deactivation(now.into()), || RotationConflict::Changed)
            .put(&ActiveCode::from(new), is_old, |_| {
                RotationConflict::Changed
            })
            .create(&CanonicalCode::from(new), |_| RotationConflict::CodeTaken)
            .create(&CodeLogItem::from(new), |_| RotationConflict::CodeTaken)
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

/// A condition of a rotation was refused.
enum RotationConflict {
    /// The code or its pair's active code is not as it was read.
    Changed,
    /// The new code's string is taken.
    CodeTaken,
}
