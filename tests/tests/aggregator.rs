//! What the aggregator promises beyond any one history: late facts, sharding, deadlines.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use domain::ids::SHARDS;
use domain::{AttributionId, Code, MentorId, OrgId};
use store::aggregate::{Audit, Run, SAFETY_MARGIN};
use store::entities::{AttributionItem, Entity};
use std::cell::Cell;
use std::collections::HashMap;
use tests::functions::SCHEDULED;
use tests::policy::as_function;
use tests::{Verv, seed};

fn owner() -> (MentorId, OrgId, Code) {
    let valid = "a valid id";
    let mentor = "usr_4491".parse().expect(valid);
    let org = "org_002".parse().expect(valid);
    (mentor, org, "JAN-VERV-8F3A".parse().expect(valid))
}

/// Clicks of the owner's code, a second apart from `first` on, written as if long ago.
async fn click(verv: &Verv, count: usize, first: DateTime<Utc>) {
    let (mentor, org, code) = owner();
    let client = local::engine::client(&verv.engine.endpoint());
    let clicks = seed::clicks(&mentor, &org, &code, count, first, TimeDelta::seconds(1));
    seed::write(&client, "verv", clicks).await;
}

async fn fold(verv: &Verv) -> Run {
    fold_until(verv, || false).await
}

/// A run that ends early when `stop` says so.
async fn fold_until(verv: &Verv, stop: impl Fn() -> bool) -> Run {
    let run = verv.app.table.aggregate(verv.now(), SAFETY_MARGIN, stop);
    as_function(SCHEDULED, run)
        .await
        .expect("the engine answers")
}

async fn audit(verv: &Verv) -> Audit {
    let audit = verv.app.table.audit(verv.now(), || false);
    as_function(SCHEDULED, audit)
        .await
        .expect("the engine answers")
}

async fn total_clicks(verv: &Verv) -> i64 {
    let path = "/api/v1/referral-attributions/mentor/usr_4491/total";
    verv.get(path).await.expect(200).json()["total_clicks"]
        .as_i64()
        .expect("a number")
}

#[tokio::test]
async fn a_fact_written_too_late_is_found_by_the_audit_and_counted_once() {
    let verv = Verv::start().await;
    let yesterday = verv.now() - TimeDelta::days(1);
    click(&verv, 200, yesterday).await;
    fold(&verv).await;
    assert_eq!(total_clicks(&verv).await, 200);

    // Their ids lie far before the point that every lane has reached.
    click(&verv, 3, yesterday - TimeDelta::hours(1)).await;
    fold(&verv).await;
    assert_eq!(
        total_clicks(&verv).await,
        200,
        "no run folds what lies behind its lane"
    );

    let found = audit(&verv).await;
    assert_eq!(found.late_facts, 3);
    assert_eq!(total_clicks(&verv).await, 203);
    assert_eq!(audit(&verv).await.late_facts, 0);
    let listed = verv.get("/api/v1/referral-attributions").await.expect(200);
    assert_eq!(listed.json()["pagination"]["total"], 203);

    let report = stats_aggregator::Report {
        run: fold(&verv).await,
        audit: found,
    };
    for line in report.metrics("verv-StatsAggregatorFunction-1", 0) {
        assert_eq!(line["LateFacts"], 3);
        let metrics = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(metrics["Namespace"], "Verv");
        // Two stacks of one account do not add to one another's metrics.
        assert_eq!(metrics["Dimensions"], json!([["Function", "Log"]]));
        assert_eq!(line["Function"], "verv-StatsAggregatorFunction-1");
    }
}

#[tokio::test]
async fn two_audits_side_by_side_count_a_late_fact_once() {
    let verv = Verv::start().await;
    let yesterday = verv.now() - TimeDelta::days(1);
    click(&verv, 200, yesterday).await;
    fold(&verv).await;
    click(&verv, 20, yesterday - TimeDelta::hours(1)).await;
    let (a, b) = futures::join!(audit(&verv), audit(&verv));
    assert_eq!(a.late_facts + b.late_facts, 20);
    assert_eq!(total_clicks(&verv).await, 220);
}

#[tokio::test]
async fn a_day_whose_receipts_have_expired_is_not_audited() {
    let verv = Verv::start().await;
    click(&verv, 40, verv.now()).await;
    verv.clock.advance(TimeDelta::minutes(5));
    fold(&verv).await;
    verv.clock.advance(TimeDelta::days(30));
    let expired = verv.engine.database().sweep_ttl();
    assert!(expired.is_ok());
    assert_eq!(audit(&verv).await.late_facts, 0);
    assert_eq!(total_clicks(&verv).await, 40);
}

#[tokio::test]
async fn a_run_out_of_time_keeps_its_work_and_says_how_far_it_is_behind() {
    let verv = Verv::start().await;
    click(&verv, 400, verv.now() - TimeDelta::minutes(10)).await;
    let asked = Cell::new(0);
    let stop = || {
        asked.set(asked.get() + 1);
        asked.get() > 8
    };
    let run = fold_until(&verv, stop).await;
    assert!(
        run.facts > 0 && run.facts < 400 && !run.is_complete(),
        "{run:?}"
    );
    let most_behind = run.lags.iter().map(|(_, lag)| *lag).max().expect("lanes");
    assert!(most_behind > TimeDelta::minutes(9), "{most_behind}");
    assert_eq!(total_clicks(&verv).await, 400);
    let rest = fold(&verv).await;
    assert_eq!(run.facts + rest.facts, 400);
    assert!(rest.is_complete());
    assert_eq!(total_clicks(&verv).await, 400);
}

#[test]
fn no_partition_key_takes_more_than_its_share_of_a_viral_code() {
    const CLICKS: usize = 100_000;
    let (mentor, org, code) = owner();
    let now = tests::NOW.parse().expect("a time");
    let mut by_partition: [HashMap<String, usize>; 3] = Default::default();
    for _ in 0..CLICKS {
        let keys = AttributionItem::from(&seed::click(&mentor, &org, &code, now)).keys();
        let placed = [Some(keys.primary), keys.by_mentor, keys.by_org];
        for (partitions, key) in by_partition.iter_mut().zip(placed) {
            *partitions
                .entry(key.expect("in every index").pk)
                .or_default() += 1;
        }
    }
    let fair = CLICKS as f64 / f64::from(SHARDS);
    for partitions in by_partition {
        assert_eq!(partitions.len(), usize::from(SHARDS));
        let most = partitions.values().max().copied().unwrap_or_default();
        assert!((most as f64) <= fair * 1.2, "{most} of {CLICKS} on one key");
    }
    // A partition key takes 1,000 write units a second, and a click is one unit on each.
    let a_second = u32::from(SHARDS) * 1_000;
    assert!(a_second >= 5_000, "for a mentor");
    assert!(a_second >= 8_000, "for the system");
}

/// What a deployment with fewer shards wrote: every id ends in one of the first three.
#[tokio::test]
async fn raising_the_shard_count_leaves_old_records_reachable_and_counted() {
    let verv = Verv::start().await;
    let (mentor, org, code) = owner();
    let client = local::engine::client(&verv.engine.endpoint());
    let old = |count: u8, minutes: i64| {
        let at = verv.now() - TimeDelta::minutes(minutes);
        let mut made = Vec::new();
        for number in 0..count {
            let mut click = seed::click(&mentor, &org, &code, at);
            let mut bytes = *click.id.uuid().as_bytes();
            bytes[15] = number % 3;
            click.id = AttributionId::from_uuid(uuid::Uuid::from_bytes(bytes));
            made.push(click);
        }
        made
    };
    let items = |clicks: &[domain::Attribution]| -> Vec<_> {
        clicks
            .iter()
            .map(|click| AttributionItem::from(click).to_item().expect("an item"))
            .collect()
    };
    let folded = old(30, 30);
    let unfolded = old(9, 0);
    seed::write(&client, "verv", items(&folded).into_iter()).await;
    fold(&verv).await;
    seed::write(&client, "verv", items(&unfolded).into_iter()).await;
    let new = seed::clicks(
        &mentor,
        &org,
        &code,
        50,
        verv.now(),
        TimeDelta::milliseconds(1),
    );
    seed::write(&client, "verv", new).await;

    assert_eq!(total_clicks(&verv).await, 89);
    verv.clock.advance(TimeDelta::minutes(5));
    fold(&verv).await;
    assert_eq!(total_clicks(&verv).await, 89);
    for click in folded.iter().chain(&unfolded) {
        verv.get(&format!("/api/v1/referral-attributions/{}", click.id))
            .await
            .expect(200);
    }
    let listed = verv
        .get("/api/v1/referral-attributions?limit=100")
        .await
        .expect(200)
        .json();
    assert_eq!(listed["data"].as_array().map(Vec::len), Some(89));
    assert_eq!(
        listed["pagination"],
        json!({"page": 1, "limit": 100, "total": 89})
    );
}
