//! Webhooks as staff make, change and delete them, and what deliveries say of their receivers.

use super::{WEBHOOKS, call, get, make, new, patch, path, post, staff, webhook};
use axum::http::Method;
use chrono::TimeDelta;
use domain::webhook::ReceiverState;
use domain::{Webhook, WebhookSecret};
use serde_json::{Value, json};
use tests::{Reply, Verv};

#[tokio::test]
async fn a_secret_is_shown_once() {
    let verv = Verv::start().await;
    let staff = staff(&verv, "org_1");
    let headers = [
        ("authorization", staff.as_str()),
        ("idempotency-key", "one"),
    ];
    let post = async || {
        verv.call(Method::POST, WEBHOOKS, &headers, Some(new("org_1")))
            .await
    };
    let (first, again) = (post().await.expect(201), post().await.expect(201));
    let secret = first.string("/secret");
    tests::logs::plant(&secret);
    assert!(secret.parse::<WebhookSecret>().is_ok(), "{secret}");
    assert_eq!(first.header("location"), again.header("location"));
    let mut expected = first.json();
    expected["secret"] = Value::Null;
    assert_eq!(again.json(), expected, "a repetition finds the webhook");
    let stored = verv.stored_text().await;
    assert_eq!(stored.matches(&secret).count(), 1, "no kept reply has it");
    for shown in [first.header("location"), WEBHOOKS] {
        let shown = get(&verv, shown).await.expect(200);
        assert!(shown.text.contains(&first.string("/id")), "{}", shown.text);
        assert!(!shown.text.contains("secret"), "{}", shown.text);
    }
}

#[tokio::test]
async fn another_organisations_webhook_is_one_that_does_not_exist() {
    let verv = Verv::start().await;
    let made = make(&verv, "org_2").await;
    let missing = format!("{WEBHOOKS}/whk_019d2a5c000070008000000000000003");
    let event = "evt_019d2a5c000070008000000000000003";
    for (method, rest, body) in [
        (Method::GET, String::new(), None),
        (
            Method::PATCH,
            String::new(),
            Some(json!({"status": "disabled"})),
        ),
        (Method::DELETE, String::new(), None),
        (Method::POST, "/secret".to_owned(), None),
        (Method::POST, "/test".to_owned(), None),
        (Method::GET, "/deliveries".to_owned(), None),
        (Method::POST, format!("/deliveries/{event}/replay"), None),
    ] {
        let theirs = format!("{}{rest}", path(&made));
        let theirs = call(&verv, "org_1", method.clone(), &theirs, body.clone()).await;
        let theirs = theirs.expect(404);
        let nobodys = call(&verv, "org_1", method, &format!("{missing}{rest}"), body).await;
        assert_eq!(theirs.text, nobodys.expect(404).text, "{rest}");
    }
    let theirs = get(&verv, &format!("{WEBHOOKS}?org_id=org_2")).await;
    theirs.expect(404);
    let other = call(&verv, "org_1", Method::POST, WEBHOOKS, Some(new("org_2"))).await;
    other.expect(403);
    assert_eq!(webhook(&verv, &made).await.disabled, None);
}

#[tokio::test]
async fn an_organisation_has_twenty_webhooks_whoever_races() {
    let verv = Verv::start().await;
    let racers = (0..24).map(|_| call(&verv, "org_1", Method::POST, WEBHOOKS, Some(new("org_1"))));
    let answers = futures::future::join_all(racers).await;
    let made: Vec<_> = answers.iter().filter(|made| made.status == 201).collect();
    assert_eq!(made.len(), 20);
    for refused in answers.iter().filter(|made| made.status != 201) {
        assert_eq!(refused.string("/code"), "too_many_webhooks");
    }
    make(&verv, "org_2").await;
    let gone = path(made[0]);
    for status in [200, 404] {
        let deleted = call(&verv, "org_1", Method::DELETE, &gone, None).await;
        deleted.expect(status);
    }
    make(&verv, "org_1").await;
    let one_more = call(&verv, "org_1", Method::POST, WEBHOOKS, Some(new("org_1"))).await;
    one_more.expect(409);
}

#[tokio::test]
async fn a_webhook_is_changed_and_disabled_and_enabled() {
    let verv = Verv::start().await;
    let made = make(&verv, "org_1").await;
    let path = path(&made);
    let read = webhook(&verv, &made).await;
    let failing = verv
        .store
        .note_receiver(&read, ReceiverState::Failing, verv.now());
    failing.await.expect("the engine answers").expect("changed");
    let off = patch(&verv, &path, json!({"status": "disabled"}))
        .await
        .expect(200);
    let mut shown = off.json();
    shown["id"] = json!("whk_…");
    insta::assert_json_snapshot!(shown, @r#"
    {
      "created_at": "2026-03-26T12:00:00Z",
      "disabled_at": "2026-03-26T12:00:00Z",
      "disabled_reason": "staff",
      "events": [
        "code.created"
      ],
      "failing_since": "2026-03-26T12:00:00Z",
      "id": "whk_…",
      "org_id": "org_1",
      "status": "disabled",
      "url": "https://hooks.example/verv"
    }
    "#);
    verv.clock.advance(TimeDelta::hours(1));
    let again = patch(&verv, &path, json!({"status": "disabled"})).await;
    assert_eq!(again.expect(200).text, off.text, "the first time stays");
    let moved = json!({"url": "https://other.example/", "events": ["*"], "status": "enabled"});
    let moved = patch(&verv, &path, moved).await.expect(200);
    assert_eq!(moved.string("/url"), "https://other.example/");
    assert_eq!(moved.json()["failing_since"], Value::Null);
    assert_eq!(get(&verv, &path).await.text, moved.text);
    for (change, status, code) in [
        (json!({"events": []}), 400, "invalid_field"),
        (json!({"url": "ftp://hooks.example/"}), 400, "invalid_field"),
        (json!({"secret": "whsec_"}), 400, "unknown_field"),
    ] {
        let refused = patch(&verv, &path, change).await.expect(status);
        assert_eq!(refused.string("/code"), code);
    }
}

#[tokio::test]
async fn plain_http_is_taken_where_the_operator_says_so() {
    let plain = json!({"org_id": "org_1", "url": "http://127.0.0.1:9/", "events": ["*"]});
    for (targets, status) in [("public", 422), ("any", 201)] {
        let verv = Verv::with_settings(&[("WEBHOOK_TARGETS", targets)]).await;
        let made = call(&verv, "org_1", Method::POST, WEBHOOKS, Some(plain.clone())).await;
        let made = made.expect(status);
        if status == 422 {
            assert_eq!(made.string("/code"), "https_required");
        }
    }
}

#[tokio::test]
async fn a_rotated_secret_is_new_and_the_old_one_signs_for_a_day() {
    let verv = Verv::start().await;
    let made = make(&verv, "org_1").await;
    let rotated = post(&verv, &format!("{}/secret", path(&made)))
        .await
        .expect(200);
    let (old, new) = (made.string("/secret"), rotated.string("/secret"));
    assert_ne!(old, new);
    let id = made.string("/id").parse().expect("an id");
    let endpoint = verv.store.find_endpoint(id).await;
    let endpoint = endpoint.expect("the engine answers").expect("a webhook");
    let signing = |at| -> Vec<String> {
        let secrets = endpoint.secrets.in_force(at);
        secrets.map(WebhookSecret::expose).collect()
    };
    assert_eq!(signing(verv.now()), [new.clone(), old]);
    assert_eq!(signing(verv.now() + TimeDelta::hours(24)), [new]);
}

/// One key on two paths is two requests, though neither has a body.
#[tokio::test]
async fn a_repeated_rotation_rotates_once_and_each_webhook_for_itself() {
    let verv = Verv::start().await;
    let (one, two) = (make(&verv, "org_1").await, make(&verv, "org_1").await);
    let staff = staff(&verv, "org_1");
    let headers = [
        ("authorization", staff.as_str()),
        ("idempotency-key", "one"),
    ];
    let rotate = async |made: &Reply| {
        let path = format!("{}/secret", path(made));
        let rotated = verv
            .call(Method::POST, &path, &headers, None)
            .await
            .expect(200);
        if let Some(secret) = rotated.json()["secret"].as_str() {
            tests::logs::plant(secret);
        }
        rotated
    };
    let (first, again) = (rotate(&one).await, rotate(&one).await);
    assert_ne!(first.json()["secret"], Value::Null);
    assert_eq!(again.json()["secret"], Value::Null);
    let other = rotate(&two).await;
    assert_eq!(other.string("/id"), two.string("/id"));
    assert_ne!(other.json()["secret"], Value::Null);
}

#[tokio::test]
async fn webhooks_are_held_for_ten_seconds_by_another_process_and_not_by_ones_own() {
    let verv = Verv::start().await;
    let other = verv.store_of_another_process();
    let org = "org_1".parse().expect("an id");
    let known = async |store: &store::UnscopedStore, at| {
        let found = store.webhooks_of(&org, at).await;
        found.expect("the engine answers").len()
    };
    let now = verv.now();
    assert_eq!(
        (known(&verv.store, now).await, known(&other, now).await),
        (0, 0)
    );
    let made = make(&verv, "org_1").await;
    assert_eq!(
        (known(&verv.store, now).await, known(&other, now).await),
        (1, 0)
    );
    assert_eq!(known(&other, now + TimeDelta::seconds(10)).await, 1);
    let deleted = call(&verv, "org_1", Method::DELETE, &path(&made), None).await;
    deleted.expect(200);
    assert_eq!(known(&verv.store, now).await, 0);
}

#[tokio::test]
async fn a_receiver_is_noted_when_it_changes_and_not_by_each_delivery() {
    let verv = Verv::start().await;
    let made = make(&verv, "org_1").await;
    let note = async |read: &Webhook, receiver, at| {
        let (noted, usage) = store::metered(verv.store.note_receiver(read, receiver, at)).await;
        (noted.expect("the engine answers"), usage.calls)
    };
    let now = verv.now();
    let read = webhook(&verv, &made).await;
    assert_eq!(note(&read, ReceiverState::Answering, now).await, (None, 0));
    let (failing, _) = note(&read, ReceiverState::Failing, now).await;
    let failing = failing.expect("changed");
    assert_eq!(failing.failing_since, Some(now.into()));
    let later = now + TimeDelta::hours(1);
    assert_eq!(
        note(&failing, ReceiverState::Failing, later).await,
        (None, 0)
    );
    // A slower attempt, which has read the webhook before.
    let (noted, _) = note(&read, ReceiverState::Failing, later).await;
    assert_eq!(noted, None, "the first failure stays");
    let end = now + TimeDelta::days(5);
    let (ended, _) = note(&failing, ReceiverState::Failing, end).await;
    assert_eq!(ended, Some(webhook(&verv, &made).await));
    let shown = get(&verv, &path(&made)).await.expect(200);
    assert_eq!(shown.string("/disabled_reason"), "failing");
    let told = post(&verv, &format!("{}/test", path(&made))).await;
    assert_eq!(told.expect(409).string("/code"), "webhook_disabled");
}
