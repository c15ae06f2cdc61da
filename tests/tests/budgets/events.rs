//! The feed of events, of which an organisation has many.

use super::{Budget, Measured, budget};
use chrono::TimeDelta;
use serde_json::json;
use tests::Verv;
use tests::flows::{CODES, ORG};

/// Beside a read of each shard, one unit for each event: whom it is about, read strongly.
const FEED: Budget = budget(2, 36.0, 0.0);
/// More of each shard is read at once, as few may match: 200 entries of some 500 bytes.
const OF_A_TYPE: Budget = budget(2, 220.0, 0.0);

pub(crate) async fn polled(verv: &Verv, measured: &mut Measured) {
    for number in 0..30 {
        let pair = json!({"mentor_id": format!("usr_told_{number}"), "org_id": ORG});
        verv.post(CODES, pair).await.expect(201);
    }
    verv.clock.advance(TimeDelta::minutes(1));
    // What a process holds for some seconds is read anew: a key, as well.
    verv.get(&format!("{CODES}?limit=1")).await.expect(200);
    let path = format!("/api/v1/events?org_id={ORG}");
    let first = verv.get(&path).await;
    measured.take("events", FEED, &first);
    assert_eq!(first.json()["data"].as_array().map(Vec::len), Some(20));
    let next = format!("{path}&cursor={}", first.string("/next_cursor"));
    measured.take("next events", FEED, &verv.get(&next).await);
    let confirmed = format!("{path}&types=limit.reached");
    measured.take("events of a type", OF_A_TYPE, &verv.get(&confirmed).await);
}
