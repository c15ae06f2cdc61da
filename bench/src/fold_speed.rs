//! How fast facts are folded where DynamoDB takes no time to speak of: what is left is the
//! aggregator's own time and the engine's.

use crate::bed::{Owner, all_seconds, fill, item, on_engine, own_seconds, platform};
use crate::report::{Report, number};
use chrono::TimeDelta;
use std::time::Instant;
use store::fold::FoldPace;

const FACTS: usize = 100_000;

/// Measures one mentor's facts, and those of a thousand.
pub(crate) fn measure(report: &mut Report) {
    measure_mentors(report, "one mentor", 1, 100_000.0);
    measure_mentors(report, "a thousand mentors", 1_000, 15_000.0);
}

fn measure_mentors(report: &mut Report, name: &str, mentors: usize, bound: f64) {
    on_engine(async |engine| {
        let verv = platform(&engine, local::engine::client(&engine.endpoint())).await;
        let owners = Owner::first(mentors, 1);
        let last = verv.now() - TimeDelta::minutes(10);
        let clicks = (0..FACTS).map(|number| {
            let back = TimeDelta::milliseconds(333) * (FACTS - number) as i32;
            item(&owners[number % mentors].click(last - back))
        });
        fill(&engine, clicks).await;

        let started = Instant::now();
        let (own_before, all_before) = (own_seconds(), all_seconds());
        let aggregator = verv.store.aggregator();
        let run = aggregator
            .run(verv.now(), &FoldPace::default(), || false)
            .await;
        let seconds = started.elapsed().as_secs_f64();
        let (own, all) = (own_seconds() - own_before, all_seconds() - all_before);
        let run = run.expect("the engine answers");
        assert!(run.is_complete() && run.facts() == FACTS, "{run:?}");
        let facts = FACTS as f64;
        report.at_least(
            format!("{name}: facts a second"),
            facts / seconds,
            bound,
            "",
        );
        let of_own_time = number(facts / own);
        report.note(
            format!("{name}: a second of the aggregator's own time"),
            of_own_time,
        );
        report.note(
            format!("{name}: a second of its time and the engine's"),
            number(facts / all),
        );
    });
}
