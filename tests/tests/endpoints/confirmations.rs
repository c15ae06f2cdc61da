//! Confirmations: a click becomes a recruitment, once per member and organisation.

use serde_json::json;
use tests::Verv;
use tests::flows::{ATTRIBUTIONS, CODE, MENTOR, ORG, RECORDS};

async fn totals(verv: &Verv) -> (i64, i64) {
    let path = format!("{ATTRIBUTIONS}/mentor/{MENTOR}/total");
    let total = verv.get(&path).await.expect(200).json();
    let count = |name: &str| total[name].as_i64().expect("a count");
    (count("total_clicks"), count("total_conversions"))
}

#[tokio::test]
async fn a_confirmed_click_is_a_conversion_and_still_a_click() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    let id = verv.click(CODE).await;
    verv.set_clock("2026-03-27T12:00:00Z");
    let confirmed = verv.confirm(&id, CODE, "usr_5892").await.expect(200);
    assert_eq!(confirmed.string("/confirmed_at"), "2026-03-27T12:00:00Z");
    assert_eq!(confirmed.string("/created_at"), "2026-03-26T12:00:00Z");
    let shown = verv.get(&format!("{ATTRIBUTIONS}/{id}")).await.expect(200);
    assert_eq!(shown.string("/type"), "conversion");
    assert_eq!(shown.string("/status"), "confirmed");
    assert_eq!(shown.string("/new_member_id"), "usr_5892");
    assert_eq!(shown.string("/occurred_at"), "2026-03-26T12:00:00Z");
    assert_eq!(totals(&verv).await, (1, 1));
}

#[tokio::test]
async fn the_same_confirmation_again_gets_the_first_answer() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    let id = verv.click(CODE).await;
    let first = verv.confirm(&id, CODE, "usr_5892").await.expect(200);
    verv.set_clock("2026-03-28T12:00:00Z");
    for body in [
        json!({"code": CODE, "new_member_id": "usr_5892"}),
        json!({"code": "jan verv 8f3a", "new_member_id": "usr_5892"}),
        json!({"code": CODE, "new_member_id": "usr_5892", "confirmed_at": "2026-03-28T11:00:00Z"}),
    ] {
        let again = verv
            .put(&format!("{ATTRIBUTIONS}/{id}"), body)
            .await
            .expect(200);
        assert_eq!(again.text, first.text);
    }
    assert_eq!(totals(&verv).await, (1, 1));
}

#[tokio::test]
async fn a_member_held_elsewhere_names_the_attribution_that_holds_it() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    verv.make_code("usr_1", ORG, "OTHER-CODE").await;
    let holder = verv.click(CODE).await;
    verv.confirm(&holder, CODE, "usr_5892").await.expect(200);
    for code in [CODE, "OTHER-CODE"] {
        let id = verv.click(code).await;
        let refused = verv.confirm(&id, code, "usr_5892").await.expect(409);
        assert_eq!(refused.string("/code"), "member_already_attributed");
        assert!(
            refused.string("/detail").contains(&holder),
            "{}",
            refused.text
        );
        let still = verv.get(&format!("{ATTRIBUTIONS}/{id}")).await.expect(200);
        assert_eq!(still.string("/status"), "pending");
    }
    assert_eq!(totals(&verv).await, (2, 1));
}

#[tokio::test]
async fn a_member_may_join_another_organisation() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    verv.make_code(MENTOR, "org_003", "OTHER-ORG").await;
    for code in [CODE, "OTHER-ORG"] {
        let id = verv.click(code).await;
        verv.confirm(&id, code, "usr_5892").await.expect(200);
    }
    assert_eq!(totals(&verv).await, (2, 2));
}

#[tokio::test]
async fn a_confirmed_click_takes_no_second_member() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    let id = verv.click(CODE).await;
    verv.confirm(&id, CODE, "usr_5892").await.expect(200);
    let refused = verv.confirm(&id, CODE, "usr_5893").await.expect(409);
    assert_eq!(refused.string("/code"), "already_confirmed");
    let other = verv.click(CODE).await;
    verv.confirm(&other, CODE, "usr_5893").await.expect(200);
}

#[tokio::test]
async fn a_mentor_cannot_recruit_themself() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    let id = verv.click(CODE).await;
    let refused = verv.confirm(&id, CODE, MENTOR).await.expect(422);
    assert_eq!(refused.string("/code"), "self_referral");
    assert_eq!(refused.string("/errors/0/field"), "new_member_id");
}

#[tokio::test]
async fn a_recruitment_lies_between_its_click_and_now() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    let id = verv.click(CODE).await;
    let path = format!("{ATTRIBUTIONS}/{id}");
    let at = |time: &str| json!({"code": CODE, "new_member_id": "usr_1", "confirmed_at": time});
    for (time, code) in [
        ("2026-03-26T11:54:59Z", "confirmed_before_click"),
        ("2026-03-26T12:05:01Z", "confirmed_in_the_future"),
    ] {
        let refused = verv.put(&path, at(time)).await.expect(422);
        assert_eq!(refused.string("/code"), code);
        assert_eq!(refused.string("/errors/0/field"), "confirmed_at");
    }
    let confirmed = verv.put(&path, at("2026-03-26T11:55:00Z")).await;
    let confirmed = confirmed.expect(200).string("/confirmed_at");
    assert_eq!(confirmed, "2026-03-26T12:00:00Z", "a clock that is behind");
}

#[tokio::test]
async fn the_body_names_the_code_of_the_click() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    verv.make_code("usr_1", ORG, "OTHER-CODE").await;
    let id = verv.click(CODE).await;
    let refused = verv
        .confirm(&id, "OTHER-CODE", "usr_5892")
        .await
        .expect(422);
    assert_eq!(refused.string("/code"), "code_mismatch");
    assert_eq!(refused.string("/errors/0/field"), "code");
    verv.confirm(&id, "jan verv 8f3a", "usr_5892")
        .await
        .expect(200);
}

#[tokio::test]
async fn a_code_confirms_no_more_than_its_limit_and_a_deletion_makes_room() {
    let verv = Verv::start().await;
    let body = json!({"mentor_id": MENTOR, "org_id": ORG, "code": CODE, "max_referrals": 2});
    verv.post(RECORDS, body).await.expect(201);
    let mut clicks = Vec::new();
    for _ in 0..3 {
        clicks.push(verv.click(CODE).await);
    }
    verv.confirm(&clicks[0], CODE, "usr_1").await.expect(200);
    verv.confirm(&clicks[1], CODE, "usr_2").await.expect(200);
    let refused = verv.confirm(&clicks[2], CODE, "usr_3").await.expect(409);
    assert_eq!(refused.string("/code"), "limit_reached");
    verv.delete(&format!("{ATTRIBUTIONS}/{}", clicks[0]))
        .await
        .expect(200);
    verv.confirm(&clicks[2], CODE, "usr_3").await.expect(200);
    assert_eq!(totals(&verv).await, (2, 2));
}

#[tokio::test]
async fn deleting_a_conversion_frees_its_member_and_lowers_the_totals() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    let (first, second) = (verv.click(CODE).await, verv.click(CODE).await);
    verv.confirm(&first, CODE, "usr_5892").await.expect(200);
    verv.confirm(&second, CODE, "usr_5892").await.expect(409);
    assert_eq!(totals(&verv).await, (2, 1));
    verv.delete(&format!("{ATTRIBUTIONS}/{first}"))
        .await
        .expect(200);
    assert_eq!(totals(&verv).await, (1, 0));
    verv.confirm(&first, CODE, "usr_5892").await.expect(404);
    verv.confirm(&second, CODE, "usr_5892").await.expect(200);
    assert_eq!(totals(&verv).await, (1, 1));
}

#[tokio::test]
async fn racing_confirmations_of_one_member_have_one_winner() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    let mut clicks = Vec::new();
    for _ in 0..8 {
        clicks.push(verv.click(CODE).await);
    }
    let racers = clicks.iter().map(|id| verv.confirm(id, CODE, "usr_5892"));
    let replies = futures::future::join_all(racers).await;
    let winner = replies
        .iter()
        .position(|reply| reply.status == 200)
        .expect("a winner");
    for (place, reply) in replies.iter().enumerate() {
        if place != winner {
            assert_eq!(reply.status, 409, "{}", reply.text);
            assert!(reply.text.contains(&clicks[winner]), "{}", reply.text);
        }
    }
    assert_eq!(totals(&verv).await, (8, 1));
}
