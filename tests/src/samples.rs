//! The sample events in `events/`, and what the table holds before each.

use crate::flows::{CODE, MENTOR, ORG};
use crate::template::repository;
use crate::{Reply, Verv};
use axum::body::Body;
use lambda_http::request::LambdaRequest;
use serde_json::Value;
use domain::attribution::{ReferrerUrl, Visitor};
use domain::code_record::CodeTerms;
use domain::{Attribution, CodeRecord, Program};
use web::lambda::encode_query;
use store::items;
use std::collections::BTreeMap;
use std::fs;

/// The ids that the events name.
pub const CODE_ID: &str = "rc_019ba72246807000800000000000aa03";
pub const CLICK_ID: &str = "attr_019d0b9fe3287000800000000000bb05";

pub const PROGRAM_ID: &str = "prg_019d2a5c000070008000000000000003";

/// What the table holds before an event.
#[derive(Debug, Clone, Copy)]
pub enum Before {
    Nothing,
    Code,
    CodeAndClick,
    Program,
    /// The payments company's user with their code.
    UsersCode,
}

/// What each event finds, and the status that it is answered.
pub const SAMPLES: [(&str, Before, u16); 33] = [
    ("code-records-list", Before::Code, 200),
    ("code-records-create", Before::Nothing, 201),
    ("code-records-active", Before::Code, 200),
    ("code-records-lookup", Before::Code, 200),
    ("code-records-get", Before::Code, 200),
    ("code-records-deactivate", Before::Code, 200),
    ("code-records-delete", Before::Code, 200),
    ("codes-list", Before::Code, 200),
    ("codes-get-or-create", Before::Code, 200),
    ("codes-get", Before::Code, 200),
    ("codes-rotate", Before::Code, 200),
    ("codes-invalidate", Before::Code, 200),
    ("codes-url", Before::Code, 200),
    ("codes-stats", Before::CodeAndClick, 200),
    ("attributions-list", Before::CodeAndClick, 200),
    ("attributions-record-click", Before::Code, 201),
    ("attributions-get", Before::CodeAndClick, 200),
    ("attributions-confirm", Before::CodeAndClick, 200),
    ("attributions-delete", Before::CodeAndClick, 200),
    ("attributions-mentor", Before::CodeAndClick, 200),
    ("attributions-mentor-total", Before::CodeAndClick, 200),
    ("attributions-mentor-timeseries", Before::CodeAndClick, 200),
    ("attributions-leaderboard", Before::CodeAndClick, 200),
    ("programs-list", Before::Program, 200),
    ("programs-create", Before::Nothing, 201),
    ("programs-show", Before::Program, 200),
    ("programs-update", Before::Program, 200),
    ("programs-delete", Before::Program, 200),
    (
        "reward-promotion-user-referral-code",
        Before::UsersCode,
        200,
    ),
    (
        "reward-promotion-user-referral-code-by-code",
        Before::UsersCode,
        200,
    ),
    (
        "reward-promotion-validate-referral-code",
        Before::UsersCode,
        200,
    ),
    ("short-links-follow", Before::Code, 302),
    ("short-links-head", Before::Code, 302),
];

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
    let request = lambda_http::Request::from(encode_query(event));
    verv.send(request.map(Body::new)).await
}

/// A fresh platform that holds what an event finds.
pub async fn platform(before: Before) -> Verv {
    let verv = Verv::start().await;
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
    if matches!(before, Before::Code | Before::CodeAndClick) {
        verv.put_code(&record).await;
    }
    if matches!(before, Before::CodeAndClick) {
        let referrer: Result<ReferrerUrl, _> = "https://instagram.com".parse();
        verv.put_attribution(&Attribution {
            id: CLICK_ID.parse().expect("an id"),
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
    if matches!(before, Before::Program) {
        put_program(verv).await;
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
