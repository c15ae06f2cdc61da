//! What the watch over every request and answer finds.

use axum::http::{HeaderMap, HeaderValue};
use serde_json::{Value, json};
use tests::openapi::{Answer, Document, Sent};

const ID: &str = "/api/v1/referral-codes/rc_8f3a21bc";

/// What the document does not say of an answer to `GET path`.
fn undocumented(
    path: &str,
    status: u16,
    headers: &[(&'static str, &'static str)],
    body: &Value,
) -> String {
    let fields = headers.iter().map(|(name, value)| {
        let name = name.parse().expect("a name");
        (name, HeaderValue::from_static(value))
    });
    let headers: HeaderMap = fields.collect();
    let body = body.to_string();
    let answer = Answer {
        method: "GET",
        path,
        status,
        headers: &headers,
        body: body.as_bytes(),
    };
    answer.undocumented(Document::get()).join("; ")
}

const JSON: (&str, &str) = ("content-type", "application/json");
const PROBLEM: (&str, &str) = ("content-type", "application/problem+json");

fn code() -> Value {
    Document::get().root["components"]["examples"]["Code"]["value"].clone()
}

fn problem(code: &str) -> Value {
    json!({"type": format!("urn:verv:problem:{code}"), "title": "Not Found", "status": 404,
        "detail": "There is none.", "code": code})
}

#[test]
fn an_answer_as_documented_passes() {
    assert_eq!(undocumented(ID, 200, &[JSON], &code()), "");
    assert_eq!(undocumented(ID, 404, &[PROBLEM], &problem("not_found")), "");
    let nowhere = problem("route_not_found");
    assert_eq!(undocumented("/nowhere", 404, &[PROBLEM], &nowhere), "");
}

#[test]
fn a_status_a_field_a_type_a_header_and_a_code_that_are_not_documented_are_found() {
    let with = |field: &str, value: Value| {
        let mut code = code();
        code[field] = value;
        code
    };
    for (status, headers, body, found) in [
        (418, vec![JSON], code(), "status 418 of GET"),
        (
            200,
            vec![JSON],
            with("mentor", json!("x")),
            "Additional properties",
        ),
        (
            200,
            vec![JSON],
            with("status", json!("gone")),
            "\"gone\" is not one of",
        ),
        (
            200,
            vec![JSON],
            with("created_at", json!("2026-01-10T09:00:00.5Z")),
            "/created_at",
        ),
        (200, vec![JSON], json!({}), "is a required property"),
        (
            200,
            vec![("content-type", "text/csv")],
            code(),
            "the media type",
        ),
        (
            200,
            vec![JSON, ("x-other", "1")],
            code(),
            "the header x-other",
        ),
        (
            404,
            vec![PROBLEM],
            problem("code_not_found"),
            "\"code_not_found\" is not one of",
        ),
        (
            503,
            vec![PROBLEM],
            problem("temporarily_unavailable"),
            "no header Retry-After",
        ),
    ] {
        let text = undocumented(ID, status, &headers, &body);
        assert!(text.contains(found), "{text} and not {found}");
    }
    let text = undocumented("/nowhere", 200, &[JSON], &code());
    assert!(text.contains("an operation GET /nowhere"), "{text}");
}

/// What the document does not allow of a request for a code.
fn not_allowed(uri: &str, key: &'static str, body: &Value) -> String {
    let headers = HeaderMap::from_iter([(
        "idempotency-key".parse().expect("a name"),
        HeaderValue::from_static(key),
    )]);
    let body = body.to_string();
    let sent = Sent {
        method: "POST",
        uri: &uri.parse().expect("a URI"),
        headers: &headers,
        body: Some(body.as_bytes()),
    };
    sent.undocumented(Document::get()).join("; ")
}

#[test]
fn what_a_request_has_beyond_the_document_is_found() {
    let (codes, key) = ("/api/v1/referral-codes", "key-1");
    let body = json!({"mentor_id": "usr_1", "org_id": "org_1"});
    assert_eq!(not_allowed(codes, key, &body), "");
    let long = "x".repeat(256);
    let over: &'static str = long.leak();
    for (uri, key, body, found) in [
        (
            "/api/v1/referral-codes?dry=1",
            key,
            body.clone(),
            "the parameter dry",
        ),
        (codes, over, body.clone(), "Idempotency-Key"),
        (
            codes,
            key,
            json!({"mentor_id": "usr_1"}),
            "\"org_id\" is a required property",
        ),
        (
            codes,
            key,
            json!({"mentor_id": "usr 1", "org_id": "org_1"}),
            "body/mentor_id",
        ),
    ] {
        let text = not_allowed(uri, key, &body);
        assert!(text.contains(found), "{text} and not {found}");
    }
}
