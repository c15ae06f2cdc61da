//! A mentor in two organisations with all that may name them, and others beside.

use axum::http::Method;
use chrono::TimeDelta;
use serde_json::{Value, json};
use stats_aggregator::action;
use store::fold::Days;
use tests::flows::{ATTRIBUTIONS, CODES, CONVERSIONS, RECORDS};
use tests::{Reply, Verv};

pub(crate) const PRIVACY: &str = "/api/v1/privacy";

/// Who is to be erased.
pub(crate) const KARI: &str = "kari.nordmann@example.org";
/// Another mentor of the same organisation.
pub(crate) const OLA: &str = "usr_ola";
/// Where Kari is erased.
pub(crate) const ORG: &str = "org_1";
/// Where she is not.
pub(crate) const ELSEWHERE: &str = "org_2";

/// Who joined by Kari's code, and is to be erased in other tests.
pub(crate) const MEMBER: &str = "siri:new.member@example.org";
/// The address that they clicked from.
pub(crate) const ADDRESS: [u8; 4] = [203, 0, 113, 77];
/// The same as text.
pub(crate) const ADDRESS_TEXT: &str = "203.0.113.77";
/// Their browser.
pub(crate) const AGENT: &str = "Siris Own Browser/7.1 (Svalbard)";
/// Where they came from.
pub(crate) const REFERRER: &str = "https://forum.example.org/siris-thread";

/// Gets or makes a code, under an idempotency key.
pub(crate) async fn code_once(verv: &Verv, mentor: &str, org: &str, key: &str) -> Reply {
    let body = json!({"mentor_id": mentor, "org_id": org});
    verv.post_once(CODES, key, body).await
}

/// Records a click of [`MEMBER`], under an idempotency key; its id.
pub(crate) async fn members_click(verv: &Verv, code: &str, key: &str) -> String {
    let body = json!({
        "code": code, "ip_address": ADDRESS_TEXT, "user_agent": AGENT, "referrer_url": REFERRER,
    });
    let click = verv.post_once(ATTRIBUTIONS, key, body).await;
    click.expect(201).string("/id")
}

/// Three clicks: one confirmed by `member`, one deleted, one as it is.
async fn traffic(verv: &Verv, code: &str, member: &str) {
    let joined = verv.click(code).await;
    verv.confirm(&joined, code, member).await.expect(200);
    let deleted = verv.click(code).await;
    verv.delete(&format!("{ATTRIBUTIONS}/{deleted}"))
        .await
        .expect(200);
    verv.click(code).await;
}

/// Reports, under an idempotency key, that `member` typed the code where they joined.
async fn typed(verv: &Verv, code: &str, member: &str) {
    let body = json!({"code": code, "new_member_id": member});
    let key = format!("typed {member}");
    verv.post_once(CONVERSIONS, &key, body).await.expect(201);
}

/// Codes, clicks and conversions of Kari in two organisations and of Ola, all folded. Gives
/// Kari's active code in [`ORG`].
pub(crate) async fn fill(verv: &Verv) -> String {
    let made = code_once(verv, KARI, ORG, "first").await.expect(201);
    let rotated = format!("{CODES}/{}", made.string("/id"));
    let rotation = json!({"mentor_id": KARI, "action": "rotate"});
    traffic(verv, &made.string("/code"), "old-member").await;
    let active = verv
        .put(&rotated, rotation)
        .await
        .expect(200)
        .string("/code");
    // No record knows this key: the code was there.
    code_once(verv, KARI, ORG, "again").await.expect(200);
    traffic(verv, &active, "new-member").await;
    let click = members_click(verv, &active, "click").await;
    verv.confirm(&click, &active, MEMBER).await.expect(200);
    typed(verv, &active, "typed-member").await;

    for (mentor, org, code) in [(KARI, ELSEWHERE, "KARI-ELSEWHERE"), (OLA, ORG, "OLA-HERE")] {
        let deleted = verv.make_code(mentor, org, &format!("{code}-GONE")).await;
        verv.delete(&format!("{RECORDS}/{deleted}"))
            .await
            .expect(200);
        verv.make_code(mentor, org, code).await;
        traffic(verv, code, &format!("{org}-member")).await;
        typed(verv, code, &format!("{org}-typed")).await;
    }
    fold(verv).await;
    active
}

/// A code of Kari's with what may name her, and how [`MEMBER`] came by it; all of it folded.
pub(crate) async fn fill_a_little(verv: &Verv) {
    let made = code_once(verv, KARI, ORG, "first").await.expect(201);
    code_once(verv, KARI, ORG, "again").await.expect(200);
    let code = made.string("/code");
    let click = members_click(verv, &code, "click").await;
    verv.confirm(&click, &code, MEMBER).await.expect(200);
    fold(verv).await;
}

/// Waits until everything is folded and audited.
pub(crate) async fn fold(verv: &Verv) {
    verv.clock.advance(TimeDelta::minutes(2));
    verv.aggregate().await;
    verv.clock.advance(TimeDelta::minutes(2));
}

/// What organisations and others see, which no erasure of Kari in [`ORG`] may change.
pub(crate) async fn numbers_of_others(verv: &Verv) -> Vec<Value> {
    let mut numbers = Vec::new();
    for list in [RECORDS, ATTRIBUTIONS, CONVERSIONS] {
        for org in [ORG, ELSEWHERE] {
            let page = verv.get(&format!("{list}?org_id={org}")).await.expect(200);
            numbers.push(page.json()["pagination"].clone());
        }
    }
    for (mentor, org) in [(OLA, ORG), (KARI, ELSEWHERE)] {
        for part in ["total", "timeseries"] {
            let path = format!("{ATTRIBUTIONS}/mentor/{mentor}/{part}?org_id={org}");
            numbers.push(verv.get(&path).await.expect(200).json());
        }
    }
    for org in [ORG, ELSEWHERE] {
        let mut ranks = ranking(verv, org).await;
        // Whoever is erased has the same numbers under another name.
        for rank in &mut ranks {
            if rank["mentor_id"] != OLA && org == ORG {
                rank["mentor_id"] = json!("somebody");
            }
        }
        numbers.push(Value::Array(ranks));
    }
    numbers
}

/// The ranking of an organisation.
pub(crate) async fn ranking(verv: &Verv, org: &str) -> Vec<Value> {
    let path = format!("{ATTRIBUTIONS}/leaderboard?org_id={org}");
    let ranking = verv.get(&path).await.expect(200).json();
    ranking["data"].as_array().expect("ranks").clone()
}

/// All pages of an export: its records, and its counts summed up.
pub(crate) async fn export(verv: &Verv, path: &str) -> (Vec<Value>, Value) {
    let (mut records, mut counts) = (Vec::new(), json!({}));
    let separator = if path.contains('?') { '&' } else { '?' };
    let mut next = path.to_owned();
    loop {
        let page = verv.get(&next).await.expect(200).json();
        records.extend(page["data"].as_array().expect("records").clone());
        for (kind, count) in page["counts"].as_object().expect("counts") {
            let sum = counts[kind].as_u64().unwrap_or(0) + count.as_u64().expect("a number");
            counts[kind] = json!(sum);
        }
        match page["next_cursor"].as_str() {
            Some(cursor) => next = format!("{path}{separator}cursor={cursor}"),
            None => return (records, counts),
        }
    }
}

/// Repeats the erasure at `path`, with runs of the schedule in between, until it is done.
/// Gives the last receipt that counts anything.
pub(crate) async fn erase(verv: &Verv, path: &str) -> Value {
    let mut receipt = Value::Null;
    for _ in 0..60 {
        let reply = verv.call(Method::DELETE, path, &[], None).await;
        let is_done = reply.status == 200;
        if !is_done {
            assert_eq!(reply.status, 202, "{}", reply.text);
            assert_eq!(reply.json()["status"], "under_way");
            receipt = verv.get(reply.header("location")).await.expect(200).json();
        } else if !reply.json()["id"].is_null() {
            receipt = reply.json();
        }
        if is_done {
            let id = receipt["id"].as_str().expect("a pseudonym");
            let kept = verv.get(&format!("{PRIVACY}/erasures/{id}")).await;
            return kept.expect(200).json();
        }
        verv.clock.advance(TimeDelta::minutes(1));
        verv.aggregate().await;
    }
    panic!("it does not end: {receipt}");
}

/// Panics where a row of statistics differs from a recount, now and after a rebuild.
pub(crate) async fn assert_counts_equal_a_recount(verv: &Verv) {
    let (aggregator, clock) = (verv.store.aggregator(), &verv.clock);
    fold(verv).await;
    for is_rebuilt in [false, true] {
        if is_rebuilt {
            let rebuild = action::rebuild(&aggregator, clock, || false).await;
            assert!(rebuild.expect("the engine answers").is_complete);
        }
        let found = action::verify(&aggregator, clock, Days::default(), || false).await;
        let found = found.expect("the engine answers");
        assert!(found.is_complete && found.rows > 0);
        assert_eq!(found.differences, [], "rebuilt: {is_rebuilt}");
    }
}
