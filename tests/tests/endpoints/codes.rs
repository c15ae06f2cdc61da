//! The service's view of codes: got or created, rotated, invalidated, linked.

use serde_json::{Value, json};
use tests::flows::{ATTRIBUTIONS, CODE, CODES, MENTOR, ORG, RECORDS};
use tests::{Reply, Verv};

fn pair() -> Value {
    json!({"mentor_id": MENTOR, "org_id": ORG})
}

async fn rotate(verv: &Verv, id: &str, mentor: &str) -> Reply {
    let body = json!({"mentor_id": mentor, "action": "rotate"});
    verv.put(&format!("{CODES}/{id}"), body).await
}

#[tokio::test]
async fn the_first_request_creates_and_the_next_ones_get() {
    let verv = Verv::start().await;
    let created = verv.post(CODES, pair()).await.expect(201);
    let location = format!("{CODES}/{}", created.string("/id"));
    assert_eq!(created.header("location"), location);
    assert_eq!(verv.get(&location).await.expect(200).text, created.text);
    verv.set_clock("2026-03-28T12:00:00Z");
    let mut with_prefix = pair();
    with_prefix["prefix"] = "OTHER".into();
    for body in [pair(), with_prefix] {
        let got = verv.post(CODES, body).await.expect(200);
        assert_eq!(got.text, created.text);
        assert_eq!(got.header("location"), "");
    }
}

#[tokio::test]
async fn a_code_made_as_a_record_is_got() {
    let verv = Verv::start().await;
    let id = verv.make_example_code().await;
    assert_eq!(verv.post(CODES, pair()).await.expect(200).string("/id"), id);
}

#[tokio::test]
async fn generated_codes_use_no_letter_that_is_misread() {
    let verv = Verv::start().await;
    for number in 0..20 {
        let body = json!({"mentor_id": format!("usr_{number}"), "org_id": ORG});
        let code = verv.post(CODES, body).await.expect(201).string("/code");
        let lengths: Vec<_> = code.split('-').map(str::len).collect();
        assert_eq!(lengths, [3, 4, 4], "{code}");
        assert!(!code.contains(['I', 'L', 'O', 'U']), "{code}");
    }
}

#[tokio::test]
async fn a_prefix_begins_the_code() {
    let verv = Verv::start().await;
    let mut body = pair();
    body["prefix"] = "jan-verv".into();
    let code = verv.post(CODES, body).await.expect(201).string("/code");
    assert!(code.starts_with("JAN-VERV-"), "{code}");
    assert_eq!(code.len(), CODE.len(), "{code}");
}

#[tokio::test]
async fn a_rotation_keeps_the_prefix_and_changes_the_suffix_alone() {
    let verv = Verv::start().await;
    let old = verv.make_example_code().await;
    verv.set_clock("2026-03-26T13:00:00Z");
    let new = rotate(&verv, &old, MENTOR).await.expect(200);
    let code = new.string("/code");
    assert!(
        code.starts_with("JAN-VERV-") && code.len() == CODE.len(),
        "{code}"
    );
    assert_ne!(code, CODE);
    assert_eq!(new.string("/previous_code"), CODE);
    assert_eq!(new.string("/rotated_at"), "2026-03-26T13:00:00Z");

    let was = verv.get(&format!("{RECORDS}/{old}")).await.expect(200);
    assert_eq!(was.string("/status"), "inactive");
    assert_eq!(was.string("/deactivated_at"), "2026-03-26T13:00:00Z");
    let is = verv.post(CODES, pair()).await.expect(200);
    assert_eq!(is.string("/id"), new.string("/id"));
    let found = verv
        .get(&format!("{RECORDS}/lookup?code={code}"))
        .await
        .expect(200);
    assert_eq!(found.string("/id"), new.string("/id"));

    let third = rotate(&verv, &new.string("/id"), MENTOR).await.expect(200);
    assert!(third.string("/code").starts_with("JAN-VERV-"));
    assert_eq!(third.string("/previous_code"), code);
}

#[tokio::test]
async fn a_rotation_that_has_already_happened_names_the_active_code() {
    let verv = Verv::start().await;
    let old = verv.make_example_code().await;
    let new = rotate(&verv, &old, MENTOR).await.expect(200);
    let again = rotate(&verv, &old, MENTOR).await.expect(409);
    assert_eq!(again.string("/code"), "code_inactive");
    assert!(again.string("/detail").contains(&new.string("/id")));
    // Without an active code there is none to name.
    let path = format!("{CODES}/{}", new.string("/id"));
    verv.delete(&path).await.expect(200);
    let again = rotate(&verv, &old, MENTOR).await.expect(409);
    assert_eq!(again.string("/code"), "code_inactive");
    assert!(!again.string("/detail").contains(&new.string("/id")));
}

#[tokio::test]
async fn a_rotation_keeps_the_terms() {
    let verv = Verv::start().await;
    let mut body = pair();
    body["expires_at"] = "2026-06-01T00:00:00Z".into();
    body["max_referrals"] = 1.into();
    let old = verv.post(CODES, body).await.expect(201).string("/id");
    let new = rotate(&verv, &old, MENTOR).await.expect(200);
    assert_eq!(new.string("/expires_at"), "2026-06-01T00:00:00Z");
    let code = new.string("/code");
    let click = verv.click(&code).await;
    verv.confirm(&click, &code, "usr_1").await.expect(200);
    let refused = verv
        .post(ATTRIBUTIONS, json!({"code": code}))
        .await
        .expect(409);
    assert_eq!(refused.string("/code"), "limit_reached");
}

#[tokio::test]
async fn only_its_mentor_rotates_a_code() {
    let verv = Verv::start().await;
    let id = verv.make_example_code().await;
    let refused = rotate(&verv, &id, "usr_1").await.expect(422);
    assert_eq!(refused.string("/code"), "mentor_mismatch");
    assert_eq!(refused.string("/errors/0/field"), "mentor_id");
    let body = json!({"mentor_id": MENTOR, "action": "deactivate"});
    let refused = verv.put(&format!("{CODES}/{id}"), body).await.expect(422);
    assert_eq!(refused.string("/code"), "action_not_allowed");
    let still = verv.get(&format!("{CODES}/{id}")).await.expect(200);
    assert_eq!(still.string("/status"), "active");
}

#[tokio::test]
async fn only_an_active_code_is_rotated() {
    let verv = Verv::start().await;
    let rotated = verv.make_example_code().await;
    rotate(&verv, &rotated, MENTOR).await.expect(200);
    let again = rotate(&verv, &rotated, MENTOR).await.expect(409);
    assert_eq!(again.string("/code"), "code_inactive");
    verv.delete(&format!("{CODES}/{rotated}")).await.expect(200);
    let invalidated = rotate(&verv, &rotated, MENTOR).await.expect(409);
    assert_eq!(invalidated.string("/code"), "code_invalidated");
    let body = json!({"mentor_id": "usr_1", "org_id": ORG, "expires_at": "2026-03-27T00:00:00Z"});
    let expiring = verv.post(CODES, body).await.expect(201).string("/id");
    verv.set_clock("2026-03-27T00:00:00Z");
    let expired = rotate(&verv, &expiring, "usr_1").await.expect(409);
    assert_eq!(expired.string("/code"), "code_expired");
}

#[tokio::test]
async fn an_invalidation_repeats_safely_and_keeps_its_first_time() {
    let verv = Verv::start().await;
    let path = format!("{CODES}/{}", verv.make_example_code().await);
    verv.set_clock("2026-03-26T13:00:00Z");
    let first = verv.delete(&path).await.expect(200);
    assert_eq!(first.string("/invalidated_at"), "2026-03-26T13:00:00Z");
    verv.set_clock("2026-03-26T14:00:00Z");
    assert_eq!(verv.delete(&path).await.expect(200).text, first.text);
    assert_eq!(
        verv.get(&path).await.expect(200).string("/status"),
        "invalidated"
    );
    verv.post(CODES, pair()).await.expect(201);
}

#[tokio::test]
async fn an_inactive_code_can_be_invalidated_and_keeps_when_it_ended() {
    let verv = Verv::start().await;
    let id = verv.make_example_code().await;
    let record = format!("{RECORDS}/{id}");
    verv.put(&record, json!({"status": "inactive"}))
        .await
        .expect(200);
    let new = verv.post(CODES, pair()).await.expect(201).string("/id");
    verv.set_clock("2026-03-27T12:00:00Z");
    let done = verv.delete(&format!("{CODES}/{id}")).await.expect(200);
    assert_eq!(done.string("/invalidated_at"), "2026-03-27T12:00:00Z");
    let shown = verv.get(&record).await.expect(200);
    assert_eq!(shown.string("/status"), "invalidated");
    assert_eq!(shown.string("/deactivated_at"), "2026-03-26T12:00:00Z");
    assert_eq!(
        verv.post(CODES, pair()).await.expect(200).string("/id"),
        new
    );
}

#[tokio::test]
async fn a_pair_whose_code_has_expired_gets_a_new_one() {
    let verv = Verv::start().await;
    let mut body = pair();
    body["expires_at"] = "2026-03-27T00:00:00Z".into();
    let old = verv.post(CODES, body).await.expect(201);
    verv.set_clock("2026-03-27T00:00:00Z");
    let new = verv.post(CODES, pair()).await.expect(201);
    assert_ne!(new.string("/code"), old.string("/code"));
    assert_eq!(new.json()["expires_at"], Value::Null);
    let was = verv
        .get(&format!("{CODES}/{}", old.string("/id")))
        .await
        .expect(200);
    assert_eq!(was.string("/status"), "expired");
    assert_eq!(was.string("/expires_at"), "2026-03-27T00:00:00Z");
    let invalidated = verv.delete(&format!("{CODES}/{}", old.string("/id"))).await;
    assert_eq!(invalidated.expect(200).string("/status"), "invalidated");
    assert_eq!(verv.post(CODES, pair()).await.expect(200).text, new.text);
}

#[tokio::test]
async fn links_are_built_from_the_settings() {
    let verv = Verv::with_settings(&[
        ("JOIN_BASE_URL", "https://example.org/join?lang=no"),
        ("SHORT_BASE_URL", "https://x.example.org/r/"),
    ])
    .await;
    let id = verv.make_example_code().await;
    let links = verv.get(&format!("{CODES}/{id}/url")).await.expect(200);
    let join = "https://example.org/join?lang=no&ref=JAN-VERV-8F3A";
    assert_eq!(links.string("/url"), join);
    assert_eq!(
        links.string("/short_url"),
        "https://x.example.org/r/JAN-VERV-8F3A"
    );
    let code = verv.get(&format!("{CODES}/{id}")).await.expect(200);
    assert_eq!(code.string("/url"), join);
}

#[tokio::test]
async fn racing_requests_for_one_pair_get_one_code() {
    let verv = Verv::start().await;
    let racers = (0..16).map(|_| verv.post(CODES, pair()));
    let replies = futures::future::join_all(racers).await;
    let created = replies.iter().filter(|reply| reply.status == 201).count();
    assert_eq!(created, 1);
    for reply in &replies {
        assert_eq!(reply.string("/id"), replies[0].string("/id"));
    }
    let page = verv.get(CODES).await.expect(200).json();
    assert_eq!(page["pagination"]["total"], 1);
}
