//! Every field of every body, with values that it cannot take.

use crate::{Bad, Platform};
use axum::http::Method;
use serde_json::{Value, json};
use tests::flows::{ATTRIBUTIONS, CODE, CODES, MENTOR, ORG, RECORDS};

/// What no id of a caller's can be.
fn bad_ids() -> Vec<Value> {
    vec![
        Value::Null,
        json!(""),
        json!("usr#4491"),
        json!("usr 4491"),
        json!("usr/4491"),
        json!("usr\u{0}4491"),
        json!("usr\n"),
        json!("üsr"),
        json!("x".repeat(129)),
        json!(4491),
        json!(true),
        json!(["usr_4491"]),
        json!({"id": "usr_4491"}),
    ]
}

/// What no code can be.
fn bad_codes() -> Vec<Value> {
    vec![
        Value::Null,
        json!(""),
        json!("---"),
        json!("JAN/VERV"),
        json!("JAN#VERV"),
        json!("JAN\u{0}VERV"),
        json!("JÅN-VERV"),
        json!("X".repeat(51)),
        json!(8),
        json!(["JAN-VERV-8F3A"]),
    ]
}

/// What no time can be.
fn bad_times() -> Vec<Value> {
    vec![
        json!(""),
        json!("yesterday"),
        json!("2026-03-20"),
        json!("2026-03-20T14:22:00"),
        json!("2026-02-30T14:22:00Z"),
        json!("2026-03-20T25:00:00Z"),
        json!("1999-12-31T23:59:59Z"),
        json!("10000-01-01T00:00:00Z"),
        json!("2026-03-20T14:22:00Z\u{0}"),
        json!(1_774_000_000),
        json!({}),
    ]
}

fn each(field: &'static str, values: Vec<Value>) -> Vec<Bad> {
    values.into_iter().map(|value| (field, value)).collect()
}

/// The optional terms that both ways of making a code take.
fn bad_terms() -> Vec<Bad> {
    let user_types = [0, 1, 4, 6, 255, 256, -2].map(Value::from);
    let mut user_types = user_types.to_vec();
    user_types.extend([json!("2"), json!(2.5), json!([2]), json!(1e30)]);
    let mut limits = [0, -1, 1_000_000_001, i64::MAX].map(Value::from).to_vec();
    limits.extend([json!("10"), json!(1.5), json!(u64::MAX), json!([1])]);
    let programs = vec![
        json!(""),
        json!("prg_1"),
        json!("rc_019ba72246807000800000000000aa03"),
        json!("prg_019BA72246807000800000000000AA03"),
        json!("prg_019ba72246807000800000000000aa03"),
        json!(1),
    ];
    let mut ends = bad_times();
    ends.extend([json!("2026-03-26T12:00:00Z"), json!("2000-01-01T00:00:00Z")]);
    [
        each("user_type", user_types),
        each("max_referrals", limits),
        each("referral_program_id", programs),
        each("expires_at", ends),
    ]
    .concat()
}

#[tokio::test]
async fn a_bad_field_of_a_new_code_record_is_named() {
    let platform = Platform::start().await;
    let before = platform.items().await;
    let good = json!({"mentor_id": "usr_1", "org_id": "org_1", "code": "ANY-CODE"});
    let mut bad = [
        each("mentor_id", bad_ids()),
        each("org_id", bad_ids()),
        each("code", bad_codes()),
        bad_terms(),
    ]
    .concat();
    bad.extend([
        ("code", json!("AB")),
        ("code", json!("ANY CODE")),
        ("id", json!("rc_1")),
        ("status", json!("active")),
        ("prefix", json!("JAN")),
    ]);
    platform
        .refuses_fields(Method::POST, RECORDS, &good, &bad)
        .await;
    assert_eq!(platform.items().await, before);
    platform.verv.post(RECORDS, good).await.expect(201);
}

#[tokio::test]
async fn a_bad_field_of_a_new_code_is_named() {
    let platform = Platform::start().await;
    let before = platform.items().await;
    let good = json!({"mentor_id": "usr_1", "org_id": "org_1"});
    let prefixes = [
        "",
        "-",
        "JAN VERV",
        "JAN#",
        "JÅN",
        "J\u{0}",
        &"J".repeat(41),
    ];
    let mut prefixes: Vec<Value> = prefixes.into_iter().map(Value::from).collect();
    prefixes.extend([json!(1), json!(["JAN"])]);
    let mut bad = [
        each("mentor_id", bad_ids()),
        each("org_id", bad_ids()),
        each("prefix", prefixes),
        bad_terms(),
    ]
    .concat();
    bad.extend([("code", json!("MY-CODE")), ("Mentor_id", json!("usr_1"))]);
    platform
        .refuses_fields(Method::POST, CODES, &good, &bad)
        .await;
    assert_eq!(platform.items().await, before);
    platform.verv.post(CODES, good).await.expect(201);
}

#[tokio::test]
async fn a_bad_field_of_a_change_is_named() {
    let platform = Platform::start().await;
    let before = platform.items().await;
    let words = ["", "active", "Inactive", "deleted", "inactive\u{0}"];
    let mut words: Vec<Value> = words.into_iter().map(Value::from).collect();
    words.extend([Value::Null, json!(0), json!(["inactive"])]);
    let mut times = bad_times();
    times.push(json!("2026-03-26T12:06:00Z"));
    let good = json!({"status": "inactive"});
    let bad = [
        each("status", words.clone()),
        each("deactivated_at", times),
        each("code", vec![json!("X")]),
    ]
    .concat();
    platform
        .refuses_fields(Method::PUT, &platform.record, &good, &bad)
        .await;

    let mut mentors = bad_ids();
    mentors.push(json!("usr_other"));
    let good = json!({"mentor_id": MENTOR, "action": "rotate"});
    let bad = [
        each("action", words),
        each("mentor_id", mentors),
        each("org_id", vec![json!(ORG)]),
    ]
    .concat();
    platform
        .refuses_fields(Method::PUT, &platform.code, &good, &bad)
        .await;
    assert_eq!(platform.items().await, before);
}

#[tokio::test]
async fn a_bad_field_of_changed_terms_is_named() {
    let platform = Platform::start().await;
    let before = platform.items().await;
    let words = ["", "inactive", "Active", "invalidated", "active\u{0}"];
    let mut words: Vec<Value> = words.into_iter().map(Value::from).collect();
    words.extend([json!(1), json!(["active"])]);
    let mut bad = [bad_terms(), each("status", words)].concat();
    bad.extend([
        ("code", json!(CODE)),
        ("mentor_id", json!(MENTOR)),
        ("prefix", json!("JAN")),
        ("deactivated_at", Value::Null),
    ]);
    let good = json!({"user_type": 3});
    platform
        .refuses_fields(Method::PATCH, &platform.code, &good, &bad)
        .await;
    assert_eq!(platform.items().await, before);
    platform.verv.patch(&platform.code, good).await.expect(200);
}

#[tokio::test]
async fn a_bad_field_of_a_click_is_named() {
    let platform = Platform::start().await;
    let before = platform.items().await;
    let good = json!({"code": CODE});
    let addresses = [
        "",
        "here",
        "185.12.34",
        "185.12.34.256",
        "185.12.34.56:80",
        "::g",
        "1.2.3.4\u{0}",
    ];
    let mut addresses: Vec<Value> = addresses.into_iter().map(Value::from).collect();
    addresses.extend([json!(1), json!(["185.12.34.56"])]);
    // Odd texts are dropped; what is no text is refused.
    let (agents, referrers) = (vec![json!(1)], vec![json!(1), json!([])]);
    let mut times = bad_times();
    times.push(json!("2026-03-26T12:05:01Z"));
    let bad = [
        each("code", bad_codes()),
        each("ip_address", addresses),
        each("user_agent", agents),
        each("referrer_url", referrers),
        each("occurred_at", times),
        each("mentor_id", vec![json!(MENTOR)]),
    ]
    .concat();
    platform
        .refuses_fields(Method::POST, ATTRIBUTIONS, &good, &bad)
        .await;
    assert_eq!(platform.items().await, before);
    platform.verv.post(ATTRIBUTIONS, good).await.expect(201);
}

#[tokio::test]
async fn a_bad_field_of_a_confirmation_is_named() {
    let platform = Platform::start().await;
    let before = platform.items().await;
    let good = json!({"code": CODE, "new_member_id": "usr_5892"});
    let mut codes = bad_codes();
    codes.push(json!("OTHER-CODE"));
    let mut members = bad_ids();
    members.push(json!(MENTOR));
    let mut times = bad_times();
    times.extend([json!("2026-03-26T12:05:01Z"), json!("2026-03-26T11:54:59Z")]);
    let bad = [
        each("code", codes),
        each("new_member_id", members),
        each("confirmed_at", times),
        each("type", vec![json!("conversion")]),
    ]
    .concat();
    let path = &platform.attribution;
    platform
        .refuses_fields(Method::PUT, path, &good, &bad)
        .await;
    assert_eq!(platform.items().await, before);
    platform.verv.put(path, good).await.expect(200);
}
