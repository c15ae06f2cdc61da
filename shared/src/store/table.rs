//! The table: the SDK's client behind typed calls that count what they cost.

use super::StoreError;
use super::entities::{Entity, LogItem, is_tombstone};
use super::keys::{Index, Item, Key, PK, SK};
use super::meter;
use super::misses::{Blocked, Guesses};
use super::program_item::ProgramMemory;
use super::transaction::Transaction;
use crate::domain::Reach;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConsumedCapacity, KeysAndAttributes, ReturnConsumedCapacity,
};
use std::collections::HashMap;
use std::sync::Arc;

/// The single table, as one asker may use it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Table {
    client: Client,
    name: Arc<str>,
    programs: ProgramMemory,
    blocked: Blocked,
    reach: Arc<Reach>,
    guesses: Option<Guesses>,
}

/// How fresh a read must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Read {
    /// Sees every write acknowledged before it. One unit per 4 KB.
    Strong,
    /// May lag a moment behind. Half a unit per 4 KB.
    Eventual,
}

/// A query of one partition, of the table or an index.
#[derive(Debug, Clone)]
pub struct Query {
    pub index: Option<Index>,
    pub pk: String,
    /// Inclusive; `None` is from the first.
    pub from: Option<String>,
    /// Inclusive; `None` is to the last.
    pub to: Option<String>,
    pub order: Order,
    /// Items read at most; `None` is as many as there are.
    pub limit: Option<usize>,
    pub read: Read,
}

/// The order of the sort keys in which a query reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Ascending,
    Descending,
}

impl Table {
    /// The table `name`, reached through `client`.
    pub fn new(client: Client, name: &str) -> Self {
        Self {
            client,
            name: name.into(),
            programs: ProgramMemory::default(),
            blocked: Blocked::default(),
            reach: Arc::default(),
            guesses: None,
        }
    }

    /// The table as a request sees it that has this reach and these guesses: typed reads
    /// and lists take what lies beyond for absent, and looking up unknown codes is counted.
    /// What is written for a new owner is the caller's to check.
    pub fn asked_by(&self, reach: Reach, guesses: Option<Guesses>) -> Self {
        Self {
            reach: Arc::new(reach),
            guesses,
            ..self.clone()
        }
    }

    /// Whose records the asker may touch.
    pub fn reach(&self) -> &Reach {
        &self.reach
    }

    pub(super) fn guesses(&self) -> Option<&Guesses> {
        self.guesses.as_ref()
    }

    pub(super) fn blocked(&self) -> &Blocked {
        &self.blocked
    }

    pub(super) fn programs(&self) -> &ProgramMemory {
        &self.programs
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Begins a transaction whose refusals are values of `R`.
    pub fn transaction<R>(&self) -> Transaction<'_, R> {
        Transaction::new(self)
    }

    /// The item at `key`, whatever it holds.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn get_item(&self, key: &Key, read: Read) -> Result<Option<Item>, StoreError> {
        let response = counted(
            self.client
                .get_item()
                .table_name(&*self.name)
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
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer or the item is not an `E`.
    pub async fn get<E: Entity>(&self, key: &Key, read: Read) -> Result<Option<E>, StoreError> {
        match self.get_item(key, read).await? {
            Some(item) => E::from_item(item),
            None => Ok(None),
        }
    }

    /// The live log item at `key`, read strongly, if it lies within reach.
    pub(super) async fn find_log_item(&self, key: &Key) -> Result<Option<LogItem>, StoreError> {
        let found = self.get_item(key, Read::Strong).await?;
        let item = found
            .filter(|item| !is_tombstone(item))
            .map(LogItem::read)
            .transpose()?;
        Ok(item.filter(|item| {
            let (mentor, org) = item.owner();
            self.reach.covers(mentor, org)
        }))
    }

    /// Reads an absent key, so that connection and credentials are there before the first
    /// request. Whether it works is the first request's concern.
    pub async fn warm_up(&self) {
        let _ = self.get_item(&super::keys::nothing(), Read::Eventual).await;
    }

    /// Writes an entity whose key nothing else can hold, such as a fact under its fresh id.
    ///
    /// When an answer is lost and the SDK writes again, the condition keeps the second
    /// write from undoing what happened in between; that it fails then is no failure.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    #[expect(clippy::disallowed_methods, reason = "this is the store")]
    pub async fn put_fact<E: Entity>(&self, entity: &E) -> Result<(), StoreError> {
        let written = counted(
            self.client
                .put_item()
                .table_name(&*self.name)
                .set_item(Some(entity.to_item()?))
                .condition_expression("attribute_not_exists(pk)")
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send(),
        )
        .await;
        match written {
            Ok(response) => count_writes(response.consumed_capacity.as_slice()),
            Err(error) => {
                let is_own = error.as_service_error().is_some_and(
                    aws_sdk_dynamodb::operation::put_item::PutItemError::is_conditional_check_failed_exception,
                );
                if !is_own {
                    return Err(error.into());
                }
            }
        }
        Ok(())
    }

    /// Writes an item that replaces whatever its key held.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    #[expect(clippy::disallowed_methods, reason = "this is the store")]
    pub(crate) async fn replace_item(&self, item: Item) -> Result<(), StoreError> {
        let response = counted(
            self.client
                .put_item()
                .table_name(&*self.name)
                .set_item(Some(item))
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send(),
        )
        .await?;
        count_writes(response.consumed_capacity.as_slice());
        Ok(())
    }

    /// Everything that a query finds, as many DynamoDB pages as that takes; up to its limit.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn query(&self, query: &Query) -> Result<Vec<Item>, StoreError> {
        let (pk, sk) = query.index.map_or((PK, SK), |index| (index.pk, index.sk));
        let value = |text: &String| AttributeValue::S(text.clone());
        let mut values = HashMap::from([(":pk".to_owned(), value(&query.pk))]);
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
        values.extend(
            query
                .from
                .as_ref()
                .map(|from| (":from".to_owned(), value(from))),
        );
        values.extend(query.to.as_ref().map(|to| (":to".to_owned(), value(to))));

        let mut items = Vec::new();
        let mut next: Option<Item> = None;
        loop {
            let left = query.limit.map(|limit| limit - items.len());
            let response = counted(
                self.client
                    .query()
                    .table_name(&*self.name)
                    .set_index_name(query.index.map(|index| index.name.to_owned()))
                    .key_condition_expression(format!("#pk = :pk{range}"))
                    .set_expression_attribute_names(Some(names.clone()))
                    .set_expression_attribute_values(Some(values.clone()))
                    .scan_index_forward(query.order == Order::Ascending)
                    .consistent_read(query.read == Read::Strong)
                    .set_limit(left.map(|left| i32::try_from(left).unwrap_or(i32::MAX)))
                    .set_exclusive_start_key(next)
                    .return_consumed_capacity(ReturnConsumedCapacity::Total)
                    .send(),
            )
            .await?;
            count_reads(response.consumed_capacity.as_slice());
            items.extend(response.items.unwrap_or_default());
            next = response.last_evaluated_key.filter(|key| !key.is_empty());
            // Only an absent key ends a query: a page may be empty and still have one.
            if next.is_none() || query.limit.is_some_and(|limit| items.len() >= limit) {
                return Ok(items);
            }
        }
    }

    /// The items at `keys`, in no order, absent ones left out.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer, or keeps putting keys off.
    pub async fn batch_get(&self, keys: &[Key], read: Read) -> Result<Vec<Item>, StoreError> {
        let mut items = Vec::new();
        for chunk in keys.chunks(100) {
            let mut wanted: Vec<Item> = chunk.iter().map(Key::to_item).collect();
            let mut attempts = 0;
            while !wanted.is_empty() {
                attempts += 1;
                if attempts > 10 {
                    return Err(StoreError::Unavailable(
                        "a batch of reads is put off for good".into(),
                    ));
                }
                let request = KeysAndAttributes::builder()
                    .set_keys(Some(wanted))
                    .consistent_read(read == Read::Strong)
                    .build()
                    .map_err(|error| StoreError::Refused(Box::new(error)))?;
                let response = counted(
                    self.client
                        .batch_get_item()
                        .request_items(&*self.name, request)
                        .return_consumed_capacity(ReturnConsumedCapacity::Total)
                        .send(),
                )
                .await?;
                count_reads(response.consumed_capacity());
                for found in response.responses.unwrap_or_default().into_values() {
                    items.extend(found);
                }
                wanted = response
                    .unprocessed_keys
                    .unwrap_or_default()
                    .into_values()
                    .flat_map(|left| left.keys)
                    .collect();
            }
        }
        Ok(items)
    }
}

/// Runs one call and counts it and its trip.
///
/// The call lasts at least until the task is polled again: so all the calls that are begun
/// side by side have gone out before the first one of them can end the trip.
pub(super) async fn counted<T>(call: impl Future<Output = T>) -> T {
    meter::call_starts();
    let (answer, ()) = futures::join!(call, tokio::task::yield_now());
    meter::call_ends();
    answer
}

fn count_reads(consumed: &[ConsumedCapacity]) {
    meter::add_read_units(units(consumed));
}

pub(super) fn count_writes(consumed: &[ConsumedCapacity]) {
    meter::add_write_units(units(consumed));
}

fn units(consumed: &[ConsumedCapacity]) -> f64 {
    consumed
        .iter()
        .filter_map(ConsumedCapacity::capacity_units)
        .sum()
}
