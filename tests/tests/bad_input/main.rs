//! Input that cannot be: always a 4xx problem, which names the field where one is at fault,
//! and nothing is written.

mod bodies;
mod fields;
mod paths;

use aws_sdk_dynamodb::types::AttributeValue;
use axum::body::Body;
use axum::http::Method;
use local::engine;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use tests::flows::{ATTRIBUTIONS, CODE, CODES, RECORDS};
use tests::{Reply, Verv};

/// The platform with a code and a click, to which nothing may be added.
struct Platform {
    verv: Verv,
    record: String,
    code: String,
    attribution: String,
}

impl Platform {
    async fn start() -> Self {
        let verv = Verv::start().await;
        let id = verv.make_example_code().await;
        let click = verv.click(CODE).await;
        Self {
            record: format!("{RECORDS}/{id}"),
            code: format!("{CODES}/{id}"),
            attribution: format!("{ATTRIBUTIONS}/{click}"),
            verv,
        }
    }

    /// Every item of the table.
    async fn items(&self) -> BTreeSet<String> {
        let scan = engine::client(&self.verv.engine.endpoint())
            .scan()
            .table_name(self.verv.store.table_name())
            .consistent_read(true)
            .send();
        let page = scan.await.expect("a scan");
        assert!(page.last_evaluated_key.is_none(), "one page");
        page.items
            .unwrap_or_default()
            .into_iter()
            .map(|item| in_order(&AttributeValue::M(item)))
            .collect()
    }

    /// Asserts that a body is refused, with the field at fault named, or "" for none.
    async fn refuses(&self, method: Method, path: &str, body: impl Into<Body>, field: &str) {
        let body = body.into();
        let reply = self.verv.send_raw(method.clone(), path, body).await;
        assert_problem(&reply, field, &format!("{method} {path}"));
    }

    /// Asserts that `bodies`, each the good body with changed fields, are refused for the
    /// field named beside each.
    async fn refuses_fields(&self, method: Method, path: &str, good: &Value, bad: &[Bad]) {
        for (field, value) in bad {
            let mut body = good.clone();
            body[*field] = value.clone();
            let reply = self
                .verv
                .send_raw(method.clone(), path, body.to_string())
                .await;
            assert_problem(&reply, field, &format!("{method} {path} {field} = {value}"));
        }
    }
}

type Bad = (&'static str, Value);

#[track_caller]
fn assert_problem(reply: &Reply, field: &str, what: &str) {
    let what: String = what.chars().take(300).collect();
    assert!(
        reply.status.is_client_error(),
        "{what}: {} {}",
        reply.status,
        reply.text
    );
    assert_eq!(
        reply.header("content-type"),
        "application/problem+json",
        "{what}"
    );
    let problem = reply.json();
    assert_eq!(problem["status"], reply.status.as_u16(), "{what}");
    for text in ["type", "title", "detail", "code"] {
        assert!(problem[text].is_string(), "{what}: {}", reply.text);
    }
    assert!(
        reply.text.len() < 2_000,
        "{what}: a short answer, not {}",
        reply.text.len()
    );
    let named = problem["errors"][0]["field"].as_str().unwrap_or("");
    assert_eq!(named, field, "{what}: {}", reply.text);
}

/// A value as text, its attributes in order.
fn in_order(value: &AttributeValue) -> String {
    match value {
        AttributeValue::M(map) => {
            let ordered = map.iter().map(|(name, value)| (name, in_order(value)));
            format!("{:?}", ordered.collect::<BTreeMap<_, _>>())
        }
        other => format!("{other:?}"),
    }
}
