//! The way back after damage: rows are recounted from the facts, and written anew.

use super::{audit, click, click_mentors, engine, fold, listed, owner, stop_after, total_clicks};
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::TimeDelta;
use serde_json::{Value, json};
use store::UnscopedStore;
use store::fold::{Days, Rebuild, Verification};
use tests::Verv;
use tests::functions::SCHEDULED;
use tests::gate::{Gate, Stop};
use tests::policy::as_function;

const ATTRIBUTIONS: &str = "/api/v1/referral-attributions";

/// Clicks, conversions and deletions of codes that were made through the platform.
async fn fill(verv: &Verv) {
    for mentor in ["usr_1", "usr_2"] {
        let body = json!({"mentor_id": mentor, "org_id": "org_1"});
        let code = verv
            .post("/api/v1/referral-codes", body)
            .await
            .string("/code");
        for at in 0..6 {
            let click = verv.post(ATTRIBUTIONS, json!({"code": code})).await;
            let path = format!("{ATTRIBUTIONS}/{}", click.string("/id"));
            if at < 3 {
                let member = format!("new_{mentor}_{at}");
                let body = json!({"code": code, "new_member_id": member});
                verv.put(&path, body).await.expect(200);
            }
            if at == 0 || at == 5 {
                verv.delete(&path).await.expect(200);
            }
            verv.clock.advance(TimeDelta::hours(7));
        }
    }
    verv.clock.advance(TimeDelta::minutes(5));
}

async fn verify(verv: &Verv, days: Days) -> Verification {
    let aggregator = verv.store.aggregator();
    let verified = aggregator.verify(days, verv.now(), || false, |_| ());
    let verified = as_function(SCHEDULED, verified).await;
    let verified = verified.expect("the engine answers");
    assert!(verified.is_complete);
    verified
}

async fn rebuild(verv: &Verv, store: &UnscopedStore, stop: impl Fn() -> bool) -> Rebuild {
    let aggregator = store.aggregator();
    let rebuilt = aggregator.rebuild(|| verv.now(), stop, |_| ());
    let rebuilt = as_function(SCHEDULED, rebuilt).await;
    rebuilt.expect("the engine answers")
}

/// Adds to a number of a row behind the store's back.
#[expect(
    clippy::disallowed_methods,
    reason = "the damage is done below the store"
)]
async fn damage(verv: &Verv, pk: &str, sk: &str, name: &str) {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    engine(verv)
        .update_item()
        .table_name("verv")
        .key("pk", text(pk))
        .key("sk", text(sk))
        .update_expression("ADD #name :seven")
        .expression_attribute_names("#name", name)
        .expression_attribute_values(":seven", AttributeValue::N("7".to_owned()))
        .send()
        .await
        .expect("the engine answers");
}

/// Totals, the leaderboard and the number of codes, as the platform tells them.
async fn told(verv: &Verv) -> Vec<Value> {
    let mut told = Vec::new();
    for path in [
        format!("{ATTRIBUTIONS}/mentor/usr_1/total"),
        format!("{ATTRIBUTIONS}/mentor/usr_2/total?period=mtd"),
        format!("{ATTRIBUTIONS}/mentor/usr_1/timeseries"),
        format!("{ATTRIBUTIONS}?org_id=org_1"),
        format!("{ATTRIBUTIONS}/leaderboard?org_id=org_1"),
        "/api/v1/referral-codes?mentor_id=usr_1".to_owned(),
        "/api/v1/referral-codes".to_owned(),
    ] {
        let mut body = verv.get(&path).await.expect(200).json();
        body["as_of"] = Value::Null;
        told.push(body);
    }
    told
}

#[tokio::test]
async fn rows_that_are_right_do_not_differ() {
    let verv = Verv::start().await;
    fill(&verv).await;
    fold(&verv).await;
    let verified = verify(&verv, Days::default()).await;
    assert_eq!(verified.differences, []);
    assert!(verified.rows > 10 && verified.facts > 20, "{verified:?}");
}

#[tokio::test]
async fn every_row_that_was_damaged_is_named() {
    let verv = Verv::start().await;
    click(&verv, 50, verv.now() - TimeDelta::minutes(5)).await;
    fold(&verv).await;
    let rows = [
        ("STATS#FOLD#summary", "CHECKPOINT", "clicks"),
        ("STATS#ALL", "MONTH#2026-03", "c26"),
        ("STATS#O#org_002", "TOTAL", "c2026"),
        ("STATS#O#org_002", "MONTH#2026-03", "v25"),
        (
            "STATS#M#usr_4491",
            "TOTAL#org_002#JANVERV8F3A",
            "conversions",
        ),
        (
            "STATS#M#usr_4491",
            "MONTH#2026-03#org_002#JANVERV8F3A",
            "c26",
        ),
        // Rows that no fact has.
        ("STATS#M#usr_4491", "RANK#org_002#2026-03", "conversions"),
        ("STATS#M#usr_4491", "CODES#org_002", "codes"),
    ];
    for (pk, sk, name) in rows {
        damage(&verv, pk, sk, name).await;
    }
    let verified = verify(&verv, Days::default()).await;
    let mut named: Vec<_> = verified
        .differences
        .iter()
        .map(|it| it.row.as_str())
        .collect();
    named.sort_unstable();
    // The row of everything is on the checkpoint.
    let mut expected = vec!["STATS#ALL TOTAL".to_owned()];
    expected.extend(rows[1..].iter().map(|(pk, sk, _)| format!("{pk} {sk}")));
    expected.sort_unstable();
    assert_eq!(named, expected);

    let day = |text: &str| text.parse().ok();
    let earlier = Days {
        from: day("2026-03-24"),
        to: day("2026-03-25"),
    };
    let named: Vec<_> = verify(&verv, earlier).await.differences;
    let rows: Vec<_> = named.iter().map(|it| it.row.as_str()).collect();
    assert_eq!(
        rows,
        ["STATS#O#org_002 MONTH#2026-03"],
        "the 26th is no matter"
    );
    let today = Days {
        from: day("2026-03-25"),
        to: None,
    };
    let verified = verify(&verv, today).await;
    assert_eq!(verified.differ, 3, "{:?}", verified.differences);
}

#[tokio::test]
async fn damaged_rows_are_rebuilt_beside_the_old_ones() {
    let verv = Verv::start().await;
    fill(&verv).await;
    fold(&verv).await;
    let before = told(&verv).await;
    let code = before[5]["data"][0]["code"]
        .as_str()
        .expect("a code")
        .replace('-', "");
    damage(
        &verv,
        "STATS#M#usr_1",
        &format!("TOTAL#org_1#{code}"),
        "clicks",
    )
    .await;
    damage(&verv, "STATS#O#org_1", "TOTAL", "codes").await;
    damage(&verv, "STATS#FOLD#summary", "CHECKPOINT", "codes").await;
    verv.clock.advance(TimeDelta::seconds(3));
    assert_ne!(told(&verv).await, before);

    let rebuilt = rebuild(&verv, &verv.store, || false).await;
    assert!(rebuilt.is_complete && rebuilt.facts > 20, "{rebuilt:?}");
    verv.clock.advance(TimeDelta::seconds(3));
    assert_eq!(told(&verv).await, before);
    assert_eq!(verify(&verv, Days::default()).await.differences, []);
    assert_eq!(
        audit(&verv).await.late_facts,
        0,
        "the new receipts name every fact"
    );
    fill_on(&verv).await;
    assert_eq!(verify(&verv, Days::default()).await.differences, []);
}

/// Life goes on: more facts, folded into the rows that are read now.
async fn fill_on(verv: &Verv) {
    click_mentors(verv, 3, verv.now()).await;
    verv.clock.advance(TimeDelta::minutes(5));
    assert_eq!(fold(verv).await.facts(), 6);
}

#[tokio::test]
async fn a_rebuild_that_is_stopped_goes_on_and_a_second_one_begins_anew() {
    let verv = Verv::start().await;
    assert!(
        rebuild(&verv, &verv.store, || false).await.is_complete,
        "nothing to do"
    );
    click(&verv, 50, verv.now() - TimeDelta::minutes(5)).await;
    fold(&verv).await;
    let rebuilt = rebuild(&verv, &verv.store, || true).await;
    assert!(!rebuilt.is_complete);
    assert!(rebuild(&verv, &verv.store, stop_after(3)).await.is_complete);
    let row = "TOTAL#org_002#JANVERV8F3A";
    damage(&verv, "STATS#M#usr_4491#1", row, "clicks").await;
    assert_eq!(total_clicks(&verv).await, 57, "the new rows are read");
    assert!(rebuild(&verv, &verv.store, || false).await.is_complete);
    verv.clock.advance(TimeDelta::seconds(3));
    assert_eq!(total_clicks(&verv).await, 50);
    assert_eq!(listed(&verv).await, 50);
}

/// Kills a rebuild at its call `at`, and repeats it when folding has gone on. Says whether
/// the rebuild made that call.
async fn kill_a_rebuild(at: usize) -> bool {
    let verv = Verv::start().await;
    let gate = Gate::new();
    let gated = UnscopedStore::new(gate.client(&verv.engine.endpoint()), "verv");
    let (mentor, ..) = owner();
    click(&verv, 20, verv.now() - TimeDelta::minutes(5)).await;
    fold(&verv).await;
    let partition = format!("STATS#M#{mentor}");
    damage(&verv, &partition, "TOTAL#org_002#JANVERV8F3A", "clicks").await;
    gate.arm(match at % 2 {
        0 => Stop::Before(at),
        _ => Stop::After(at),
    });
    let is_killed = tokio::select! {
        rebuilt = rebuild(&verv, &gated, || false) => {
            assert!(rebuilt.is_complete);
            false
        }
        () = gate.stopped() => true,
    };
    click(&verv, 5, verv.now()).await;
    verv.clock.advance(TimeDelta::minutes(2));
    fold(&verv).await;
    assert!(rebuild(&verv, &verv.store, || false).await.is_complete);
    verv.clock.advance(TimeDelta::seconds(3));
    assert_eq!(total_clicks(&verv).await, 25, "killed at call {at}");
    assert_eq!(listed(&verv).await, 25, "killed at call {at}");
    let verified = verify(&verv, Days::default()).await;
    assert_eq!(verified.differences, [], "killed at call {at}");
    is_killed
}

#[tokio::test]
async fn a_rebuild_killed_at_any_call_and_repeated_counts_everything_once() {
    let mut at = 0;
    while kill_a_rebuild(at).await {
        at += 1;
    }
    assert!(at > 30, "a rebuild makes more calls than {at}");
}
