//! The examples of both contracts, through the router and as events.

use crate::{
    CODE, COMPANY, MENTOR, USER_CONTRACT, VALIDATE_CONTRACT, ask, example, platform, record,
    validate, with_id,
};
use axum::body::Body;
use axum::http::Request;
use serde_json::json;

#[tokio::test]
async fn user_referral_code_answers_as_its_contract_shows() {
    let verv = platform().await;
    let success = example(USER_CONTRACT, "Success Response");
    for query in [
        format!("user_id={MENTOR}"),
        format!("referral_code={CODE}"),
        format!(
            "user_id={MENTOR}&currency_id=1f1519903ed240578f071aa45cb479f2&referral_program_id=3a62eae282ea4e04bbe27e2dddbb1e5c"
        ),
    ] {
        let answer = ask(&verv, &query).await.expect(200);
        let id = answer.string("/data/referral_user/id");
        assert_eq!(answer.json(), with_id(success.clone(), &id), "{query}");
        assert!(id.starts_with("rc_"), "{id}");
    }
    for (heading, query, status) in [
        ("Bad Request", "", 400),
        ("Referral Code Not Found", "referral_code=NO-SUCH-1", 404),
        ("Invalid Parameters", "user_id=", 400),
    ] {
        let answer = ask(&verv, query).await.expect(status);
        assert_eq!(answer.json(), example(USER_CONTRACT, heading), "{heading}");
    }
}

#[tokio::test]
async fn validate_referral_code_answers_as_its_contract_shows() {
    let verv = platform().await;
    let request = example(VALIDATE_CONTRACT, "Request Body Example");
    let answer = validate(&verv, request).await.expect(200);
    assert_eq!(
        answer.json(),
        example(VALIDATE_CONTRACT, "Success Response")
    );
    let answer = validate(&verv, json!({})).await.expect(400);
    assert_eq!(answer.json(), example(VALIDATE_CONTRACT, "Bad Request"));
    let unknown = json!({"referral_code": "AGENT456DEF", "user_type": 5});
    let mut answer = validate(&verv, unknown).await.expect(422).json();
    // The reason is ours to add.
    assert_eq!(answer["data"]["reason"].take(), "NOT_FOUND");
    answer["data"] = json!({});
    assert_eq!(answer, example(VALIDATE_CONTRACT, "Invalid Referral Code"));
    for (code, user_type) in [("MERCHANT123ABC", 3), ("AGENT456DEF", 5)] {
        let body =
            json!({"mentor_id": code, "org_id": COMPANY, "code": code, "user_type": user_type});
        record(&verv, body).await;
        let body = json!({"referral_code": code, "user_type": user_type});
        validate(&verv, body).await.expect(200);
    }
}

/// The event `name` as the Lambda runtime hands it to the router.
fn event(name: &str) -> Request<Body> {
    let path = format!("{}/../events/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("the event");
    let request = lambda_http::request::from_str(&text).expect("an API Gateway event");
    request.map(|body| Body::from(body.to_vec()))
}

#[tokio::test]
async fn replayed_events_answer_as_the_contracts_show() {
    let verv = platform().await;
    for (name, contract) in [
        ("reward-promotion-user-referral-code", USER_CONTRACT),
        ("reward-promotion-user-referral-code-by-code", USER_CONTRACT),
        ("reward-promotion-validate-referral-code", VALIDATE_CONTRACT),
    ] {
        let answer = verv.send(event(name)).await.expect(200);
        let mut expected = example(contract, "Success Response");
        if expected["data"]["referral_user"].is_object() {
            expected = with_id(expected, &answer.string("/data/referral_user/id"));
        }
        assert_eq!(answer.json(), expected, "{name}");
        let requestid = "5bb30135-1815-41d5-827f-baed3daba4ae";
        assert_eq!(answer.header("requestid"), requestid, "{name}");
    }
    let program = verv.send(event("programs-create")).await.expect(201);
    assert_eq!(program.json()["status"], "active");
    let list = verv.send(event("programs-list")).await.expect(200);
    assert_eq!(list.json()["pagination"]["total"], 1);
}
