//! The shortest way through the platform.

use serde_json::json;
use tests::Verv;

#[tokio::test]
async fn a_click_becomes_a_recruitment() {
    let verv = Verv::start().await;
    let pair = json!({"mentor_id": "usr_4491", "org_id": "org_002", "prefix": "JAN-VERV"});
    let code = verv
        .post("/api/v1/referral-codes", pair)
        .await
        .expect(201)
        .string("/code");
    let click = verv
        .post("/api/v1/referral-attributions", json!({"code": code}))
        .await
        .expect(201);
    let path = format!("/api/v1/referral-attributions/{}", click.string("/id"));
    let body = json!({"code": code, "new_member_id": "usr_5892"});
    let confirmed = verv.put(&path, body).await.expect(200);
    assert_eq!(confirmed.string("/status"), "confirmed");
    let total = verv
        .get("/api/v1/referral-attributions/mentor/usr_4491/total")
        .await
        .expect(200);
    assert_eq!(total.json()["total_conversions"], 1);
    verv.delete(&path).await.expect(200);
    let total = verv
        .get("/api/v1/referral-attributions/mentor/usr_4491/total")
        .await
        .expect(200);
    assert_eq!(total.json()["total_clicks"], 0);
}
