//! One run over many mentors of one organisation, on the stand-in: every round of both folds
//! writes the organisation's rows.

use crate::bed::{Owner, fill, item, on_engine, platform};
use crate::report::Report;
use ::tests::standin::{Options, StandIn};
use chrono::TimeDelta;
use serde_json::Value;
use std::time::Instant;
use store::fold::FoldPace;

const MENTORS: usize = 500;
const FACTS: usize = 50_000;
/// The first one waits this long, the last one a minute.
const SPREAD: TimeDelta = TimeDelta::minutes(10);

/// Measures the run.
pub(crate) fn measure(report: &mut Report) {
    on_engine(async |engine| {
        let stand_in = StandIn::new(Options::default());
        let verv = platform(&engine, stand_in.client(&engine.endpoint())).await;
        let owners = Owner::first(MENTORS, 1);
        let first = verv.now() - TimeDelta::minutes(1) - SPREAD;
        let clicks = (0..FACTS).map(|number| {
            let at = first + SPREAD * number as i32 / FACTS as i32;
            item(&owners[number % MENTORS].click(at))
        });
        fill(&engine, clicks).await;

        let aggregator = verv.store.aggregator();
        let started = Instant::now();
        let pace = FoldPace::default();
        let run = stats_aggregator::aggregate(&aggregator, &verv.clock, &pace, || false).await;
        let seconds = started.elapsed().as_secs_f64();
        let run = run.expect("the run ends well").run;

        let folded = run
            .folds
            .iter()
            .map(|folded| folded.facts)
            .min()
            .unwrap_or(0);
        report.at_least(
            "facts in the rows of both folds",
            folded as f64,
            FACTS as f64,
            "",
        );
        report.at_least("facts a second", FACTS as f64 / seconds, 8_000.0, "");
        let tally = stand_in.tally();
        let shared = tally.of(|item| item.pk.starts_with("STATS#"));
        let troubles = shared.conflicts + shared.refused_writes;
        report.at_most(
            "writes of shared rows cancelled or refused",
            troubles as f64,
            0.0,
            "",
        );
        report.note("transactions cancelled at all", tally.cancelled);
        report.note("calls throttled at all", shared.throttles);
        let list = verv
            .get("/api/v1/referral-attributions?org_id=org_000")
            .await;
        let total = list
            .expect(200)
            .json()
            .pointer("/pagination/total")
            .and_then(Value::as_f64);
        report.at_least(
            "clicks that the list counts",
            total.unwrap_or(0.0),
            FACTS as f64,
            "",
        );
    });
}
