//! What a million clicks cost, all in: the units that were measured, at the prices of
//! `prices`.

use crate::bed::{Owner, fill, median, on_engine, on_lambda, own_seconds, platform};
use crate::day::{Cost, Day, Traffic, play};
use crate::fold_cost::Scale;
use crate::log_lines::{FUNCTION, LogBytes};
use crate::prices;
use crate::report::{Report, number};
use ::tests::functions::SCHEDULED;
use ::tests::standin::{Options, StandIn};
use ::tests::template::Template;
use axum::http::Method;
use chrono::TimeDelta;
use domain::CodeRecord;
use domain::code_record::CodeTerms;
use std::time::Instant;
use store::fold::FoldPace;
use store::{Usage, items};

const MILLION: f64 = 1e6;
/// The runs of a day with a million clicks, and those of a month.
const RUNS_A_DAY: f64 = 24.0 * 60.0;
const RUNS_A_MONTH: f64 = 30.0 * RUNS_A_DAY;

/// Measures a click, the day that folds a million of them, and what an idle month costs.
pub(crate) fn measure(report: &mut Report, scale: Scale) {
    let template = Template::read();
    let memory = |function| {
        let memory = template.property(template.function(function), "MemorySize");
        memory.as_f64().expect("MB")
    };
    let (visit, seconds) = visit(memory(FUNCTION));
    let run_seconds = run(scale.traffic(0), memory(SCHEDULED));
    let logs = LogBytes::count(&template);
    let folding = play("dollars", scale.traffic(0), scale.pace());

    let gb_seconds = MILLION * seconds * memory(FUNCTION) / 1024.0;
    let run_gb_seconds = RUNS_A_DAY * run_seconds * memory(SCHEDULED) / 1024.0;
    let log_gigabytes = MILLION * (logs.function + logs.lambda + logs.access) / 1e9;
    let is_traced = template.property(template.function(FUNCTION), "Tracing") == "Active";
    let lines = [
        ("API Gateway".to_owned(), prices::GATEWAY),
        ("Lambda: invocations".to_owned(), prices::INVOCATIONS),
        (
            format!("Lambda: {} ms a click", number(seconds * 1e3)),
            gb_seconds * prices::GB_SECOND,
        ),
        (
            format!("Lambda: {} s a run of the aggregator", number(run_seconds)),
            run_gb_seconds * prices::GB_SECOND,
        ),
        (
            format!(
                "DynamoDB: {} + {} units a click",
                visit.read_units, visit.write_units
            ),
            priced(visit.read_units, visit.write_units),
        ),
        folded(&folding),
        (
            format!(
                "logs: {} B of the function, {} of Lambda, {} of the API a click",
                number(logs.function),
                number(logs.lambda),
                number(logs.access)
            ),
            log_gigabytes * prices::LOGS,
        ),
        (
            "X-Ray: one click in twenty".to_owned(),
            if is_traced {
                prices::TRACED * prices::TRACES
            } else {
                0.0
            },
        ),
    ];
    for (what, dollars) in &lines {
        report.note(what, format!("{dollars:.2} $"));
    }
    let sum = lines.iter().map(|(_, dollars)| dollars).sum();
    report.at_most("a million clicks, all in", sum, 5.0, "$");
    idle(report, memory(SCHEDULED));
}

/// What units cost, a million times.
fn priced(reads: f64, writes: f64) -> f64 {
    reads * prices::READ_UNITS + writes * prices::WRITE_UNITS
}

fn folded(cost: &Cost) -> (String, f64) {
    let reads = (cost.fold_reads + cost.audit_reads) / cost.clicks;
    let writes = (cost.fold_writes + cost.audit_writes) / cost.clicks;
    let what = format!(
        "DynamoDB: {} + {} units a click for folding and audit",
        number(reads),
        number(writes)
    );
    (what, priced(reads, writes))
}

/// What a visit of a short link consumes, and the seconds that Lambda charges for it: calls
/// take 4 ms to read and 6 ms to write.
fn visit(memory: f64) -> (Usage, f64) {
    const VISITS: usize = 300;
    on_engine(async |engine| {
        let stand_in = StandIn::new(Options::default());
        let verv = platform(&engine, stand_in.client(&engine.endpoint())).await;
        let Owner { mentor, org, code } = Owner::new(0, 1);
        let path = format!("/r/{code}");
        let made = verv.now() - TimeDelta::days(1);
        let record = CodeRecord::new(mentor, org, code, CodeTerms::default(), made);
        fill(&engine, items::of_code(&record).expect("items").into_iter()).await;
        let mut usage = Usage::default();
        let mut billed = Vec::with_capacity(VISITS);
        for _ in 0..VISITS {
            let (started, own) = (Instant::now(), own_seconds());
            usage = verv
                .call(Method::GET, &path, &[], None)
                .await
                .expect(302)
                .usage;
            let seconds = started.elapsed().as_secs_f64();
            billed.push(on_lambda(seconds, own_seconds() - own, memory));
            verv.clock.advance(TimeDelta::milliseconds(86));
        }
        // Lambda charges whole milliseconds.
        (usage, (median(billed) * 1e3).ceil() / 1e3)
    })
}

/// The seconds that Lambda charges for a run of the aggregator, at the default pace, with a
/// day's traffic.
fn run(traffic: Traffic, memory: f64) -> f64 {
    /// Twice as long as facts wait, so that each kind of run has its share.
    const MINUTES: usize = 12;
    on_engine(async |engine| {
        let stand_in = StandIn::new(Options::default());
        let client = stand_in.client(&engine.endpoint());
        let mut day = Day::begin(&engine, client, traffic, FoldPace::default()).await;
        let mut seconds = 0.0;
        for minute in 0..MINUTES {
            day.record(minute).await;
            let (started, own) = (Instant::now(), own_seconds());
            day.aggregate().await;
            let own = own_seconds() - own;
            seconds += on_lambda(started.elapsed().as_secs_f64(), own, memory);
        }
        seconds / MINUTES as f64
    })
}

/// A month in which nobody clicks: the schedule runs all the same.
fn idle(report: &mut Report, memory: f64) {
    const MINUTES: usize = 3 * 60;
    let traffic = Traffic {
        clicks: 0,
        mentors: 1,
        orgs: 1,
        joined: 0,
        hours: 0,
    };
    let seconds = run(traffic, memory);
    let cost = on_engine(async |engine| {
        let client = local::engine::client(&engine.endpoint());
        let mut day = Day::begin(&engine, client, traffic, FoldPace::default()).await;
        for minute in 0..MINUTES {
            day.record(minute).await;
            day.aggregate().await;
        }
        day.cost
    });
    let reads = (cost.fold_reads + cost.audit_reads) / MINUTES as f64;
    let writes = (cost.fold_writes + cost.audit_writes) / MINUTES as f64;
    let gb_seconds = seconds * memory / 1024.0;
    let millions = RUNS_A_MONTH / MILLION;
    let dollars = millions * (priced(reads, writes) + prices::INVOCATIONS)
        + RUNS_A_MONTH * gb_seconds * prices::GB_SECOND;
    let units = format!(
        "{} read and {} write units a run",
        number(reads),
        number(writes)
    );
    report.note(
        format!("an idle month's runs: {units}"),
        format!("{dollars:.2} $"),
    );
}
