//! Transactions whose refusals are values.
//!
//! Each write carries what its refused condition means. `commit` reads the cancellation
//! reasons, position by position, and hands back the meaning of the first write that was
//! refused: so put first the write whose refusal the caller should hear of first.

use super::entities::Entity;
use super::keys::{Item, Key};
use super::table::{Table, count_writes, counted};
use super::{StoreError, TransactError};
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::builders::{DeleteBuilder, PutBuilder, UpdateBuilder};
use aws_sdk_dynamodb::types::{
    CancellationReason, Delete, Put, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure,
    TransactWriteItem, Update,
};
use std::time::Duration;
use uuid::Uuid;

/// How often a transaction that met another one is tried in all.
const ATTEMPTS: u32 = 12;

type Meaning<'t, R> = Box<dyn FnOnce(Option<Item>) -> Result<R, StoreError> + Send + 't>;

/// Writes that happen together or not at all: at most 100.
pub struct Transaction<'t, R> {
    table: &'t Table,
    writes: Vec<TransactWriteItem>,
    meanings: Vec<Meaning<'t, R>>,
    failed: Option<StoreError>,
}

const ALL_OLD: ReturnValuesOnConditionCheckFailure = ReturnValuesOnConditionCheckFailure::AllOld;

impl<'t, R> Transaction<'t, R> {
    pub(super) fn new(table: &'t Table) -> Self {
        Self {
            table,
            writes: Vec::new(),
            meanings: Vec::new(),
            failed: None,
        }
    }

    /// How many writes there are so far.
    pub fn len(&self) -> usize {
        self.writes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// Writes `entity` where nothing is yet. The refusal gets what is there: `None` when
    /// that is a tombstone.
    pub fn create<E: Entity>(
        self,
        entity: &E,
        refusal: impl FnOnce(Option<E>) -> R + Send + 't,
    ) -> Self {
        self.put(
            entity,
            |put| put.condition_expression("attribute_not_exists(pk)"),
            refusal,
        )
    }

    /// Writes `entity` under the condition that `when` adds to the put.
    pub fn put<E: Entity>(
        mut self,
        entity: &E,
        when: impl FnOnce(PutBuilder) -> PutBuilder,
        refusal: impl FnOnce(Option<E>) -> R + Send + 't,
    ) -> Self {
        let item = match entity.to_item() {
            Ok(item) => item,
            Err(error) => {
                self.failed = Some(error);
                return self;
            }
        };
        let put = when(Put::builder())
            .table_name(self.table.name())
            .set_item(Some(item))
            .return_values_on_condition_check_failure(ALL_OLD)
            .build();
        self.push(
            put.map(|put| TransactWriteItem::builder().put(put).build()),
            refusal,
        )
    }

    /// Changes the item at `key` as `change` says. The refusal gets the item as it is, read
    /// as an `E`: `None` when nothing or a tombstone is there.
    pub fn update<E: Entity>(
        self,
        key: &Key,
        change: impl FnOnce(UpdateBuilder) -> UpdateBuilder,
        refusal: impl FnOnce(Option<E>) -> R + Send + 't,
    ) -> Self {
        let update = change(Update::builder())
            .table_name(self.table.name())
            .set_key(Some(key.to_item()))
            .return_values_on_condition_check_failure(ALL_OLD)
            .build();
        self.push(
            update.map(|update| TransactWriteItem::builder().update(update).build()),
            refusal,
        )
    }

    /// Deletes the item at `key` under the condition that `when` adds.
    pub fn delete<E: Entity>(
        self,
        key: &Key,
        when: impl FnOnce(DeleteBuilder) -> DeleteBuilder,
        refusal: impl FnOnce(Option<E>) -> R + Send + 't,
    ) -> Self {
        let delete = when(Delete::builder())
            .table_name(self.table.name())
            .set_key(Some(key.to_item()))
            .return_values_on_condition_check_failure(ALL_OLD)
            .build();
        self.push(
            delete.map(|delete| TransactWriteItem::builder().delete(delete).build()),
            refusal,
        )
    }

    fn push<E: Entity>(
        mut self,
        write: Result<TransactWriteItem, aws_sdk_dynamodb::error::BuildError>,
        refusal: impl FnOnce(Option<E>) -> R + Send + 't,
    ) -> Self {
        match write {
            Ok(write) => {
                self.writes.push(write);
                self.meanings.push(Box::new(move |item| {
                    let held = item.map(E::from_item).transpose()?.flatten();
                    Ok(refusal(held))
                }));
            }
            Err(error) => self.failed = Some(StoreError::Refused(Box::new(error))),
        }
        self
    }

    /// Carries the writes out.
    ///
    /// A conflict with another transaction is tried again, bounded and with jitter, under
    /// one client request token: a try whose answer was lost is not carried out twice.
    ///
    /// # Errors
    /// [`TransactError::Refused`] with the meaning of the first refused write,
    /// [`TransactError::Store`] when DynamoDB does not answer or conflicts do not end.
    #[expect(clippy::disallowed_methods, reason = "this is the store")]
    pub async fn commit(self) -> Result<(), TransactError<R>> {
        if let Some(error) = self.failed {
            return Err(error.into());
        }
        let token = Uuid::from_bytes(crate::domain::ids::random_bytes()).to_string();
        for attempt in 0..ATTEMPTS {
            let sent = counted(
                self.table
                    .client()
                    .transact_write_items()
                    .set_transact_items(Some(self.writes.clone()))
                    .client_request_token(&token)
                    .return_consumed_capacity(ReturnConsumedCapacity::Total)
                    .send(),
            )
            .await;
            let error = match sent {
                Ok(response) => {
                    count_writes(response.consumed_capacity());
                    return Ok(());
                }
                Err(error) => error,
            };
            let Some(reasons) = cancellation(&error) else {
                return Err(error.into());
            };
            // A refused condition is final, even where other writes only met a conflict.
            if let Some(at) = reasons
                .iter()
                .position(|reason| is(reason, "ConditionalCheckFailed"))
            {
                let item = reasons[at].item.clone();
                return match self.meanings.into_iter().nth(at) {
                    Some(meaning) => Err(TransactError::Refused(meaning(item)?)),
                    None => {
                        Err(StoreError::corrupt("a cancellation reason without its write").into())
                    }
                };
            }
            let passing = [
                "TransactionConflict",
                "ThrottlingError",
                "ProvisionedThroughputExceeded",
            ];
            if !reasons
                .iter()
                .any(|reason| passing.iter().any(|code| is(reason, code)))
            {
                return Err(StoreError::Refused(Box::new(error)).into());
            }
            if attempt + 1 == ATTEMPTS {
                return Err(error.into());
            }
            tokio::time::sleep(pause(attempt)).await;
        }
        Err(StoreError::Unavailable("a transaction was never tried".into()).into())
    }
}

fn cancellation<R>(error: &SdkError<TransactWriteItemsError, R>) -> Option<&[CancellationReason]> {
    match error.as_service_error()? {
        TransactWriteItemsError::TransactionCanceledException(cancelled) => {
            Some(cancelled.cancellation_reasons())
        }
        _ => None,
    }
}

fn is(reason: &CancellationReason, code: &str) -> bool {
    reason.code() == Some(code)
}

/// A random pause of up to 10 ms, doubled at each attempt, 320 ms at most.
fn pause(attempt: u32) -> Duration {
    let ceiling = 10_000_u64 << attempt.min(5);
    let random = u64::from_be_bytes(crate::domain::ids::random_bytes());
    Duration::from_micros(random % ceiling)
}
