//! Token buckets of partition keys, and the report of the hottest.

use crate::{Bed, Item, TABLE, code, indexed, item, key, s, text, transact_put};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{
    ConsumedCapacity, KeysAndAttributes, PutRequest, ReturnConsumedCapacity, TransactWriteItem,
    Update, WriteRequest,
};
use chrono::TimeDelta;
use tests::standin::{Limits, Options};

fn limited() -> Options {
    Options {
        limits: Some(Limits::default()),
        ..Options::off()
    }
}

const THROTTLED: &str = "ThrottlingException";

#[tokio::test]
async fn the_1001st_unit_of_a_partition_key_in_a_second_is_refused() {
    let bed = Bed::in_virtual_time(limited()).await;
    for number in 0..1000 {
        let mut item = item("hot", "1");
        item.insert("sk".to_owned(), s(number.to_string()));
        assert_eq!(bed.put(item).await, Ok(1.0));
    }
    assert_eq!(bed.put(item("hot", "1")).await, Err(THROTTLED.to_owned()));
    assert_eq!(bed.put(item("cold", "1")).await, Ok(1.0));
    bed.advance(TimeDelta::milliseconds(1));
    assert_eq!(bed.put(item("hot", "1")).await, Ok(1.0));
    assert_eq!(bed.put(item("hot", "1")).await, Err(THROTTLED.to_owned()));
    let hottest = bed.stand_in.hottest(1).remove(0);
    assert_eq!(hottest.partition.key, "hot");
    assert_eq!((hottest.writes.peak, hottest.throttles), (1001.0, 2));
    assert_eq!(bed.stand_in.tally().of(|it| it.pk == "hot").throttles, 2);
}

#[tokio::test]
async fn an_index_partition_throttles_the_writes_of_the_table() {
    let bed = Bed::in_virtual_time(limited()).await;
    for number in 0..1000 {
        bed.put(indexed(&number.to_string(), "1", "m"))
            .await
            .expect("written");
    }
    let put = bed.client.put_item().table_name(TABLE);
    let refused = put.set_item(Some(indexed("x", "1", "m"))).send().await;
    let refused = refused.expect_err("throttled");
    let Some(PutItemError::ThrottlingException(throttling)) = refused.as_service_error() else {
        panic!("{refused:?}");
    };
    let reason = &throttling.throttling_reasons()[0];
    assert_eq!(
        reason.reason(),
        Some("IndexWriteKeyRangeThroughputExceeded")
    );
    assert!(
        reason
            .resource()
            .is_some_and(|it| it.ends_with("table/table/index/gsi1"))
    );
    assert_eq!(bed.value("x", true).await, None);
    bed.put(indexed("x", "1", "n"))
        .await
        .expect("another partition");
    // An item that leaves the partition writes there, too.
    assert!(bed.put(indexed("x", "1", "m")).await.is_err());
    assert!(bed.put(item("1", "1")).await.is_err());

    let items = vec![item("y", "1"), indexed("z", "1", "m"), item("x", "1")];
    let expected = ["None", "ThrottlingError", "None"].map(str::to_owned);
    assert_eq!(bed.transact(items).await, Err(expected.to_vec()));
    assert_eq!(bed.value("y", true).await, None);
    let hottest = bed.stand_in.hottest(1).remove(0);
    let place = (hottest.partition.index, &*hottest.partition.key);
    assert_eq!(place, (Some("gsi1"), "m"));
    assert_eq!(hottest.writes.total, 1000.0);
}

#[tokio::test]
async fn reads_of_a_partition_key_are_throttled_past_3000_units() {
    let bed = Bed::in_virtual_time(limited()).await;
    let large = "x".repeat(399_000);
    bed.put(item("a", &large)).await.expect("written");
    bed.put(item("b", "1")).await.expect("written");
    let units = large.len().div_ceil(4096);
    for _ in 0..3000_usize.div_ceil(units) {
        assert_eq!(
            bed.value("a", true).await.map(|it| it.len()),
            Some(large.len())
        );
    }
    let get = bed
        .client
        .get_item()
        .table_name(TABLE)
        .set_key(Some(key("a")));
    assert_eq!(code(get.send().await.expect_err("throttled")), THROTTLED);

    // A batch puts off the keys that have no capacity.
    let keys = KeysAndAttributes::builder().keys(key("a")).keys(key("b"));
    let keys = keys.projection_expression("v").build().expect("keys");
    let batch = |keys| bed.client.batch_get_item().request_items(TABLE, keys);
    let answer = batch(keys.clone()).send().await.expect("half of it");
    assert_eq!(answer.responses.expect("a table")[TABLE].len(), 1);
    let left = answer
        .unprocessed_keys
        .expect("the other half")
        .remove(TABLE);
    let left = left.expect("the table");
    assert_eq!(left.keys, [key("a")]);
    assert_eq!(left.projection_expression.as_deref(), Some("v"));
    let refused = batch(left.clone()).send().await.expect_err("nothing of it");
    assert_eq!(code(refused), THROTTLED);
    bed.advance(TimeDelta::seconds(1));
    let answer = batch(left).send().await.expect("all of it");
    assert_eq!(
        text(&answer.responses.expect("a table")[TABLE][0], "v"),
        large
    );
}

/// The units that the stand-in counted, in sum.
fn counted(bed: &Bed) -> (f64, f64) {
    let keys = bed.stand_in.hottest(usize::MAX);
    let sum = |units: fn(&tests::standin::HotKey) -> f64| keys.iter().map(units).sum();
    (sum(|key| key.writes.total), sum(|key| key.reads.total))
}

fn units(consumed: Option<ConsumedCapacity>) -> f64 {
    let units = consumed.and_then(|consumed| consumed.capacity_units);
    units.expect("what the call consumed")
}

fn long(kb: usize) -> String {
    "x".repeat(kb * 1024)
}

#[tokio::test]
async fn writes_are_counted_by_key_as_the_engine_counts_them_in_all() {
    let bed = Bed::in_virtual_time(limited()).await;
    let mut told = 0.0;
    for (pk, kb, partition) in [
        ("a", 0, "m"),
        ("a", 5, "m"),
        ("a", 2, "m"),
        ("a", 2, "m"),
        ("a", 3, "n"),
        ("b", 7, "m"),
    ] {
        let put = bed.put(indexed(pk, &long(kb), partition));
        told += put.await.expect("written");
        assert_eq!(counted(&bed), (told, 0.0), "{pk} of {kb} KB in {partition}");
    }
    for (pk, kb, partition) in [("a", 9, "n"), ("a", 1, "o"), ("c", 1, "o")] {
        let update = bed.client.update_item().table_name(TABLE);
        let answer = update
            .set_key(Some(key(pk)))
            .update_expression("SET v = :v, gsi1pk = :partition, gsi1sk = :sort")
            .expression_attribute_values(":v", s(long(kb)))
            .expression_attribute_values(":partition", s(partition))
            .expression_attribute_values(":sort", s("s"))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        told += units(answer.expect("updated").consumed_capacity);
        assert_eq!(counted(&bed), (told, 0.0), "{pk} of {kb} KB in {partition}");
    }
    let delete = bed.client.delete_item().table_name(TABLE);
    let delete = delete.set_key(Some(key("b")));
    let delete = delete.return_consumed_capacity(ReturnConsumedCapacity::Total);
    told += units(delete.send().await.expect("deleted").consumed_capacity);
    assert_eq!(counted(&bed), (told, 0.0));

    bed.stand_in.reset_report();
    assert_eq!(counted(&bed), (0.0, 0.0));
}

#[tokio::test]
async fn a_transaction_is_counted_by_key_as_the_engine_counts_it_in_all() {
    let bed = Bed::in_virtual_time(limited()).await;
    bed.put(indexed("a", &long(3), "m")).await.expect("written");
    bed.stand_in.reset_report();
    let puts = [
        indexed("a", &long(1), "n"),
        indexed("b", &long(2), "m"),
        item("c", "1"),
    ];
    let update = Update::builder().table_name(TABLE).set_key(Some(key("d")));
    let update = update.update_expression("SET v = :v");
    let update = update.expression_attribute_values(":v", s(long(4)));
    let update = TransactWriteItem::builder().update(update.build().expect("an update"));
    let transaction = bed.client.transact_write_items();
    let answer = transaction
        .set_transact_items(Some(puts.map(transact_put).to_vec()))
        .transact_items(update.build())
        .return_consumed_capacity(ReturnConsumedCapacity::Total)
        .send()
        .await
        .expect("written");
    let told: f64 = answer
        .consumed_capacity
        .into_iter()
        .flatten()
        .map(|it| units(Some(it)))
        .sum();
    assert_eq!(counted(&bed), (told, 0.0));
}

#[tokio::test]
async fn reads_are_counted_by_key_as_the_engine_counts_them_in_all() {
    let bed = Bed::in_virtual_time(limited()).await;
    bed.put(indexed("a", &long(9), "m")).await.expect("written");
    bed.stand_in.reset_report();
    let mut told = 0.0;
    for consistent in [true, false] {
        let get = bed.client.get_item().table_name(TABLE);
        let get = get.set_key(Some(key("a"))).consistent_read(consistent);
        let get = get.return_consumed_capacity(ReturnConsumedCapacity::Total);
        told += units(get.send().await.expect("an item").consumed_capacity);
        assert_eq!(counted(&bed), (0.0, told));
    }
    assert_eq!(told, 4.5);
    assert_eq!(bed.listed("m").await.len(), 1);
    assert_eq!(counted(&bed), (0.0, told + 1.5));
}

#[tokio::test]
async fn batches_of_writes_are_counted_and_refused_like_others() {
    let bed = Bed::in_virtual_time(Options {
        limits: Some(Limits {
            writes: 30.0,
            ..Limits::default()
        }),
        ..Options::off()
    })
    .await;
    let client = bed.stand_in.client(&bed.engine.endpoint());
    let items = |from: usize| -> Vec<Item> {
        let items = from..from + 25;
        items.map(|it| indexed(&it.to_string(), "1", "m")).collect()
    };
    tests::seed::write(&client, TABLE, items(0).into_iter()).await;
    assert_eq!(bed.listed("m").await.len(), 25);
    assert_eq!(bed.stand_in.hottest(1)[0].writes.total, 25.0);
    let put = PutRequest::builder();
    let put = put
        .set_item(Some(indexed("6", &"x".repeat(6_000), "m")))
        .build();
    let write = WriteRequest::builder();
    let write = write.put_request(put.expect("a put")).build();
    let batch = bed
        .client
        .batch_write_item()
        .request_items(TABLE, vec![write]);
    assert_eq!(code(batch.send().await.expect_err("throttled")), THROTTLED);
}
