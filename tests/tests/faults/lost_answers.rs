//! DynamoDB does what it is asked, and the answer gets lost: one effect, and the right answer.

use crate::{
    ATTRIBUTIONS, CODES, RECORDS, assert_unavailable, click, code, codes_stored, counted, pair,
    start,
};
use serde_json::json;
use tests::faults::{Fault, Faults};

/// The faults after which the write was made and its caller does not know.
const ANSWER_GONE: [Fault; 2] = [Fault::LostAnswer, Fault::LateAnswer];

#[tokio::test]
async fn a_click_whose_answer_is_lost_is_recorded_once() {
    for fault in ANSWER_GONE {
        let (verv, faults) = start().await;
        let code = code(&verv).await.string("/code");
        faults.once("PutItem", fault);
        let id = click(&verv, &code).await;
        assert_eq!(faults.calls("PutItem"), 2, "the SDK tried again");
        assert_eq!(counted(&verv).await, (json!(1), json!(0)));
        verv.get(&format!("{ATTRIBUTIONS}/{id}")).await.expect(200);
    }
}

#[tokio::test]
async fn a_click_whose_answers_are_all_lost_is_503_and_recorded_once() {
    let (verv, faults) = start().await;
    let code = code(&verv).await.string("/code");
    faults.always("PutItem", Fault::LostAnswer);
    assert_unavailable(verv.post(ATTRIBUTIONS, json!({"code": code})).await);
    assert!(faults.calls("PutItem") > 1);
    assert_eq!(counted(&verv).await, (json!(1), json!(0)));
}

#[tokio::test]
async fn a_creation_whose_answer_is_lost_makes_one_code() {
    for fault in ANSWER_GONE {
        let (verv, faults) = start().await;
        faults.once("TransactWriteItems", fault);
        let made = code(&verv).await;
        assert_eq!(faults.calls("TransactWriteItems"), 2);
        assert_eq!(codes_stored(&verv).await, 1);
        let again = verv.post(CODES, pair()).await.expect(200);
        assert_eq!(again.json(), made.json());

        faults.once("TransactWriteItems", fault);
        let body = json!({"mentor_id": "usr_2", "org_id": "org_1", "code": "MY-OWN"});
        let own = verv.post(RECORDS, body).await.expect(201);
        let by_code = verv.get(&format!("{RECORDS}/lookup?code=my-own")).await;
        assert_eq!(by_code.expect(200).json(), own.json());
        assert_eq!(codes_stored(&verv).await, 2);
    }
}

#[tokio::test]
async fn a_rotation_whose_answer_is_lost_happens_once() {
    for fault in ANSWER_GONE {
        let (verv, faults) = start().await;
        let old = code(&verv).await;
        faults.once("TransactWriteItems", fault);
        let path = format!("{CODES}/{}", old.string("/id"));
        let body = json!({"mentor_id": "usr_1", "action": "rotate"});
        let new = verv.put(&path, body).await.expect(200);
        assert_eq!(new.json()["previous_code"], old.json()["code"]);
        assert_eq!(codes_stored(&verv).await, 2);
        let active = format!("{RECORDS}/active?mentor_id=usr_1&org_id=org_1");
        let active = verv.get(&active).await.expect(200);
        assert_eq!(active.json()["id"], new.json()["id"]);
        assert_eq!(verv.get(&path).await.json()["status"], "inactive");
    }
}

#[tokio::test]
async fn a_change_whose_answer_is_lost_begins_its_count_once() {
    for fault in ANSWER_GONE {
        let (verv, faults) = start().await;
        let made = code(&verv).await;
        let (code, path) = (
            made.string("/code"),
            format!("{CODES}/{}", made.string("/id")),
        );
        let click = click(&verv, &code).await;
        verv.confirm(&click, &code, "new_1").await.expect(200);
        faults.once("TransactWriteItems", fault);
        verv.patch(&path, json!({"max_referrals": 2}))
            .await
            .expect(200);
        let terms = verv.get(&format!("{path}/terms")).await.expect(200).json();
        assert_eq!(terms["confirmed_referrals"], 1);
        assert_eq!(terms["terms"]["max_referrals"]["value"], 2);
    }
}

#[tokio::test]
async fn a_confirmation_whose_answer_is_lost_counts_once() {
    for fault in ANSWER_GONE {
        let (verv, faults) = start().await;
        let code = code(&verv).await.string("/code");
        let path = format!("{ATTRIBUTIONS}/{}", click(&verv, &code).await);
        faults.once("TransactWriteItems", fault);
        let body = json!({"code": code, "new_member_id": "new_1"});
        let confirmed = verv.put(&path, body.clone()).await.expect(200);
        assert_eq!(confirmed.string("/new_member_id"), "new_1");
        assert_eq!(counted(&verv).await, (json!(1), json!(1)));
        let again = verv.put(&path, body).await.expect(200);
        assert_eq!(again.text, confirmed.text);
    }
}

#[tokio::test]
async fn a_reported_recruitment_whose_answer_is_lost_counts_once() {
    let reports = "/api/v1/referral-conversions";
    for fault in ANSWER_GONE {
        let (verv, faults) = start().await;
        let code = code(&verv).await.string("/code");
        let click = click(&verv, &code).await;
        let numbers = async || {
            let total = verv
                .get(&format!("{ATTRIBUTIONS}/mentor/usr_1/total"))
                .await;
            let total = total.expect(200).json();
            [
                total["total_clicks"].clone(),
                total["total_conversions"].clone(),
            ]
        };
        for body in [
            json!({"code": code, "new_member_id": "new_1"}),
            json!({"click_id": click, "new_member_id": "new_2"}),
        ] {
            faults.once("TransactWriteItems", fault);
            let made = verv.post(reports, body.clone()).await.expect(201);
            let again = verv.post(reports, body).await.expect(200);
            assert_eq!(again.text, made.text);
        }
        assert_eq!(numbers().await, [1, 2]);
        // Whoever never got the answer gets it by asking again.
        let body = json!({"code": code, "new_member_id": "new_3"});
        faults.always("TransactWriteItems", Fault::LostAnswer);
        assert_unavailable(verv.post(reports, body.clone()).await);
        faults.clear();
        let held = verv.post(reports, body).await.expect(200);
        assert_eq!(held.json()["source"], "typed");
        assert_eq!(numbers().await, [1, 3]);
    }
}

#[tokio::test]
async fn a_deletion_whose_answer_is_lost_counts_once() {
    for fault in ANSWER_GONE {
        let (verv, faults) = start().await;
        let made = code(&verv).await;
        let path = format!(
            "{ATTRIBUTIONS}/{}",
            click(&verv, &made.string("/code")).await
        );
        faults.once("TransactWriteItems", fault);
        verv.delete(&path).await.expect(200);
        assert_eq!(counted(&verv).await, (json!(0), json!(0)));
        verv.delete(&path).await.expect(404);

        for (base, status) in [(CODES, 200), (RECORDS, 404)] {
            let path = format!("{base}/{}", made.string("/id"));
            faults.once("TransactWriteItems", fault);
            verv.delete(&path).await.expect(200);
            verv.delete(&path).await.expect(status);
        }
        assert_eq!(codes_stored(&verv).await, 0);
    }
}

#[tokio::test]
async fn a_caller_who_never_got_the_answer_gets_it_by_asking_again() {
    let (verv, faults) = start().await;
    let lost = |faults: &Faults| faults.always("TransactWriteItems", Fault::LostAnswer);

    lost(&faults);
    assert_unavailable(verv.post(CODES, pair()).await);
    faults.clear();
    let made = verv.post(CODES, pair()).await.expect(200);
    let code = made.string("/code");
    assert_eq!(codes_stored(&verv).await, 1);

    // A creation and a click with a key give the first answer, not a conflict.
    let key = [("idempotency-key", "a key")];
    for (path, body) in [
        (
            RECORDS,
            json!({"mentor_id": "usr_2", "org_id": "org_1", "code": "MY-OWN"}),
        ),
        (ATTRIBUTIONS, json!({"code": code})),
    ] {
        lost(&faults);
        let post = || verv.call(http::Method::POST, path, &key, Some(body.clone()));
        assert_unavailable(post().await);
        faults.clear();
        let first = post().await.expect(201);
        assert_eq!(post().await.expect(201).text, first.text);
        let stored = verv.get(first.header("location")).await.expect(200);
        assert_eq!(stored.json(), first.json());
    }
    assert_eq!(counted(&verv).await, (json!(1), json!(0)));

    let path = format!("{ATTRIBUTIONS}/{}", click(&verv, &code).await);
    let body = json!({"code": code, "new_member_id": "new_1"});
    lost(&faults);
    assert_unavailable(verv.put(&path, body.clone()).await);
    faults.clear();
    verv.put(&path, body).await.expect(200);
    assert_eq!(counted(&verv).await, (json!(2), json!(1)));
}
