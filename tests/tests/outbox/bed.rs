//! What the tests of events have in common: requests that change something, and what the outbox
//! holds after them.

use aws_sdk_dynamodb::types::AttributeValue;
use axum::http::Method;
use chrono::TimeDelta;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tests::Verv;
use tests::flows::ATTRIBUTIONS;

pub(crate) const ORG: &str = "org_1";
pub(crate) const CODES: &str = "/api/v1/referral-codes";
pub(crate) const RECORDS: &str = "/api/v1/referral-code-records";
pub(crate) const CONVERSIONS: &str = "/api/v1/referral-conversions";
pub(crate) const PROGRAMS: &str = "/api/v1/referral-programs";

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) body: Option<Value>,
}

impl Request {
    pub(crate) fn new(method: Method, path: String, body: Value) -> Self {
        let body = (!body.is_null()).then_some(body);
        Self { method, path, body }
    }

    pub(crate) async fn send(&self, verv: &Verv) -> tests::Reply {
        let method = self.method.clone();
        verv.call(method, &self.path, &[], self.body.clone()).await
    }
}

/// A code of a mentor with its id.
pub(crate) async fn code(verv: &Verv, mentor: &str, terms: Value) -> (String, String) {
    let mut body = json!({"mentor_id": mentor, "org_id": ORG});
    let fields = terms.as_object().cloned().unwrap_or_default();
    body.as_object_mut().expect("an object").extend(fields);
    let made = verv.post(CODES, body).await.expect(201);
    (made.string("/id"), made.string("/code"))
}

/// Everything that changes a state, each with the types of the events that it leaves. What each
/// needs is made before.
pub(crate) async fn changes(verv: &Verv) -> Vec<(Request, Vec<&'static str>)> {
    use Method as M;
    let (rotated, _) = code(verv, "usr_1", Value::Null).await;
    let (changed, _) = code(verv, "usr_2", Value::Null).await;
    let (ended, _) = code(verv, "usr_3", Value::Null).await;
    let (inactive, _) = code(verv, "usr_4", Value::Null).await;
    let off = json!({"status": "inactive"});
    verv.put(&format!("{RECORDS}/{inactive}"), off.clone())
        .await
        .expect(200);
    let (deleted, _) = code(verv, "usr_5", Value::Null).await;
    let (off_next, _) = code(verv, "usr_6", Value::Null).await;
    let (_, limited) = code(verv, "usr_7", json!({"max_referrals": 2})).await;
    let (_, once) = code(verv, "usr_8", json!({"max_referrals": 1})).await;
    let click = verv.click(&limited).await;
    let last = verv.click(&once).await;
    let gone = verv.click(&limited).await;
    let program = json!({
        "org_id": ORG, "name": "Spring", "currency_id": "NOK", "eligible_user_types": [2],
    });
    let made = verv.post(PROGRAMS, program.clone()).await.expect(201);
    let made = format!("{PROGRAMS}/{}", made.string("/id"));
    let of_code = |id: &str| format!("{CODES}/{id}");
    let of_click = |id: &str| format!("{ATTRIBUTIONS}/{id}");
    let confirm = |code: &str, member: &str| json!({"code": code, "new_member_id": member});
    let new = json!({"mentor_id": "usr_9", "org_id": ORG, "code": "MY-OWN"});
    let rotate = json!({"mentor_id": "usr_1", "action": "rotate"});
    let one = |method, path: String, body, event| (Request::new(method, path, body), vec![event]);
    vec![
        one(M::POST, RECORDS.to_owned(), new, "code.created"),
        one(
            M::POST,
            CODES.to_owned(),
            json!({"mentor_id": "usr_10", "org_id": ORG}),
            "code.created",
        ),
        one(
            M::POST,
            format!("{CODES}/bulk"),
            json!({"codes": [{"mentor_id": "usr_11", "org_id": ORG}]}),
            "code.created",
        ),
        one(M::PUT, of_code(&rotated), rotate, "code.rotated"),
        one(
            M::PATCH,
            of_code(&changed),
            json!({"max_referrals": 9}),
            "code.updated",
        ),
        one(
            M::PATCH,
            of_code(&inactive),
            json!({"status": "active"}),
            "code.activated",
        ),
        one(
            M::PUT,
            format!("{RECORDS}/{off_next}"),
            off,
            "code.deactivated",
        ),
        one(M::DELETE, of_code(&ended), Value::Null, "code.invalidated"),
        one(
            M::DELETE,
            format!("{RECORDS}/{deleted}"),
            Value::Null,
            "code.deleted",
        ),
        one(
            M::PUT,
            of_click(&click),
            confirm(&limited, "new_1"),
            "attribution.confirmed",
        ),
        (
            Request::new(M::PUT, of_click(&last), confirm(&once, "new_2")),
            vec!["attribution.confirmed", "limit.reached"],
        ),
        (
            Request::new(M::POST, CONVERSIONS.to_owned(), confirm(&limited, "new_3")),
            vec!["attribution.confirmed", "limit.reached"],
        ),
        one(
            M::DELETE,
            of_click(&gone),
            Value::Null,
            "attribution.deleted",
        ),
        one(
            M::DELETE,
            of_click(&click),
            Value::Null,
            "attribution.deleted",
        ),
        one(M::POST, PROGRAMS.to_owned(), program, "program.created"),
        one(
            M::PUT,
            made.clone(),
            json!({"name": "Summer"}),
            "program.updated",
        ),
        one(
            M::PUT,
            made.clone(),
            json!({"status": "archived"}),
            "program.archived",
        ),
        one(M::DELETE, made, Value::Null, "program.deleted"),
    ]
}

/// Every event of an organisation, by pages of `limit`, and whoever polls has waited a minute.
pub(crate) async fn polled(verv: &Verv, org: &str, limit: usize) -> Vec<Value> {
    verv.clock.advance(TimeDelta::minutes(1));
    let mut events = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/api/v1/events?org_id={org}&limit={limit}{cursor}");
        let page = verv.get(&path).await.expect(200).json();
        let found = page["data"].as_array().expect("events");
        assert!(found.len() <= limit, "{page}");
        if found.is_empty() {
            return events;
        }
        events.extend(found.iter().cloned());
        let next = page["next_cursor"].as_str().expect("a cursor");
        cursor = format!("&cursor={next}");
    }
}

pub(crate) fn types(events: &[Value]) -> Vec<&str> {
    let types = events.iter().map(|event| event["type"].as_str());
    types.map(|event| event.expect("a type")).collect()
}

/// What the table holds: the ids of its outbox, and every other item that a change of state
/// changes, as text.
pub(crate) async fn table(verv: &Verv) -> (BTreeSet<String>, BTreeSet<String>) {
    let client = local::engine::client(&verv.engine.endpoint());
    let pages = client
        .scan()
        .table_name("verv")
        .consistent_read(true)
        .into_paginator()
        .items()
        .send();
    let items = pages.collect::<Result<Vec<_>, _>>().await;
    let (mut outbox, mut state) = (BTreeSet::new(), BTreeSet::new());
    for item in items.expect("the engine answers") {
        let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok());
        let pk = text("pk").expect("a key");
        if pk.starts_with("EVENT#") {
            outbox.insert(text("sk").expect("a key").clone());
            continue;
        }
        if !["IDEM#", "MISS#", "STATS#"]
            .iter()
            .any(|kind| pk.starts_with(kind))
        {
            let sorted: std::collections::BTreeMap<&String, &AttributeValue> =
                item.iter().collect();
            state.insert(format!("{sorted:?}"));
        }
    }
    (outbox, state)
}
