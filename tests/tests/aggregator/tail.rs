//! Facts that are not folded yet: how many of them a reader reads, and what it says of them.

use super::{engine, fold, owner};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use tests::{Reply, Verv, seed};

const ATTRIBUTIONS: &str = "/api/v1/referral-attributions";
const TOTAL: &str = "/api/v1/referral-attributions/mentor/usr_4491/total";

/// Clicks of the owner's code a millisecond apart, the last one at `last`.
async fn click_fast(verv: &Verv, count: usize, last: DateTime<Utc>) {
    let (mentor, org, code) = owner();
    let step = TimeDelta::milliseconds(1);
    let clicks = seed::clicks(&mentor, &org, &code, count, last, step);
    seed::write(&engine(verv), "verv", clicks).await;
}

fn number(reply: &Reply, pointer: &str) -> i64 {
    let body = reply.json();
    body.pointer(pointer)
        .and_then(Value::as_i64)
        .expect("a number")
}

#[tokio::test]
async fn past_its_bound_the_rows_alone_answer_and_say_as_of_when() {
    let verv = Verv::start().await;
    click_fast(&verv, 100, verv.now() - TimeDelta::minutes(5)).await;
    fold(&verv).await;
    let folded_to = "2026-03-26T11:59:40Z";

    // As many as a list's total reads beyond the rows.
    click_fast(&verv, 500, verv.now()).await;
    let list = verv.get(ATTRIBUTIONS).await.expect(200);
    assert_eq!(number(&list, "/pagination/total"), 600);
    assert_eq!(list.header("verv-as-of"), tests::NOW);

    click_fast(&verv, 1, verv.now()).await;
    let list = verv.get(ATTRIBUTIONS).await.expect(200);
    assert_eq!(number(&list, "/pagination/total"), 100);
    assert_eq!(list.header("verv-as-of"), folded_to);
    assert!(list.usage.read_units <= 16.0 + 50.0, "{:?}", list.usage);
    let total = verv.get(TOTAL).await.expect(200);
    assert_eq!(number(&total, "/total_clicks"), 601, "a total reads on");
    assert_eq!(total.header("verv-as-of"), tests::NOW);

    click_fast(&verv, 4_499, verv.now()).await;
    let total = verv.get(TOTAL).await.expect(200);
    assert_eq!(number(&total, "/total_clicks"), 5_100);
    click_fast(&verv, 1, verv.now()).await;
    let total = verv.get(TOTAL).await.expect(200);
    assert_eq!(number(&total, "/total_clicks"), 100);
    assert_eq!(total.header("verv-as-of"), folded_to);
    assert!(total.usage.read_units <= 350.0, "{:?}", total.usage);
    let series = format!("{ATTRIBUTIONS}/mentor/usr_4491/timeseries");
    let series = verv.get(&series).await.expect(200);
    assert_eq!(series.header("verv-as-of"), folded_to);

    verv.clock.advance(TimeDelta::minutes(1));
    fold(&verv).await;
    let total = verv.get(TOTAL).await.expect(200);
    assert_eq!(number(&total, "/total_clicks"), 5_101);
    assert_eq!(total.header("verv-as-of"), "2026-03-26T12:01:00Z");
}

#[tokio::test]
async fn before_the_first_run_everything_is_tail() {
    let verv = Verv::start().await;
    click_fast(&verv, 300, verv.now()).await;
    let total = verv.get(TOTAL).await.expect(200);
    assert_eq!(number(&total, "/total_clicks"), 300);
    assert_eq!(total.header("verv-as-of"), tests::NOW);
    let list = verv.get(ATTRIBUTIONS).await.expect(200);
    assert_eq!(number(&list, "/pagination/total"), 300);
}
