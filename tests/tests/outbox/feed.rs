//! The feed: in order, by pages, by types, and nothing skipped that is committed late.

use crate::bed::{ORG, PROGRAMS, changes, code, polled, types};
use chrono::TimeDelta;
use domain::event::Change;
use domain::event_data::Erasure;
use domain::{EventId, OutboxEntry, Pseudonym};
use serde_json::{Value, json};
use store::items;
use tests::Verv;

async fn page(verv: &Verv, query: &str) -> Value {
    let path = format!("/api/v1/events?org_id={ORG}{query}");
    verv.get(&path).await.expect(200).json()
}

#[tokio::test]
async fn pages_of_any_length_show_every_event_once() {
    let verv = Verv::start().await;
    for (request, _) in changes(&verv).await {
        request.send(&verv).await;
    }
    // Another organisation's are not among them.
    let other = json!({"mentor_id": "usr_1", "org_id": "org_2"});
    verv.post("/api/v1/referral-codes", other).await.expect(201);
    let all = polled(&verv, ORG, 100).await;
    assert!(all.len() > 25, "{}", all.len());
    let ids: Vec<_> = all.iter().map(|event| event["id"].to_string()).collect();
    assert!(ids.is_sorted());
    for limit in [1, 2, 7, 20] {
        assert_eq!(polled(&verv, ORG, limit).await, all, "{limit}");
    }
    assert_eq!(polled(&verv, "org_2", 100).await.len(), 1);
}

#[tokio::test]
async fn some_types_are_found_among_all() {
    let verv = Verv::start().await;
    for number in 0..30 {
        code(&verv, &format!("usr_{number}"), Value::Null).await;
    }
    let program = json!({
        "org_id": ORG, "name": "Spring", "currency_id": "NOK", "eligible_user_types": [2],
    });
    verv.post(PROGRAMS, program).await.expect(201);
    verv.clock.advance(TimeDelta::minutes(1));
    let found = page(&verv, "&types=program.created,program.deleted").await;
    assert_eq!(
        types(found["data"].as_array().expect("events")),
        ["program.created"]
    );
    // What was passed over is not read again.
    let next = found["next_cursor"].as_str().expect("a cursor");
    let after = page(&verv, &format!("&cursor={next}")).await;
    assert_eq!(after["data"], json!([]));
    assert_eq!(after["next_cursor"], next);
    for wrong in ["code", "code.created,", "click.recorded", ""] {
        let path = format!("/api/v1/events?org_id={ORG}&types={wrong}");
        let refused = verv.get(&path).await.expect(400);
        assert_eq!(refused.json()["errors"][0]["field"], "types", "{wrong}");
    }
}

#[tokio::test]
async fn an_empty_feed_has_a_cursor_to_go_on_from() {
    let verv = Verv::start().await;
    let empty = page(&verv, "").await;
    assert_eq!(empty["data"], json!([]));
    let cursor = empty["next_cursor"].as_str().expect("a cursor").to_owned();
    code(&verv, "usr_1", Value::Null).await;
    let query = format!("&cursor={cursor}");
    // It is not old enough to be listed yet.
    let early = page(&verv, &query).await;
    assert_eq!(
        (&early["data"], &early["next_cursor"]),
        (&json!([]), &json!(cursor))
    );
    verv.clock.advance(TimeDelta::seconds(21));
    let later = page(&verv, &query).await;
    assert_eq!(
        types(later["data"].as_array().expect("events")),
        ["code.created"]
    );
}

fn entry(verv: &Verv) -> OutboxEntry {
    let change = Change::MemberErased(Erasure {
        pseudonym: Pseudonym::random(),
        attribution_id: None,
    });
    OutboxEntry::new(&ORG.parse().expect("an id"), change, verv.now())
}

/// A change is requested, and committed when a later one has been already: a poller that goes on
/// from what it was shown finds both.
#[tokio::test]
async fn an_event_that_is_committed_late_is_not_skipped() {
    let verv = Verv::start().await;
    let (mut seen, mut cursor): (Vec<Value>, _) = (Vec::new(), String::new());
    let mut expected: Vec<EventId> = Vec::new();
    let mut late: Vec<(i64, OutboxEntry)> = Vec::new();
    for second in 0..90_i64 {
        if second < 60 {
            let entry = entry(&verv);
            expected.push(entry.event.id);
            // Some take as long as a function may run.
            late.push((second + [0, 14, 3][second as usize % 3], entry));
        }
        let (due, not_yet): (Vec<_>, Vec<_>) = late.into_iter().partition(|(at, _)| *at <= second);
        late = not_yet;
        let due = due
            .into_iter()
            .map(|(_, entry)| items::of_event(entry).expect("an item"));
        verv.put_items(due.collect()).await;
        let shown = page(&verv, &format!("&limit=5{cursor}")).await;
        seen.extend(shown["data"].as_array().expect("events").clone());
        cursor = format!(
            "&cursor={}",
            shown["next_cursor"].as_str().expect("a cursor")
        );
        verv.clock.advance(TimeDelta::seconds(1));
    }
    let seen: Vec<_> = seen.iter().map(|event| event["id"].clone()).collect();
    let expected: Vec<_> = expected.into_iter().map(|id| json!(id)).collect();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn events_end_after_thirty_days() {
    let verv = Verv::start().await;
    code(&verv, "usr_1", Value::Null).await;
    verv.clock.advance(TimeDelta::days(29));
    assert_eq!(
        page(&verv, "").await["data"].as_array().map(Vec::len),
        Some(1)
    );
    verv.clock.advance(TimeDelta::days(2));
    assert_eq!(page(&verv, "").await["data"], json!([]));
}
