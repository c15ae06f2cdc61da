//! Rounds: their pace, their fairness, and what stops them.

use super::{audit, engine, listed, owner, total_of};
use super::{click, click_mentors, fold, fold_at, fold_until, folded, stop_after, total_clicks};
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, TimeDelta, Utc};
use domain::Code;
use domain::attribution::Visitor;
use domain::click::Click;
use domain::confirmation::Confirmation;
use serde_json::json;
use std::sync::Arc;
use store::UnscopedStore;
use store::fold::{Fold, FoldPace};
use tests::faults::{Fault, Faults};
use tests::gate::{Gate, Stop};
use tests::standin::{Options, StandIn};
use tests::{EVERY_RUN, Verv, seed};

const LEADERBOARD: &str = "/api/v1/referral-attributions/leaderboard";

#[tokio::test]
async fn detail_waits_for_its_pace_and_the_summary_does_not() {
    let verv = Verv::start().await;
    let pace = FoldPace::default();
    click(&verv, 100, verv.now() - TimeDelta::minutes(1)).await;
    let run = fold_at(&verv, &pace, || false).await;
    assert_eq!(folded(&run, Fold::Summary), 100);
    assert_eq!(folded(&run, Fold::Detail), 0, "{run:?}");
    assert!(run.is_complete(), "waiting is not being behind");
    assert_eq!(total_clicks(&verv).await, 100);

    verv.clock.advance(TimeDelta::minutes(3));
    let run = fold_at(&verv, &pace, || false).await;
    assert_eq!(folded(&run, Fold::Detail), 100, "the oldest has waited");
    assert_eq!(total_clicks(&verv).await, 100);

    let (mentor, org, code) = owner();
    let step = TimeDelta::milliseconds(1);
    let many = seed::clicks(&mentor, &org, &code, 2_000, verv.now(), step);
    seed::write(&engine(&verv), "verv", many).await;
    verv.clock.advance(TimeDelta::seconds(30));
    let run = fold_at(&verv, &pace, || false).await;
    assert_eq!(folded(&run, Fold::Detail), 2_000, "so many wait");
    assert_eq!(total_clicks(&verv).await, 2_100);
}

#[tokio::test]
async fn a_fact_younger_than_the_margin_is_counted_and_not_folded() {
    let verv = Verv::start().await;
    click(&verv, 30, verv.now()).await;
    let run = fold(&verv).await;
    assert_eq!(run.facts(), 9, "those of the last twenty seconds stay");
    assert!(run.is_complete());
    assert_eq!(total_clicks(&verv).await, 30);
    assert_eq!(listed(&verv).await, 30);
}

#[tokio::test]
async fn a_run_out_of_time_keeps_its_work_and_says_how_far_it_is_behind() {
    let verv = Verv::start().await;
    click(&verv, 400, verv.now() - TimeDelta::minutes(10)).await;
    let run = fold_until(&verv, stop_after(1)).await;
    let done: Vec<_> = run.folds.iter().map(|folded| folded.facts).collect();
    assert!(done.contains(&400) && done.contains(&0), "{run:?}");
    assert!(!run.is_complete());
    assert!(run.behind() > TimeDelta::minutes(9), "{run:?}");
    assert_eq!(total_clicks(&verv).await, 400);

    let rest = fold_until(&verv, stop_after(1)).await;
    let rest_done: Vec<_> = rest.folds.iter().map(|folded| folded.facts).collect();
    assert_ne!(done, rest_done, "the folds take turns");
    assert!(rest.is_complete());
    assert_eq!(total_clicks(&verv).await, 400);
    assert_eq!(listed(&verv).await, 400);
}

#[tokio::test]
async fn two_runs_side_by_side_count_everything_once() {
    let verv = Verv::start().await;
    click_mentors(&verv, 30, verv.now() - TimeDelta::minutes(1)).await;
    let (a, b) = futures::join!(fold(&verv), fold(&verv));
    assert!(a.is_complete() || b.is_complete());
    fold(&verv).await;
    for mentor in ["mentor_0", "mentor_29"] {
        assert_eq!(total_of(&verv, mentor).await, 2);
    }
    assert_eq!(listed(&verv).await, 60);
}

#[tokio::test]
async fn no_transaction_touches_a_row_and_none_is_cancelled() {
    let stand_in = StandIn::new(Options::default());
    let verv = Verv::with_client(&[], |endpoint| stand_in.client(endpoint)).await;
    click_mentors(&verv, 40, verv.now() - TimeDelta::minutes(1)).await;
    let run = fold(&verv).await;
    assert_eq!(run.facts(), 80);
    assert!(run.is_complete());
    let tally = stand_in.tally();
    assert_eq!((tally.committed, tally.cancelled), (0, 0));
    let hottest = stand_in.hottest(1);
    assert_eq!(hottest[0].throttles, 0, "{hottest:?}");
}

#[tokio::test]
async fn what_dynamodb_puts_off_is_lag_and_no_error() {
    let faults = Faults::none();
    let verv = Verv::through(&faults).await;
    click(&verv, 40, verv.now() - TimeDelta::minutes(10)).await;
    faults.always("UpdateItem", Fault::ThroughputExceeded);
    let run = fold(&verv).await;
    assert_eq!(run.facts(), 0);
    assert!(run.behind() > TimeDelta::minutes(9), "{run:?}");
    faults.clear();
    let run = fold(&verv).await;
    assert_eq!(run.facts(), 40);
    assert!(run.is_complete());
    assert_eq!(total_clicks(&verv).await, 40);
}

#[tokio::test]
async fn answers_that_are_lost_count_nothing_twice() {
    let faults = Faults::none();
    let verv = Verv::through(&faults).await;
    let mut clicks = 0;
    for lost in 1..12 {
        click(&verv, 3, verv.now() - TimeDelta::minutes(1)).await;
        clicks += 3;
        faults.set(move |operation, number| {
            let is_write = matches!(operation, "UpdateItem" | "PutItem");
            (is_write && number == lost).then_some(Fault::LostAnswer)
        });
        fold(&verv).await;
        faults.clear();
        verv.clock.advance(TimeDelta::minutes(2));
        assert_eq!(total_clicks(&verv).await, clicks, "answer {lost} was lost");
        assert_eq!(listed(&verv).await, clicks, "answer {lost} was lost");
    }
}

#[tokio::test]
async fn a_refused_request_is_an_error() {
    let verv = Verv::start().await;
    let elsewhere = UnscopedStore::new(engine(&verv), "no-such-table");
    let aggregator = elsewhere.aggregator();
    let run = aggregator.run(verv.now(), &EVERY_RUN, || false).await;
    assert!(run.is_err());
}

/// Records a click of a code as if it was `at`, and confirms it a second later.
async fn recruit(verv: &Verv, code: &Code, member: usize, at: DateTime<Utc>) {
    let store = verv.unrestricted();
    let click = Click {
        code: code.folded(),
        visitor: Visitor::default(),
        occurred_at: None,
        recorded_by: domain::CallerKind::Platform,
        retention: None,
    };
    let click = store.record_click(click, None, at).await.expect("a click");
    let confirmation = Confirmation {
        code: code.folded(),
        member: format!("new_{member}").parse().expect("an id"),
        confirmed_at: None,
    };
    let confirmed_at = at + TimeDelta::seconds(1);
    let confirmed = store
        .confirm(click.value.id, confirmation, confirmed_at)
        .await;
    assert!(confirmed.is_ok(), "{confirmed:?}");
}

/// Kills a run at its call `at`, plants conversions whose ids lie before, inside and after the
/// slice of the round under way, and lets the next runs and the audit do their work. Says
/// whether the run made that call.
async fn plant_beside_a_killed_round(at: usize) -> bool {
    let gate = Gate::new();
    let verv = Verv::start().await;
    let gated = UnscopedStore::new(gate.client(&verv.engine.endpoint()), "verv");
    let pair = json!({"mentor_id": "usr_4491", "org_id": "org_002"});
    let code = verv
        .post("/api/v1/referral-codes", pair)
        .await
        .string("/code");
    let code: Code = code.parse().expect("a code");
    verv.clock.advance(TimeDelta::hours(6));
    let long_ago = verv.now() - TimeDelta::hours(5);
    recruit(&verv, &code, 0, long_ago).await;
    fold(&verv).await;
    verv.clock.advance(TimeDelta::minutes(5));
    let made = verv.now() - TimeDelta::minutes(1);
    recruit(&verv, &code, 1, made).await;

    gate.arm(Stop::Before(at));
    let aggregator = gated.aggregator();
    let run = aggregator.run(verv.now(), &EVERY_RUN, || false);
    let is_killed = tokio::select! {
        run = run => {
            assert_eq!(run.expect("the engine answers").facts(), 2);
            false
        }
        () = gate.stopped() => true,
    };
    let after = verv.now() + TimeDelta::seconds(1);
    let inside = made - TimeDelta::seconds(3);
    for (member, planted) in [long_ago, inside, after].into_iter().enumerate() {
        recruit(&verv, &code, member + 2, planted).await;
    }
    let audited = audit(&verv).await;
    assert_eq!(
        audited.late_facts, 2,
        "a click and its conversion: {audited:?}"
    );
    verv.clock.advance(TimeDelta::minutes(2));
    fold(&verv).await;
    verv.clock.advance(TimeDelta::hours(3));
    fold(&verv).await;
    let audited = audit(&verv).await;
    assert!(audited.is_complete, "{audited:?}");
    assert_eq!(total_clicks(&verv).await, 5, "killed at call {at}");
    assert_eq!(listed(&verv).await, 5, "killed at call {at}");
    for period in ["all_time", "month"] {
        let path = format!("{LEADERBOARD}?org_id=org_002&period={period}");
        let ranked = verv.get(&path).await.expect(200).json();
        let first = &ranked["data"][0];
        let counts = (&first["conversions"], &first["clicks"]);
        assert_eq!(
            counts,
            (&json!(5), &json!(5)),
            "killed at call {at}, {period}"
        );
        assert_eq!(
            rank_of(&verv, period).await,
            5,
            "killed at call {at}, {period}"
        );
    }
    assert_eq!(audit(&verv).await.late_facts, 0);
    is_killed
}

/// What the mentor's rank is computed from, which the leaderboard does not show.
async fn rank_of(verv: &Verv, period: &str) -> i64 {
    let span = if period == "month" {
        "2026-03"
    } else {
        "TOTAL"
    };
    let text = |text: String| AttributeValue::S(text);
    let rank = engine(verv)
        .get_item()
        .table_name("verv")
        .key("pk", text("STATS#M#usr_4491".to_owned()))
        .key("sk", text(format!("RANK#org_002#{span}")))
        .send()
        .await
        .expect("the engine answers");
    let conversions = rank
        .item
        .and_then(|rank| rank["conversions"].as_n().ok().cloned());
    conversions
        .and_then(|number| number.parse().ok())
        .unwrap_or(0)
}

#[tokio::test]
async fn a_late_fact_beside_a_round_under_way_is_counted_once() {
    let mut at = 0;
    while plant_beside_a_killed_round(at).await {
        at += 1;
    }
    assert!(at > 30, "a run of two rounds makes more calls than {at}");
}

#[tokio::test]
async fn a_round_that_others_hold_up_is_folded_by_them() {
    let gate = Gate::new();
    let verv = Verv::start().await;
    let slow = UnscopedStore::new(gate.client(&verv.engine.endpoint()), "verv");
    let (mentor, org, code) = owner();
    click(&verv, 10, verv.now() - TimeDelta::minutes(5)).await;
    gate.arm(Stop::Before(25));
    let aggregator = Arc::new(slow.aggregator());
    let now = verv.now();
    let held = tokio::spawn({
        let aggregator = Arc::clone(&aggregator);
        async move { aggregator.run(now, &EVERY_RUN, || false).await }
    });
    gate.stopped().await;
    let run = fold(&verv).await;
    assert!(run.is_complete(), "{run:?}");
    let more = seed::clicks(&mentor, &org, &code, 5, now, TimeDelta::seconds(1));
    seed::write(&engine(&verv), "verv", more).await;
    verv.clock.advance(TimeDelta::minutes(1));
    fold(&verv).await;
    gate.release();
    let run = held.await.expect("no panic").expect("the engine answers");
    assert!(run.folds.iter().all(|folded| folded.facts <= 10));
    assert_eq!(total_clicks(&verv).await, 15);
    assert_eq!(listed(&verv).await, 15);
}
