//! What the aggregator promises beyond any one history: rounds and their pace, late facts,
//! shards, and the way back after damage.

mod audit;
mod repair;
mod rounds;
mod shards;
mod tail;

use aws_sdk_dynamodb::Client;
use chrono::{DateTime, TimeDelta, Utc};
use domain::{Code, MentorId, OrgId};
use store::fold::{Audit, Fold, FoldPace, Run};
use tests::functions::SCHEDULED;
use tests::policy::as_function;
use tests::{EVERY_RUN, Verv, seed};

pub(crate) fn owner() -> (MentorId, OrgId, Code) {
    let valid = "a valid id";
    let mentor = "usr_4491".parse().expect(valid);
    let org = "org_002".parse().expect(valid);
    (mentor, org, "JAN-VERV-8F3A".parse().expect(valid))
}

/// The engine without what watches the platform.
pub(crate) fn engine(verv: &Verv) -> Client {
    local::engine::client(&verv.engine.endpoint())
}

/// Clicks of the owner's code, the last one at `last` and a second between them, written as
/// if long ago.
pub(crate) async fn click(verv: &Verv, count: usize, last: DateTime<Utc>) {
    let (mentor, org, code) = owner();
    let clicks = seed::clicks(&mentor, &org, &code, count, last, TimeDelta::seconds(1));
    seed::write(&engine(verv), "verv", clicks).await;
}

/// Clicks on codes of as many mentors of one organisation.
pub(crate) async fn click_mentors(verv: &Verv, mentors: usize, last: DateTime<Utc>) {
    let (_, org, code) = owner();
    for number in 0..mentors {
        let mentor = format!("mentor_{number}").parse().expect("an id");
        let clicks = seed::clicks(&mentor, &org, &code, 2, last, TimeDelta::seconds(1));
        seed::write(&engine(verv), "verv", clicks).await;
    }
}

pub(crate) async fn fold(verv: &Verv) -> Run {
    fold_until(verv, || false).await
}

/// A run that ends early when `stop` says so.
pub(crate) async fn fold_until(verv: &Verv, stop: impl Fn() -> bool) -> Run {
    fold_at(verv, &EVERY_RUN, stop).await
}

pub(crate) async fn fold_at(verv: &Verv, pace: &FoldPace, stop: impl Fn() -> bool) -> Run {
    let aggregator = verv.store.aggregator();
    let run = aggregator.run(verv.now(), pace, stop);
    as_function(SCHEDULED, run)
        .await
        .expect("the engine answers")
}

pub(crate) async fn audit(verv: &Verv) -> Audit {
    audit_until(verv, || false).await
}

pub(crate) async fn audit_until(verv: &Verv, stop: impl Fn() -> bool) -> Audit {
    let aggregator = verv.store.aggregator();
    let audit = aggregator.audit(verv.now(), stop);
    as_function(SCHEDULED, audit)
        .await
        .expect("the engine answers")
}

/// Facts that a run folded into the rows of `fold`.
pub(crate) fn folded(run: &Run, fold: Fold) -> usize {
    run.folds[fold.index()].facts
}

pub(crate) async fn total_clicks(verv: &Verv) -> i64 {
    total_of(verv, "usr_4491").await
}

pub(crate) async fn total_of(verv: &Verv, mentor: &str) -> i64 {
    let path = format!("/api/v1/referral-attributions/mentor/{mentor}/total");
    verv.get(&path).await.expect(200).json()["total_clicks"]
        .as_i64()
        .expect("a number")
}

/// How many attributions the list of everything says there are.
pub(crate) async fn listed(verv: &Verv) -> i64 {
    let list = verv.get("/api/v1/referral-attributions?limit=1").await;
    list.expect(200).json()["pagination"]["total"]
        .as_i64()
        .expect("a number")
}

/// Asks `times` times for more time, and then has none.
pub(crate) fn stop_after(times: usize) -> impl Fn() -> bool {
    let asked = std::cell::Cell::new(0);
    move || {
        asked.set(asked.get() + 1);
        asked.get() > times
    }
}
