//! What a log line must never hold, brought to every route in every way. The harness searches
//! the log, here as in every test: `tests::logs`.

use axum::body::Body;
use axum::http::Method;
use serde_json::{Value, json};
use std::process::Command;
use tests::openapi::BEYOND_THE_DOCUMENT;
use tests::tokens::bearer;
use tests::{Verv, logs};

const ADDRESS: &str = "203.0.113.77";
const AGENT: &str = "PlantedBrowser/9.9";
const MEMBER: &str = "usr_planted_member";
const MENTOR: &str = "usr_planted_mentor";

#[tokio::test]
async fn no_log_line_holds_a_token_an_address_an_agent_or_a_member() {
    for secret in [ADDRESS, AGENT, MEMBER, MENTOR, "planted.broken.token"] {
        logs::plant(secret);
    }
    for access in ["public", "token"] {
        let verv = Verv::with_settings(&[("API_ACCESS", access)]).await;
        for role in ["ROLE_ADMIN", "ROLE_ORG", "ROLE_MENTOR"] {
            let token = bearer(&verv, MENTOR, &[role], Some("org_1"));
            run_everything(&verv, &token).await;
        }
        run_everything(&verv, "Bearer planted.broken.token").await;
        click_through_the_gateway(&verv).await;
    }
    let lines = logs::lines();
    assert!(lines > 500, "{lines}");
}

/// Where the next test's process runs it, and no other.
#[test]
#[ignore = "it ends its process"]
fn leaks() {
    logs::watch();
    logs::plant(MEMBER);
    tracing::info!(member = MEMBER, "confirmed");
}

#[test]
fn a_line_that_holds_one_ends_the_test_binary() {
    let own = std::env::current_exe().expect("this binary");
    let ended = Command::new(own)
        .args(["--exact", "leaks", "--ignored"])
        .output()
        .expect("it runs");
    assert_eq!(ended.status.code(), Some(101), "{ended:?}");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(said.contains("a log line holds"), "{said}");
}

/// A click whose address and browser API Gateway tells, as it does on Lambda.
async fn click_through_the_gateway(verv: &Verv) {
    let body = json!({"code": "NO-SUCH-1"}).to_string();
    let event = json!({
        "version": "2.0", "routeKey": "$default", "rawQueryString": "", "body": body,
        "rawPath": "/api/v1/referral-attributions", "isBase64Encoded": false,
        "headers": {"content-type": "application/json", "user-agent": AGENT},
        "requestContext": {
            "accountId": "1", "apiId": "a", "stage": "$default", "requestId": "gateway-request",
            "time": "26/Mar/2026:12:00:00 +0000", "timeEpoch": 1_774_526_400_000_i64,
            "http": {"method": "POST", "path": "/api/v1/referral-attributions",
                "protocol": "HTTP/1.1", "sourceIp": ADDRESS, "userAgent": AGENT},
        },
    });
    let request = lambda_http::request::from_str(&event.to_string()).expect("an event");
    let request = request.map(|body| Body::from(body.to_vec()));
    let reply = verv.send(request).await;
    assert_eq!(reply.header("x-request-id"), "gateway-request");
    assert_eq!(reply.status, 404, "{}", reply.text);
}

/// Asks every route for what is there, for what is not, and with a body that is none.
async fn run_everything(verv: &Verv, authorization: &str) {
    let headers = [
        ("authorization", authorization),
        ("user-agent", AGENT),
        ("x-forwarded-for", ADDRESS),
        ("companyid", "org_1"),
        ("requestid", "planted-request"),
        ("idempotency-key", MEMBER),
        (BEYOND_THE_DOCUMENT, "names in the query of every route"),
    ];
    let pair = json!({"mentor_id": MENTOR, "org_id": "org_1"});
    let call = async |method: Method, path: &str, body: Option<Value>| {
        verv.call(method, path, &headers, body).await
    };
    let code = call(Method::POST, "/api/v1/referral-codes", Some(pair)).await;
    let text = |value: &Value, name: &str| value[name].as_str().unwrap_or("none").to_owned();
    let (id, code) = (text(&code.json(), "id"), text(&code.json(), "code"));
    let click = json!({"code": code, "ip_address": ADDRESS, "user_agent": AGENT});
    let click = call(Method::POST, "/api/v1/referral-attributions", Some(click)).await;
    let click = text(&click.json(), "id");
    let path = format!("/api/v1/referral-attributions/{click}");
    for _ in 0..2 {
        let body = json!({"code": code, "new_member_id": MEMBER});
        call(Method::PUT, &path, Some(body)).await;
    }
    for route in local::routes().declarations() {
        let (method, route) = (route.method.clone(), &route.path);
        let id = if route.contains("attributions") {
            &click
        } else {
            &id
        };
        let filled = route
            .replace("{id}", id)
            .replace("{mentor_id}", MENTOR)
            .replace("{code}", &code);
        call(method.clone(), &filled, None).await;
        let query = format!("{filled}?user_id={MENTOR}&org_id=org_1");
        call(
            method.clone(),
            &query,
            Some(json!({"code": code, "new_member_id": 5})),
        )
        .await;
        let missing = filled.replace(id.as_str(), MEMBER);
        call(
            method,
            &missing,
            Some(json!({"member": MEMBER, "ip_address": ADDRESS})),
        )
        .await;
    }
}

/// The lines of the audit trail about `object`.
fn trail(object: &str) -> Vec<Value> {
    let lines = logs::audit_trail().into_iter();
    lines.filter(|line| line["object"] == object).collect()
}

/// Case 8: who did this.
#[tokio::test]
async fn every_change_and_every_refused_credential_leaves_a_line_that_says_who() {
    let verv = Verv::with_settings(&[("API_ACCESS", "token")]).await;
    let customer = bearer(&verv, "usr_audit_1", &["ROLE_CUSTOMER"], Some("org_1"));
    let staff = bearer(&verv, "usr_audit_2", &["ROLE_ORG"], Some("org_1"));
    let codes = "/api/v1/referral-codes";
    let pair = json!({"mentor_id": "usr_audit_1", "org_id": "org_1"});
    let made = verv.call_as(&customer, Method::POST, codes, Some(pair.clone()));
    let id = made.await.expect(201).string("/id");
    // What changes nothing leaves no line.
    let found = verv.call_as(&customer, Method::POST, codes, Some(pair));
    found.await.expect(200);
    let path = format!("{codes}/{id}");
    let shown = verv.call_as(&customer, Method::GET, &path, None);
    shown.await.expect(200);
    let record = format!("/api/v1/referral-code-records/{id}");
    let forged = format!("{staff}x");
    for (who, status) in [(&customer, 403), (&forged, 401), (&staff, 200)] {
        let deleted = verv.call_as(who, Method::DELETE, &record, None);
        deleted.await.expect(status);
    }
    let name = |sub: &str| verv.settings.audit_key.hash(sub);
    let remove = "DELETE /api/v1/referral-code-records/{id}";
    let expected = [
        (
            "owner",
            json!(name("usr_audit_1")),
            "POST /api/v1/referral-codes",
            201,
            "done",
        ),
        (
            "owner",
            json!(name("usr_audit_1")),
            remove,
            403,
            "forbidden",
        ),
        ("unverified", Value::Null, remove, 401, "unauthorized"),
        (
            "organisation",
            json!(name("usr_audit_2")),
            remove,
            200,
            "done",
        ),
    ];
    let lines = trail(&id);
    assert_eq!(lines.len(), expected.len(), "{lines:?}");
    for (line, (caller, subject, action, status, outcome)) in lines.iter().zip(expected) {
        assert_eq!(line["caller"], caller, "{line}");
        assert_eq!(line["subject"], subject, "{line}");
        assert_eq!(line["action"], action, "{line}");
        assert_eq!(line["status"], status, "{line}");
        assert_eq!(line["outcome"], outcome, "{line}");
        assert!(line["request_id"].is_string(), "{line}");
    }
}
