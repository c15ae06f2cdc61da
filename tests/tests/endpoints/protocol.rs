//! What every route has in common: unknown addresses and methods, sizes, types, headers.

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::json;
use tests::flows::{ATTRIBUTIONS, CODE, CODES, ORG, RECORDS};
use tests::{Reply, Verv};

fn assert_problem(reply: &Reply, status: u16, code: &str) {
    assert_eq!(reply.status, status, "{}", reply.text);
    assert_eq!(reply.header("content-type"), "application/problem+json");
    assert_eq!(reply.string("/code"), code);
    assert_eq!(reply.string("/type"), format!("urn:verv:problem:{code}"));
    assert_eq!(reply.json()["status"], status);
}

#[tokio::test]
async fn a_problem_has_the_fields_of_rfc_9457_and_names_the_field() {
    let verv = Verv::start().await;
    let reply = verv
        .post(CODES, json!({"mentor_id": "usr_1", "org_id": "a#b"}))
        .await;
    insta::assert_snapshot!(reply.text, @r#"{"type":"urn:verv:problem:invalid_field","title":"Bad Request","status":400,"detail":"org_id: must be 1 to 128 characters of A-Z a-z 0-9 _ . : @ | + = -.","code":"invalid_field","errors":[{"field":"org_id","detail":"must be 1 to 128 characters of A-Z a-z 0-9 _ . : @ | + = -"}]}"#);
    let reply = verv.get(&format!("{CODES}/rc_1")).await;
    insta::assert_snapshot!(reply.text, @r#"{"type":"urn:verv:problem:not_found","title":"Not Found","status":404,"detail":"There is no record with this id.","code":"not_found"}"#);
}

#[tokio::test]
async fn an_unknown_address_is_a_problem() {
    let verv = Verv::start().await;
    for path in [
        "/",
        "/api/v1",
        "/api/v1/referral-codes/",
        "/api/v1/referral-codes/x/y",
        "/favicon.ico",
    ] {
        assert_problem(&verv.get(path).await, 404, "route_not_found");
        assert_problem(&verv.post(path, json!({})).await, 404, "route_not_found");
    }
}

#[tokio::test]
async fn a_person_reads_a_page_wherever_short_links_are() {
    let verv = Verv::start().await;
    for (method, path, status) in [
        (Method::GET, "/r", 404),
        (Method::GET, "/r/", 404),
        (Method::GET, "/r/a/b", 404),
        (Method::POST, "/r/JAN-VERV-8F3A", 405),
    ] {
        let reply = verv.call(method, path, &[], None).await.expect(status);
        let kind = reply.header("content-type");
        assert_eq!(kind, "text/html; charset=utf-8", "{path}");
        assert!(reply.text.starts_with("<!doctype html>"), "{}", reply.text);
        let allow = reply.header("allow");
        assert_eq!(allow.is_empty(), status == 404, "{path}: {allow}");
    }
}

#[tokio::test]
async fn a_method_that_an_address_does_not_take_names_those_it_does() {
    let verv = Verv::start().await;
    for (method, path, allow) in [
        (Method::PUT, RECORDS, "GET,HEAD,POST"),
        (
            Method::PATCH,
            "/api/v1/referral-code-records/rc_1",
            "DELETE,GET,HEAD,PUT",
        ),
        (
            Method::POST,
            "/api/v1/referral-code-records/active",
            "GET,HEAD",
        ),
        (
            Method::DELETE,
            "/api/v1/referral-attributions/mentor/usr_1/total",
            "GET,HEAD",
        ),
        (Method::OPTIONS, CODES, "GET,HEAD,POST"),
    ] {
        let reply = verv.call(method, path, &[], None).await;
        assert_problem(&reply, 405, "method_not_allowed");
        let mut allowed: Vec<_> = reply.header("allow").split(',').collect();
        allowed.sort_unstable();
        assert_eq!(allowed.join(","), allow, "{path}");
    }
}

#[tokio::test]
async fn a_body_has_at_most_64_kib() {
    let verv = Verv::start().await;
    let id = verv.make_example_code().await;
    let fill = |length: usize| {
        let body = json!({"code": CODE}).to_string();
        body.clone() + &" ".repeat(length - body.len())
    };
    let exact = verv
        .send_raw(Method::POST, ATTRIBUTIONS, fill(64 * 1024))
        .await;
    exact.expect(201);
    for (method, path) in [
        (Method::POST, ATTRIBUTIONS.to_owned()),
        (Method::POST, CODES.to_owned()),
        (Method::POST, RECORDS.to_owned()),
        (Method::PUT, format!("{RECORDS}/{id}")),
        (Method::PUT, format!("{CODES}/{id}")),
        (
            Method::PUT,
            format!("{ATTRIBUTIONS}/attr_019d0b9fe3287000800000000000bb05"),
        ),
    ] {
        let reply = verv.send_raw(method, &path, fill(64 * 1024 + 1)).await;
        assert_problem(&reply, 413, "body_too_large");
    }
}

#[tokio::test]
async fn a_body_is_json_by_its_content_type() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    let send = async |content_type: Option<&str>| {
        let mut request = Request::builder().method(Method::POST).uri(ATTRIBUTIONS);
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        let body = Body::from(json!({"code": CODE}).to_string());
        verv.send(request.body(body).expect("a request")).await
    };
    for refused in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "application/xml",
        "json",
        "",
        "text/json",
        "application/jsonx",
    ] {
        assert_problem(&send(Some(refused)).await, 415, "unsupported_media_type");
    }
    for taken in [
        None,
        Some("application/json"),
        Some("Application/JSON; charset=utf-8"),
        Some("application/vnd.api+json"),
    ] {
        send(taken).await.expect(201);
    }
}

#[tokio::test]
async fn a_head_request_is_answered_without_a_body() {
    let verv = Verv::start().await;
    let id = verv.make_example_code().await;
    for path in [
        RECORDS.to_owned(),
        format!("{CODES}/{id}"),
        format!("{CODES}/{id}/url"),
    ] {
        let reply = verv.call(Method::HEAD, &path, &[], None).await.expect(200);
        assert_eq!(reply.text, "", "{path}");
        assert_eq!(reply.header("content-type"), "application/json", "{path}");
    }
}

#[tokio::test]
async fn every_answer_names_its_request() {
    let verv = Verv::start().await;
    let (first, second) = (verv.get(CODES).await, verv.get("/nowhere").await);
    assert_eq!(first.header("x-request-id").len(), 32);
    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
}

#[tokio::test]
async fn static_addresses_win_over_ids() {
    let verv = Verv::start().await;
    for (path, code) in [
        (
            "/api/v1/referral-code-records/active?mentor_id=usr_1&org_id=org_1",
            "no_active_code",
        ),
        (
            "/api/v1/referral-code-records/lookup?code=ABC",
            "code_not_found",
        ),
        ("/api/v1/referral-attributions/mentor", "not_found"),
    ] {
        assert_problem(&verv.get(path).await, 404, code);
    }
    // A mentor may be called what a route is called.
    verv.get("/api/v1/referral-attributions/mentor/total")
        .await
        .expect(200);
    verv.get("/api/v1/referral-attributions/mentor/mentor/total")
        .await
        .expect(200);
    verv.make_code("active", ORG, "ACTIVE").await;
}

#[tokio::test]
async fn the_platform_answers_over_a_port_as_it_does_in_the_process() {
    let verv = Verv::start().await;
    let id = verv.make_example_code().await;
    let base = verv.serve().await;
    let response = reqwest::get(format!("{base}{CODES}/{id}"))
        .await
        .expect("an answer");
    assert_eq!(response.status(), 200);
    let text = response.text().await.expect("a body");
    assert_eq!(
        text,
        verv.get(&format!("{CODES}/{id}")).await.expect(200).text
    );
}
