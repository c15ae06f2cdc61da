//! The stand-in in front of the embedded engine, seen through the SDK: what DynamoDB does
//! and the engine alone does not.
#![expect(
    clippy::disallowed_methods,
    reason = "what is tested is below the store"
)]

mod capacity;
mod holds;
mod stale;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement,
    KeyType, Projection, ProjectionType, Put, ReturnConsumedCapacity, ScalarAttributeType,
    TransactWriteItem,
};
use chrono::{DateTime, TimeDelta};
use local::engine::Engine;
use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tests::standin::{Options, StandIn, Time};

pub(crate) const TABLE: &str = "table";

pub(crate) type Item = HashMap<String, AttributeValue>;

/// A table in a fresh engine behind a stand-in. The client does not retry.
pub(crate) struct Bed {
    pub(crate) engine: Engine,
    pub(crate) stand_in: StandIn,
    pub(crate) client: Client,
    now: Arc<AtomicI64>,
}

impl Bed {
    pub(crate) async fn start(options: Options) -> Self {
        Self::at(options, Arc::default()).await
    }

    /// A bed whose time does not move by itself.
    pub(crate) async fn in_virtual_time(options: Options) -> Self {
        let now = Arc::new(AtomicI64::new(1_700_000_000_000));
        let read = Arc::clone(&now);
        let time = Time::of(move || {
            DateTime::from_timestamp_millis(read.load(Ordering::SeqCst)).expect("a time")
        });
        Self::at(Options { time, ..options }, now).await
    }

    async fn at(options: Options, now: Arc<AtomicI64>) -> Self {
        let engine = Engine::in_memory().await.expect("the engine starts");
        create_table(&local::engine::client(&engine.endpoint())).await;
        let stand_in = StandIn::new(options);
        let client = without_retries(&stand_in.client(&engine.endpoint()));
        Self {
            engine,
            stand_in,
            client,
            now,
        }
    }

    pub(crate) fn advance(&self, step: TimeDelta) {
        self.now
            .fetch_add(step.num_milliseconds(), Ordering::SeqCst);
    }

    pub(crate) async fn put(&self, item: Item) -> Result<f64, String> {
        let put = self
            .client
            .put_item()
            .table_name(TABLE)
            .set_item(Some(item));
        let answer = put.return_consumed_capacity(ReturnConsumedCapacity::Total);
        let answer = answer.send().await.map_err(code)?;
        Ok(answer
            .consumed_capacity
            .expect("its cost")
            .capacity_units
            .expect("units"))
    }

    /// Puts `items` in one transaction; the codes of its reasons if it is cancelled.
    pub(crate) async fn transact(&self, items: Vec<Item>) -> Result<(), Vec<String>> {
        let puts = items.into_iter().map(transact_put).collect();
        let transaction = self
            .client
            .transact_write_items()
            .set_transact_items(Some(puts));
        match transaction.send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(reasons(&error)),
        }
    }

    /// The attribute `v` of the item at (`pk`, "s").
    pub(crate) async fn value(&self, pk: &str, consistent: bool) -> Option<String> {
        let get = self.client.get_item().table_name(TABLE);
        let get = get.set_key(Some(key(pk))).consistent_read(consistent);
        let item = get.send().await.expect("an item or none").item?;
        Some(text(&item, "v"))
    }

    /// The items in a partition of the first index, as `name=v`.
    pub(crate) async fn listed(&self, partition: &str) -> Vec<String> {
        let query = self.client.query().table_name(TABLE).index_name("gsi1");
        let answer = query
            .key_condition_expression("#pk = :pk")
            .expression_attribute_names("#pk", "gsi1pk")
            .expression_attribute_values(":pk", s(partition))
            .send()
            .await
            .expect("a page");
        let name = |item: &Item| format!("{}={}", text(item, "pk"), text(item, "v"));
        answer.items().iter().map(name).collect()
    }
}

pub(crate) fn s(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

pub(crate) fn text(item: &Item, name: &str) -> String {
    item[name].as_s().expect("a string").clone()
}

pub(crate) fn key(pk: &str) -> Item {
    HashMap::from([("pk".to_owned(), s(pk)), ("sk".to_owned(), s("s"))])
}

/// An item that no index shows.
pub(crate) fn item(pk: &str, v: &str) -> Item {
    let mut item = key(pk);
    item.insert("v".to_owned(), s(v));
    item
}

/// An item in a partition of the first index, sorted there by its `pk`.
pub(crate) fn indexed(pk: &str, v: &str, partition: &str) -> Item {
    let mut item = item(pk, v);
    item.insert("gsi1pk".to_owned(), s(partition));
    item.insert("gsi1sk".to_owned(), s(pk));
    item
}

pub(crate) fn transact_put(item: Item) -> TransactWriteItem {
    let put = Put::builder().table_name(TABLE).set_item(Some(item));
    let put = put.build().expect("a put");
    TransactWriteItem::builder().put(put).build()
}

/// The kind of an error, such as `ThrottlingException`.
pub(crate) fn code<E: ProvideErrorMetadata + Debug, R: Debug>(error: SdkError<E, R>) -> String {
    let code = error.code().map(str::to_owned);
    code.unwrap_or_else(|| panic!("no code: {error:?}"))
}

pub(crate) fn reasons<R: Debug>(error: &SdkError<TransactWriteItemsError, R>) -> Vec<String> {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
        error.as_service_error()
    else {
        panic!("not cancelled: {error:?}");
    };
    let codes = cancelled.cancellation_reasons().iter();
    codes
        .map(|reason| reason.code().expect("a code").to_owned())
        .collect()
}

pub(crate) fn without_retries(client: &Client) -> Client {
    let config = client.config().to_builder();
    Client::from_conf(config.retry_config(RetryConfig::disabled()).build())
}

async fn create_table(client: &Client) {
    let keys = |pk: &str, sk: &str| {
        [(pk, KeyType::Hash), (sk, KeyType::Range)].map(|(name, kind)| {
            let element = KeySchemaElement::builder().attribute_name(name);
            element.key_type(kind).build().expect("a key")
        })
    };
    let mut request = client
        .create_table()
        .table_name(TABLE)
        .billing_mode(BillingMode::PayPerRequest)
        .set_key_schema(Some(keys("pk", "sk").to_vec()));
    for name in ["pk", "sk", "gsi1pk", "gsi1sk", "gsi2pk", "gsi2sk"] {
        let attribute = AttributeDefinition::builder().attribute_name(name);
        let attribute = attribute.attribute_type(ScalarAttributeType::S).build();
        request = request.attribute_definitions(attribute.expect("an attribute"));
    }
    for (name, pk, sk) in [("gsi1", "gsi1pk", "gsi1sk"), ("gsi2", "gsi2pk", "gsi2sk")] {
        let all = Projection::builder().projection_type(ProjectionType::All);
        let index = GlobalSecondaryIndex::builder()
            .index_name(name)
            .set_key_schema(Some(keys(pk, sk).to_vec()))
            .projection(all.build());
        request = request.global_secondary_indexes(index.build().expect("an index"));
    }
    request.send().await.expect("a table");
}
