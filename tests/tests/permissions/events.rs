//! Events, polled and taken from the table's stream.

use crate::platform::Platform;
use chrono::TimeDelta;
use tests::flows::ORG;
use tests::samples;

pub(crate) async fn events(platform: &Platform) {
    platform.wait(TimeDelta::minutes(1));
    let path = format!("/api/v1/events?org_id={ORG}&limit=100");
    let page = platform.get(&path).await;
    let told = page["data"].as_array().map(Vec::len);
    assert!(told > Some(2), "{page}");
    let batch = events::stream::read(&samples::read("events-stream"));
    let named = events::name(&platform.stream.0, batch.told).await;
    assert_eq!(named.expect("the engine answers").len(), 3);
}
