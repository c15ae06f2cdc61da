//! The repository's view of codes: made with the caller's string, found, deactivated, deleted.

use serde_json::{Value, json};
use tests::Verv;
use tests::flows::{ATTRIBUTIONS, CODE, CODES, End, MENTOR, ORG, RECORDS};

fn new_record(mentor: &str, org: &str, code: &str) -> Value {
    json!({"mentor_id": mentor, "org_id": org, "code": code})
}

#[tokio::test]
async fn a_new_record_is_at_its_location_at_once() {
    let verv = Verv::start().await;
    let made = verv
        .post(RECORDS, new_record(MENTOR, ORG, "jan-verv-8f3a"))
        .await
        .expect(201);
    assert_eq!(made.string("/code"), CODE, "shown in upper case");
    let location = made.header("location");
    assert_eq!(location, format!("{RECORDS}/{}", made.string("/id")));
    for path in [
        location.to_owned(),
        format!("{RECORDS}/active?mentor_id={MENTOR}&org_id={ORG}"),
        format!("{RECORDS}/lookup?code={CODE}"),
    ] {
        assert_eq!(verv.get(&path).await.expect(200).text, made.text, "{path}");
    }
}

#[tokio::test]
async fn a_pair_has_at_most_one_active_code() {
    let verv = Verv::start().await;
    let id = verv.make_example_code().await;
    let second = verv
        .post(RECORDS, new_record(MENTOR, ORG, "SECOND"))
        .await
        .expect(409);
    assert_eq!(second.string("/code"), "active_code_exists");
    assert!(second.string("/detail").contains(&id), "{}", second.text);
    verv.get(&format!("{RECORDS}/lookup?code=SECOND"))
        .await
        .expect(404);
    verv.make_code(MENTOR, "org_003", "SECOND").await;
    verv.make_code("usr_1", ORG, "THIRD").await;
}

#[tokio::test]
async fn codes_that_read_alike_collide() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    for alike in [
        "JAN-VERV-8F3A",
        "jan-verv-8f3a",
        "JANVERV8F3A",
        "J-A-N-VERV8F3A",
        "-JANVERV-8F3A-",
    ] {
        let taken = verv
            .post(RECORDS, new_record("usr_1", ORG, alike))
            .await
            .expect(409);
        assert_eq!(taken.string("/code"), "code_taken", "{alike}");
        assert_eq!(taken.string("/errors/0/field"), "code", "{alike}");
    }
}

#[tokio::test]
async fn a_code_string_is_never_issued_twice() {
    let verv = Verv::start().await;
    for (mentor, code, end) in [
        ("usr_1", "WAS-ROTATED", End::Rotated),
        ("usr_2", "WAS-DEACTIVATED", End::Deactivated),
        ("usr_3", "WAS-INVALIDATED", End::Invalidated),
        ("usr_4", "WAS-DELETED", End::Deleted),
    ] {
        verv.make_ended_code(mentor, ORG, code, end).await;
    }
    for code in [
        "WAS-ROTATED",
        "WAS-DEACTIVATED",
        "WAS-INVALIDATED",
        "WAS-DELETED",
        "wasdeleted",
    ] {
        let taken = verv
            .post(RECORDS, new_record("usr_9", ORG, code))
            .await
            .expect(409);
        assert_eq!(taken.string("/code"), "code_taken", "{code}");
    }
    // The pairs are free again, but for the one whose code was rotated.
    for mentor in ["usr_2", "usr_3", "usr_4"] {
        verv.make_code(mentor, ORG, &format!("NEXT-{mentor}").replace('_', "-"))
            .await;
    }
}

#[tokio::test]
async fn a_lookup_folds_what_people_type() {
    let verv = Verv::start().await;
    let id = verv.make_example_code().await;
    for typed in [
        "JAN-VERV-8F3A",
        "jan%20verv%208f3a",
        "jan+verv+8f3a",
        "Jan_Verv_8F3A",
        "janverv8f3a",
        "%20JAN--VERV8F3A%09",
    ] {
        let found = verv
            .get(&format!("{RECORDS}/lookup?code={typed}"))
            .await
            .expect(200);
        assert_eq!(found.string("/id"), id, "{typed}");
    }
    let unknown = verv
        .get(&format!("{RECORDS}/lookup?code=JAN-VERV-8F3B"))
        .await
        .expect(404);
    assert_eq!(unknown.string("/code"), "code_not_found");
}

#[tokio::test]
async fn a_deactivation_repeats_safely_and_keeps_its_first_time() {
    let verv = Verv::start().await;
    verv.set_clock("2026-03-20T08:00:00Z");
    let path = format!("{RECORDS}/{}", verv.make_example_code().await);
    verv.set_clock("2026-03-26T12:00:00Z");
    let body = json!({"status": "inactive", "deactivated_at": "2026-03-25T08:00:00Z"});
    let first = verv.put(&path, body).await.expect(200);
    assert_eq!(first.string("/deactivated_at"), "2026-03-25T08:00:00Z");
    verv.set_clock("2026-03-27T12:00:00Z");
    for body in [
        json!({"status": "inactive"}),
        json!({"status": "inactive", "deactivated_at": "2026-03-27T08:00:00Z"}),
        json!({"status": "inactive", "deactivated_at": null}),
    ] {
        let again = verv.put(&path, body).await.expect(200);
        assert_eq!(again.text, first.text);
    }
    let gone = verv
        .get(&format!("{RECORDS}/active?mentor_id={MENTOR}&org_id={ORG}"))
        .await;
    assert_eq!(gone.expect(404).string("/code"), "no_active_code");
    assert_eq!(verv.get(&path).await.expect(200).text, first.text);
}

#[tokio::test]
async fn a_deactivation_without_a_time_happens_now() {
    let verv = Verv::start().await;
    let path = format!("{RECORDS}/{}", verv.make_example_code().await);
    verv.set_clock("2026-03-26T13:14:15.999Z");
    let done = verv
        .put(&path, json!({"status": "inactive"}))
        .await
        .expect(200);
    assert_eq!(done.string("/deactivated_at"), "2026-03-26T13:14:15Z");
}

#[tokio::test]
async fn a_code_ends_after_it_was_made_and_not_in_the_future() {
    let verv = Verv::start().await;
    let path = format!("{RECORDS}/{}", verv.make_example_code().await);
    for (at, code) in [("2026-03-26T12:05:01Z", "deactivated_in_the_future")] {
        let body = json!({"status": "inactive", "deactivated_at": at});
        let refused = verv.put(&path, body).await.expect(422);
        assert_eq!(refused.string("/code"), code);
        assert_eq!(refused.string("/errors/0/field"), "deactivated_at");
    }
    // The contract's literal body, on a fresh record.
    let body = json!({"status": "inactive", "deactivated_at": "2026-03-26T11:00:00Z"});
    let done = verv.put(&path, body).await.expect(200);
    assert_eq!(done.string("/deactivated_at"), "2026-03-26T12:00:00Z");
}

#[tokio::test]
async fn a_record_can_only_be_made_inactive() {
    let verv = Verv::start().await;
    let path = format!("{RECORDS}/{}", verv.make_example_code().await);
    for status in ["active", "invalidated", "expired", "INACTIVE", ""] {
        let refused = verv.put(&path, json!({"status": status})).await.expect(422);
        assert_eq!(refused.string("/code"), "status_not_allowed", "{status}");
    }
    assert_eq!(
        verv.get(&path).await.expect(200).string("/status"),
        "active"
    );
}

#[tokio::test]
async fn an_invalidated_code_cannot_be_deactivated() {
    let verv = Verv::start().await;
    let id = verv.make_example_code().await;
    verv.delete(&format!("{CODES}/{id}")).await.expect(200);
    let path = format!("{RECORDS}/{id}");
    let refused = verv
        .put(&path, json!({"status": "inactive"}))
        .await
        .expect(409);
    assert_eq!(refused.string("/code"), "code_invalidated");
    assert_eq!(
        verv.get(&path).await.expect(200).string("/status"),
        "invalidated"
    );
}

#[tokio::test]
async fn a_deleted_record_is_gone_everywhere_and_the_second_deletion_finds_nothing() {
    let verv = Verv::start().await;
    let id = verv.make_example_code().await;
    verv.click(CODE).await;
    let deleted = verv.delete(&format!("{RECORDS}/{id}")).await.expect(200);
    assert_eq!(
        deleted.json(),
        json!({"id": id, "deleted": true, "deleted_at": "2026-03-26T12:00:00Z"})
    );
    for path in [
        format!("{RECORDS}/{id}"),
        format!("{CODES}/{id}"),
        format!("{CODES}/{id}/url"),
        format!("{RECORDS}/lookup?code={CODE}"),
        format!("{RECORDS}/active?mentor_id={MENTOR}&org_id={ORG}"),
        format!("/r/{CODE}"),
    ] {
        verv.get(&path).await.expect(404);
    }
    verv.delete(&format!("{RECORDS}/{id}")).await.expect(404);
    verv.delete(&format!("{CODES}/{id}")).await.expect(404);
    let inactive = json!({"status": "inactive"});
    verv.put(&format!("{RECORDS}/{id}"), inactive)
        .await
        .expect(404);
    let rotate = json!({"mentor_id": MENTOR, "action": "rotate"});
    verv.put(&format!("{CODES}/{id}"), rotate).await.expect(404);
    verv.post(ATTRIBUTIONS, json!({"code": CODE}))
        .await
        .expect(404);
    for list in [RECORDS, CODES] {
        for query in [
            "",
            "?status=active",
            "?code=JAN-VERV-8F3A",
            "?mentor_id=usr_4491",
            "?org_id=org_002",
        ] {
            let page = verv.get(&format!("{list}{query}")).await.expect(200).json();
            assert_eq!(page["data"], json!([]), "{list}{query}");
            assert_eq!(page["pagination"]["total"], 0, "{list}{query}");
        }
    }
}

#[tokio::test]
async fn deleting_an_old_code_leaves_the_pairs_active_one() {
    let verv = Verv::start().await;
    let old = verv.make_example_code().await;
    verv.put(&format!("{RECORDS}/{old}"), json!({"status": "inactive"}))
        .await
        .expect(200);
    let new = verv.make_code(MENTOR, ORG, "NEW-CODE").await;
    verv.delete(&format!("{CODES}/{old}")).await.expect(200);
    verv.delete(&format!("{RECORDS}/{old}")).await.expect(200);
    let active = verv
        .get(&format!("{RECORDS}/active?mentor_id={MENTOR}&org_id={ORG}"))
        .await;
    assert_eq!(active.expect(200).string("/id"), new);
}

#[tokio::test]
async fn an_end_in_the_past_is_refused() {
    let verv = Verv::start().await;
    for path in [RECORDS, CODES] {
        for end in [
            "2026-03-26T12:00:00Z",
            "2026-03-26T11:00:00Z",
            "2026-03-26T12:30:00+01:00",
        ] {
            let mut body = json!({"mentor_id": MENTOR, "org_id": ORG, "expires_at": end});
            if path == RECORDS {
                body["code"] = CODE.into();
            }
            let refused = verv.post(path, body).await.expect(422);
            assert_eq!(
                refused.string("/code"),
                "expires_in_the_past",
                "{path} {end}"
            );
            assert_eq!(
                refused.string("/errors/0/field"),
                "expires_at",
                "{path} {end}"
            );
        }
    }
}

#[tokio::test]
async fn a_code_past_its_end_reads_expired_and_makes_room() {
    let verv = Verv::start().await;
    let mut body = new_record(MENTOR, ORG, CODE);
    body["expires_at"] = "2026-04-01T00:00:00Z".into();
    let old = verv.post(RECORDS, body).await.expect(201).string("/id");
    verv.set_clock("2026-03-31T23:59:59Z");
    let path = format!("{RECORDS}/{old}");
    assert_eq!(
        verv.get(&path).await.expect(200).string("/status"),
        "active"
    );
    verv.set_clock("2026-04-01T00:00:00Z");
    let expired = verv.get(&path).await.expect(200).json();
    assert_eq!(expired["status"], "expired");
    assert_eq!(expired["deactivated_at"], Value::Null);
    verv.get(&format!("{RECORDS}/active?mentor_id={MENTOR}&org_id={ORG}"))
        .await
        .expect(404);
    let found = verv
        .get(&format!("{RECORDS}/lookup?code={CODE}"))
        .await
        .expect(200);
    assert_eq!(found.string("/status"), "expired");
    let new = verv.make_code(MENTOR, ORG, "NEW-CODE").await;

    // The old one may still be ended; the new one stays.
    verv.put(&path, json!({"status": "inactive"}))
        .await
        .expect(200);
    assert_eq!(
        verv.get(&path).await.expect(200).string("/status"),
        "inactive"
    );
    let active = verv
        .get(&format!("{RECORDS}/active?mentor_id={MENTOR}&org_id={ORG}"))
        .await;
    assert_eq!(active.expect(200).string("/id"), new);
}
