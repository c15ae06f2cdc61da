//! The payments company's contracts, example by example, and DESIGN's table of refusals.

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};
use tests::tokens::bearer;
use tests::{Reply, Verv};

const USER_CONTRACT: &str = include_str!("../contracts/user-referral-code.txt");
const VALIDATE_CONTRACT: &str = include_str!("../contracts/validate-referral-code.txt");

const USER: &str = "/gafapay/v3/reward_promotion/user_referral_code";
const VALIDATE: &str = "/gafapay/v3/reward_promotion/validate_referral_code";
const COMPANY: &str = "59388167894b4d10a04fe5da3b8a2104";
const MENTOR: &str = "fb8f09210e0f46b7b4262d77f5b6c273";
const CODE: &str = "C273551489XA";

/// The JSON document that a contract shows under a heading.
fn example(contract: &str, heading: &str) -> Value {
    let (_, after) = contract
        .split_once(&format!("\n{heading}\n"))
        .expect(heading);
    let mut documents = serde_json::Deserializer::from_str(after).into_iter();
    documents.next().expect("a document").expect(heading)
}

/// The platform with the contracts' code in it.
async fn platform() -> Verv {
    let verv = Verv::start().await;
    record(
        &verv,
        json!({"mentor_id": MENTOR, "org_id": COMPANY, "code": CODE}),
    )
    .await;
    verv
}

async fn record(verv: &Verv, body: Value) -> String {
    let made = verv.post("/api/v1/referral-code-records", body).await;
    made.expect(201).string("/id")
}

async fn ask(verv: &Verv, query: &str) -> Reply {
    ask_as(verv, &customer(verv), query).await
}

async fn ask_as(verv: &Verv, authorization: &str, query: &str) -> Reply {
    let headers = [("companyid", COMPANY), ("authorization", authorization)];
    verv.call(Method::GET, &format!("{USER}?{query}"), &headers, None)
        .await
}

fn customer(verv: &Verv) -> String {
    bearer(verv, MENTOR, &["ROLE_CUSTOMER"], None).replace("Bearer", "Token")
}

async fn validate(verv: &Verv, body: Value) -> Reply {
    verv.call(
        Method::POST,
        VALIDATE,
        &[("companyid", COMPANY)],
        Some(body),
    )
    .await
}

/// `example` with its record's id, which is ours to choose.
fn with_id(mut example: Value, id: &str) -> Value {
    example["data"]["referral_user"]["id"] = json!(id);
    example
}

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
    verv.app.clock.advance(chrono::TimeDelta::days(1));
    assert_eq!(reason("EXPIRES-1", 2).await, "EXPIRED");
}

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
    let mut verv = platform().await;
    // Nothing listens there: the SDK gives up and the caller is told to come back.
    let client = local::engine::client("http://127.0.0.1:9");
    let app = shared::http::App {
        table: shared::store::Table::new(client, "verv"),
        ..verv.app.clone()
    };
    verv.app = app.clone();
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
