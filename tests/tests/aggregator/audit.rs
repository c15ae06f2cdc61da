//! Facts that were written later than the margin allows.

use super::{audit, audit_until, click, fold, listed, stop_after, total_clicks};
use chrono::TimeDelta;
use serde_json::json;
use tests::functions::SCHEDULED;
use tests::policy::as_function;
use tests::{EVERY_RUN, Verv};

#[tokio::test]
async fn a_fact_written_too_late_is_found_by_the_audit_and_counted_once() {
    let verv = Verv::start().await;
    let yesterday = verv.now() - TimeDelta::days(1);
    click(&verv, 200, yesterday).await;
    fold(&verv).await;
    assert_eq!(total_clicks(&verv).await, 200);

    // Their ids lie far before the point that both folds have reached.
    click(&verv, 3, yesterday - TimeDelta::hours(1)).await;
    fold(&verv).await;
    assert_eq!(
        total_clicks(&verv).await,
        200,
        "no run folds what is behind its checkpoint"
    );

    let found = audit(&verv).await;
    assert_eq!(found.late_facts, 3);
    assert_eq!(found.facts, 203);
    assert!(found.is_complete);
    assert_eq!(total_clicks(&verv).await, 203);
    assert_eq!(listed(&verv).await, 203);
    assert_eq!(audit(&verv).await.late_facts, 0);

    let report = stats_aggregator::Report {
        erasures: 0,
        run: fold(&verv).await,
        audit: found,
    };
    let line = report.line(store::Usage::default(), "verv-dev", 0);
    assert_eq!(line["LateFacts"], 3);
    assert_eq!(line["message"], "aggregated");
    let metrics = &line["_aws"]["CloudWatchMetrics"][0];
    assert_eq!(metrics["Namespace"], "Verv");
    // Two stacks of one account do not add to one another's metrics.
    assert_eq!(metrics["Dimensions"], json!([["Stack"]]));
    assert_eq!(line["Stack"], "verv-dev");
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
    assert_eq!(listed(&verv).await, 220);
}

#[tokio::test]
async fn a_day_whose_receipts_have_expired_is_not_audited() {
    let verv = Verv::start().await;
    click(&verv, 40, verv.now()).await;
    verv.clock.advance(TimeDelta::minutes(5));
    fold(&verv).await;
    verv.clock.advance(TimeDelta::days(30));
    fold(&verv).await;
    let expired = verv.engine.database().sweep_ttl();
    assert!(expired.is_ok());
    let audited = audit(&verv).await;
    assert_eq!((audited.facts, audited.late_facts), (0, 0));
    assert!(audited.is_complete);
    assert_eq!(total_clicks(&verv).await, 40);
}

#[tokio::test]
async fn an_hour_is_audited_once_it_is_closed_and_folded() {
    let verv = Verv::start().await;
    click(&verv, 10, verv.now() - TimeDelta::minutes(30)).await;
    fold(&verv).await;
    click(&verv, 1, verv.now() - TimeDelta::minutes(40)).await;
    assert_eq!(audit(&verv).await.late_facts, 0, "the hour is not closed");
    verv.clock.advance(TimeDelta::hours(2));
    click(&verv, 5, verv.now() - TimeDelta::minutes(90)).await;
    let audited = audit(&verv).await;
    assert_eq!(audited.late_facts, 0, "the hour is not folded");
    fold(&verv).await;
    let audited = audit(&verv).await;
    assert_eq!(audited.late_facts, 1, "{audited:?}");
    assert_eq!(total_clicks(&verv).await, 16);
}

#[tokio::test]
async fn an_audit_that_is_stopped_goes_on_where_it_was() {
    let verv = Verv::start().await;
    let days_ago = |days| verv.now() - TimeDelta::days(days);
    for day in 2..8 {
        click(&verv, 10, days_ago(day)).await;
    }
    fold(&verv).await;
    for day in 2..8 {
        click(&verv, 1, days_ago(day) - TimeDelta::minutes(1)).await;
    }
    let mut late_facts = 0;
    let mut audits = 0;
    let mut audited_to = None;
    loop {
        let audited = audit_until(&verv, stop_after(2)).await;
        late_facts += audited.late_facts;
        audits += 1;
        assert!(Some(audited.audited_to) >= audited_to);
        audited_to = Some(audited.audited_to);
        if audited.is_complete {
            break;
        }
        assert!(audits < 40, "it does not come to an end");
    }
    assert!(audits > 5, "{audits} audits had time for all");
    assert_eq!(late_facts, 6);
    assert_eq!(total_clicks(&verv).await, 66);
}

#[tokio::test]
async fn a_reader_with_an_older_checkpoint_counts_a_late_fact_once() {
    let verv = Verv::start().await;
    let now = verv.now();
    click(&verv, 10, now - TimeDelta::minutes(5)).await;
    fold(&verv).await;
    assert_eq!(
        total_clicks(&verv).await,
        10,
        "the checkpoint is held from here on"
    );
    assert_eq!(listed(&verv).await, 10);

    // Three hours pass for the aggregator, and no time for the reader.
    let later = now + TimeDelta::hours(3);
    let aggregator = verv.store.aggregator();
    let run = aggregator.run(later, &EVERY_RUN, || false);
    as_function(SCHEDULED, run).await.expect("a run");
    click(&verv, 1, now + TimeDelta::minutes(10)).await;
    let audited = as_function(SCHEDULED, aggregator.audit(later, || false)).await;
    assert_eq!(audited.expect("an audit").late_facts, 1);
    assert_eq!(total_clicks(&verv).await, 11);
    assert_eq!(listed(&verv).await, 11);
}
