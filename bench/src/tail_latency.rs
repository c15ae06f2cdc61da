//! How long a mentor's total takes while much is waiting to be folded, against a total that
//! has no tail: on the embedded engine, with the aggregator run as `local` runs it.

use crate::bed::{Owner, fill, item, median, on_engine, platform};
use crate::report::{Report, number};
use ::tests::Verv;
use chrono::TimeDelta;
use std::time::Instant;
use store::fold::FoldPace;

/// What is folded before.
const FOLDED: usize = 10_000;
const CLICKS: usize = 40_000;
const BURST: TimeDelta = TimeDelta::seconds(20);
/// How often `local` aggregates.
const PERIOD: TimeDelta = TimeDelta::seconds(15);
/// After which a process reads the checkpoint again.
const CHECKPOINT_HELD: TimeDelta = TimeDelta::seconds(2);
const REQUESTS: usize = 51;

/// Measures totals before, right after and a minute after the clicks.
pub(crate) fn measure(report: &mut Report) {
    on_engine(async |engine| {
        let verv = platform(&engine, local::engine::client(&engine.endpoint())).await;
        let owner = Owner::new(0, 1);
        let first = verv.now() - TimeDelta::hours(1);
        let click = |at| item(&owner.click(at));
        fill(
            &engine,
            (0..FOLDED).map(|at| click(first + TimeDelta::milliseconds(100) * at as i32)),
        )
        .await;
        aggregate(&verv).await;
        let caught_up = seconds_of_total(&verv).await;

        let first = verv.now();
        verv.clock.advance(BURST);
        let burst = (0..CLICKS).map(|at| click(first + BURST * at as i32 / CLICKS as i32));
        fill(&engine, burst).await;
        let right_after = seconds_of_total(&verv).await;

        for _ in 0..4 {
            verv.clock.advance(PERIOD);
            aggregate(&verv).await;
        }
        let a_minute_later = seconds_of_total(&verv).await;
        let total = verv.get(TOTAL).await.expect(200).json()["total_clicks"].as_u64();
        assert_eq!(
            total,
            Some((FOLDED + CLICKS) as u64),
            "every click is counted"
        );

        report.note(
            "a caught-up total",
            format!("{} ms", number(caught_up * 1e3)),
        );
        report.note(
            "right after the clicks",
            format!("{} ms", number(right_after * 1e3)),
        );
        report.note(
            "a minute later",
            format!("{} ms", number(a_minute_later * 1e3)),
        );
        report.at_most(
            "right after, against caught up",
            right_after / caught_up,
            40.0,
            "×",
        );
        report.at_most(
            "a minute later, against caught up",
            a_minute_later / caught_up,
            3.0,
            "×",
        );
    });
}

const TOTAL: &str = "/api/v1/referral-attributions/mentor/usr_00000/total";

async fn aggregate(verv: &Verv) {
    let aggregator = verv.store.aggregator();
    let pace = FoldPace::default();
    let run = aggregator.run(verv.now(), &pace, || false);
    run.await.expect("the engine answers");
}

/// The middle one of some requests, each of which reads the checkpoint.
async fn seconds_of_total(verv: &Verv) -> f64 {
    let before = verv.now();
    let mut taken = Vec::with_capacity(REQUESTS);
    for _ in 0..REQUESTS {
        verv.clock.advance(CHECKPOINT_HELD);
        let started = Instant::now();
        verv.get(TOTAL).await.expect(200);
        taken.push(started.elapsed().as_secs_f64());
    }
    verv.clock.set(before);
    median(taken)
}
