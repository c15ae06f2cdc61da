//! DESIGN's table of refusals, row by row.

use crate::{CODE, COMPANY, MENTOR, USER, VALIDATE, ask, ask_as, platform, record, validate};
use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};
use tests::tokens::bearer;

#[tokio::test]
async fn user_referral_code_refuses_by_the_table() {
    let verv = platform().await;
    let long = "x".repeat(129);
    for (query, status, error) in [
        (
            format!("user_id={MENTOR}&referral_code={CODE}"),
            400,
            "BAD_REQUEST",
        ),
        ("currency_id=x".to_owned(), 400, "BAD_REQUEST"),
        (format!("user_id={long}"), 400, "INVALID_REQUEST_PARAMETERS"),
        (
            "user_id=a%23b".to_owned(),
            400,
            "INVALID_REQUEST_PARAMETERS",
        ),
        (
            "referral_code=".to_owned(),
            400,
            "INVALID_REQUEST_PARAMETERS",
        ),
        (
            "referral_code=--".to_owned(),
            400,
            "INVALID_REQUEST_PARAMETERS",
        ),
        (
            format!("referral_code={}", "A".repeat(51)),
            400,
            "INVALID_REQUEST_PARAMETERS",
        ),
        (
            format!("referral_code={CODE}&currency_id="),
            400,
            "INVALID_REQUEST_PARAMETERS",
        ),
        (
            format!("referral_code={CODE}&referral_program_id={long}"),
            400,
            "INVALID_REQUEST_PARAMETERS",
        ),
        (
            format!("referral_code={CODE}&referral_code={CODE}"),
            400,
            "INVALID_REQUEST_PARAMETERS",
        ),
        (
            "referral_code=a%2Fb".to_owned(),
            404,
            "REWARD_PROMOTION_USER_REFERRAL_CODE_NOT_FOUND",
        ),
        (
            "user_id=another".to_owned(),
            404,
            "REWARD_PROMOTION_USER_REFERRAL_CODE_NOT_FOUND",
        ),
    ] {
        let answer = ask(&verv, &query).await.expect(status);
        assert_eq!(
            answer.json(),
            json!({"success": 0, "error": [error], "data": {}}),
            "{query}"
        );
    }
    let folded = ask(&verv, "referral_code=c27+355-1489xa&utm_source=x").await;
    folded.expect(200);
    let staff = bearer(&verv, "x", &["ROLE_ORG"], Some(COMPANY));
    ask_as(&verv, &staff, &format!("user_id={MENTOR}"))
        .await
        .expect(200);
    let elsewhere = bearer(&verv, "x", &["ROLE_ORG"], Some("globex"));
    let foreign = ask_as(&verv, &elsewhere, &format!("user_id={MENTOR}"))
        .await
        .expect(401);
    assert_eq!(foreign.string("/error/0"), "UNAUTHORIZED");
}

#[tokio::test]
async fn the_company_is_named_once_and_well() {
    let verv = platform().await;
    let body = json!({"referral_code": CODE, "user_type": 2});
    for (headers, error) in [
        (vec![], "BAD_REQUEST"),
        (vec![("companyid", "")], "INVALID_REQUEST_PARAMETERS"),
        (vec![("companyid", "a#b")], "INVALID_REQUEST_PARAMETERS"),
        (
            vec![("companyid", COMPANY), ("companyid", "globex")],
            "INVALID_REQUEST_PARAMETERS",
        ),
    ] {
        for (method, path) in [(Method::POST, VALIDATE), (Method::GET, USER)] {
            let answer = verv
                .call(method, path, &headers, Some(body.clone()))
                .await
                .expect(400);
            assert_eq!(answer.string("/error/0"), error, "{headers:?}");
        }
    }
    let other = [("companyid", "globex")];
    let answer = verv
        .call(Method::POST, VALIDATE, &other, Some(body))
        .await
        .expect(422);
    assert_eq!(answer.string("/data/reason"), "NOT_FOUND");
}

#[tokio::test]
async fn validate_refuses_by_the_table() {
    let verv = platform().await;
    for (body, error) in [
        (json!({"user_type": 2}), "BAD_REQUEST"),
        (json!({"referral_code": CODE}), "BAD_REQUEST"),
        (
            json!({"referral_code": null, "user_type": 2}),
            "BAD_REQUEST",
        ),
        (json!([CODE, 2]), "BAD_REQUEST"),
        (json!("text"), "BAD_REQUEST"),
        (
            json!({"referral_code": 5, "user_type": 2}),
            "INVALID_REQUEST_PARAMETERS",
        ),
        (
            json!({"referral_code": "", "user_type": 2}),
            "INVALID_REQUEST_PARAMETERS",
        ),
        (
            json!({"referral_code": "A".repeat(51), "user_type": 2}),
            "INVALID_REQUEST_PARAMETERS",
        ),
        (
            json!({"referral_code": CODE, "user_type": "2"}),
            "INVALID_REQUEST_PARAMETERS",
        ),
        (
            json!({"referral_code": CODE, "user_type": 4}),
            "INVALID_REQUEST_PARAMETERS",
        ),
        (
            json!({"referral_code": CODE, "user_type": 2.5}),
            "INVALID_REQUEST_PARAMETERS",
        ),
        (
            json!({"referral_code": CODE, "user_type": 258}),
            "INVALID_REQUEST_PARAMETERS",
        ),
    ] {
        let answer = validate(&verv, body.clone()).await.expect(400);
        assert_eq!(
            answer.json(),
            json!({"success": 0, "error": [error], "data": {}}),
            "{body}"
        );
    }
    let odd = json!({"referral_code": "c273-5514 89xa", "user_type": 2, "signature": {"x": 1}});
    validate(&verv, odd).await.expect(200);
    for raw in ["", "{", "{}{}", "\u{0}"] {
        let request = Request::post(VALIDATE)
            .header("companyid", COMPANY)
            .body(Body::from(raw));
        let answer = verv.send(request.expect("a request")).await.expect(400);
        assert_eq!(answer.string("/error/0"), "BAD_REQUEST", "{raw:?}");
    }
}

#[tokio::test]
async fn a_code_that_cannot_be_used_says_why() {
    let verv = platform().await;
    let reason = async |code: &str, user_type: u8| {
        let body = json!({"referral_code": code, "user_type": user_type});
        let answer = validate(&verv, body).await.expect(422);
        assert_eq!(
            answer.string("/error/0"),
            "REWARD_PROMOTION_REFERRAL_CODE_INVALIDATED"
        );
        answer.string("/data/reason")
    };
    let make = async |mentor: &str, code: &str, more: Value| {
        let mut body = json!({"mentor_id": mentor, "org_id": COMPANY, "code": code});
        for (name, value) in more.as_object().expect("an object") {
            body[name] = value.clone();
        }
        record(&verv, body).await
    };
    assert_eq!(reason(CODE, 3).await, "USER_TYPE_MISMATCH");
    let inactive = make("usr_1", "INACTIVE-1", json!({})).await;
    let path = format!("/api/v1/referral-code-records/{inactive}");
    verv.put(&path, json!({"status": "inactive"}))
        .await
        .expect(200);
    assert_eq!(reason("INACTIVE-1", 2).await, "INACTIVE");
    verv.delete(&format!("/api/v1/referral-codes/{inactive}"))
        .await
        .expect(200);
    assert_eq!(reason("INACTIVE-1", 2).await, "INACTIVE");
    verv.delete(&path).await.expect(200);
    assert_eq!(reason("INACTIVE-1", 2).await, "NOT_FOUND");
    make(
        "usr_2",
        "EXPIRES-1",
        json!({"expires_at": "2026-03-27T00:00:00Z"}),
    )
    .await;
    make("usr_3", "LIMITED-1", json!({"max_referrals": 1})).await;
    let customer = bearer(&verv, "usr_3", &["ROLE_CUSTOMER"], None);
    let reached = async || {
        let answer = ask_as(&verv, &customer, "user_id=usr_3").await.expect(200);
        assert!(
            answer.usage.trips <= 2 && answer.usage.read_units <= 2.0,
            "{:?}",
            answer.usage
        );
        let by_code = ask_as(&verv, &customer, "referral_code=LIMITED-1")
            .await
            .expect(200);
        assert_eq!(by_code.text, answer.text);
        assert!(
            by_code.usage.trips == 1 && by_code.usage.read_units <= 2.0,
            "{:?}",
            by_code.usage
        );
        answer.json()["data"]["referral_user"]["max_referral_limit_reach"].clone()
    };
    assert_eq!(reached().await, false);
    let click = verv
        .post(
            "/api/v1/referral-attributions",
            json!({"code": "LIMITED-1"}),
        )
        .await;
    let path = format!("/api/v1/referral-attributions/{}", click.string("/id"));
    let body = json!({"code": "LIMITED-1", "new_member_id": "usr_9"});
    verv.put(&path, body).await.expect(200);
    assert_eq!(reason("LIMITED-1", 2).await, "LIMIT_REACHED");
    assert_eq!(reached().await, true);
    verv.clock.advance(chrono::TimeDelta::days(1));
    assert_eq!(reason("EXPIRES-1", 2).await, "EXPIRED");
}
