//! Token buckets of partition keys, and the report of the hottest.

use crate::{Bed, Item, TABLE, code, indexed, item, key, s, text};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{KeysAndAttributes, ReturnConsumedCapacity};
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

#[tokio::test]
async fn what_is_counted_by_key_is_what_the_engine_tells_in_all() {
    let bed = Bed::in_virtual_time(limited()).await;
    let total = ReturnConsumedCapacity::Total;
    let long = |kb: usize| "x".repeat(kb * 1024);
    let mut told = 0.0;
    for (pk, v, partition) in [
        ("a", long(0), "m"),
        ("a", long(5), "m"),
        ("a", long(2), "m"),
        ("a", long(2), "m"),
        ("a", long(3), "n"),
        ("b", long(7), "m"),
    ] {
        told += bed.put(indexed(pk, &v, partition)).await.expect("written");
    }
    for (pk, partition, v) in [
        ("a", "n", long(9)),
        ("a", "o", long(1)),
        ("c", "o", long(1)),
    ] {
        let update = bed
            .client
            .update_item()
            .table_name(TABLE)
            .set_key(Some(key(pk)));
        let update = update
            .update_expression("SET v = :v, gsi1pk = :partition, gsi1sk = :sort")
            .expression_attribute_values(":v", s(v))
            .expression_attribute_values(":partition", s(partition))
            .expression_attribute_values(":sort", s("s"))
            .return_consumed_capacity(total.clone());
        let answer = update.send().await.expect("updated");
        told += answer
            .consumed_capacity
            .expect("units")
            .capacity_units
            .expect("units");
    }
    let delete = bed
        .client
        .delete_item()
        .table_name(TABLE)
        .set_key(Some(key("b")));
    let answer = delete.return_consumed_capacity(total.clone()).send().await;
    let consumed = answer.expect("deleted").consumed_capacity;
    told += consumed.expect("units").capacity_units.expect("units");
    assert_eq!(counted(&bed), (told, 0.0));

    let puts = [
        indexed("a", &long(1), "m"),
        indexed("d", &long(2), "m"),
        item("e", "1"),
    ];
    let puts = puts.map(crate::transact_put).to_vec();
    let transaction = bed
        .client
        .transact_write_items()
        .set_transact_items(Some(puts));
    let answer = transaction
        .return_consumed_capacity(total.clone())
        .send()
        .await;
    for consumed in answer.expect("written").consumed_capacity() {
        told += consumed.capacity_units.expect("units");
    }
    assert_eq!(counted(&bed), (told, 0.0));

    let mut read = 0.0;
    for consistent in [true, false] {
        let get = bed
            .client
            .get_item()
            .table_name(TABLE)
            .set_key(Some(key("d")));
        let get = get
            .consistent_read(consistent)
            .return_consumed_capacity(total.clone());
        let consumed = get.send().await.expect("an item").consumed_capacity;
        read += consumed.expect("units").capacity_units.expect("units");
    }
    assert_eq!(read, 1.5);
    assert_eq!(bed.listed("m").await.len(), 2);
    assert_eq!(counted(&bed), (told, read + 0.5));

    bed.stand_in.reset_report();
    assert_eq!(counted(&bed), (0.0, 0.0));
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
    let put = aws_sdk_dynamodb::types::PutRequest::builder();
    let put = put
        .set_item(Some(indexed("6", &"x".repeat(6_000), "m")))
        .build();
    let write = aws_sdk_dynamodb::types::WriteRequest::builder();
    let write = write.put_request(put.expect("a put")).build();
    let batch = bed
        .client
        .batch_write_item()
        .request_items(TABLE, vec![write]);
    assert_eq!(code(batch.send().await.expect_err("throttled")), THROTTLED);
}
