//! Transactions whose refusals are values, and operations that start over when overtaken.
//!
//! Each write carries what its refused condition means. `commit` reads the cancellation
//! reasons, position by position, and hands back the meaning of the first write that was
//! refused: so put first the write whose refusal the caller should hear of first.

use crate::dynamo::{Dynamo, backoff, count_writes, counted};
use crate::entity::Entity;
use crate::error::{StoreError, TransactError};
use crate::expression::{ABSENT, Condition, Update};
use crate::keys::{Item, Key};
use aws_sdk_dynamodb::error::{BuildError, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    CancellationReason, Delete, Put, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure,
    TransactWriteItem, Update as UpdateWrite,
};
use domain::ids::random_bytes;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

/// How often an operation that others overtake starts over.
const STARTS: usize = 8;

/// What a refused condition means to the operation under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Conflict<R> {
    /// What was read is out of date: read again, decide again.
    Overtaken,
    /// It is final.
    Refused(R),
}

/// What an attempt at an operation came to.
pub(crate) type Attempt<T, R> = Result<T, TransactError<Conflict<R>>>;

/// A refusal by a rule, as an attempt's outcome.
pub(crate) fn refused<R>(refusal: R) -> TransactError<Conflict<R>> {
    TransactError::Refused(Conflict::Refused(refusal))
}

/// Reads, decides and commits, as `attempt` does, until nobody else is in between.
pub(crate) async fn until_settled<T, R, F>(
    what: &str,
    mut attempt: impl FnMut() -> F,
) -> Result<T, TransactError<R>>
where
    F: Future<Output = Attempt<T, R>>,
{
    for _ in 0..STARTS {
        match attempt().await {
            Ok(done) => return Ok(done),
            Err(TransactError::Refused(Conflict::Overtaken)) => {}
            Err(TransactError::Refused(Conflict::Refused(refusal))) => {
                return Err(TransactError::Refused(refusal));
            }
            Err(TransactError::KeyReused) => return Err(TransactError::KeyReused),
            // What holds the items may have decided the matter.
            Err(TransactError::Store(StoreError::Unavailable(cause)))
                if cause.is::<ItemsHeld>() => {}
            Err(TransactError::Store(error)) => return Err(error.into()),
        }
    }
    Err(StoreError::retries_exhausted(what).into())
}

/// Other transactions held the items at every try.
#[derive(Debug, thiserror::Error)]
#[error("other transactions kept holding its items")]
struct ItemsHeld;

/// How often a transaction whose items others hold is tried before its operation reads again.
const TRIES: u32 = 6;

/// For how long DynamoDB may answer that a transaction is still in progress: its guide calls for
/// a retry once 5 s have passed since the first attempt.
const IN_PROGRESS: Duration = Duration::from_secs(5);

type Meaning<'t, R> = Box<dyn FnOnce(Option<Item>) -> Result<R, StoreError> + Send + 't>;

/// Writes that happen together or not at all: at most 100.
pub(crate) struct Transaction<'t, R> {
    dynamo: &'t Dynamo,
    writes: Vec<TransactWriteItem>,
    meanings: Vec<Meaning<'t, R>>,
    failed: Option<StoreError>,
}

/// Gives a write its condition, and requests the item that refuses it. The SDK's builders have
/// these setters in common and no trait for them.
macro_rules! conditional {
    ($write:expr, $when:ident) => {
        $write
            .set_condition_expression($when.condition)
            .set_expression_attribute_names($when.names)
            .set_expression_attribute_values($when.values)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(invalid_write)
    };
}

impl<'t, R> Transaction<'t, R> {
    pub(crate) fn new(dynamo: &'t Dynamo) -> Self {
        Self {
            dynamo,
            writes: Vec::new(),
            meanings: Vec::new(),
            failed: None,
        }
    }

    /// Writes `entity` where nothing is yet. The refusal gets what is there: `None` when
    /// that is a tombstone.
    pub(crate) fn create<E: Entity>(
        self,
        entity: &E,
        refusal: impl FnOnce(Option<E>) -> R + Send + 't,
    ) -> Self {
        self.put(entity, Condition::new(ABSENT), refusal)
    }

    /// Writes `entity` under a condition.
    pub(crate) fn put<E: Entity>(
        self,
        entity: &E,
        when: Condition,
        refusal: impl FnOnce(Option<E>) -> R + Send + 't,
    ) -> Self {
        let table = self.dynamo.table();
        let write = entity.to_item().and_then(|item| {
            let when = when.parts()?;
            let put = Put::builder().table_name(table).set_item(Some(item));
            let put = conditional!(put, when)?;
            Ok(TransactWriteItem::builder().put(put).build())
        });
        self.push(write, refusal)
    }

    /// Changes the item at `key`. The refusal gets the item as it is, read as an `E`: `None`
    /// when nothing or a tombstone is there.
    pub(crate) fn update<E: Entity>(
        self,
        key: &Key,
        update: Update,
        refusal: impl FnOnce(Option<E>) -> R + Send + 't,
    ) -> Self {
        let table = self.dynamo.table();
        let write = update.parts().and_then(|parts| {
            let update = UpdateWrite::builder()
                .table_name(table)
                .set_key(Some(key.to_item()))
                .set_update_expression(parts.update);
            let update = conditional!(update, parts)?;
            Ok(TransactWriteItem::builder().update(update).build())
        });
        self.push(write, refusal)
    }

    /// Deletes the item at `key` under a condition.
    pub(crate) fn delete<E: Entity>(
        self,
        key: &Key,
        when: Condition,
        refusal: impl FnOnce(Option<E>) -> R + Send + 't,
    ) -> Self {
        let table = self.dynamo.table();
        let write = when.parts().and_then(|when| {
            let delete = Delete::builder()
                .table_name(table)
                .set_key(Some(key.to_item()));
            let delete = conditional!(delete, when)?;
            Ok(TransactWriteItem::builder().delete(delete).build())
        });
        self.push(write, refusal)
    }

    /// Deletes what is at `key`, if anything.
    pub(crate) fn discard(mut self, key: &Key) -> Self {
        let delete = Delete::builder()
            .table_name(self.dynamo.table())
            .set_key(Some(key.to_item()))
            .build();
        match delete {
            Ok(delete) => {
                self.push_unconditional(TransactWriteItem::builder().delete(delete).build());
            }
            Err(error) => self.failed = Some(invalid_write(error)),
        }
        self
    }

    /// Writes `entity` under its own new id, at which nothing can be.
    pub(crate) fn append<E: Entity>(mut self, entity: &E) -> Self {
        let write = entity.to_item().and_then(|item| {
            let put = Put::builder().table_name(self.dynamo.table());
            put.set_item(Some(item)).build().map_err(invalid_write)
        });
        match write {
            Ok(put) => self.push_unconditional(TransactWriteItem::builder().put(put).build()),
            Err(error) => self.failed = Some(error),
        }
        self
    }

    fn push_unconditional(&mut self, write: TransactWriteItem) {
        self.writes.push(write);
        self.meanings.push(Box::new(|_| {
            Err(StoreError::corrupt("no condition was given"))
        }));
    }

    fn push<E: Entity>(
        mut self,
        write: Result<TransactWriteItem, StoreError>,
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
            Err(error) => self.failed = Some(error),
        }
        self
    }

    /// Carries the writes out.
    ///
    /// A conflict with another transaction is tried again, bounded and with jitter, under
    /// one client request token: a try whose answer was lost is not carried out twice. One that
    /// DynamoDB does not finish is tried once more when 5 s have passed.
    ///
    /// # Errors
    /// [`TransactError::Refused`] with the meaning of the first refused write,
    /// [`TransactError::Store`] when DynamoDB does not answer or conflicts do not end.
    pub(crate) async fn commit(self) -> Result<(), TransactError<R>> {
        if let Some(error) = self.failed {
            return Err(error.into());
        }
        let token = Uuid::from_bytes(random_bytes()).to_string();
        let begun = Instant::now();
        for attempt in 0..TRIES {
            let mut sent = send(self.dynamo, &self.writes, &token).await;
            if sent.as_ref().is_err_and(is_unfinished) {
                sleep_until(begun + IN_PROGRESS).await;
                sent = send(self.dynamo, &self.writes, &token).await;
            }
            let Err(error) = sent else {
                return Ok(());
            };
            let Some(reasons) = cancellation(&error) else {
                return Err(error.into());
            };
            // A refused condition is final, even where other writes only met a conflict.
            if let Some(at) = position(reasons, &["ConditionalCheckFailed"]) {
                let item = reasons[at].item.clone();
                let meaning = self.meanings.into_iter().nth(at).ok_or_else(|| {
                    StoreError::corrupt("a cancellation reason without its write")
                })?;
                return Err(TransactError::Refused(meaning(item)?));
            }
            if position(reasons, &PASSING).is_none() {
                return Err(StoreError::Refused(Box::new(error)).into());
            }
            tokio::time::sleep(backoff(attempt)).await;
        }
        Err(StoreError::Unavailable(Box::new(ItemsHeld)).into())
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the store")]
async fn send(
    dynamo: &Dynamo,
    writes: &[TransactWriteItem],
    token: &str,
) -> Result<(), SdkError<TransactWriteItemsError>> {
    let response = counted(
        dynamo
            .client()
            .transact_write_items()
            .set_transact_items(Some(writes.to_vec()))
            .client_request_token(token)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send(),
    )
    .await?;
    count_writes(response.consumed_capacity());
    Ok(())
}

/// Whether DynamoDB may still be carrying the transaction out.
fn is_unfinished<R>(error: &SdkError<TransactWriteItemsError, R>) -> bool {
    match error {
        SdkError::TimeoutError(_) => true,
        SdkError::ServiceError(service) => service.err().is_transaction_in_progress_exception(),
        _ => false,
    }
}

fn invalid_write(error: BuildError) -> StoreError {
    StoreError::Refused(Box::new(error))
}

/// Reasons of a cancellation that may be gone at the next try.
const PASSING: [&str; 3] = [
    "TransactionConflict",
    "ThrottlingError",
    "ProvisionedThroughputExceeded",
];

fn cancellation<R>(error: &SdkError<TransactWriteItemsError, R>) -> Option<&[CancellationReason]> {
    match error.as_service_error()? {
        TransactWriteItemsError::TransactionCanceledException(cancelled) => {
            Some(cancelled.cancellation_reasons())
        }
        _ => None,
    }
}

/// The first write that was cancelled for one of these reasons.
fn position(reasons: &[CancellationReason], codes: &[&str]) -> Option<usize> {
    let is_one = |reason: &CancellationReason| {
        let code = reason.code();
        code.is_some_and(|code| codes.contains(&code))
    };
    reasons.iter().position(is_one)
}
