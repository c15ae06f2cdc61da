//! A mentor: their codes end, and they are nowhere.

use crate::bed::{
    ELSEWHERE, KARI, MEMBER, OLA, ORG, PRIVACY, assert_counts_equal_a_recount, code_once, erase,
    export, fill, fold, numbers_of_others, ranking,
};
use crate::traces::{assert_nowhere, items_with};
use chrono::TimeDelta;
use serde_json::{Value, json};
use tests::Verv;
use tests::flows::{ATTRIBUTIONS, CODES, RECORDS};
use tests::tokens::bearer;

fn here() -> String {
    format!("{PRIVACY}/mentors/{KARI}?org_id={ORG}")
}

fn elsewhere() -> String {
    format!("{PRIVACY}/mentors/{KARI}?org_id={ELSEWHERE}")
}

async fn erase_everywhere(verv: &Verv) {
    erase(verv, &here()).await;
    erase_everywhere_else(verv).await;
}

async fn erase_everywhere_else(verv: &Verv) {
    erase(verv, &elsewhere()).await;
    assert_nowhere(verv, &[KARI.as_bytes()]).await;
    assert_counts_equal_a_recount(verv).await;
    assert_nowhere(verv, &[KARI.as_bytes()]).await;
}

#[tokio::test]
async fn an_erased_mentor_is_nowhere_and_everything_is_counted_as_before() {
    let verv = Verv::start().await.as_platform();
    let code = fill(&verv).await;
    let before = numbers_of_others(&verv).await;
    let (records, counts) = export(&verv, &here()).await;
    assert!(records.len() > 20, "{records:?}");
    assert_eq!(counts["codes"], 2);
    assert_eq!(counts["attributions"], 8);
    assert_eq!(counts["guards"], 4);
    assert_eq!(counts["changes"], 5);
    assert_eq!(counts["kept_answers"], 3);
    for record in &records {
        let org = record.get("org_id").and_then(Value::as_str);
        assert!(org.is_none_or(|org| org == ORG), "{record}");
    }

    let receipt = erase(&verv, &here()).await;
    assert_eq!(receipt["status"], "done");
    assert_eq!(receipt["erased"], counts, "what went is what was exported");
    let left = items_with(&verv, KARI.as_bytes()).await;
    assert!(!left.is_empty(), "she is elsewhere still");
    for item in left {
        let text = format!("{item:?}");
        assert!(
            text.contains(ELSEWHERE) && !text.contains("\"org_1\""),
            "{text}"
        );
    }
    fold(&verv).await;
    assert_eq!(numbers_of_others(&verv).await, before);

    let empty = verv.delete(&here()).await.expect(200).json();
    assert_eq!(empty["id"], Value::Null, "there is nobody left: {empty}");
    assert_eq!(empty["erased"]["codes"], 0);
    let (records, _) = export(&verv, &here()).await;
    assert_eq!(records, [] as [Value; 0]);

    let again = erase(&verv, &elsewhere()).await;
    assert_ne!(again["id"], receipt["id"], "nothing ties the two together");
    assert_nowhere(&verv, &[KARI.as_bytes()]).await;
    assert_counts_equal_a_recount(&verv).await;
    assert_nowhere(&verv, &[KARI.as_bytes()]).await;

    let taken = json!({"mentor_id": OLA, "org_id": "org_9", "code": code});
    let refusal = verv.post(RECORDS, taken).await.expect(409);
    assert_eq!(
        refusal.json()["code"],
        "code_taken",
        "the string stays taken"
    );
}

#[tokio::test]
async fn a_mentors_numbers_go_over_to_the_pseudonym() {
    let verv = Verv::start().await.as_platform();
    fill(&verv).await;
    let of = |mentor: String| format!("{ATTRIBUTIONS}/mentor/{mentor}/total?org_id={ORG}");
    let before = verv.get(&of(KARI.to_owned())).await.expect(200).json();
    let ranks = ranking(&verv, ORG).await;
    let receipt = erase(&verv, &here()).await;
    fold(&verv).await;
    let pseudonym = receipt["id"].as_str().expect("a pseudonym").to_owned();
    let after = verv.get(&of(pseudonym.clone())).await.expect(200).json();
    assert_eq!(after["total_clicks"], before["total_clicks"]);
    assert_eq!(after["total_conversions"], before["total_conversions"]);
    let place = |ranks: &[Value], mentor: &str| {
        let rank = ranks.iter().find(|rank| rank["mentor_id"] == mentor);
        let mut rank = rank
            .unwrap_or_else(|| panic!("no {mentor} in {ranks:?}"))
            .clone();
        rank["mentor_id"] = Value::Null;
        rank
    };
    let ranked = ranking(&verv, ORG).await;
    assert_eq!(place(&ranked, &pseudonym), place(&ranks, KARI));
    assert_eq!(ranked.len(), ranks.len());
}

#[tokio::test]
async fn an_erased_mentors_codes_end_at_once() {
    let verv = Verv::start().await.as_platform();
    let code = fill(&verv).await;
    let fresh = code_once(&verv, "usr_fresh", ORG, "fresh")
        .await
        .expect(201);
    for (mentor, code) in [(KARI, code), ("usr_fresh", fresh.string("/code"))] {
        let path = format!("{PRIVACY}/mentors/{mentor}?org_id={ORG}");
        let receipt = verv.delete(&path).await.expect(202).json();
        assert_ne!(receipt["continues_at"], Value::Null);
        let refusal = verv.post(ATTRIBUTIONS, json!({"code": code})).await;
        assert_eq!(refusal.expect(409).json()["code"], "code_invalidated");
        let active = format!("{RECORDS}/active?mentor_id={mentor}&org_id={ORG}");
        verv.get(&active).await.expect(404);
    }
}

#[tokio::test]
async fn what_is_not_folded_yet_is_erased_once_it_is() {
    let verv = Verv::start().await.as_platform();
    let code = fill(&verv).await;
    let before = numbers_of_others(&verv).await;
    // Clicks, a code and a conversion that the next round takes.
    let late = verv.click(&code).await;
    verv.confirm(&late, &code, "late-member").await.expect(200);
    let receipt = verv.delete(&here()).await.expect(202).json();
    assert_eq!(receipt["erased"]["attributions"], 8, "{receipt}");
    // While the erasure waits, the click is removed: a fact under the old id.
    verv.delete(&format!("{ATTRIBUTIONS}/{late}"))
        .await
        .expect(200);
    let receipt = erase(&verv, &here()).await;
    assert_eq!(receipt["erased"]["attributions"], 9, "{receipt}");
    assert_eq!(receipt["erased"]["changes"], 7, "{receipt}");
    fold(&verv).await;
    assert_eq!(numbers_of_others(&verv).await, before);
    erase_everywhere_else(&verv).await;
}

#[tokio::test]
async fn a_code_that_is_made_meanwhile_ends_as_well() {
    let verv = Verv::start().await.as_platform();
    fill(&verv).await;
    verv.delete(&here()).await.expect(202);
    let made = code_once(&verv, KARI, ORG, "meanwhile").await.expect(201);
    let code = made.string("/code");
    verv.click(&code).await;
    let receipt = erase(&verv, &here()).await;
    assert_eq!(receipt["erased"]["codes"], 3);
    assert_eq!(receipt["erased"]["kept_answers"], 4);
    let refusal = verv.post(ATTRIBUTIONS, json!({"code": code})).await;
    refusal.expect(409);
    erase_everywhere_else(&verv).await;
}

#[tokio::test]
async fn rows_that_a_rebuild_has_left_are_erased_too() {
    let verv = Verv::start().await.as_platform();
    fill(&verv).await;
    assert_counts_equal_a_recount(&verv).await;
    erase_everywhere(&verv).await;
}

#[tokio::test]
async fn a_code_that_was_deleted_long_ago_is_erased_too() {
    let verv = Verv::start().await.as_platform();
    let id = verv.make_code(KARI, ORG, "SHORT-LIVED").await;
    verv.delete(&format!("{RECORDS}/{id}")).await.expect(200);
    verv.clock.advance(TimeDelta::days(400));
    fold(&verv).await;
    for item in items_with(&verv, KARI.as_bytes()).await {
        assert!(
            !item.contains_key("expires"),
            "it could not be found: {item:?}"
        );
    }
    let receipt = erase(&verv, &here()).await;
    assert_eq!(receipt["erased"]["codes"], 1);
    assert_nowhere(&verv, &[KARI.as_bytes()]).await;
    let taken = json!({"mentor_id": OLA, "org_id": ORG, "code": "SHORT-LIVED"});
    verv.post(RECORDS, taken).await.expect(409);
}

#[tokio::test]
async fn members_and_visitors_of_an_erased_mentor_stay() {
    let verv = Verv::start().await.as_platform();
    fill(&verv).await;
    let by_member = format!("{PRIVACY}/members/{MEMBER}?org_id={ORG}");
    let (before, _) = export(&verv, &by_member).await;
    erase(&verv, &here()).await;
    let (after, counts) = export(&verv, &by_member).await;
    assert_eq!(counts["attributions"], 1);
    let attribution = |records: &[Value]| records[0].clone();
    let mut expected = attribution(&before);
    expected["mentor_id"] = attribution(&after)["mentor_id"].clone();
    assert_eq!(attribution(&after), expected);
}

#[tokio::test]
async fn an_organisations_staff_erases_in_its_own_part_only() {
    let verv = Verv::with_settings(&[("API_ACCESS", "token")]).await;
    let staff = bearer(&verv, "staff", &["ROLE_ORG"], Some(ORG));
    let admin = bearer(&verv, "admin", &["ROLE_ADMIN"], None);
    let call = async |method: &str, token: &str, path: String| {
        let method = method.parse().expect("a method");
        let headers = [("authorization", token)];
        verv.call(method, &path, &headers, None).await
    };
    for (org, code) in [(ORG, "KARI-HERE"), (ELSEWHERE, "KARI-THERE")] {
        let body = json!({"mentor_id": KARI, "org_id": org, "code": code});
        let headers = [("authorization", admin.as_str())];
        let made = verv.call(axum::http::Method::POST, RECORDS, &headers, Some(body));
        made.await.expect(201);
    }
    for kind in ["members", "mentors"] {
        for person in [KARI, "nobody"] {
            let foreign = format!("{PRIVACY}/{kind}/{person}?org_id={ELSEWHERE}");
            for method in ["GET", "DELETE"] {
                let refusal = call(method, &staff, foreign.clone()).await.expect(404);
                assert_eq!(refusal.json()["code"], "not_found");
            }
        }
    }
    let unnamed = format!("{PRIVACY}/mentors/{KARI}");
    let own = call("DELETE", &staff, unnamed.clone())
        .await
        .expect(202)
        .json();
    assert_eq!(own["org_id"], ORG, "its scope names the organisation");
    let refusal = call("DELETE", &admin, unnamed).await.expect(400).json();
    assert_eq!(refusal["errors"][0]["field"], "org_id");
    let other = call("DELETE", &admin, elsewhere()).await.expect(202);
    let receipt = other.header("location").to_owned();
    call("GET", &admin, receipt.clone()).await.expect(200);
    call("GET", &staff, receipt).await.expect(404);
    let own = format!("{PRIVACY}/erasures/{}", own["id"].as_str().expect("an id"));
    call("GET", &staff, own).await.expect(200);
    let mentor = bearer(&verv, KARI, &["ROLE_MENTOR"], Some(ORG));
    call("DELETE", &mentor, here()).await.expect(403);
}

#[tokio::test]
async fn an_erasure_waits_for_a_rebuild() {
    let verv = Verv::start().await.as_platform();
    fill(&verv).await;
    let aggregator = verv.store.aggregator();
    // Begun, and out of time at once.
    let begun = aggregator.rebuild(|| verv.now(), || true, |_| ()).await;
    assert!(!begun.expect("the engine answers").is_complete);
    let waiting = verv.delete(&here()).await.expect(202).json();
    assert_eq!(waiting["erased"]["codes"], 0);
    verv.clock.advance(TimeDelta::minutes(1));
    let done = aggregator.rebuild(|| verv.now(), || false, |_| ()).await;
    assert!(done.expect("the engine answers").is_complete);
    erase_everywhere(&verv).await;
}

#[tokio::test]
async fn a_key_of_an_erased_mentor_may_serve_another() {
    let verv = Verv::start().await.as_platform();
    fill(&verv).await;
    erase(&verv, &here()).await;
    let other = json!({"mentor_id": "usr_other", "org_id": ORG});
    let made = verv.post_once(CODES, "first", other).await.expect(201);
    assert_eq!(made.json()["mentor_id"], "usr_other");
}
