//! What becomes of a delivery and its webhook, by what the receiver does.

use crate::bed::{
    ORG, Receiver, attempt_due, begin, deliverer, happen, listed, message, pending, platform,
    register, shown, status,
};
use chrono::TimeDelta;
use domain::webhook::FAILING_FOR;
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[tokio::test]
async fn an_event_is_delivered_once_and_signed_to_its_organisations_webhooks() {
    let (verv, mut stream) = platform().await;
    let (own, other) = (
        Receiver::answering(204).await,
        Receiver::answering(204).await,
    );
    let (webhook, secret) = register(&verv, ORG, &own.url).await;
    register(&verv, "org_2", &other.url).await;
    happen(&verv, ORG, "usr_1").await;
    assert_eq!(begin(&verv, &mut stream).await, 1);
    let deliverer = deliverer(&verv);
    assert_eq!(attempt_due(&deliverer).await, 1);
    assert_eq!(attempt_due(&deliverer).await, 0);

    assert_eq!(other.got().len(), 0);
    let got = own.got();
    let [got] = &got[..] else { panic!("{got:?}") };
    assert!(got.is_signed_by(&secret) && got.id().starts_with("evt_"));
    let now = verv.now().timestamp().to_string();
    assert_eq!(got.headers["webhook-timestamp"], now);
    let body = got.json();
    assert_eq!(body["type"], "code.created");
    assert_eq!(body["timestamp"], "2026-03-26T12:00:00Z");
    assert_eq!(body["data"]["org_id"], ORG);
    assert_eq!(body["data"]["mentor_id"], "usr_1");
    let listed = listed(&verv, &webhook).await;
    assert_eq!(listed[0]["status"], "delivered");
    assert_eq!(shown(&verv, &webhook).await["failing_since"], Value::Null);
}

#[tokio::test]
async fn a_rotation_signs_with_both_secrets_and_a_test_is_delivered_like_an_event() {
    let (verv, mut stream) = platform().await;
    let receiver = Receiver::answering(200).await;
    let (webhook, old) = register(&verv, ORG, &receiver.url).await;
    let path = format!("/api/v1/webhooks/{webhook}");
    let rotated = verv.post(&format!("{path}/secret"), Value::Null).await;
    let new = rotated.expect(200).string("/secret");
    let test = verv.post(&format!("{path}/test"), Value::Null).await;
    test.expect(202);
    begin(&verv, &mut stream).await;
    assert_eq!(attempt_due(&deliverer(&verv)).await, 1);
    verv.clock.advance(TimeDelta::hours(25));
    happen(&verv, ORG, "usr_1").await;
    begin(&verv, &mut stream).await;
    attempt_due(&deliverer(&verv)).await;
    let got = receiver.got();
    assert_eq!(got[0].json()["type"], "webhook.test");
    assert_eq!(got[0].json()["data"], json!({"org_id": ORG}));
    assert!(got[0].is_signed_by(&old) && got[0].is_signed_by(&new));
    assert!(!got[1].is_signed_by(&old) && got[1].is_signed_by(&new));
}

#[tokio::test]
async fn a_receiver_that_fails_is_tried_ten_times_in_three_days_under_one_id() {
    let (verv, mut stream) = platform().await;
    let receiver = Receiver::answering(500).await;
    let (webhook, _) = register(&verv, ORG, &receiver.url).await;
    happen(&verv, ORG, "usr_1").await;
    begin(&verv, &mut stream).await;
    let deliverer = deliverer(&verv);
    let mut pauses = Vec::new();
    for attempt in 1..=10 {
        assert_eq!(attempt_due(&deliverer).await, 1, "{attempt}");
        assert_eq!(attempt_due(&deliverer).await, 0, "{attempt}");
        assert_eq!(receiver.got().len(), attempt);
        if attempt < 10 {
            let due = pending(&verv).await.next.expect("a retry").due_at.instant();
            pauses.push((due - verv.now()).num_seconds());
            verv.clock.set(due);
        }
    }
    let plain = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
    for (pause, plain) in pauses.iter().zip(plain) {
        assert!(
            (plain..=plain + plain / 10 + 1).contains(pause),
            "{pauses:?}"
        );
    }
    let ids: BTreeSet<_> = receiver
        .got()
        .iter()
        .map(|got| got.id().to_owned())
        .collect();
    assert_eq!(ids.len(), 1);
    verv.clock.advance(TimeDelta::days(2));
    assert_eq!(attempt_due(&deliverer).await, 0);
    let listed = listed(&verv, &webhook).await;
    assert_eq!(listed[0]["status"], "failed");
    assert_eq!(listed[0]["attempts"].as_array().map(Vec::len), Some(10));
    // Once more, whatever became of it.
    receiver.set(|_, _| status(204, ""));
    let event = listed[0]["event_id"].as_str().expect("an id");
    let path = format!("/api/v1/webhooks/{webhook}/deliveries/{event}/replay");
    verv.post(&path, Value::Null).await.expect(202);
    assert_eq!(attempt_due(&deliverer).await, 1);
    assert_eq!(receiver.got()[10].id(), event);
    assert_eq!(shown(&verv, &webhook).await["failing_since"], Value::Null);
}

#[tokio::test]
async fn a_receiver_is_waited_for_as_long_as_it_asks() {
    let (verv, mut stream) = platform().await;
    let receiver = Receiver::start(|_, _| status(503, "retry-after: 7200\r\n")).await;
    register(&verv, ORG, &receiver.url).await;
    happen(&verv, ORG, "usr_1").await;
    begin(&verv, &mut stream).await;
    attempt_due(&deliverer(&verv)).await;
    let due = pending(&verv).await.next.expect("a retry").due_at.instant();
    assert_eq!(due - verv.now(), TimeDelta::hours(2));
}

#[tokio::test]
async fn a_receiver_that_is_gone_hears_nothing_more() {
    let (verv, mut stream) = platform().await;
    let receiver = Receiver::answering(410).await;
    let (webhook, _) = register(&verv, ORG, &receiver.url).await;
    happen(&verv, ORG, "usr_1").await;
    happen(&verv, ORG, "usr_2").await;
    assert_eq!(begin(&verv, &mut stream).await, 2);
    let deliverer = deliverer(&verv);
    let due = deliverer.due().await.expect("what is due");
    for due in due {
        deliverer.attempt(due.into()).await.expect("an answer");
    }
    // The second one met a webhook that was disabled.
    assert_eq!(receiver.got().len(), 1);
    let shown = shown(&verv, &webhook).await;
    assert_eq!(
        (&shown["status"], &shown["disabled_reason"]),
        (&json!("disabled"), &json!("gone"))
    );
    for delivery in listed(&verv, &webhook).await {
        assert_eq!(delivery["status"], "failed");
    }
    happen(&verv, ORG, "usr_3").await;
    assert_eq!(begin(&verv, &mut stream).await, 0);
}

#[tokio::test]
async fn five_days_without_a_success_disable_a_webhook() {
    let (verv, mut stream) = platform().await;
    let receiver = Receiver::answering(500).await;
    let (webhook, _) = register(&verv, ORG, &receiver.url).await;
    let deliverer = deliverer(&verv);
    for (mentor, pause) in [
        ("usr_1", TimeDelta::zero()),
        ("usr_2", FAILING_FOR - TimeDelta::minutes(2)),
        ("usr_3", TimeDelta::minutes(2)),
    ] {
        assert_eq!(shown(&verv, &webhook).await["status"], "enabled");
        verv.clock.advance(pause);
        happen(&verv, ORG, mentor).await;
        begin(&verv, &mut stream).await;
        let key = pending_of_newest(&verv, &webhook).await;
        deliverer.attempt(key).await.expect("an answer");
    }
    let shown = shown(&verv, &webhook).await;
    assert_eq!(
        (&shown["status"], &shown["disabled_reason"]),
        (&json!("disabled"), &json!("failing"))
    );
}

/// The message for the newest delivery to a webhook.
async fn pending_of_newest(verv: &tests::Verv, webhook: &str) -> queue::DueAttempt {
    let newest = &listed(verv, webhook).await[0];
    let key = domain::delivery::DeliveryKey {
        webhook: webhook.parse().expect("an id"),
        event: newest["event_id"]
            .as_str()
            .and_then(|id| id.parse().ok())
            .expect("an id"),
    };
    let found = verv.store.find_delivery(key).await;
    message(&found.expect("the engine answers").expect("a delivery"))
}

#[tokio::test]
async fn of_two_messages_for_one_attempt_one_goes_on() {
    let (verv, mut stream) = platform().await;
    let receiver = Receiver::answering(500).await;
    register(&verv, ORG, &receiver.url).await;
    happen(&verv, ORG, "usr_1").await;
    begin(&verv, &mut stream).await;
    let deliverer = deliverer(&verv);
    let first = message(&pending(&verv).await);
    let each = (0..8).map(|_| deliverer.attempt(first));
    for outcome in futures::future::join_all(each).await {
        outcome.expect("the engine answers");
    }
    assert_eq!(receiver.got().len(), 1);
    // Nor does one that comes late make the next attempt.
    verv.clock.advance(TimeDelta::minutes(1));
    deliverer.attempt(first).await.expect("the engine answers");
    assert_eq!(receiver.got().len(), 1);
    assert_eq!(attempt_due(&deliverer).await, 1);
    assert_eq!(receiver.got().len(), 2);
}

#[tokio::test]
async fn who_was_erased_is_not_named_by_an_attempt_after_it() {
    let (verv, mut stream) = platform().await;
    let receiver = Receiver::answering(500).await;
    register(&verv, ORG, &receiver.url).await;
    let code = verv
        .post(
            "/api/v1/referral-codes",
            json!({"mentor_id": "usr_1", "org_id": ORG}),
        )
        .await
        .expect(201)
        .string("/code");
    let click = verv.click(&code).await;
    verv.clock.advance(TimeDelta::seconds(1));
    // What came until now is delivered to nobody here.
    while stream.read().expect("a batch")["Records"] != json!([]) {}
    verv.confirm(&click, &code, "usr_member").await.expect(200);
    begin(&verv, &mut stream).await;
    let deliverer = deliverer(&verv);
    attempt_due(&deliverer).await;
    let path = format!("/api/v1/privacy/members/usr_member?org_id={ORG}");
    verv.delete(&path).await.expect(200);
    verv.clock.advance(TimeDelta::seconds(30));
    assert_eq!(attempt_due(&deliverer).await, 1);
    let got = receiver.got();
    assert!(got[0].body.contains("usr_member"));
    assert!(!got[1].body.contains("usr_member"), "{}", got[1].body);
    assert_eq!(got[0].id(), got[1].id());
}
