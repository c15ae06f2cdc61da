//! A code that gets a limit after it has recruited: its count begins with the statistics.

use crate::terms::{change, recruit, terms};
use serde_json::json;
use tests::Verv;
use tests::flows::{ATTRIBUTIONS, CODE, CODES, MENTOR};

async fn confirmed(verv: &Verv, id: &str) -> i64 {
    let terms = terms(verv, id).await;
    terms["confirmed_referrals"].as_i64().expect("a number")
}

#[tokio::test]
async fn a_code_that_gets_a_limit_has_confirmed_what_the_statistics_have() {
    let verv = Verv::start().await;
    let id = verv.make_example_code().await;
    let (first, second) = (
        recruit(&verv, CODE, "usr_new_1").await,
        recruit(&verv, CODE, "usr_new_2").await,
    );
    assert_eq!(confirmed(&verv, &id).await, 2);
    change(&verv, &id, json!({"max_referrals": 3}))
        .await
        .expect(200);
    assert_eq!(confirmed(&verv, &id).await, 2);
    let late = verv.click(CODE).await;
    let third = recruit(&verv, CODE, "usr_new_3").await;
    let refused = verv.confirm(&late, CODE, "usr_new_4").await.expect(409);
    assert_eq!(refused.string("/code"), "limit_reached");
    // What was confirmed before the count began is taken back as well.
    for (gone, left) in [(&first, 2), (&third, 1)] {
        let path = format!("{ATTRIBUTIONS}/{gone}");
        verv.delete(&path).await.expect(200);
        assert_eq!(confirmed(&verv, &id).await, left);
    }
    verv.confirm(&late, CODE, "usr_new_4").await.expect(200);
    // A limit below what is confirmed is reached, and one that goes takes the count along.
    change(&verv, &id, json!({"max_referrals": 1}))
        .await
        .expect(200);
    assert_eq!(terms(&verv, &id).await["limit_reached"], true);
    change(&verv, &id, json!({"max_referrals": null}))
        .await
        .expect(200);
    assert_eq!(confirmed(&verv, &id).await, 2);
    verv.delete(&format!("{ATTRIBUTIONS}/{second}"))
        .await
        .expect(200);
    recruit(&verv, CODE, "usr_new_5").await;
    change(&verv, &id, json!({"max_referrals": 9}))
        .await
        .expect(200);
    assert_eq!(confirmed(&verv, &id).await, 2);
}

#[tokio::test]
async fn a_limit_that_is_given_later_holds_for_the_codes_before_a_rotation_too() {
    let verv = Verv::start().await;
    let id = verv.make_example_code().await;
    let early = recruit(&verv, CODE, "usr_new_1").await;
    let late = [verv.click(CODE).await, verv.click(CODE).await];
    let rotation = json!({"mentor_id": MENTOR, "action": "rotate"});
    let rotated = verv
        .put(&format!("{CODES}/{id}"), rotation)
        .await
        .expect(200);
    let (newest, id) = (rotated.string("/code"), rotated.string("/id"));
    recruit(&verv, &newest, "usr_new_2").await;
    change(&verv, &id, json!({"max_referrals": 3}))
        .await
        .expect(200);
    assert_eq!(confirmed(&verv, &id).await, 2);
    let usage = verv
        .confirm(&late[0], CODE, "usr_new_3")
        .await
        .expect(200)
        .usage;
    // The old code does not say what limit the newest one got.
    assert_eq!(usage.trips, 3, "{usage:?}");
    verv.confirm(&late[1], CODE, "usr_new_4").await.expect(409);
    assert_eq!(confirmed(&verv, &id).await, 3);
    verv.delete(&format!("{ATTRIBUTIONS}/{early}"))
        .await
        .expect(200);
    assert_eq!(confirmed(&verv, &id).await, 2);
    verv.confirm(&late[1], CODE, "usr_new_4").await.expect(200);
}
