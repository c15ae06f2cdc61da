//! Erasures and exports, of members and of mentors, and visitors who are forgotten.

use crate::platform::Platform;
use chrono::TimeDelta;
use serde_json::{Value, json};
use stats_aggregator::action;

const PRIVACY: &str = "/api/v1/privacy";
const CODES: &str = "/api/v1/referral-codes";
const ATTRIBUTIONS: &str = "/api/v1/referral-attributions";

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().expect("text").to_owned()
}

/// A mentor with a code under a key, a kept answer that no record knows, and a recruitment.
async fn fill(platform: &Platform, mentor: &str) {
    let pair = json!({"mentor_id": mentor, "org_id": "org_004"});
    let post = format!("POST {CODES}");
    let (first, again) = (format!("{mentor} first"), format!("{mentor} again"));
    let made = [("idempotency-key", first.as_str())];
    let made = platform.call(&post, &made, pair.clone(), 201).await;
    let again = [("idempotency-key", again.as_str())];
    platform.call(&post, &again, pair, 200).await;
    let click = json!({"code": made["code"], "user_agent": "A browser"});
    let key = [("idempotency-key", first.as_str())];
    let click = platform
        .call(&format!("POST {ATTRIBUTIONS}"), &key, click, 201)
        .await;
    let confirm = format!("PUT {ATTRIBUTIONS}/{}", text(&click, "id"));
    let member = json!({"code": made["code"], "new_member_id": format!("{mentor}_member")});
    platform.call(&confirm, &[], member, 200).await;
}

/// Erases through the function alone.
async fn erase(platform: &Platform) {
    let path = format!("{PRIVACY}/mentors/usr_gone?org_id=org_004");
    platform.get(&path).await;
    let delete = format!("DELETE {path}");
    platform.call(&delete, &[], Value::Null, 202).await;
    platform.wait(TimeDelta::minutes(20));
    platform.call(&delete, &[], Value::Null, 200).await;
}

/// Begins an erasure before anything is folded, and leaves the rest to the schedule: with a
/// code that is made meanwhile.
async fn leave_to_the_schedule(platform: &Platform) {
    let path = format!("{PRIVACY}/mentors/usr_left?org_id=org_004");
    let delete = format!("DELETE {path}");
    let begun = platform.call(&delete, &[], Value::Null, 202).await;
    let pair = json!({"mentor_id": "usr_left", "org_id": "org_004"});
    let meanwhile = [("idempotency-key", "meanwhile")];
    platform
        .call(&format!("POST {CODES}"), &meanwhile, pair, 201)
        .await;
    for _ in 0..3 {
        platform.wait(TimeDelta::minutes(20));
        platform.aggregate().await;
    }
    let receipt = format!("{PRIVACY}/erasures/{}", text(&begun, "id"));
    assert_eq!(platform.get(&receipt).await["status"], "done");
}

pub(crate) async fn erasures(platform: &Platform) {
    fill(platform, "usr_gone").await;
    let member = format!("{PRIVACY}/members/usr_gone_member?org_id=org_004");
    platform.get(&member).await;
    let delete = format!("DELETE {member}");
    platform.call(&delete, &[], Value::Null, 200).await;
    platform.wait(TimeDelta::minutes(5));
    platform.aggregate().await;
    erase(platform).await;
    fill(platform, "usr_left").await;
    leave_to_the_schedule(platform).await;

    platform.wait(TimeDelta::days(100));
    let (aggregator, clock) = (platform.scheduled.0.aggregator(), &platform.verv.clock);
    let retention = platform.verv.settings.visitor_retention;
    let forgotten = action::forget_visitors(&aggregator, clock, retention, || false).await;
    let forgotten = forgotten.expect("the engine answers").expect("a retention");
    assert!(
        forgotten.clicks > 0 && forgotten.is_complete,
        "{forgotten:?}"
    );
}
