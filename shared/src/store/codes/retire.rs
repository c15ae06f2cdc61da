//! The end of a code: rotated, deactivated, invalidated, deleted.

use crate::domain::{Code, CodeId, CodeRecord, CodeStatus, MentorId, Timestamp};
use crate::store::entities::{ActiveCode, CHANGE_RETENTION, CodeEntry, CodeRemoval, CodeTruth};
use crate::store::keys::{self};
use crate::store::table::Table;
use crate::store::transaction::Transaction;
use crate::store::{StoreError, TransactError};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use chrono::{DateTime, Utc};

use super::ATTEMPTS;

/// Why a code was not retired or rotated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RetireRefusal {
    /// There is no such record, or no longer.
    NotFound,
    /// Its state does not allow it.
    Status(CodeStatus),
    /// The caller named a mentor who does not own it.
    OtherMentor,
    /// `deactivated_at` lies before the code was made.
    BeforeCreation,
}

/// A code and the one that replaced it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    pub previous: Code,
    pub new: CodeRecord,
}

/// A condition on the items of a code was refused: what was read is out of date.
enum Overtaken {
    /// The code changed.
    Changed,
    /// The pair's active code is another one: this code had expired and was replaced.
    PairMovedOn,
    /// The new code's string is taken.
    CodeTaken,
}

impl Table {
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
        let mut collisions = 0;
        let mut old = self.existing(id).await?;
        for _ in 0..ATTEMPTS {
            if old.mentor != *mentor {
                return Err(TransactError::Refused(RetireRefusal::OtherMentor));
            }
            let status = old.status(now);
            if status != CodeStatus::Active {
                return Err(TransactError::Refused(RetireRefusal::Status(status)));
            }
            let new = old.rotated(collisions, now);
            let id = AttributeValue::S(old.id.to_string());
            let committed = self
                .retiring(&old, deactivation(now.into()))
                .put(
                    &ActiveCode::from(&new),
                    |put| {
                        put.condition_expression("id = :old")
                            .expression_attribute_values(":old", id)
                    },
                    |_| Overtaken::Changed,
                )
                .create(&CodeTruth::from(&new), |_| Overtaken::CodeTaken)
                .create(&CodeEntry::from(&new), |_| Overtaken::CodeTaken)
                .commit()
                .await;
            match committed {
                Ok(()) => {
                    return Ok(Rotation {
                        previous: old.code,
                        new,
                    });
                }
                Err(TransactError::Refused(Overtaken::CodeTaken)) => collisions += 1,
                Err(TransactError::Refused(Overtaken::Changed | Overtaken::PairMovedOn)) => {
                    old = self.existing(old.id).await?;
                }
                Err(TransactError::Store(error)) => return Err(error.into()),
            }
        }
        Err(overtaken_for_good())
    }

    /// Makes a code inactive as of `at`. The first deactivation's time stays.
    ///
    /// # Errors
    /// [`RetireRefusal`] when it is not there or is invalidated.
    pub async fn deactivate_code(
        &self,
        id: CodeId,
        at: Timestamp,
        now: DateTime<Utc>,
    ) -> Result<CodeRecord, TransactError<RetireRefusal>> {
        let decide = |record: &CodeRecord| match record.status(now) {
            CodeStatus::Invalidated => Err(RetireRefusal::Status(CodeStatus::Invalidated)),
            CodeStatus::Inactive => Ok(None),
            CodeStatus::Active | CodeStatus::Expired if at < record.created_at => {
                Err(RetireRefusal::BeforeCreation)
            }
            CodeStatus::Active | CodeStatus::Expired => Ok(Some(CodeRecord {
                deactivated_at: Some(at),
                ..record.clone()
            })),
        };
        self.retire(id, decide, &deactivation(at)).await
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
        let at = Timestamp::from(now);
        let decide = |record: &CodeRecord| {
            Ok(record.invalidated_at.is_none().then(|| CodeRecord {
                invalidated_at: Some(at),
                deactivated_at: record.deactivated_at.or(Some(at)),
                ..record.clone()
            }))
        };
        let change = move |update: UpdateBuilder| {
            update
                .update_expression(
                    "SET invalidated_at = :at, deactivated_at = if_not_exists(deactivated_at, :at)",
                )
                .condition_expression(
                    "attribute_exists(pk) AND attribute_not_exists(deleted_at) \
                     AND attribute_not_exists(invalidated_at)",
                )
                .expression_attribute_values(":at", AttributeValue::S(at.to_string()))
        };
        self.retire(id, decide, &change).await
    }

    /// Reads, decides and changes until no one is in between. `decide` gives the record as
    /// it will be, or `None` where it is so already.
    async fn retire(
        &self,
        id: CodeId,
        decide: impl Fn(&CodeRecord) -> Result<Option<CodeRecord>, RetireRefusal>,
        change: &(impl Fn(UpdateBuilder) -> UpdateBuilder + Send + Sync),
    ) -> Result<CodeRecord, TransactError<RetireRefusal>> {
        let mut frees_pair = true;
        for _ in 0..ATTEMPTS {
            let record = self.existing(id).await?;
            let Some(retired) = decide(&record).map_err(TransactError::Refused)? else {
                return Ok(record);
            };
            let transaction = self.retiring(&record, change);
            match freeing_pair(transaction, &record, frees_pair)
                .commit()
                .await
            {
                Ok(()) => return Ok(retired),
                Err(TransactError::Refused(Overtaken::PairMovedOn)) => frees_pair = false,
                Err(TransactError::Refused(Overtaken::Changed | Overtaken::CodeTaken)) => {}
                Err(TransactError::Store(error)) => return Err(error.into()),
            }
        }
        Err(overtaken_for_good())
    }

    /// Deletes a code's record. Its string stays taken.
    ///
    /// # Errors
    /// [`RetireRefusal::NotFound`], the second time too.
    pub async fn delete_code(
        &self,
        id: CodeId,
        now: DateTime<Utc>,
    ) -> Result<Timestamp, TransactError<RetireRefusal>> {
        let at = Timestamp::from(now);
        let expires = (now + CHANGE_RETENTION).timestamp();
        let mut frees_pair = true;
        for _ in 0..ATTEMPTS {
            let record = self.existing(id).await?;
            let bury = |update: UpdateBuilder| {
                update
                    .condition_expression(
                        "attribute_exists(pk) AND attribute_not_exists(deleted_at)",
                    )
                    .expression_attribute_values(":at", AttributeValue::S(at.to_string()))
            };
            let removal = CodeRemoval {
                id: CodeId::new(now),
                mentor: record.mentor.clone(),
                org: record.org.clone(),
                expires,
            };
            let transaction = self
                .transaction()
                .update(
                    &keys::code(&record.code.folded()),
                    |update| bury(update).update_expression("SET deleted_at = :at"),
                    |_: Option<CodeTruth>| Overtaken::Changed,
                )
                .update(
                    &keys::code_by_id(record.id),
                    |update| {
                        bury(update)
                            .update_expression("SET deleted_at = :at, expires = :expires")
                            .expression_attribute_values(
                                ":expires",
                                AttributeValue::N(expires.to_string()),
                            )
                    },
                    |_: Option<CodeEntry>| Overtaken::Changed,
                )
                .create(&removal, |_| Overtaken::Changed);
            match freeing_pair(transaction, &record, frees_pair)
                .commit()
                .await
            {
                Ok(()) => return Ok(at),
                Err(TransactError::Refused(Overtaken::PairMovedOn)) => frees_pair = false,
                Err(TransactError::Refused(Overtaken::Changed | Overtaken::CodeTaken)) => {}
                Err(TransactError::Store(error)) => return Err(error.into()),
            }
        }
        Err(overtaken_for_good())
    }

    async fn existing(&self, id: CodeId) -> Result<CodeRecord, TransactError<RetireRefusal>> {
        let found = self.find_code_by_id(id).await?;
        found.ok_or(TransactError::Refused(RetireRefusal::NotFound))
    }

    /// Begins a transaction that changes the truth and the log entry of `record` alike.
    fn retiring(
        &self,
        record: &CodeRecord,
        change: impl Fn(UpdateBuilder) -> UpdateBuilder,
    ) -> Transaction<'_, Overtaken> {
        self.transaction()
            .update(
                &keys::code(&record.code.folded()),
                &change,
                |_: Option<CodeTruth>| Overtaken::Changed,
            )
            .update(
                &keys::code_by_id(record.id),
                &change,
                |_: Option<CodeEntry>| Overtaken::Changed,
            )
    }
}

fn deactivation(at: Timestamp) -> impl Fn(UpdateBuilder) -> UpdateBuilder + Send + Sync {
    move |update| {
        update
            .update_expression("SET deactivated_at = :at")
            .condition_expression(
                "attribute_exists(pk) AND attribute_not_exists(deleted_at) \
                 AND attribute_not_exists(deactivated_at)",
            )
            .expression_attribute_values(":at", AttributeValue::S(at.to_string()))
    }
}

/// Frees the pair for a new code, where `record` may be its active one.
fn freeing_pair<'t>(
    transaction: Transaction<'t, Overtaken>,
    record: &CodeRecord,
    frees_pair: bool,
) -> Transaction<'t, Overtaken> {
    if !frees_pair || record.deactivated_at.is_some() {
        return transaction;
    }
    let id = AttributeValue::S(record.id.to_string());
    transaction.delete(
        &keys::active_code(&record.mentor, &record.org),
        |delete| {
            delete
                .condition_expression("attribute_not_exists(pk) OR id = :id")
                .expression_attribute_values(":id", id)
        },
        |_: Option<ActiveCode>| Overtaken::PairMovedOn,
    )
}

fn overtaken_for_good<R>() -> TransactError<R> {
    StoreError::Unavailable("others kept changing the code".into()).into()
}
