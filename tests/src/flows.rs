//! The steps that many tests begin with, so that each says only what it is about.

use crate::{Reply, Verv, seed};
use axum::body::Body;
use axum::http::{Method, Request};
use local::engine;
use serde_json::{Value, json};
use store::items;
use store::keys::Item;

/// Code records: `POST` creates, `GET` lists, `/{id}` is one.
pub const RECORDS: &str = "/api/v1/referral-code-records";
/// Codes of users: `POST` gets or creates, `GET` lists, `/{id}` is one.
pub const CODES: &str = "/api/v1/referral-codes";
/// Attributions: `POST` records a click, `GET` lists, `/{id}` is one.
pub const ATTRIBUTIONS: &str = "/api/v1/referral-attributions";

/// Recruitments: `POST` confirms one by code or click, `GET` lists.
pub const CONVERSIONS: &str = "/api/v1/referral-conversions";

/// The mentor of the contracts' examples.
pub const MENTOR: &str = "usr_4491";
/// The organisation of the contracts' examples.
pub const ORG: &str = "org_002";
/// The code of the contracts' examples.
pub const CODE: &str = "JAN-VERV-8F3A";

/// How a code has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Made inactive.
    Deactivated,
    /// Replaced by another.
    Rotated,
    /// Made invalid for good.
    Invalidated,
    /// Its record is deleted.
    Deleted,
}

impl Verv {
    /// Moves the clock to `at`.
    ///
    /// # Panics
    /// When `at` is no RFC 3339 time.
    pub fn set_clock(&self, at: &str) {
        self.clock.set(at.parse().expect("a time"));
    }

    /// Makes `code` for the pair; the record's id.
    pub async fn make_code(&self, mentor: &str, org: &str, code: &str) -> String {
        let body = json!({"mentor_id": mentor, "org_id": org, "code": code});
        self.post(RECORDS, body).await.expect(201).string("/id")
    }

    /// Makes `code` for the pair and ends it; the record's id.
    pub async fn make_ended_code(&self, mentor: &str, org: &str, code: &str, end: End) -> String {
        let id = self.make_code(mentor, org, code).await;
        let (record, code) = (format!("{RECORDS}/{id}"), format!("{CODES}/{id}"));
        let ended = match end {
            End::Deactivated => self.put(&record, json!({"status": "inactive"})).await,
            End::Rotated => {
                let rotation = json!({"mentor_id": mentor, "action": "rotate"});
                self.put(&code, rotation).await
            }
            End::Invalidated => self.delete(&code).await,
            End::Deleted => self.delete(&record).await,
        };
        ended.expect(200);
        id
    }

    /// Makes the contracts' code; the record's id.
    pub async fn make_example_code(&self) -> String {
        self.make_code(MENTOR, ORG, CODE).await
    }

    /// Records a click on `code`; the attribution's id.
    pub async fn click(&self, code: &str) -> String {
        let body = json!({"code": code});
        self.post(ATTRIBUTIONS, body)
            .await
            .expect(201)
            .string("/id")
    }

    /// Confirms that the click `id` on `code` brought `member`.
    pub async fn confirm(&self, id: &str, code: &str, member: &str) -> Reply {
        let body = json!({"code": code, "new_member_id": member});
        self.put(&format!("{ATTRIBUTIONS}/{id}"), body).await
    }

    /// Sends `body` as it is, as JSON.
    ///
    /// # Panics
    /// When the request cannot be built.
    pub async fn send_raw(&self, method: Method, path: &str, body: impl Into<Body>) -> Reply {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json")
            .body(body.into())
            .expect("a request");
        self.send(request).await
    }

    /// `POST` with an idempotency key.
    pub async fn post_once(&self, path: &str, key: &str, body: Value) -> Reply {
        let headers = [("idempotency-key", key)];
        self.call(Method::POST, path, &headers, Some(body)).await
    }

    /// Puts an active code record in the table under its own id.
    ///
    /// # Panics
    /// When the engine does not answer.
    pub async fn put_code(&self, record: &domain::CodeRecord) {
        self.put_items(items::of_code(record).expect("items")).await;
    }

    /// Puts an attribution in the table under its own id.
    ///
    /// # Panics
    /// When the engine does not answer.
    pub async fn put_attribution(&self, attribution: &domain::Attribution) {
        let item = items::of_attribution(attribution).expect("an item");
        self.put_items(vec![item]).await;
    }

    /// Every item of the table, in one text: what must be gone is nowhere in it.
    ///
    /// # Panics
    /// When the engine does not answer.
    pub async fn stored_text(&self) -> String {
        let client = engine::client(&self.engine.endpoint());
        let mut items = client
            .scan()
            .table_name(self.store.table_name())
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let mut text = String::new();
        while let Some(item) = items.next().await {
            text.push_str(&format!("{:?}\n", item.expect("the table is read")));
        }
        text
    }

    /// Puts items in the table as they are.
    ///
    /// # Panics
    /// When the engine does not answer.
    pub async fn put_items(&self, items: Vec<Item>) {
        let client = engine::client(&self.engine.endpoint());
        seed::write(&client, self.store.table_name(), items.into_iter()).await;
    }
}
