//! Webhooks: registered by an organisation's staff and servers, and what the table then holds of
//! deliveries to them.

mod deliveries;
mod registry;

use axum::http::Method;
use domain::Webhook;
use serde_json::{Value, json};
use tests::tokens::bearer;
use tests::{Reply, Verv};

pub(crate) const WEBHOOKS: &str = "/api/v1/webhooks";

pub(crate) fn staff(verv: &Verv, org: &str) -> String {
    bearer(verv, "staff_1", &["ROLE_ORG"], Some(org))
}

pub(crate) fn new(org: &str) -> Value {
    json!({"org_id": org, "url": "https://hooks.example/verv", "events": ["code.created"]})
}

pub(crate) async fn call(
    verv: &Verv,
    org: &str,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> Reply {
    let reply = verv.call_as(&staff(verv, org), method, path, body).await;
    if let Some(secret) = reply.json().get("secret").and_then(Value::as_str) {
        tests::logs::plant(secret);
    }
    reply
}

pub(crate) async fn make(verv: &Verv, org: &str) -> Reply {
    let made = call(verv, org, Method::POST, WEBHOOKS, Some(new(org))).await;
    made.expect(201)
}

pub(crate) fn path(made: &Reply) -> String {
    format!("{WEBHOOKS}/{}", made.string("/id"))
}

pub(crate) async fn get(verv: &Verv, path: &str) -> Reply {
    call(verv, "org_1", Method::GET, path, None).await
}

pub(crate) async fn post(verv: &Verv, path: &str) -> Reply {
    call(verv, "org_1", Method::POST, path, None).await
}

pub(crate) async fn patch(verv: &Verv, path: &str, change: Value) -> Reply {
    call(verv, "org_1", Method::PATCH, path, Some(change)).await
}

pub(crate) async fn webhook(verv: &Verv, made: &Reply) -> Webhook {
    let id = made.string("/id").parse().expect("an id");
    let found = verv.unrestricted().find_webhook(id).await;
    found.expect("the engine answers").expect("a webhook")
}
