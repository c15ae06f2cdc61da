//! Headers that every answer has, whatever came of the request.

use serde_json::json;
use tests::Verv;

#[tokio::test]
async fn answers_are_not_kept_by_caches_and_not_taken_for_another_type() {
    let verv = Verv::start().await;
    let code = json!({"mentor_id": "usr_1", "org_id": "org_1"});
    let made = verv.post("/api/v1/referral-codes", code).await;
    let code = made.string("/code");
    let mut answers = vec![made];
    for path in [
        "/api/v1/referral-codes",
        "/api/v1/referral-codes?limit=0",
        "/api/v1/referral-codes/rc_none",
        "/api/v1/referral-attributions/mentor/usr_1/total",
        "/gafapay/v3/reward_promotion/user_referral_code",
        "/nowhere",
        "/r/UNKNOWN",
        &format!("/r/{code}"),
    ] {
        answers.push(verv.get(path).await);
    }
    for answer in answers {
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(
            answer.header("cache-control"),
            "no-store",
            "{}",
            answer.text
        );
    }
}
