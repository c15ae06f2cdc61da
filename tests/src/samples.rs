//! The sample events in `events/`, and what the table holds before each.

use crate::flows::{CODE, MENTOR, ORG};
use crate::template::{declared as declared_path, repository};
use crate::{Reply, Verv};
use axum::body::Body;
use chrono::TimeDelta;
use domain::api_key::NewApiKey;
use domain::attempt::{Answer, AttemptResult};
use domain::attribution::{ReferrerUrl, Source, Visitor};
use domain::code_record::CodeTerms;
use domain::delivery::DeliveryKey;
use domain::webhook::NewWebhook;
use domain::{
    ApiKey, Attribution, CodeRecord, Delivery, Endpoint, KeyMode, KeyScope, KeyText, Program,
    Webhook, WebhookTargets,
};
use lambda_http::request::LambdaRequest;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use store::items;
use web::lambda::encode_uri;

/// The id of the code record that the events name.
pub const CODE_ID: &str = "rc_019ba72246807000800000000000aa03";
/// The id of the attribution that the events name.
pub const CLICK_ID: &str = "attr_019d0b9fe3287000800000000000bb05";
/// The id of the program that the events name.
pub const PROGRAM_ID: &str = "prg_019d2a5c000070008000000000000003";

/// The id of the API key that the events name.
pub const API_KEY_ID: &str = "key_019d2a5c000070008000000000000003";

/// The id of the webhook that the events name.
pub const WEBHOOK_ID: &str = "whk_019d2a5c000070008000000000000003";
/// The id of the event whose delivery they name.
pub const EVENT_ID: &str = "evt_019d2a5bdcd870008000000000000004";

/// What the table holds before an event.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Before {
    /// An empty table.
    Nothing,
    /// The contracts' code, with the id [`CODE_ID`].
    Code,
    /// The code, and a click on it with the id [`CLICK_ID`].
    CodeAndClick,
    /// The same, confirmed by the contracts' member.
    Member,
    /// The same, a minute ago.
    Events,
    /// A program with the id [`PROGRAM_ID`].
    Program,
    /// An API key with the id [`API_KEY_ID`].
    ApiKey,
    /// A webhook with the id [`WEBHOOK_ID`], and a failed delivery of [`EVENT_ID`].
    Webhook,
    /// The payments company's user with their code.
    UsersCode,
}

impl Before {
    fn has_code(self) -> bool {
        self.has_click() || matches!(self, Self::Code)
    }

    fn has_click(self) -> bool {
        matches!(self, Self::CodeAndClick | Self::Member | Self::Events)
    }
}

/// A sample event of a route. Its member `sample`, which Lambda ignores, says what the table
/// holds before it and what status it is answered.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The file's name without `.json`.
    pub name: String,
    /// The event.
    pub event: Value,
    /// What it finds.
    pub before: Before,
    /// What it is answered.
    pub status: u16,
}

/// Every HTTP event in `events/`, in the order in which the routes are declared.
///
/// # Panics
/// When one cannot be read, does not say what it finds, or is of no route.
#[must_use]
pub fn samples() -> Vec<Sample> {
    let routes = local::routes();
    let declared = routes.declarations();
    let place = |event: &Value| {
        let key = event["routeKey"].as_str().expect("a route's key");
        // API Gateway has a route of its own for HEAD.
        let (method, path) = key.split_once(' ').expect("a method and a path");
        let of_router = if method == "HEAD" { "GET" } else { method };
        let declared_path = declared_path(path);
        let place = declared
            .iter()
            .position(|route| route.method == of_router && route.path == declared_path);
        (
            place.unwrap_or_else(|| panic!("no route {key}")),
            method == "HEAD",
            path.contains('+'),
        )
    };
    let mut samples: Vec<Sample> = http_events().into_iter().map(Sample::read).collect();
    samples.sort_by_cached_key(|sample| (place(&sample.event), sample.name.clone()));
    samples
}

impl Sample {
    fn read((name, event): (String, Value)) -> Self {
        let sample = &event["sample"];
        let before = serde_json::from_value(sample["finds"].clone());
        let status = sample["status"]
            .as_u64()
            .and_then(|s| u16::try_from(s).ok());
        Self {
            before: before.unwrap_or_else(|error| panic!("{name}: {error}")),
            status: status.unwrap_or_else(|| panic!("{name} has no status")),
            name,
            event,
        }
    }
}

/// A sample event, by its file's name without `.json`.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn read(event: &str) -> Value {
    let path = repository().join("events").join(format!("{event}.json"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{event}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{event}: {error}"))
}

/// Every HTTP event in `events/`: those for schedules have no `routeKey`.
///
/// # Panics
/// When they cannot be read.
#[must_use]
pub fn http_events() -> BTreeMap<String, Value> {
    let files = fs::read_dir(repository().join("events")).expect("events/");
    let names = files.filter_map(|file| {
        let name = file.expect("a file").file_name();
        let name = name.into_string().expect("a plain name");
        // Beside the events are environments to invoke them in.
        name.strip_suffix(".json").map(ToOwned::to_owned)
    });
    names
        .map(|name| (name.clone(), read(&name)))
        .filter(|(_, event)| event.get("routeKey").is_some())
        .collect()
}

/// What the router answers to an event.
///
/// # Panics
/// When it is no event.
pub async fn replay(verv: &Verv, event: &Value) -> Reply {
    let event: LambdaRequest = serde_json::from_value(event.clone()).expect("an event");
    let request = lambda_http::Request::from(encode_uri(event));
    verv.send(request.map(Body::new)).await
}

/// A fresh platform that holds what an event finds.
pub async fn platform(before: Before) -> Verv {
    // Their tokens never end.
    let verv = Verv::with_settings(&[("TOKEN_LIFETIME_HOURS", "876000")]).await;
    fill(&verv, before).await;
    verv
}

/// Puts into an empty platform what an event finds.
///
/// # Panics
/// When the engine does not answer.
pub async fn fill(verv: &Verv, before: Before) {
    let now = "2026-01-10T09:00:00Z".parse().expect("a time");
    let (mentor, org) = (MENTOR.parse().expect("an id"), ORG.parse().expect("an id"));
    let code = CODE.parse().expect("a code");
    let record = CodeRecord {
        id: CODE_ID.parse().expect("an id"),
        ..CodeRecord::new(mentor, org, code, CodeTerms::default(), now)
    };
    if before.has_code() {
        verv.put_code(&record).await;
    }
    if before.has_click() {
        let referrer: Result<ReferrerUrl, _> = "https://instagram.com".parse();
        verv.put_attribution(&Attribution {
            id: CLICK_ID.parse().expect("an id"),
            source: Source::Click,
            program: None,
            code: record.code,
            mentor: record.mentor,
            org: record.org,
            visitor: Visitor {
                ip_address: Some([185, 12, 34, 56].into()),
                user_agent: None,
                referrer_url: referrer.ok(),
            },
            occurred_at: "2026-03-20T14:22:00Z".parse().expect("a time"),
            conversion: None,
            expires_at: None,
        })
        .await;
    }
    if matches!(before, Before::Member | Before::Events) {
        verv.confirm(CLICK_ID, CODE, "usr_5892").await.expect(200);
    }
    if matches!(before, Before::Events) {
        verv.clock.advance(TimeDelta::minutes(1));
    }
    if matches!(before, Before::Program) {
        put_program(verv).await;
    }
    if matches!(before, Before::ApiKey) {
        put_api_key(verv).await;
    }
    if matches!(before, Before::Webhook) {
        put_webhook(verv).await;
    }
    if matches!(before, Before::UsersCode) {
        let user = "fb8f09210e0f46b7b4262d77f5b6c273".parse().expect("an id");
        let company = "59388167894b4d10a04fe5da3b8a2104".parse().expect("an id");
        let code = "C273551489XA".parse().expect("a code");
        let record = CodeRecord {
            id: CODE_ID.parse().expect("an id"),
            ..CodeRecord::new(user, company, code, CodeTerms::default(), now)
        };
        verv.put_code(&record).await;
    }
}

async fn put_api_key(verv: &Verv) {
    let id = API_KEY_ID.parse().expect("an id");
    let new = NewApiKey {
        org: ORG.parse().expect("an id"),
        name: "Sign-up server".parse().expect("a name"),
        scopes: vec![KeyScope::CodesRead, KeyScope::ClicksWrite]
            .try_into()
            .expect("scopes"),
        expires_at: None,
    };
    let key = ApiKey {
        id,
        ..new.issue(verv.now()).expect("a key")
    };
    let item = items::of_api_key(&key, &KeyText::generate(id, KeyMode::Test));
    verv.put_items(vec![item.expect("an item")]).await;
}

async fn put_webhook(verv: &Verv) {
    let new = NewWebhook {
        org: ORG.parse().expect("an id"),
        url: "https://hooks.example.org/verv".parse().expect("a URL"),
        events: vec!["attribution.confirmed".to_owned()]
            .try_into()
            .expect("types"),
    };
    let made = new.issue(WebhookTargets::Public, verv.now());
    let made = made.expect("a webhook");
    let endpoint = Endpoint {
        webhook: Webhook {
            id: WEBHOOK_ID.parse().expect("an id"),
            ..made.webhook
        },
        ..made
    };
    let test = Delivery::test(&endpoint.webhook, verv.now());
    let begun = Delivery {
        key: DeliveryKey {
            event: EVENT_ID.parse().expect("an id"),
            ..test.key
        },
        // Processes go by the system's clock.
        expires_at: "2126-04-26T12:00:00Z".parse().expect("a time"),
        ..test
    };
    let failed = begun.claimed(verv.now()).expect("pending");
    let failed = failed.failed(AttemptResult {
        answer: Answer::Status(500),
        duration_ms: 12,
    });
    let items = [items::of_webhook(&endpoint), items::of_delivery(&failed)];
    let items = items.into_iter().map(|item| item.expect("an item"));
    verv.put_items(items.collect()).await;
}

/// The program of the events: made through the router, kept under the id that they name.
async fn put_program(verv: &Verv) {
    let made = replay(verv, &read("programs-create")).await.expect(201);
    let id = made.string("/id").parse().expect("an id");
    let found = verv.unrestricted().find_program(id).await;
    let program = found.expect("the engine answers").expect("a program");
    let known = Program {
        id: PROGRAM_ID.parse().expect("an id"),
        ..program
    };
    verv.put_items(vec![items::of_program(&known).expect("an item")])
        .await;
    verv.delete(&format!("/api/v1/referral-programs/{id}"))
        .await
        .expect(200);
}
