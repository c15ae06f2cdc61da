//! What the watch over every answer finds.

use axum::http::{HeaderMap, HeaderValue};
use serde_json::{Value, json};
use tests::openapi::{Answer, Document};

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
