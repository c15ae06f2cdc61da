//! The SDK's client behind typed calls on one table that count what they cost.

use crate::entity::Entity;
use crate::error::StoreError;
use crate::expression::{Update, names_in};
use crate::keys::{Index, Item, Key, PK, SK};
use crate::meter;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConsumedCapacity, KeysAndAttributes, ReturnConsumedCapacity, ReturnValue,
    ReturnValuesOnConditionCheckFailure,
};
use domain::ids::random_bytes;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// How often a call that DynamoDB puts off is tried in all.
pub(crate) const ATTEMPTS: u32 = 12;

/// One table, reached through the SDK. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Dynamo {
    client: Client,
    table: Arc<str>,
}

/// How fresh a read must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Read {
    /// Sees every write acknowledged before it. One unit per 4 KB.
    Strong,
    /// May lag a moment behind. Half a unit per 4 KB.
    Eventual,
}

/// A query of one partition, of the table or an index.
#[derive(Debug, Clone)]
pub(crate) struct Query {
    pub(crate) index: Option<Index>,
    pub(crate) pk: String,
    /// Inclusive; `None` is from the first.
    pub(crate) from: Option<String>,
    /// Inclusive; `None` is to the last.
    pub(crate) to: Option<String>,
    pub(crate) order: Order,
    /// Items read at most.
    pub(crate) limit: usize,
    pub(crate) read: Read,
}

/// The order of the sort keys in which a query reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Ascending,
    Descending,
}

/// A part of what a query finds.
pub(crate) struct QueryPage {
    pub(crate) items: Vec<Item>,
    /// Where the query goes on; `None` at its end.
    pub(crate) next: Option<Item>,
}

/// What became of a conditional update.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Updated {
    /// It happened: the attributes that it changed, as they are now.
    Done(Item),
    /// Its condition was refused: the item as it is, if there is one.
    Refused(Option<Item>),
}

impl Dynamo {
    pub(crate) fn new(client: Client, table: &str) -> Self {
        Self {
            client,
            table: table.into(),
        }
    }

    pub(crate) fn table(&self) -> &str {
        &self.table
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The item at `key`, whatever it holds.
    pub(crate) async fn get_item(&self, key: &Key, read: Read) -> Result<Option<Item>, StoreError> {
        let response = counted(
            self.client
                .get_item()
                .table_name(self.table())
                .set_key(Some(key.to_item()))
                .consistent_read(read == Read::Strong)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send(),
        )
        .await?;
        count_reads(response.consumed_capacity.as_slice());
        Ok(response.item)
    }

    /// The entity at `key`; `None` for nothing and for a tombstone.
    pub(crate) async fn get<E: Entity>(
        &self,
        key: &Key,
        read: Read,
    ) -> Result<Option<E>, StoreError> {
        match self.get_item(key, read).await? {
            Some(item) => E::from_item(item),
            None => Ok(None),
        }
    }

    /// Changes the item at `key`, outside of any transaction. One that a transaction holds at
    /// the moment is tried again, bounded and with jitter.
    #[expect(clippy::disallowed_methods, reason = "this is the store")]
    pub(crate) async fn update(&self, key: &Key, update: Update) -> Result<Updated, StoreError> {
        let parts = update.parts()?;
        for attempt in 0.. {
            let sent = counted(
                self.client
                    .update_item()
                    .table_name(self.table())
                    .set_key(Some(key.to_item()))
                    .set_update_expression(parts.update.clone())
                    .set_condition_expression(parts.condition.clone())
                    .set_expression_attribute_names(parts.names.clone())
                    .set_expression_attribute_values(parts.values.clone())
                    .return_values(ReturnValue::UpdatedNew)
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
                    return Ok(Updated::Done(response.attributes.unwrap_or_default()));
                }
                Err(error) => error,
            };
            match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(refused)) => {
                    return Ok(Updated::Refused(refused.item.clone()));
                }
                Some(UpdateItemError::TransactionConflictException(_)) if attempt < ATTEMPTS => {
                    tokio::time::sleep(backoff(attempt)).await;
                }
                _ => return Err(error.into()),
            }
        }
        Err(StoreError::retries_exhausted("an update"))
    }

    /// The items that a query finds, as many DynamoDB pages as that takes; up to its limit.
    pub(crate) async fn query(&self, query: &Query) -> Result<Vec<Item>, StoreError> {
        let mut items = Vec::new();
        let mut next: Option<Item> = None;
        loop {
            let rest = Query {
                limit: query.limit - items.len(),
                ..query.clone()
            };
            let page = self.query_page(&rest, None, next).await?;
            items.extend(page.items);
            next = page.next;
            // Only an absent key ends a query: a page may be empty and still have one.
            if next.is_none() || items.len() >= query.limit {
                return Ok(items);
            }
        }
    }

    /// One DynamoDB page of what a query finds, at most its limit: the `attributes` alone, such
    /// as `#kind, #org`, or all. `#pk` and `#sk` are the names of the query's own keys.
    pub(crate) async fn query_page(
        &self,
        query: &Query,
        attributes: Option<&str>,
        start: Option<Item>,
    ) -> Result<QueryPage, StoreError> {
        let (condition, mut names, values) = key_condition(query);
        names.extend(names_in(attributes));
        let response = counted(
            self.client
                .query()
                .table_name(self.table())
                .set_index_name(query.index.map(|index| index.name.to_owned()))
                .key_condition_expression(condition)
                .set_projection_expression(attributes.map(ToOwned::to_owned))
                .set_expression_attribute_names(Some(names))
                .set_expression_attribute_values(Some(values))
                .scan_index_forward(query.order == Order::Ascending)
                .consistent_read(query.read == Read::Strong)
                .limit(i32::try_from(query.limit).unwrap_or(i32::MAX))
                .set_exclusive_start_key(start)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send(),
        )
        .await?;
        count_reads(response.consumed_capacity.as_slice());
        Ok(QueryPage {
            items: response.items.unwrap_or_default(),
            next: response.last_evaluated_key.filter(|key| !key.is_empty()),
        })
    }

    /// The items at `keys`, in no order, absent ones left out. Keys that DynamoDB puts off are
    /// tried again, bounded and with jitter.
    pub(crate) async fn batch_get(
        &self,
        keys: &[Key],
        read: Read,
    ) -> Result<Vec<Item>, StoreError> {
        let mut items = Vec::new();
        for chunk in keys.chunks(100) {
            let mut wanted: Vec<Item> = chunk.iter().map(Key::to_item).collect();
            for attempt in 0..ATTEMPTS {
                if attempt > 0 {
                    tokio::time::sleep(backoff(attempt)).await;
                }
                let (found, put_off) = self.batch_get_once(wanted, read).await?;
                items.extend(found);
                wanted = put_off;
                if wanted.is_empty() {
                    break;
                }
            }
            if !wanted.is_empty() {
                return Err(StoreError::retries_exhausted("a batch of reads"));
            }
        }
        Ok(items)
    }

    /// One call: the items found, and the keys that were put off.
    async fn batch_get_once(
        &self,
        keys: Vec<Item>,
        read: Read,
    ) -> Result<(Vec<Item>, Vec<Item>), StoreError> {
        let request = KeysAndAttributes::builder()
            .set_keys(Some(keys))
            .consistent_read(read == Read::Strong)
            .build()
            .map_err(|error| StoreError::Refused(Box::new(error)))?;
        let response = counted(
            self.client
                .batch_get_item()
                .request_items(self.table(), request)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send(),
        )
        .await?;
        count_reads(response.consumed_capacity());
        let found = response.responses.unwrap_or_default();
        let put_off = response.unprocessed_keys.unwrap_or_default();
        Ok((
            found.into_values().flatten().collect(),
            put_off.into_values().flat_map(|left| left.keys).collect(),
        ))
    }
}

/// The condition of a query on its keys, with its names and values.
fn key_condition(query: &Query) -> (String, HashMap<String, String>, Item) {
    let (pk, sk) = query.index.map_or((PK, SK), |index| (index.pk, index.sk));
    let range = match (&query.from, &query.to) {
        (None, None) => "",
        (Some(_), None) => " AND #sk >= :from",
        (None, Some(_)) => " AND #sk <= :to",
        (Some(_), Some(_)) => " AND #sk BETWEEN :from AND :to",
    };
    let mut names = HashMap::from([("#pk".to_owned(), pk.to_owned())]);
    if !range.is_empty() {
        names.insert("#sk".to_owned(), sk.to_owned());
    }
    let bounds = [
        (":pk", Some(&query.pk)),
        (":from", query.from.as_ref()),
        (":to", query.to.as_ref()),
    ];
    let values = bounds.into_iter().filter_map(|(name, text)| {
        text.map(|text| (name.to_owned(), AttributeValue::S(text.clone())))
    });
    (format!("#pk = :pk{range}"), names, values.collect())
}

/// Runs one call and counts it and its trip.
///
/// The call lasts at least until the task is polled again: so all the calls that are begun
/// side by side have gone out before the first one of them can end the trip.
pub(crate) async fn counted<T>(call: impl Future<Output = T>) -> T {
    meter::call_starts();
    let (answer, ()) = futures::join!(call, tokio::task::yield_now());
    meter::call_ends();
    answer
}

/// A random pause of up to 10 ms, doubled at each attempt, 320 ms at most.
pub(crate) fn backoff(attempt: u32) -> Duration {
    let ceiling = 10_000_u64 << attempt.min(5);
    Duration::from_micros(u64::from_be_bytes(random_bytes()) % ceiling)
}

fn count_reads(consumed: &[ConsumedCapacity]) {
    meter::add_read_units(units(consumed));
}

pub(crate) fn count_writes(consumed: &[ConsumedCapacity]) {
    meter::add_write_units(units(consumed));
}

fn units(consumed: &[ConsumedCapacity]) -> f64 {
    consumed
        .iter()
        .filter_map(ConsumedCapacity::capacity_units)
        .sum()
}
