//! What a program decides, and the envelope on every answer.

use crate::{CODE, COMPANY, USER, VALIDATE, ask, platform, record, validate};
use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};

#[tokio::test]
async fn a_program_decides_on_types_currency_and_itself() {
    let verv = platform().await;
    let program = json!({"org_id": COMPANY, "name": "Spring", "currency_id": "NOK",
        "eligible_user_types": [3, 5]});
    let program = verv
        .post("/api/v1/referral-programs", program)
        .await
        .expect(201)
        .string("/id");
    let body = json!({"mentor_id": "usr_1", "org_id": COMPANY, "code": "SPRING-1",
        "referral_program_id": program});
    record(&verv, body).await;
    let valid = async |user_type: u8| {
        let body = json!({"referral_code": "SPRING-1", "user_type": user_type});
        validate(&verv, body).await.status.as_u16()
    };
    assert_eq!(
        (valid(2).await, valid(3).await, valid(5).await),
        (422, 200, 200)
    );
    for (query, status) in [
        (String::new(), 200),
        (format!("&referral_program_id={program}"), 200),
        ("&currency_id=NOK".to_owned(), 200),
        (
            format!("&currency_id=NOK&referral_program_id={program}"),
            200,
        ),
        ("&currency_id=SEK".to_owned(), 404),
        ("&referral_program_id=another".to_owned(), 404),
    ] {
        let answer = ask(&verv, &format!("referral_code=SPRING-1{query}")).await;
        assert_eq!(answer.status, status, "{query}: {}", answer.text);
        if status == 200 {
            let shown = answer.string("/data/referral_user/referral_program_id");
            assert_eq!(shown, program);
        }
    }
}

#[tokio::test]
async fn every_answer_wears_the_envelope() {
    let verv = platform().await;
    let headers = [("companyid", COMPANY), ("requestid", "req-1")];
    let large = json!({"referral_code": "x".repeat(70_000), "user_type": 2});
    for (method, path, body, status, error) in [
        (
            Method::GET,
            "/gafapay/v3/reward_promotion/other",
            None,
            404,
            "NOT_FOUND",
        ),
        (Method::GET, "/gafapay/", None, 404, "NOT_FOUND"),
        (
            Method::POST,
            "/gafapay/v9/x",
            Some(json!({})),
            404,
            "NOT_FOUND",
        ),
        (Method::GET, VALIDATE, None, 405, "METHOD_NOT_ALLOWED"),
        (Method::PUT, USER, None, 405, "METHOD_NOT_ALLOWED"),
        (
            Method::POST,
            VALIDATE,
            Some(large),
            413,
            "PAYLOAD_TOO_LARGE",
        ),
        (Method::GET, USER, None, 401, "UNAUTHORIZED"),
    ] {
        let answer = verv.call(method, path, &headers, body).await.expect(status);
        assert_eq!(
            answer.json(),
            json!({"success": 0, "error": [error], "data": {}}),
            "{path}"
        );
        assert_eq!(answer.header("requestid"), "req-1", "{path}");
    }
    assert_eq!(
        verv.call(Method::GET, VALIDATE, &[], None)
            .await
            .header("allow"),
        "POST"
    );
    assert_eq!(
        verv.call(Method::POST, USER, &[], None)
            .await
            .header("allow"),
        "GET,HEAD"
    );
    let elsewhere = verv
        .call(Method::GET, "/api/v1/x", &headers, None)
        .await
        .expect(404);
    assert_eq!(elsewhere.header("content-type"), "application/problem+json");
    assert_eq!(elsewhere.header("requestid"), "");
}

#[tokio::test]
async fn a_failure_wears_the_envelope() {
    let verv = platform().await;
    // Nothing listens there: the SDK gives up and the caller is told to come back.
    let client = local::engine::client("http://127.0.0.1:9");
    let app = verv.app_on(store::UnscopedStore::new(client, "verv"));
    let body = json!({"referral_code": CODE, "user_type": 2}).to_string();
    let request = Request::post(VALIDATE)
        .header("companyid", COMPANY)
        .header("requestid", "req-1")
        .body(Body::from(body))
        .expect("a request");
    let Ok(response) = tower::ServiceExt::oneshot(local::router(app), request).await;
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers()["requestid"], "req-1");
    assert_eq!(response.headers()["retry-after"], "1");
    let bytes = axum::body::to_bytes(response.into_body(), 10_000).await;
    let body: Value = serde_json::from_slice(&bytes.expect("a body")).expect("JSON");
    assert_eq!(
        body,
        json!({"success": 0, "error": ["SERVICE_UNAVAILABLE"], "data": {}})
    );
}
