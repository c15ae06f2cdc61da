//! An organisation with something of everything, and what is seen of it.

use axum::http::Method;
use chrono::TimeDelta;
use domain::OrgId;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use store::UnscopedStore;
use store::keys::Item;
use store::transfer::Counts;
use tests::Verv;
use tests::flows::{ATTRIBUTIONS, CODES, CONVERSIONS, RECORDS};

/// Who moves.
pub(crate) const ORG: &str = "org_moving";
/// Who stays.
pub(crate) const OTHER: &str = "org_staying";
/// The mentors of who moves.
pub(crate) const MENTORS: [&str; 3] = ["usr_jan", "usr_ida", "usr_ola"];
/// A string that was issued, and whose record is deleted.
pub(crate) const GONE: &str = "GONE-FOR-GOOD";

const PROGRAMS: &str = "/api/v1/referral-programs";

/// `text` as an organisation.
pub(crate) fn org(text: &str) -> OrgId {
    text.parse().expect("an id")
}

/// Programs, codes in every state, clicks and recruitments in every state, of an organisation that
/// moves and one that stays; some of it folded.
pub(crate) async fn fill(verv: &Verv) {
    let program = |name: &str| json!({"org_id": ORG, "name": name, "currency_id": "NOK"});
    let archived = verv.post(PROGRAMS, program("Winter")).await.expect(201);
    let path = format!("{PROGRAMS}/{}", archived.string("/id"));
    verv.put(&path, json!({"status": "archived"}))
        .await
        .expect(200);
    let spring = verv.post(PROGRAMS, program("Spring")).await.expect(201);
    let terms = json!({
        "mentor_id": "usr_jan", "org_id": ORG, "max_referrals": 5,
        "referral_program_id": spring.string("/id"),
    });
    let limited = verv.post_once(CODES, "a key", terms).await.expect(201);
    traffic(verv, &limited.string("/code"), "jan").await;

    let first = verv.make_code("usr_ida", ORG, "IDA-ONE").await;
    traffic(verv, "IDA-ONE", "ida-1").await;
    let rotation = json!({"mentor_id": "usr_ida", "action": "rotate"});
    let second = verv
        .put(&format!("{CODES}/{first}"), rotation.clone())
        .await;
    traffic(verv, &second.expect(200).string("/code"), "ida-2").await;
    verv.clock.advance(TimeDelta::days(9));
    verv.aggregate().await;

    let gone = verv.make_code("usr_ola", ORG, GONE).await;
    traffic(verv, GONE, "ola-gone").await;
    verv.delete(&format!("{RECORDS}/{gone}")).await.expect(200);
    let invalid = verv.make_code("usr_ola", ORG, "OLA-INVALID").await;
    verv.delete(&format!("{CODES}/{invalid}")).await.expect(200);
    verv.make_code("usr_ola", ORG, "OLA-NOW").await;
    traffic(verv, "OLA-NOW", "ola").await;

    verv.make_code("usr_jan", OTHER, "JAN-OTHER").await;
    traffic(verv, "JAN-OTHER", "other").await;
    verv.clock.advance(TimeDelta::minutes(5));
}

/// A click that stays one, one that is confirmed, one of each that is deleted, and a typed
/// recruitment.
async fn traffic(verv: &Verv, code: &str, member: &str) {
    let body = json!({
        "code": code, "ip_address": "198.51.100.7", "user_agent": "Mozilla/5.0",
        "referrer_url": "https://example.org/",
    });
    verv.post(ATTRIBUTIONS, body).await.expect(201);
    let confirmed = verv.click(code).await;
    verv.confirm(&confirmed, code, &format!("{member}-clicked"))
        .await
        .expect(200);
    let deleted = verv.click(code).await;
    let was_confirmed = verv.click(code).await;
    verv.confirm(&was_confirmed, code, &format!("{member}-left"))
        .await
        .expect(200);
    for id in [deleted, was_confirmed] {
        verv.delete(&format!("{ATTRIBUTIONS}/{id}"))
            .await
            .expect(200);
    }
    let typed = json!({"code": code, "new_member_id": format!("{member}-typed")});
    verv.post(CONVERSIONS, typed).await.expect(201);
}

/// Writes [`ORG`] to `path`.
pub(crate) async fn export(verv: &Verv, store: &UnscopedStore, path: &Path) -> Counts {
    let org = org(ORG);
    let written = local::transfer::write_file(store, &org, path, verv.now().into());
    written.await.expect("it is exported")
}

/// What the API shows of `org`, by path.
pub(crate) async fn seen(verv: &Verv, org: &str) -> BTreeMap<String, Value> {
    let mut paths = Vec::new();
    for list in [RECORDS, CODES, ATTRIBUTIONS, CONVERSIONS, PROGRAMS] {
        paths.push(format!("{list}?org_id={org}&limit=100"));
    }
    for period in ["all_time", "30d", "month"] {
        paths.push(format!("{ATTRIBUTIONS}/total?org_id={org}&period={period}"));
    }
    paths.push(format!("{ATTRIBUTIONS}/timeseries?org_id={org}&period=30d"));
    paths.push(format!("{ATTRIBUTIONS}/leaderboard?org_id={org}"));
    for mentor in MENTORS {
        for what in ["total", "timeseries?period=30d&"] {
            let path = format!("{ATTRIBUTIONS}/mentor/{mentor}/{what}");
            let separator = if path.contains('?') { "" } else { "?" };
            paths.push(format!("{path}{separator}org_id={org}"));
        }
        paths.push(format!(
            "{ATTRIBUTIONS}?mentor_id={mentor}&org_id={org}&limit=100"
        ));
        paths.push(format!("{CONVERSIONS}?mentor_id={mentor}&org_id={org}"));
    }
    let mut seen = BTreeMap::new();
    for path in paths {
        let mut answer = verv.get(&path).await.expect(200).json();
        // When it was last folded.
        answer.as_object_mut().expect("an object").remove("as_of");
        seen.insert(path.replace(org, "ORG"), answer);
    }
    let terms = terms_of(verv, org).await;
    seen.insert("terms".to_owned(), terms);
    seen
}

/// How many referrals each code has confirmed, and under which terms.
async fn terms_of(verv: &Verv, org: &str) -> Value {
    let codes = verv
        .get(&format!("{CODES}?org_id={org}&limit=100"))
        .await
        .json();
    let mut terms = Vec::new();
    for code in codes["data"].as_array().expect("codes") {
        let id = code["id"].as_str().expect("an id");
        let path = format!("{CODES}/{id}/terms");
        terms.push(
            verv.call(Method::GET, &path, &[], None)
                .await
                .expect(200)
                .json(),
        );
    }
    terms.into()
}

/// The items of `org` that an export is to hold, by their keys, without what belongs to the
/// deployment.
pub(crate) async fn items_of(verv: &Verv, org: &str) -> BTreeMap<String, Item> {
    let client = local::engine::client(&verv.engine.endpoint());
    let pages = client.scan().table_name(verv.store.table_name());
    let mut pages = pages.consistent_read(true).into_paginator().items().send();
    let mut items = BTreeMap::new();
    while let Some(item) = pages.next().await {
        let mut item = item.expect("the table is read");
        let text = |name: &str| {
            let text = item.get(name).and_then(|text| text.as_s().ok());
            text.cloned().unwrap_or_default()
        };
        let is_record = [
            "active_code",
            "change",
            "click",
            "code",
            "code_entry",
            "code_removal",
            "member",
            "program",
        ]
        .contains(&text("kind").as_str());
        let cancels_out = item.contains_key("expires");
        let is_count = text("kind") == "code-count";
        if is_count || (is_record && text("org") == org && !cancels_out) {
            let key = format!("{} {}", text("pk"), text("sk"));
            item.remove("made_under");
            items.insert(key, item);
        }
    }
    items
}
