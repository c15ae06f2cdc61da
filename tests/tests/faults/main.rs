//! What callers see, and what is stored, when DynamoDB throttles, conflicts, fails or loses
//! its answers.

mod failures;
mod lost_answers;
mod unfinished;
mod visits;

use serde_json::{Value, json};
use tests::faults::Faults;
use tests::{Reply, Verv};

pub(crate) const CODES: &str = "/api/v1/referral-codes";
pub(crate) const RECORDS: &str = "/api/v1/referral-code-records";
pub(crate) const ATTRIBUTIONS: &str = "/api/v1/referral-attributions";

pub(crate) async fn start() -> (Verv, Faults) {
    let faults = Faults::none();
    (Verv::through(&faults).await, faults)
}

pub(crate) fn pair() -> Value {
    json!({"mentor_id": "usr_1", "org_id": "org_1", "prefix": "JAN"})
}

pub(crate) async fn code(verv: &Verv) -> Reply {
    verv.post(CODES, pair()).await.expect(201)
}

pub(crate) async fn click(verv: &Verv, code: &str) -> String {
    let click = verv.post(ATTRIBUTIONS, json!({"code": code})).await;
    click.expect(201).string("/id")
}

pub(crate) async fn counted(verv: &Verv) -> (Value, Value) {
    let path = format!("{ATTRIBUTIONS}/mentor/usr_1/total");
    let total = verv.get(&path).await.expect(200).json();
    let listed = verv.get(ATTRIBUTIONS).await.expect(200).json();
    assert_eq!(listed["pagination"]["total"], total["total_clicks"]);
    let shown = listed["data"].as_array().map(Vec::len);
    assert_eq!(json!(shown), total["total_clicks"]);
    (
        total["total_clicks"].clone(),
        total["total_conversions"].clone(),
    )
}

/// How many code records there are, by total and by list.
pub(crate) async fn codes_stored(verv: &Verv) -> usize {
    let listed = verv.get(RECORDS).await.expect(200).json();
    let shown = listed["data"].as_array().map_or(0, Vec::len);
    assert_eq!(listed["pagination"]["total"], shown);
    shown
}

/// Asserts that the caller is told to come back, and nothing of the cause.
#[track_caller]
pub(crate) fn assert_unavailable(reply: Reply) {
    let reply = reply.expect(503);
    assert_eq!(reply.header("retry-after"), "1");
    if reply.header("content-type") == "text/html; charset=utf-8" {
        // A person who followed a short link.
        let text = "The link cannot be opened at the moment. Please open it again in a moment.";
        assert!(reply.text.contains(text), "{}", reply.text);
        return;
    }
    assert_eq!(reply.header("content-type"), "application/problem+json");
    let expected = json!({
        "type": "urn:verv:problem:temporarily_unavailable",
        "title": "Service Unavailable",
        "status": 503,
        "detail": "The service is busy. Please try again in a moment.",
        "code": "temporarily_unavailable",
    });
    assert_eq!(reply.json(), expected);
}
