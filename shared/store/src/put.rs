//! Plain conditional writes of whole items, outside of any transaction.

use crate::dynamo::{ATTEMPTS, Dynamo, backoff, count_writes, counted};
use crate::entity::Entity;
use crate::error::StoreError;
use crate::expression::Condition;
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
    /// Writes `entity` under a condition. A write that a transaction holds up at the moment is
    /// tried again, bounded and with jitter.
    #[expect(clippy::disallowed_methods, reason = "this is the store")]
    pub(crate) async fn put<E: Entity>(
        &self,
        entity: &E,
        when: Condition,
    ) -> Result<Written, StoreError> {
        let (item, write) = marked(entity)?;
        let when = when.parts()?;
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
                    return Ok(Written::Done);
                }
                Err(error) => error,
            };
            match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(refused)) => {
                    let held = refused.item.as_ref().and_then(|item| item.get(WRITE));
                    return Ok(match held == Some(&write) {
                        true => Written::Done,
                        false => Written::Refused,
                    });
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
