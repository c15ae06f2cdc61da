//! Bodies that are no JSON objects, lack or repeat a field, or are made to harm; and keys.

use crate::{Platform, assert_problem};
use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};
use tests::flows::{ATTRIBUTIONS, CODE, CODES, MENTOR, RECORDS};

#[tokio::test]
async fn a_required_field_that_is_missing_is_named() {
    let platform = Platform::start().await;
    let before = platform.items().await;
    let (record, code, attribution) = (&platform.record, &platform.code, &platform.attribution);
    for (method, path, body) in [
        (
            Method::POST,
            RECORDS,
            json!({"mentor_id": "a", "org_id": "b", "code": "ABC"}),
        ),
        (
            Method::POST,
            CODES,
            json!({"mentor_id": "a", "org_id": "b"}),
        ),
        (Method::POST, ATTRIBUTIONS, json!({"code": CODE})),
        (Method::PUT, record.as_str(), json!({"status": "inactive"})),
        (
            Method::PUT,
            code.as_str(),
            json!({"mentor_id": MENTOR, "action": "rotate"}),
        ),
        (
            Method::PUT,
            attribution.as_str(),
            json!({"code": CODE, "new_member_id": "m"}),
        ),
    ] {
        for field in body.as_object().expect("fields").keys() {
            let mut less = body.clone();
            less.as_object_mut().expect("fields").remove(field);
            platform
                .refuses(method.clone(), path, less.to_string(), field)
                .await;

            let value = &body[field];
            let twice = format!(r#"{{"{field}": {value}, {}"#, &body.to_string()[1..]);
            platform.refuses(method.clone(), path, twice, field).await;
        }
    }
    assert_eq!(platform.items().await, before);
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused_by_every_route_that_takes_one() {
    let platform = Platform::start().await;
    let before = platform.items().await;
    let nested = |open: &str, close: &str| open.repeat(10_000) + &close.repeat(10_000);
    let bodies: Vec<Vec<u8>> = vec![
        b"".to_vec(),
        b" ".to_vec(),
        b"null".to_vec(),
        b"1".to_vec(),
        b"\"code\"".to_vec(),
        b"[]".to_vec(),
        br#"["usr_1","org_1","ABC-DEF",null,null,null,null]"#.to_vec(),
        br#"[{"code":"JAN-VERV-8F3A"}]"#.to_vec(),
        b"{".to_vec(),
        b"{}x".to_vec(),
        b"{\"".to_vec(),
        b"{'code':'x'}".to_vec(),
        b"\xEF\xBB\xBF{}".to_vec(),
        b"\xFF\xFE".to_vec(),
        b"\0".to_vec(),
        b"code=JAN-VERV-8F3A".to_vec(),
        nested("[", "]").into_bytes(),
        nested("[", "").into_bytes(),
    ];
    let (record, code, attribution) = (&platform.record, &platform.code, &platform.attribution);
    for (method, path) in [
        (Method::POST, RECORDS),
        (Method::POST, CODES),
        (Method::POST, ATTRIBUTIONS),
        (Method::PUT, record),
        (Method::PUT, code),
        (Method::PATCH, code),
        (Method::PUT, attribution),
    ] {
        for body in &bodies {
            let reply = platform
                .verv
                .send_raw(method.clone(), path, body.clone())
                .await;
            let shown = String::from_utf8_lossy(body);
            let named = reply.json()["errors"][0]["field"].clone();
            // `{}x` lacks a field before it has too much.
            if !shown.starts_with("{}") {
                assert_eq!(named, Value::Null, "{path} {shown}: {}", reply.text);
            }
            let field = named.as_str().unwrap_or("");
            assert_problem(&reply, field, &format!("{path} {shown}"));
        }
    }
    assert_eq!(platform.items().await, before);
}

#[tokio::test]
async fn hostile_bodies_are_refused_and_named() {
    let platform = Platform::start().await;
    let before = platform.items().await;
    let deep = |open: &str, close: &str| open.repeat(10_000) + &close.repeat(10_000);
    let click = |rest: &str| format!(r#"{{"code":"{CODE}",{rest}}}"#).into_bytes();
    let long_name = "n".repeat(60_000);
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (click(&format!(r#""x":{}"#, deep("[", "]"))), "x"),
        (
            click(&format!(r#""user_agent":{}"#, deep("[", "]"))),
            "user_agent",
        ),
        (
            click(&format!(r#""user_agent":{}"#, deep(r#"{"a":"#, "}"))),
            "user_agent",
        ),
        (click(r#""user_agent":"\ud800""#), ""),
        (click(r#""user_agent":1e999"#), ""),
        (b"{\"code\":\"JAN\xFF\"}".to_vec(), ""),
        (b"{\"code\":\"JAN\0\"}".to_vec(), ""),
        (click(r#""":1"#), ""),
        (click(&format!(r#""{long_name}":1"#)), &long_name[..200]),
    ];
    for (body, field) in cases {
        platform
            .refuses(Method::POST, ATTRIBUTIONS, body, field)
            .await;
    }
    let large = click(&format!(r#""user_agent":"{}""#, "a".repeat(70 * 1024)));
    for path in [RECORDS, CODES, ATTRIBUTIONS] {
        let reply = platform
            .verv
            .send_raw(Method::POST, path, large.clone())
            .await
            .expect(413);
        assert_problem(&reply, "", path);
    }
    assert_eq!(platform.items().await, before);
}

#[tokio::test]
async fn a_bad_idempotency_key_is_refused() {
    let platform = Platform::start().await;
    let before = platform.items().await;
    let long = "k".repeat(256);
    let keys: [&[&[u8]]; 5] = [
        &[b""],
        &[long.as_bytes()],
        &[b"a", b"a"],
        &[b"\xC3\xA9"],
        &[b"a\tb"],
    ];
    for keys in keys {
        let mut request = Request::builder().method(Method::POST).uri(ATTRIBUTIONS);
        for key in keys {
            request = request.header("idempotency-key", *key);
        }
        let body = Body::from(json!({"code": CODE}).to_string());
        let reply = platform
            .verv
            .send(request.body(body).expect("a request"))
            .await
            .expect(400);
        assert_problem(&reply, "", "a bad key");
        assert_eq!(reply.string("/code"), "invalid_idempotency_key");
    }
    assert_eq!(platform.items().await, before);
}
