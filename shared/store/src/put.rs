//! Plain conditional writes of whole items, outside of any transaction.

use crate::dynamo::{ATTEMPTS, Dynamo, backoff, count_writes, counted};
use crate::entity::Entity;
use crate::error::StoreError;
use crate::expression::{ABSENT, Condition, Parts};
use crate::keys::Item;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure,
};
use domain::ids::random_bytes;

/// Tells a write from every other: the SDK may send one again whose answer was lost, and meets it
/// then.
const WRITE: &str = "write";

/// What became of a conditional write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    /// The item is as it was to be.
    Done,
    /// Its condition was refused.
    Refused,
}

impl Dynamo {
    /// Writes an entity whose key nothing else can hold, such as a fact under its fresh id.
    ///
    /// When an answer is lost and the SDK writes again, the condition keeps the second
    /// write from undoing what happened in between; that it fails then is no failure.
    pub(crate) async fn put_new<E: Entity>(&self, entity: &E) -> Result<(), StoreError> {
        self.put_absent(entity.to_item()?).await.map(drop)
    }

    /// Writes an item where nothing is yet; what is there otherwise.
    pub(crate) async fn put_absent(&self, item: Item) -> Result<Option<Item>, StoreError> {
        self.put_when(item, Condition::new(ABSENT).parts()?).await
    }

    /// Writes `entity` under a condition.
    pub(crate) async fn put<E: Entity>(
        &self,
        entity: &E,
        when: Condition,
    ) -> Result<Written, StoreError> {
        let (item, write) = marked(entity)?;
        let held = self.put_when(item, when.parts()?).await?;
        let is_own = |held: Item| held.get(WRITE) == Some(&write);
        Ok(match held.is_none_or(is_own) {
            true => Written::Done,
            false => Written::Refused,
        })
    }

    /// Writes an item under a condition; what is there where that is refused. A write that a
    /// transaction holds up at the moment is tried again, bounded and with jitter.
    #[expect(clippy::disallowed_methods, reason = "this is the store")]
    async fn put_when(&self, item: Item, when: Parts) -> Result<Option<Item>, StoreError> {
        for attempt in 0..ATTEMPTS {
            let sent = counted(
                self.client()
                    .put_item()
                    .table_name(self.table())
                    .set_item(Some(item.clone()))
                    .set_condition_expression(when.condition.clone())
                    .set_expression_attribute_names(when.names.clone())
                    .set_expression_attribute_values(when.values.clone())
                    .return_values_on_condition_check_failure(
                        ReturnValuesOnConditionCheckFailure::AllOld,
                    )
                    .return_consumed_capacity(ReturnConsumedCapacity::Total)
                    .send(),
            )
            .await;
            let error = match sent {
                Ok(response) => {
                    count_writes(response.consumed_capacity.as_slice());
                    return Ok(None);
                }
                Err(error) => error,
            };
            match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(refused)) => {
                    return Ok(Some(refused.item.clone().unwrap_or_default()));
                }
                Some(PutItemError::TransactionConflictException(_)) => {
                    tokio::time::sleep(backoff(attempt)).await;
                }
                _ => return Err(error.into()),
            }
        }
        Err(StoreError::retries_exhausted("a write"))
    }
}

/// The item of `entity`, and the mark by which this write of it is known.
fn marked<E: Entity>(entity: &E) -> Result<(Item, AttributeValue), StoreError> {
    let write = format!("{:016x}", u64::from_be_bytes(random_bytes()));
    let write = AttributeValue::S(write);
    let mut item = entity.to_item()?;
    item.insert(WRITE.to_owned(), write.clone());
    Ok((item, write))
}
