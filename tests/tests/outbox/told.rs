//! Each change is told once, and what is none is not told.

use crate::bed::{CODES, ORG, RECORDS, changes, code, polled, table, types};
use chrono::TimeDelta;
use local::stream::Stream;
use serde_json::{Value, json};
use tests::Verv;
use tests::flows::ATTRIBUTIONS;
use web::cloud_event::CloudEvent;

/// Ids of one moment are in no order.
fn wait(verv: &Verv) {
    verv.clock.advance(TimeDelta::milliseconds(5));
}

#[tokio::test]
async fn every_change_is_told_once_in_the_order_of_the_changes() {
    let verv = Verv::start().await;
    let mut expected = Vec::new();
    let before = polled(&verv, ORG, 100).await.len();
    let changes = changes(&verv).await;
    let prepared = polled(&verv, ORG, 100).await.len();
    assert!(prepared > before);
    for (request, events) in changes {
        let reply = request.send(&verv).await;
        assert!(reply.status.is_success(), "{request:?}: {}", reply.text);
        wait(&verv);
        expected.extend(events);
    }
    let events = polled(&verv, ORG, 100).await;
    assert_eq!(types(&events)[prepared..], expected);
    for event in &events {
        assert_eq!(event["specversion"], "1.0", "{event}");
        assert_eq!(event["source"], "verv");
        assert_eq!(event["data"]["org_id"], ORG);
        assert_eq!(event["subject"], event["data"]["id"], "{event}");
    }
}

#[tokio::test]
async fn what_changes_nothing_is_not_told() {
    let verv = Verv::start().await;
    let body = json!({"mentor_id": "usr_1", "org_id": ORG});
    let made = verv.post_once(CODES, "k1", body.clone()).await.expect(201);
    let (id, code) = (made.string("/id"), made.string("/code"));
    let click = verv.click(&code).await;
    let confirmed = verv.confirm(&click, &code, "new_1").await.expect(200);
    let (told, _) = table(&verv).await;
    assert_eq!(
        told.len(),
        2,
        "the code and the confirmation, not the click"
    );
    verv.post_once(CODES, "k1", body.clone()).await.expect(201);
    verv.post(CODES, body).await.expect(200);
    assert_eq!(
        verv.confirm(&click, &code, "new_1").await.expect(200).text,
        confirmed.text
    );
    verv.click(&code).await;
    verv.get(&format!("/r/{code}")).await.expect(302);
    verv.confirm(&click, &code, "new_2").await.expect(409);
    verv.patch(&format!("{CODES}/{id}"), json!({"user_type": 2}))
        .await
        .expect(200);
    assert_eq!(table(&verv).await.0, told);
    // The first deactivation is one, the second is not.
    let path = format!("{RECORDS}/{id}");
    let off = json!({"status": "inactive"});
    verv.put(&path, off.clone()).await.expect(200);
    verv.put(&path, off).await.expect(200);
    assert_eq!(table(&verv).await.0.len(), told.len() + 1);
    verv.delete(&path).await.expect(200);
    verv.delete(&path).await.expect(404);
    assert_eq!(table(&verv).await.0.len(), told.len() + 2);
}

#[tokio::test]
async fn an_event_says_what_its_receiver_needs() {
    let verv = Verv::start().await;
    let (id, code) = code(&verv, "usr_1", json!({"max_referrals": 1})).await;
    let click = verv.click(&code).await;
    wait(&verv);
    verv.confirm(&click, &code, "new_1").await.expect(200);
    let events = polled(&verv, ORG, 100).await;
    let data: Vec<_> = events.iter().map(|event| &event["data"]).collect();
    assert_eq!(
        data,
        [
            &json!({
                "org_id": ORG, "mentor_id": "usr_1", "id": id, "code": code, "status": "active",
                "user_type": 2, "max_referrals": 1, "created_at": "2026-03-26T12:00:00Z",
            }),
            &json!({
                "org_id": ORG, "mentor_id": "usr_1", "new_member_id": "new_1", "id": click,
                "code": code, "source": "click", "occurred_at": "2026-03-26T12:00:00Z",
                "confirmed_at": "2026-03-26T12:00:00Z",
            }),
            &json!({
                "org_id": ORG, "mentor_id": "usr_1", "id": id, "code": code, "limit": 1,
                "attribution_id": click,
            }),
        ]
    );
}

#[tokio::test]
async fn an_erased_person_is_in_no_event() {
    let verv = Verv::start().await.as_platform();
    let (_, code) = code(&verv, "usr_mentor", Value::Null).await;
    let click = verv.click(&code).await;
    wait(&verv);
    verv.confirm(&click, &code, "usr_member").await.expect(200);
    let told = polled(&verv, ORG, 100).await;
    let text = serde_json::to_string(&told).expect("JSON");
    assert!(text.contains("usr_mentor") && text.contains("usr_member"));
    let privacy = "/api/v1/privacy";
    let erased = verv
        .delete(&format!("{privacy}/members/usr_member?org_id={ORG}"))
        .await;
    let pseudonym = erased.expect(200).string("/id");
    let events = polled(&verv, ORG, 100).await;
    let member = &events[1]["data"]["new_member_id"];
    assert_eq!(*member, pseudonym);
    let [.., last] = &events[..] else {
        panic!("no event")
    };
    assert_eq!(last["type"], "member.erased");
    assert_eq!(last["data"]["pseudonym"], pseudonym);
    assert_eq!(last["data"]["attribution_id"], click);
    assert_eq!(last["subject"], click);

    for _ in 0..4 {
        verv.delete(&format!("{privacy}/mentors/usr_mentor?org_id={ORG}"))
            .await;
        verv.clock.advance(TimeDelta::minutes(10));
        verv.aggregate().await;
    }
    let events = polled(&verv, ORG, 100).await;
    let text = serde_json::to_string(&events).expect("JSON");
    assert!(
        !text.contains("usr_mentor") && !text.contains("usr_member"),
        "{text}"
    );
    let ends = types(&events);
    let ends = ends.iter().filter(|event| **event == "code.invalidated");
    assert_eq!(ends.count(), 1, "the mentor's code ends once");
}

/// What a local run reads has the shape of what Lambda is called with.
#[tokio::test]
async fn the_engines_stream_has_the_events_that_the_feed_has() {
    let verv = Verv::start().await;
    let mut stream = Stream::open(&verv.engine, "verv").await.expect("a stream");
    for (request, _) in changes(&verv).await {
        request.send(&verv).await;
    }
    let mut told = Vec::new();
    loop {
        let batch = stream.read().expect("a batch");
        if batch["Records"] == json!([]) {
            break;
        }
        let read = events::stream::read(&batch);
        assert_eq!(read.unreadable, [""; 0]);
        let named = events::name(&verv.store, read.told).await.expect("names");
        told.extend(named.into_iter().map(|(_, event)| CloudEvent::from(event)));
    }
    let mut told = serde_json::to_value(told).expect("JSON");
    let told = told.as_array_mut().expect("events");
    told.sort_by_key(|event| event["id"].to_string());
    assert_eq!(*told, polled(&verv, ORG, 100).await);
    assert!(told.len() > 25);
}

#[tokio::test]
async fn a_deleted_recruitment_says_no_longer_who_joined() {
    let verv = Verv::start().await;
    let (_, code) = code(&verv, "usr_1", Value::Null).await;
    let click = verv.click(&code).await;
    wait(&verv);
    verv.confirm(&click, &code, "new_1").await.expect(200);
    wait(&verv);
    verv.delete(&format!("{ATTRIBUTIONS}/{click}"))
        .await
        .expect(200);
    let events = polled(&verv, ORG, 100).await;
    assert_eq!(
        types(&events),
        [
            "code.created",
            "attribution.confirmed",
            "attribution.deleted"
        ]
    );
    for event in &events[1..] {
        assert_eq!(event["data"]["new_member_id"], Value::Null, "{event}");
        assert_eq!(event["data"]["mentor_id"], "usr_1");
    }
}
