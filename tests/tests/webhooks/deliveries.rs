//! Deliveries: begun, claimed, lost, listed and replayed.

use super::{get, make, path, post, webhook};
use chrono::{DateTime, TimeDelta, Utc};
use domain::attempt::{Answer, AttemptResult};
use domain::delivery::{DeliveryKey, DueDelivery, NextAttempt};
use domain::{Delivery, DeliveryStatus, Scope, Shard};
use serde_json::json;
use tests::Verv;

/// What is due in any shard at `at`.
async fn due(verv: &Verv, at: TimeDelta) -> Vec<DueDelivery> {
    let mut due = Vec::new();
    for shard in Shard::all() {
        let found = verv.store.due_deliveries(shard, None, verv.now() + at, 10);
        due.extend(found.await.expect("the engine answers"));
    }
    due
}

fn answered(status: u16) -> AttemptResult {
    AttemptResult {
        answer: Answer::Status(status),
        duration_ms: 12,
    }
}

/// The delivery as whoever claims its next attempt has it; `None` when somebody else has, or its
/// version is not the one `seen`.
async fn claim(verv: &Verv, key: DeliveryKey, seen: u64, now: DateTime<Utc>) -> Option<Delivery> {
    let found = verv.store.find_delivery(key).await;
    let found = found.expect("the engine answers").expect("a delivery");
    let claimed = Some(found).filter(|it| it.version == seen)?.claimed(now)?;
    let is_ours = verv.store.replace_delivery(&claimed).await;
    is_ours.expect("the engine answers").then_some(claimed)
}

#[tokio::test]
async fn of_two_that_claim_an_attempt_one_goes_on_and_a_lost_one_is_picked_up() {
    let verv = Verv::start().await;
    let made = make(&verv, "org_1").await;
    let test = post(&verv, &format!("{}/test", path(&made)))
        .await
        .expect(202);
    let key = DeliveryKey {
        webhook: made.string("/id").parse().expect("an id"),
        event: test.string("/event_id").parse().expect("an id"),
    };
    let first = due(&verv, TimeDelta::zero()).await;
    assert_eq!(first.iter().map(|due| due.key).collect::<Vec<_>>(), [key]);
    let first_of_two = || claim(&verv, key, first[0].version, verv.now());
    let (one, two) = tokio::join!(first_of_two(), first_of_two());
    let claimed: Vec<Delivery> = [one, two].into_iter().flatten().collect();
    assert_eq!(claimed.len(), 1);
    assert_eq!(due(&verv, TimeDelta::seconds(59)).await, []);
    let lost = due(&verv, TimeDelta::seconds(60)).await;
    assert_eq!(lost[0].version, claimed[0].version);
    let later = verv.now() + TimeDelta::hours(2);
    let retried = claimed[0]
        .clone()
        .retried(answered(503), NextAttempt::at(later));
    assert!(
        verv.store
            .replace_delivery(&retried)
            .await
            .expect("written")
    );
    // Whoever comes back after the claim has passed to another changes nothing.
    let late = claimed[0].clone().succeeded(answered(204));
    assert!(!verv.store.replace_delivery(&late).await.expect("written"));
    assert_eq!(due(&verv, TimeDelta::minutes(119)).await, []);
    let again = due(&verv, TimeDelta::hours(2)).await;
    let claimed = claim(&verv, key, again[0].version, later).await;
    let claimed = claimed.expect("claimed");
    let done = claimed.succeeded(answered(204));
    assert!(verv.store.replace_delivery(&done).await.expect("written"));
    assert_eq!(due(&verv, TimeDelta::days(1)).await, []);
    let listed = get(&verv, &format!("{}/deliveries", path(&made)))
        .await
        .expect(200);
    let mut shown = listed.json()["data"][0].clone();
    shown["event_id"] = json!("evt_…");
    shown["webhook_id"] = json!("whk_…");
    insta::assert_json_snapshot!(shown, @r#"
    {
      "attempts": [
        {
          "at": "2026-03-26T12:00:00Z",
          "duration_ms": 12,
          "error": null,
          "status": 503
        },
        {
          "at": "2026-03-26T14:00:00Z",
          "duration_ms": 12,
          "error": null,
          "status": 204
        }
      ],
      "created_at": "2026-03-26T12:00:00Z",
      "due_at": null,
      "event_id": "evt_…",
      "status": "delivered",
      "type": "webhook.test",
      "webhook_id": "whk_…"
    }
    "#);
}

#[tokio::test]
async fn due_deliveries_are_read_on_from_the_last_one() {
    let verv = Verv::start().await;
    let made = make(&verv, "org_1").await;
    let webhook = webhook(&verv, &made).await;
    let mut begun = Vec::new();
    for _ in 0..24 {
        let delivery = Delivery::test(&webhook, verv.now());
        let is_begun = verv.store.begin_delivery(&delivery).await;
        assert!(is_begun.expect("the engine answers"));
        let again = verv.store.begin_delivery(&delivery).await;
        assert!(!again.expect("the engine answers"), "it is begun already");
        begun.push(delivery.key);
    }
    let mut found = Vec::new();
    for shard in Shard::all() {
        let mut last = None;
        loop {
            let page = verv.store.due_deliveries(shard, last, verv.now(), 2).await;
            let page = page.expect("the engine answers");
            let Some(end) = page.last() else { break };
            last = Some(*end);
            found.extend(page.iter().map(|due| due.key));
        }
    }
    begun.sort();
    found.sort();
    assert_eq!(found, begun);
}

#[tokio::test]
async fn deliveries_are_listed_newest_first_by_status_and_replayed() {
    let verv = Verv::start().await;
    let made = make(&verv, "org_1").await;
    let webhook = webhook(&verv, &made).await;
    let mut ids = Vec::new();
    for number in 0..30 {
        verv.clock.advance(TimeDelta::seconds(1));
        let mut delivery = Delivery::test(&webhook, verv.now());
        if number % 10 == 0 {
            let claimed = delivery.claimed(verv.now()).expect("pending");
            delivery = claimed.failed(answered(500));
        }
        verv.store.begin_delivery(&delivery).await.expect("written");
        ids.push(delivery.key.event.to_string());
    }
    ids.reverse();
    let list = format!("{}/deliveries", path(&made));
    let (mut listed, mut next) = (Vec::new(), format!("{list}?limit=7"));
    loop {
        let page = get(&verv, &next).await.expect(200).json();
        let data = page["data"].as_array().expect("a list").iter();
        listed.extend(data.map(|one| one["event_id"].as_str().expect("an id").to_owned()));
        match page["next_cursor"].as_str() {
            Some(cursor) => next = format!("{list}?limit=7&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(listed, ids);
    let failed = get(&verv, &format!("{list}?status=failed"))
        .await
        .expect(200);
    assert_eq!(failed.json()["data"].as_array().map(Vec::len), Some(3));
    let event = failed.string("/data/0/event_id");
    let replayed = post(&verv, &format!("{list}/{event}/replay"))
        .await
        .expect(202);
    assert_eq!(replayed.string("/status"), "pending");
    assert_eq!(replayed.json()["attempts"], json!([]));
    let left = get(&verv, &format!("{list}?status=failed"))
        .await
        .expect(200);
    assert_eq!(left.json()["data"].as_array().map(Vec::len), Some(2));
    let nothing = "evt_019d2a5c000070008000000000000003";
    post(&verv, &format!("{list}/{nothing}/replay"))
        .await
        .expect(404);
    // Another process's claim from before the replay is void.
    let key = DeliveryKey {
        webhook: webhook.id,
        event: event.parse().expect("an id"),
    };
    assert_eq!(claim(&verv, key, 2, verv.now()).await, None);
    let store = verv
        .store
        .scoped(Scope::org("org_2".parse().expect("an id")), None);
    let request = store::ListRequest {
        limit: 1,
        start: store::Start::Skip(0),
    };
    let theirs = store.list_deliveries(webhook.id, Some(DeliveryStatus::Failed), request);
    assert!(theirs.await.expect("the engine answers").is_none());
}
