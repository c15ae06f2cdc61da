//! Recruitments by code alone and by click: reported once or more often, refused, taken back.

use axum::http::Method;
use chrono::TimeDelta;
use serde_json::{Value, json};
use tests::flows::{ATTRIBUTIONS, CODE, CODES, CONVERSIONS, End, MENTOR, ORG, RECORDS};
use tests::{Reply, Verv};

/// Reports that `member` joined by `code`.
async fn convert(verv: &Verv, code: &str, member: &str) -> Reply {
    let body = json!({"code": code, "new_member_id": member});
    verv.post(CONVERSIONS, body).await
}

async fn total(verv: &Verv, query: &str) -> Value {
    let path = format!("{ATTRIBUTIONS}/total?org_id={ORG}{query}");
    verv.get(&path).await.expect(200).json()
}

#[tokio::test]
async fn a_typed_code_makes_a_confirmed_attribution_and_no_click() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    verv.click(CODE).await;
    let body = json!({
        "code": "jan verv 8f3a", "new_member_id": "usr_5892",
        "confirmed_at": "2026-03-25T10:00:00Z",
    });
    let made = verv.post(CONVERSIONS, body).await.expect(201);
    let id = made.string("/id");
    assert_eq!(made.header("location"), format!("{ATTRIBUTIONS}/{id}"));
    assert_eq!(
        made.json(),
        json!({
            "id": id, "code": CODE, "mentor_id": MENTOR, "org_id": ORG, "type": "conversion",
            "status": "confirmed", "source": "typed", "new_member_id": "usr_5892",
            "confirmed_at": "2026-03-25T10:00:00Z", "created_at": "2026-03-26T12:00:00Z",
        })
    );
    let shown = verv.get(made.header("location")).await.expect(200).json();
    assert_eq!(shown["type"], "conversion");
    assert_eq!(shown["new_member_id"], "usr_5892");
    assert_eq!(shown["occurred_at"], "2026-03-25T10:00:00Z");
    for _ in 0..2 {
        let counts = total(&verv, "").await;
        assert_eq!(counts["total_clicks"], 1);
        assert_eq!(counts["total_conversions"], 1);
        assert_eq!(counts["conversion_rate"], 0.0, "no click led to it");
        let lists = [("", 2), ("&status=confirmed", 1), ("&status=pending", 1)];
        for (filter, count) in lists {
            let list = verv
                .get(&format!("{ATTRIBUTIONS}?org_id={ORG}{filter}"))
                .await;
            assert_eq!(list.json()["pagination"]["total"], count, "{filter}");
        }
        verv.clock.advance(TimeDelta::minutes(1));
        verv.aggregate().await;
    }
    let ranking = verv
        .get(&format!("{ATTRIBUTIONS}/leaderboard?org_id={ORG}"))
        .await;
    assert_eq!(ranking.json()["data"][0]["conversions"], 1);
    assert_eq!(ranking.json()["data"][0]["conversion_rate"], 0.0);
    verv.delete(made.header("location")).await.expect(200);
    for _ in 0..2 {
        let counts = total(&verv, "").await;
        assert_eq!(
            (&counts["total_clicks"], &counts["total_conversions"]),
            (&json!(1), &json!(0))
        );
        verv.clock.advance(TimeDelta::minutes(1));
        verv.aggregate().await;
    }
    convert(&verv, CODE, "usr_5892").await.expect(201);
}

#[tokio::test]
async fn a_click_is_confirmed_by_its_id_as_put_does() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    let click = verv.click(CODE).await;
    let body = json!({"click_id": click, "new_member_id": "usr_5892"});
    let made = verv.post(CONVERSIONS, body.clone()).await.expect(201);
    assert_eq!(made.json()["source"], "click");
    assert_eq!(made.string("/id"), click);
    let again = verv.post(CONVERSIONS, body).await.expect(200);
    assert_eq!(again.text, made.text);
    assert_eq!(total(&verv, "").await["conversion_rate"], 1.0);
    // And what PUT has confirmed is found by the code.
    let by_code = convert(&verv, CODE, "usr_5892").await.expect(200);
    assert_eq!(by_code.text, made.text);
    let other = json!({"click_id": click, "new_member_id": "usr_other"});
    let other = verv.post(CONVERSIONS, other).await.expect(409);
    assert_eq!(other.json()["code"], "already_confirmed");
}

#[tokio::test]
async fn a_repetition_gives_the_first_answer_whatever_became_of_the_code() {
    let verv = Verv::start().await;
    let body = json!({"mentor_id": MENTOR, "org_id": ORG, "code": CODE, "max_referrals": 1});
    let id = verv.post(RECORDS, body).await.expect(201).string("/id");
    let made = convert(&verv, CODE, "usr_5892").await.expect(201);
    let again = convert(&verv, CODE, "usr_5892").await.expect(200);
    assert_eq!(again.text, made.text);
    let full = convert(&verv, CODE, "usr_other").await.expect(409);
    assert_eq!(full.json()["code"], "limit_reached");
    let deactivated = json!({"status": "inactive"});
    verv.put(&format!("{RECORDS}/{id}"), deactivated)
        .await
        .expect(200);
    assert_eq!(
        convert(&verv, CODE, "usr_5892").await.expect(200).text,
        made.text
    );
    let refused = convert(&verv, CODE, "usr_other").await.expect(409);
    assert_eq!(refused.json()["code"], "code_inactive");
}

#[tokio::test]
async fn a_member_of_another_code_is_a_conflict_that_names_the_attribution() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    verv.make_code("usr_1", ORG, "OTHER-CODE").await;
    let held = convert(&verv, CODE, "usr_5892")
        .await
        .expect(201)
        .string("/id");
    let refused = convert(&verv, "OTHER-CODE", "usr_5892")
        .await
        .expect(409)
        .json();
    assert_eq!(refused["code"], "member_already_attributed");
    assert_eq!(refused["attribution_id"], held.as_str());
    let click = verv.click("OTHER-CODE").await;
    let refused = verv
        .confirm(&click, "OTHER-CODE", "usr_5892")
        .await
        .expect(409);
    assert_eq!(refused.json()["attribution_id"], held.as_str());
    // In another organisation the member is another.
    verv.make_code(MENTOR, "org_003", "THIRD-CODE").await;
    convert(&verv, "THIRD-CODE", "usr_5892").await.expect(201);
}

#[tokio::test]
async fn what_refuses_a_confirmation_refuses_a_typed_code() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    let refused = async |body: Value, status: u16| {
        let refused = verv.post(CONVERSIONS, body).await.expect(status).json();
        (
            refused["code"].clone(),
            refused["errors"][0]["field"].clone(),
        )
    };
    let member = |member: &str| json!({"code": CODE, "new_member_id": member});
    assert_eq!(
        refused(member(MENTOR), 422).await,
        (json!("self_referral"), json!("new_member_id"))
    );
    let mut ahead = member("usr_5892");
    ahead["confirmed_at"] = json!("2026-03-26T12:05:01Z");
    assert_eq!(refused(ahead, 422).await.0, "confirmed_in_the_future");
    let unknown = json!({"code": "NO-SUCH-CODE", "new_member_id": "usr_5892"});
    assert_eq!(refused(unknown, 404).await.0, "code_not_found");
    let both = json!({
        "code": CODE, "click_id": "attr_019d0b9fe3287000800000000000bb05",
        "new_member_id": "usr_5892",
    });
    assert_eq!(refused(both, 400).await.1, "click_id");
    assert_eq!(
        refused(json!({"new_member_id": "usr_5892"}), 400).await.1,
        "code"
    );
    let gone = json!({
        "click_id": "attr_019d0b9fe3287000800000000000bb05", "new_member_id": "usr_5892",
    });
    assert_eq!(refused(gone, 404).await.0, "not_found");
    for (end, status, code) in [
        (End::Deactivated, 409, "code_inactive"),
        (End::Rotated, 409, "code_inactive"),
        (End::Invalidated, 409, "code_invalidated"),
        (End::Deleted, 404, "code_not_found"),
    ] {
        let (mentor, string) = (format!("usr_{end:?}"), format!("ENDED-{end:?}"));
        verv.make_ended_code(&mentor, ORG, &string, end).await;
        let body = json!({"code": string, "new_member_id": "usr_5892"});
        assert_eq!(refused(body, status).await.0, code, "{end:?}");
    }
    convert(&verv, CODE, "usr_5892").await.expect(201);
}

#[tokio::test]
async fn a_key_has_one_effect_and_one_answer() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    let click = verv.click(CODE).await;
    let post = async |key: &str, body: Value| {
        let key = [("idempotency-key", key)];
        verv.call(Method::POST, CONVERSIONS, &key, Some(body)).await
    };
    let typed = json!({"code": CODE, "new_member_id": "usr_1"});
    let of_click = json!({"click_id": click, "new_member_id": "usr_2"});
    for (key, body) in [("a", typed.clone()), ("b", of_click.clone())] {
        let first = post(key, body.clone()).await.expect(201);
        let again = post(key, body).await.expect(201);
        assert_eq!(
            (&again.text, again.header("location")),
            (&first.text, first.header("location"))
        );
        let other = json!({"code": CODE, "new_member_id": "usr_3"});
        let reused = post(key, other).await.expect(422);
        assert_eq!(reused.json()["code"], "idempotency_key_reused");
    }
    // A repetition under a key of its own says so as often as it is sent.
    for _ in 0..2 {
        post("c", typed.clone()).await.expect(200);
    }
    assert_eq!(total(&verv, "").await["total_conversions"], 2);
}

#[tokio::test]
async fn a_limit_counts_typed_codes_and_a_deletion_gives_room() {
    let verv = Verv::start().await;
    let body = json!({"mentor_id": MENTOR, "org_id": ORG, "code": CODE, "max_referrals": 2});
    verv.post(RECORDS, body).await.expect(201);
    let click = verv.click(CODE).await;
    convert(&verv, CODE, "usr_1").await.expect(201);
    verv.confirm(&click, CODE, "usr_2").await.expect(200);
    convert(&verv, CODE, "usr_3").await.expect(409);
    let stats = verv.get(&format!("{CODES}?code={CODE}")).await.json();
    let stats = format!(
        "{CODES}/{}/stats",
        stats["data"][0]["id"].as_str().unwrap_or_default()
    );
    assert_eq!(verv.get(&stats).await.json()["total_conversions"], 2);
    let first = verv
        .get(&format!("{CONVERSIONS}?org_id={ORG}&new_member_id=usr_1"))
        .await
        .string("/data/0/id");
    verv.delete(&format!("{ATTRIBUTIONS}/{first}"))
        .await
        .expect(200);
    convert(&verv, CODE, "usr_3").await.expect(201);
    convert(&verv, CODE, "usr_4").await.expect(409);
}
