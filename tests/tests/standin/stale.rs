//! Indexes and eventually consistent reads that are behind.

use crate::{Bed, Item, TABLE, indexed, item, key, s, text};
use aws_sdk_dynamodb::types::KeysAndAttributes;
use chrono::TimeDelta;
use std::time::Duration;
use tests::standin::Options;

/// Indexes 50 ms behind, reads 20 ms.
fn behind() -> Options {
    let lag = |ms| Some(Duration::from_millis(ms)..=Duration::from_millis(ms));
    Options {
        index_lag: lag(50),
        read_lag: lag(20),
        ..Options::off()
    }
}

fn ms(ms: i64) -> TimeDelta {
    TimeDelta::milliseconds(ms)
}

#[tokio::test]
async fn an_index_shows_a_write_when_its_lag_is_over() {
    let bed = Bed::in_virtual_time(behind()).await;
    bed.put(indexed("a", "1", "m")).await.expect("written");
    assert_eq!(bed.value("a", true).await.as_deref(), Some("1"));
    assert!(bed.listed("m").await.is_empty());
    bed.advance(ms(49));
    assert!(bed.listed("m").await.is_empty());
    bed.advance(ms(1));
    assert_eq!(bed.listed("m").await, ["a=1"]);
}

#[tokio::test]
async fn an_index_catches_up_in_real_time() {
    let bed = Bed::start(Options {
        index_lag: Some(Duration::from_millis(500)..=Duration::from_millis(500)),
        ..Options::off()
    })
    .await;
    bed.put(indexed("a", "1", "m")).await.expect("written");
    assert!(bed.listed("m").await.is_empty());
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(bed.listed("m").await, ["a=1"]);
}

#[tokio::test]
async fn changed_moved_and_deleted_items_are_shown_as_they_were() {
    let bed = Bed::in_virtual_time(behind()).await;
    for pk in ["changed", "deleted", "moved"] {
        bed.put(indexed(pk, "1", "m")).await.expect("written");
    }
    bed.advance(ms(50));
    let update = bed.client.update_item().table_name(TABLE);
    let update = update
        .set_key(Some(key("changed")))
        .update_expression("SET v = :v");
    let update = update.expression_attribute_values(":v", s("2"));
    let answer = update.send().await.expect("changed");
    assert_eq!(answer.attributes, None, "it asked for none");
    let delete = bed.client.delete_item().table_name(TABLE);
    delete
        .set_key(Some(key("deleted")))
        .send()
        .await
        .expect("deleted");
    bed.transact(vec![indexed("moved", "2", "n")])
        .await
        .expect("moved");

    assert_eq!(bed.listed("m").await, ["changed=1", "deleted=1", "moved=1"]);
    assert!(bed.listed("n").await.is_empty());
    bed.advance(ms(50));
    assert_eq!(bed.listed("m").await, ["changed=2"]);
    assert_eq!(bed.listed("n").await, ["moved=2"]);
}

#[tokio::test]
async fn a_refused_write_changes_nothing_that_anybody_sees() {
    let bed = Bed::in_virtual_time(behind()).await;
    bed.put(indexed("a", "1", "m")).await.expect("written");
    bed.advance(ms(50));
    let put = bed.client.put_item().table_name(TABLE);
    let put = put.set_item(Some(indexed("a", "2", "n")));
    let put = put.condition_expression("attribute_not_exists(pk)").send();
    put.await.expect_err("it exists");
    assert_eq!(bed.listed("m").await, ["a=1"]);
    assert!(bed.listed("n").await.is_empty());
    assert_eq!(bed.value("a", false).await.as_deref(), Some("1"));
}

#[tokio::test]
async fn eventual_reads_of_the_table_are_behind_and_strong_ones_are_not() {
    let bed = Bed::in_virtual_time(behind()).await;
    bed.put(item("a", "1")).await.expect("written");
    assert_eq!(bed.value("a", false).await, None);
    bed.advance(ms(20));
    bed.put(item("a", "2")).await.expect("written");
    bed.put(item("b", "2")).await.expect("written");
    for (consistent, expected) in [(false, vec!["a=1"]), (true, vec!["a=2", "b=2"])] {
        let a = bed.value("a", consistent).await.expect("there");
        assert_eq!(format!("a={a}"), expected[0]);
        assert_eq!(batch(&bed, consistent).await, expected);
        let query = bed
            .client
            .query()
            .table_name(TABLE)
            .consistent_read(consistent);
        let page = query
            .key_condition_expression("pk = :pk")
            .projection_expression("#v")
            .expression_attribute_names("#v", "v")
            .expression_attribute_values(":pk", s("a"))
            .send()
            .await
            .expect("a page");
        let found: Vec<_> = page.items().iter().map(|item| text(item, "v")).collect();
        assert_eq!(found, [a]);
        assert_eq!(page.items()[0].len(), 1, "projected");
    }
    bed.advance(ms(20));
    assert_eq!(batch(&bed, false).await, ["a=2", "b=2"]);
}

/// The items at "a" and "b", projected to what they are told by.
async fn batch(bed: &Bed, consistent: bool) -> Vec<String> {
    let keys = KeysAndAttributes::builder()
        .keys(key("a"))
        .keys(key("b"))
        .consistent_read(consistent)
        .projection_expression("pk, #v")
        .expression_attribute_names("#v", "v")
        .build()
        .expect("keys");
    let batch = bed.client.batch_get_item().request_items(TABLE, keys);
    let answer = batch.send().await.expect("items");
    assert!(answer.unprocessed_keys().is_none_or(|left| left.is_empty()));
    let items = &answer.responses.expect("a table")[TABLE];
    assert!(items.iter().all(|item| item.len() == 2), "projected");
    let name = |item: &Item| format!("{}={}", text(item, "pk"), text(item, "v"));
    let mut found: Vec<String> = items.iter().map(name).collect();
    found.sort();
    found
}

#[tokio::test]
async fn paging_through_a_stale_index_neither_skips_nor_repeats() {
    let bed = Bed::in_virtual_time(behind()).await;
    let name = |number: usize| format!("{number:02}");
    for number in (0..40).step_by(2) {
        bed.put(indexed(&name(number), "1", "m"))
            .await
            .expect("written");
    }
    bed.advance(ms(50));
    // New ones between them, and every second of the old ones changed, moved or deleted.
    for number in (1..40).step_by(2) {
        bed.put(indexed(&name(number), "2", "m"))
            .await
            .expect("written");
    }
    for number in (0..40).step_by(4) {
        let name = name(number);
        if number % 3 == 0 {
            bed.put(indexed(&name, "2", "m")).await.expect("changed");
        } else if number % 3 == 1 {
            bed.put(indexed(&name, "2", "n")).await.expect("moved");
        } else {
            let delete = bed.client.delete_item().table_name(TABLE);
            delete
                .set_key(Some(key(&name)))
                .send()
                .await
                .expect("deleted");
        }
    }
    for limit in [1, 3, 7, 40] {
        for forward in [true, false] {
            let mut expected: Vec<_> = (6..=34)
                .step_by(2)
                .map(|it| (name(it), "1".to_owned()))
                .collect();
            if !forward {
                expected.reverse();
            }
            assert_eq!(paged(&bed, limit, forward).await, expected, "by {limit}");
        }
    }
}

/// The items from "06" to "34" of the index partition "m", by pages of `limit` at most.
async fn paged(bed: &Bed, limit: i32, forward: bool) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut next = None;
    loop {
        let query = bed.client.query().table_name(TABLE).index_name("gsi1");
        let page = query
            .key_condition_expression("#pk = :pk AND #sk BETWEEN :from AND :to")
            .expression_attribute_names("#pk", "gsi1pk")
            .expression_attribute_names("#sk", "gsi1sk")
            .expression_attribute_values(":pk", s("m"))
            .expression_attribute_values(":from", s("06"))
            .expression_attribute_values(":to", s("34"))
            .projection_expression("#sk, v")
            .scan_index_forward(forward)
            .limit(limit)
            .set_exclusive_start_key(next)
            .send()
            .await
            .expect("a page");
        let items = page.items().iter();
        found.extend(items.map(|item| (text(item, "gsi1sk"), text(item, "v"))));
        next = page.last_evaluated_key;
        if next.is_none() {
            return found;
        }
        assert_eq!(page.count, limit, "a page that goes on is full");
    }
}

#[tokio::test]
async fn each_index_partition_is_behind_on_its_own() {
    let bed = Bed::in_virtual_time(Options {
        index_lag: Some(Duration::ZERO..=Duration::from_millis(100)),
        ..behind()
    })
    .await;
    let partitions: Vec<String> = (0..20).map(|number| format!("m{number}")).collect();
    for partition in &partitions {
        bed.put(indexed(partition, "1", partition))
            .await
            .expect("written");
    }
    let mut shown = Vec::new();
    for _ in 0..=10 {
        let mut count = 0;
        for partition in &partitions {
            count += bed.listed(partition).await.len();
        }
        shown.push(count);
        bed.advance(ms(10));
    }
    assert!(shown.is_sorted());
    assert!((3..=17).contains(&shown[5]), "{shown:?}");
    assert_eq!(shown.last(), Some(&20));
}
