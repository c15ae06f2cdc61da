//! What requests with counts read as a mentor's facts grow, and while many are not folded.

use crate::ask::{Answer, ask};
use crate::bed::{Owner, fill, item, on_engine, platform};
use crate::report::{Report, number};
use ::tests::{Verv, seed};
use chrono::TimeDelta;
use store::fold::FoldPace;

/// Facts that are not folded, a fifth of a millisecond apart.
const UNFOLDED: usize = 400_000;
/// Codes that are not folded.
const UNFOLDED_CODES: usize = 10_000;

/// A request, and what it may read.
struct Request {
    name: &'static str,
    path: &'static str,
    caught_up: f64,
    behind: f64,
}

const fn request(name: &'static str, path: &'static str, caught_up: f64, behind: f64) -> Request {
    Request {
        name,
        path,
        caught_up,
        behind,
    }
}

/// Caught up, totals, series and lists of attributions as they were before facts were folded
/// by slices; the others by the budgets.
const REQUESTS: [Request; 10] = [
    request(
        "total",
        "/api/v1/referral-attributions/mentor/usr_00000/total",
        5.5,
        350.0,
    ),
    request(
        "total of 90 days",
        "/api/v1/referral-attributions/mentor/usr_00000/total?period=90d",
        5.5,
        350.0,
    ),
    request(
        "series of 90 days",
        "/api/v1/referral-attributions/mentor/usr_00000/timeseries?period=90d",
        5.5,
        350.0,
    ),
    request(
        "clicks of the mentor",
        "/api/v1/referral-attributions/mentor/usr_00000",
        13.5,
        50.0,
    ),
    request(
        "clicks of the organisation",
        "/api/v1/referral-attributions?org_id=org_000",
        13.5,
        50.0,
    ),
    request("all clicks", "/api/v1/referral-attributions", 12.5, 50.0),
    request(
        "codes of the mentor",
        "/api/v1/referral-codes?mentor_id=usr_00000",
        16.0,
        50.0,
    ),
    request(
        "codes of the organisation",
        "/api/v1/referral-codes?org_id=org_000",
        16.0,
        50.0,
    ),
    request("all codes", "/api/v1/referral-codes", 16.0, 50.0),
    request(
        "leaderboard",
        "/api/v1/referral-attributions/leaderboard?org_id=org_000",
        2.0,
        2.0,
    ),
];

/// Measures requests, with a million facts as well where that is wanted.
pub(crate) fn measure(report: &mut Report, million: bool) {
    let sizes = [1_000, 100_000, 1_000_000];
    let sizes = if million { &sizes[..] } else { &sizes[..2] };
    for facts in sizes {
        caught_up(report, *facts);
    }
    behind(report);
}

fn caught_up(report: &mut Report, facts: usize) {
    on_engine(async |engine| {
        let verv = platform(&engine, local::engine::client(&engine.endpoint())).await;
        fold(&verv, facts).await;
        for request in REQUESTS {
            let answer = ask(&engine.endpoint(), verv.now(), request.path);
            let what = format!("{}, {} facts", request.name, number(facts as f64));
            tell(report, &what, &answer, request.caught_up);
        }
    });
}

fn behind(report: &mut Report) {
    on_engine(async |engine| {
        let verv = platform(&engine, local::engine::client(&engine.endpoint())).await;
        fold(&verv, 1_000).await;
        let owner = Owner::new(0, 1);
        let first = verv.now();
        verv.clock.advance(TimeDelta::seconds(90));
        let clicks = (0..UNFOLDED)
            .map(|at| item(&owner.click(first + TimeDelta::microseconds(200) * at as i32)));
        fill(&engine, clicks).await;
        let (mentor, org) = (&owner.mentor, &owner.org);
        fill(
            &engine,
            seed::inactive_codes(mentor, org, UNFOLDED_CODES, verv.now()),
        )
        .await;
        for request in REQUESTS {
            let answer = ask(&engine.endpoint(), verv.now(), request.path);
            let what = format!("{}, {} unfolded", request.name, number(UNFOLDED as f64));
            tell(report, &what, &answer, request.behind);
            report.at_most(format!("{what}: memory"), answer.megabytes, 64.0, "MB");
        }
    });
}

fn tell(report: &mut Report, what: &str, answer: &Answer, bound: f64) {
    report.at_most(format!("{what}: trips"), answer.trips, 2.0, "");
    report.at_most(format!("{what}: read units"), answer.read_units, bound, "");
}

/// So many clicks of one mentor, and a tenth as many codes, all of them folded.
async fn fold(verv: &Verv, clicks: usize) {
    let owner = Owner::new(0, 1);
    let last = verv.now() - TimeDelta::minutes(10);
    let (mentor, org) = (&owner.mentor, &owner.org);
    let seeded = seed::clicks(
        mentor,
        org,
        &owner.code,
        clicks,
        last,
        TimeDelta::milliseconds(333),
    );
    fill(&verv.engine, seeded).await;
    fill(
        &verv.engine,
        seed::inactive_codes(mentor, org, clicks / 10, last),
    )
    .await;
    let aggregator = verv.store.aggregator();
    let run = aggregator
        .run(verv.now(), &FoldPace::default(), || false)
        .await;
    let run = run.expect("the engine answers");
    assert!(
        run.is_complete() && run.facts() == clicks + clicks / 10,
        "{run:?}"
    );
}
