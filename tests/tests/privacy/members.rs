//! A member: gone at once, and counted as before.

use crate::bed::{
    ADDRESS, ADDRESS_TEXT, AGENT, ELSEWHERE, MEMBER, ORG, PRIVACY, REFERRER,
    assert_counts_equal_a_recount, export, fill, fold, members_click, numbers_of_others,
};
use crate::traces::{assert_nowhere, items_with};
use serde_json::{Value, json};
use tests::Verv;
use tests::flows::ATTRIBUTIONS;

fn here() -> String {
    format!("{PRIVACY}/members/{MEMBER}?org_id={ORG}")
}

fn traces() -> Vec<&'static [u8]> {
    vec![
        MEMBER.as_bytes(),
        &ADDRESS,
        ADDRESS_TEXT.as_bytes(),
        AGENT.as_bytes(),
        REFERRER.as_bytes(),
    ]
}

#[tokio::test]
async fn an_erased_member_is_nowhere_and_counts_as_before() {
    let verv = Verv::start().await.as_platform();
    fill(&verv).await;
    let before = numbers_of_others(&verv).await;
    for trace in [MEMBER.as_bytes(), ADDRESS_TEXT.as_bytes(), AGENT.as_bytes()] {
        assert!(!items_with(&verv, trace).await.is_empty());
    }
    let (records, counts) = export(&verv, &here()).await;
    assert_eq!(records[0]["new_member_id"], MEMBER);
    assert_eq!(records[0]["ip_address"], ADDRESS_TEXT);
    assert_eq!(records[0]["user_agent"], AGENT);
    assert_eq!(records[0]["referrer_url"], REFERRER);
    let expected = json!({
        "codes": 0, "attributions": 1, "changes": 0, "guards": 1, "kept_answers": 1,
        "statistics": 0,
    });
    assert_eq!(counts, expected);

    let receipt = verv.delete(&here()).await.expect(200).json();
    assert_eq!(receipt["status"], "done");
    assert_eq!(receipt["erased"], counts, "what went is what was exported");
    assert_nowhere(&verv, &traces()).await;
    assert_eq!(numbers_of_others(&verv).await, before);
    assert_counts_equal_a_recount(&verv).await;
    assert_nowhere(&verv, &traces()).await;

    let again = verv.delete(&here()).await.expect(200).json();
    assert_eq!(again["id"], Value::Null);
    assert_eq!(again["erased"]["attributions"], 0);
    let kept = format!(
        "{PRIVACY}/erasures/{}",
        receipt["id"].as_str().expect("an id")
    );
    assert_eq!(verv.get(&kept).await.expect(200).json(), receipt);
}

#[tokio::test]
async fn the_attribution_of_an_erased_member_can_be_deleted_and_they_can_join_anew() {
    let verv = Verv::start().await.as_platform();
    let code = fill(&verv).await;
    let (records, _) = export(&verv, &here()).await;
    let id = records[0]["id"].as_str().expect("an id").to_owned();
    verv.delete(&here()).await.expect(200);
    let path = format!("{ATTRIBUTIONS}/{id}");
    let shown = verv.get(&path).await.expect(200).json();
    assert!(
        shown["new_member_id"]
            .as_str()
            .expect("one")
            .starts_with("erased_")
    );
    assert_eq!(shown["ip_address"], Value::Null);

    let click = members_click(&verv, &code, "anew").await;
    verv.confirm(&click, &code, MEMBER).await.expect(200);
    verv.delete(&path).await.expect(200);
    verv.get(&path).await.expect(404);
    verv.delete(&here()).await.expect(200);
    assert_nowhere(&verv, &traces()).await;
    fold(&verv).await;
    assert_counts_equal_a_recount(&verv).await;
}

#[tokio::test]
async fn a_member_is_one_of_an_organisation() {
    let verv = Verv::start().await.as_platform();
    fill(&verv).await;
    let unnamed = format!("{PRIVACY}/members/{MEMBER}");
    for reply in [verv.get(&unnamed).await, verv.delete(&unnamed).await] {
        let refusal = reply.expect(400).json();
        assert_eq!(refusal["errors"][0]["field"], "org_id");
    }
    let elsewhere = format!("{unnamed}?org_id={ELSEWHERE}");
    let receipt = verv.delete(&elsewhere).await.expect(200).json();
    assert_eq!(receipt["id"], Value::Null);
    let (records, _) = export(&verv, &here()).await;
    assert!(!records.is_empty(), "they are here still");
}

#[tokio::test]
async fn a_bad_cursor_is_refused() {
    let verv = Verv::start().await.as_platform();
    let path = format!("{PRIVACY}/mentors/usr_1?org_id=org_1&cursor=x");
    let refusal = verv.get(&path).await.expect(400).json();
    assert_eq!(refusal["errors"][0]["field"], "cursor");
}
