//! The partitions that a viral code's clicks are spread over.

use super::{engine, fold, owner, total_clicks};
use chrono::TimeDelta;
use domain::ids::SHARDS;
use domain::{Attribution, AttributionId};
use serde_json::json;
use std::collections::HashMap;
use store::items;
use store::keys::Item;
use tests::{Verv, seed};

#[test]
fn no_partition_key_takes_more_than_its_share_of_a_viral_code() {
    const CLICKS: usize = 100_000;
    let (mentor, org, code) = owner();
    let now = tests::NOW.parse().expect("a time");
    let mut by_partition: HashMap<&str, HashMap<String, usize>> = HashMap::new();
    for _ in 0..CLICKS {
        let item = as_item(&seed::click(&mentor, &org, &code, now));
        for name in ["pk", "gsi1pk", "gsi2pk"] {
            let key = item[name].as_s().expect("a key").clone();
            *by_partition
                .entry(name)
                .or_default()
                .entry(key)
                .or_default() += 1;
        }
    }
    let fair = CLICKS as f64 / f64::from(SHARDS);
    for partitions in by_partition.values() {
        assert_eq!(partitions.len(), usize::from(SHARDS));
        let most = partitions.values().max().copied().unwrap_or_default();
        assert!((most as f64) <= fair * 1.2, "{most} of {CLICKS} on one key");
    }
    // A partition key takes 1,000 write units a second, and a click is one unit on each.
    let a_second = u32::from(SHARDS) * 1_000;
    assert!(a_second >= 5_000, "for a mentor");
    assert!(a_second >= 8_000, "for the system");
}

fn as_item(click: &Attribution) -> Item {
    items::of_attribution(click).expect("an item")
}

/// What a deployment with fewer shards wrote: every id ends in one of the first three.
#[tokio::test]
async fn raising_the_shard_count_leaves_old_records_reachable_and_counted() {
    let verv = Verv::start().await;
    let (mentor, org, code) = owner();
    let client = engine(&verv);
    let old = |count: u8, minutes: i64| {
        let at = verv.now() - TimeDelta::minutes(minutes);
        let mut made = Vec::new();
        for number in 0..count {
            let mut click = seed::click(&mentor, &org, &code, at);
            let mut bytes = *click.id.uuid().as_bytes();
            bytes[15] = number % 3;
            click.id = AttributionId::from_uuid(uuid::Uuid::from_bytes(bytes));
            made.push(click);
        }
        made
    };
    let folded = old(30, 30);
    let unfolded = old(9, 0);
    seed::write(&client, "verv", folded.iter().map(as_item)).await;
    fold(&verv).await;
    seed::write(&client, "verv", unfolded.iter().map(as_item)).await;
    let step = TimeDelta::milliseconds(1);
    let new = seed::clicks(&mentor, &org, &code, 50, verv.now(), step);
    seed::write(&client, "verv", new).await;

    assert_eq!(total_clicks(&verv).await, 89);
    verv.clock.advance(TimeDelta::minutes(5));
    fold(&verv).await;
    assert_eq!(total_clicks(&verv).await, 89);
    for click in folded.iter().chain(&unfolded) {
        verv.get(&format!("/api/v1/referral-attributions/{}", click.id))
            .await
            .expect(200);
    }
    let listed = verv
        .get("/api/v1/referral-attributions?limit=100")
        .await
        .expect(200)
        .json();
    assert_eq!(listed["data"].as_array().map(Vec::len), Some(89));
    assert_eq!(
        listed["pagination"],
        json!({"page": 1, "limit": 100, "total": 89})
    );
}
