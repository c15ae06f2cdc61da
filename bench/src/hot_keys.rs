//! Whether any partition key of the table or its indexes gets more than DynamoDB gives one,
//! with one viral mentor among others: visits of short links at a steady rate, in virtual
//! time, against the stand-in's token buckets.

use crate::bed::{Owner, TABLE, fill, on_engine};
use crate::report::{Report, number};
use ::tests::Verv;
use ::tests::standin::{HotKey, Limits, Options, StandIn, Time};
use axum::http::Method;
use chrono::TimeDelta;
use domain::code_record::CodeTerms;
use domain::ids::SHARDS;
use domain::{Clock, CodeRecord};
use futures::future::join_all;
use std::sync::{Arc, OnceLock};
use store::items;

/// Visits a millisecond of the viral mentor's link, and of all the others'.
const VIRAL: usize = 5;
const OTHERS: usize = 3;
/// Mentors that share the other visits.
const MENTORS: usize = 300;

const HEADERS: [(&str, &str); 2] = [
    (
        "user-agent",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like \
         Gecko) Version/17.0 Mobile/15E148 Safari/604.1",
    ),
    ("referer", "https://instagram.com"),
];

/// Measures the load of so many seconds.
pub(crate) fn measure(report: &mut Report, seconds: usize) {
    on_engine(async |engine| {
        let clock: Arc<OnceLock<Clock>> = Arc::default();
        let seen = Arc::clone(&clock);
        let stand_in = StandIn::new(Options {
            time: Time::of(move || seen.get().map(Clock::now).unwrap_or_default()),
            limits: Some(Limits::default()),
            ..Options::off()
        });
        let client = stand_in.client(&engine.endpoint());
        // Every visitor has an address of its own, which no request here has: nobody's misses
        // are counted.
        let settings = [("MISS_LIMIT", "0")];
        let verv = Verv::unwatched(Arc::clone(&engine), client, TABLE, &settings).await;
        clock.get_or_init(|| verv.clock.clone());
        // One organisation: its index gets every click as well.
        let owners = Owner::first(1 + MENTORS, 1);
        let codes = owners.iter().flat_map(|owner| {
            let Owner { mentor, org, code } = owner.clone();
            let made = verv.now() - TimeDelta::days(1);
            let record = CodeRecord::new(mentor, org, code, CodeTerms::default(), made);
            items::of_code(&record).expect("items")
        });
        fill(&engine, codes).await;
        stand_in.reset_report();

        let failed = visit(&verv, &owners, seconds).await;
        let visits = seconds * 1_000 * (VIRAL + OTHERS);
        report.note(
            format!("visits, with {SHARDS} shards"),
            number(visits as f64),
        );
        tell(report, &stand_in.hottest(usize::MAX));
        report.at_most("visits that were not led on", failed as f64, 0.0, "");
    });
}

/// So many seconds of visits. Says how many were not answered 302.
async fn visit(verv: &Verv, owners: &[Owner], seconds: usize) -> usize {
    let mut failed = 0;
    let paths: Vec<_> = owners
        .iter()
        .map(|owner| format!("/r/{}", owner.code))
        .collect();
    let (viral, others) = paths.split_first().expect("a viral mentor");
    for millisecond in 0..seconds * 1_000 {
        let of_others = (0..OTHERS).map(|at| &others[(millisecond * OTHERS + at) % others.len()]);
        let wanted = std::iter::repeat_n(viral, VIRAL).chain(of_others);
        let visits = wanted.map(|path| verv.call(Method::GET, path, &HEADERS, None));
        let replies = join_all(visits).await;
        failed += replies.iter().filter(|reply| reply.status != 302).count();
        verv.clock.advance(TimeDelta::milliseconds(1));
    }
    failed
}

/// The hottest partition key of the table and of each index, and what was throttled.
fn tell(report: &mut Report, keys: &[HotKey]) {
    let limits = Limits::default();
    for index in [None, Some("gsi1"), Some("gsi2")] {
        let of_index = || keys.iter().filter(|key| key.partition.index == index);
        let name = index.unwrap_or(TABLE);
        let hottest = of_index().max_by(|a, b| a.writes.peak.total_cmp(&b.writes.peak));
        if let Some(HotKey {
            partition, writes, ..
        }) = hottest
        {
            let what = format!(
                "write units in the worst second, {name} `{}`",
                partition.key
            );
            report.at_most(what, writes.peak, limits.writes, "");
        }
        let hottest = of_index().max_by(|a, b| a.reads.peak.total_cmp(&b.reads.peak));
        if let Some(HotKey {
            partition, reads, ..
        }) = hottest.filter(|key| key.reads.peak > 0.0)
        {
            let what = format!("read units in the worst second, {name} `{}`", partition.key);
            report.at_most(what, reads.peak, limits.reads, "");
        }
    }
    let throttles: u64 = keys.iter().map(|key| key.throttles).sum();
    report.at_most("calls throttled", throttles as f64, 0.0, "");
}
