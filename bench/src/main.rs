//! `cargo run --profile measure -p bench`: what statistics cost as a mentor's facts grow,
//! and how fast the aggregator folds them. `--million` adds the largest size.

use chrono::{DateTime, TimeDelta, Utc};
use clap::Parser;
use local::engine::{self, Engine};
use domain::{Code, MentorId, OrgId};
use store::aggregate::SAFETY_MARGIN;
use store::{Usage, metered};
use std::sync::Arc;
use std::time::Instant;
use tests::{Verv, seed};

/// Measures what the platform costs.
#[derive(Parser)]
struct Arguments {
    /// Measure a million facts as well: takes some minutes
    #[arg(long)]
    million: bool,
}

fn main() {
    let arguments = Arguments::parse();
    let mut sizes = vec![1_000, 100_000];
    if arguments.million {
        sizes.push(1_000_000);
    }
    println!("| facts of the mentor | request | calls | trips | read units |");
    println!("|---|---|---|---|---|");
    let mut folds = Vec::new();
    for size in sizes {
        folds.push(measure(size, Spread::OneMentor));
    }
    folds.push(measure_folding(20_000, Spread::ManyMentors));
    println!();
    println!(
        "| facts | mentors | chunks | facts a second | facts a second of the aggregator's own \
         time | engine's share of the time | write units a thousand facts |"
    );
    println!("|---|---|---|---|---|---|---|");
    for fold in folds {
        println!("{fold}");
    }
}

/// Whose facts are folded.
#[derive(Clone, Copy)]
enum Spread {
    OneMentor,
    /// A thousand mentors, each with one code.
    ManyMentors,
}

/// What folding came to.
struct Fold {
    facts: usize,
    mentors: usize,
    chunks: usize,
    seconds: f64,
    own_seconds: f64,
    usage: Usage,
}

impl std::fmt::Display for Fold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let facts = self.facts as f64;
        write!(
            f,
            "| {} | {} | {} | {:.0} | {:.0} | {:.0} % | {:.0} |",
            self.facts,
            self.mentors,
            self.chunks,
            facts / self.seconds,
            facts / self.own_seconds,
            100.0 * (1.0 - self.own_seconds / self.seconds),
            self.usage.write_units / facts * 1000.0,
        )
    }
}

/// Folds `count` facts and prints what the requests of a page or a figure cost then.
fn measure(count: usize, spread: Spread) -> Fold {
    let own = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let (_engine_runtime, engine) = engine_on_its_own_thread();
    own.block_on(async {
        let (verv, fold) = filled(engine, count, spread).await;
        let base = "/api/v1/referral-attributions";
        let requests = [
            ("total", format!("{base}/mentor/mentor_0/total")),
            (
                "total of 90 days",
                format!("{base}/mentor/mentor_0/total?period=90d"),
            ),
            (
                "series of 90 days",
                format!("{base}/mentor/mentor_0/timeseries?period=90d"),
            ),
            ("list of the mentor", format!("{base}/mentor/mentor_0")),
            ("list of the organisation", format!("{base}?org_id=org_1")),
            ("list of all", base.to_owned()),
            ("leaderboard", format!("{base}/leaderboard?org_id=org_1")),
        ];
        for (name, path) in requests {
            let Usage {
                calls,
                trips,
                read_units,
                ..
            } = verv.get(&path).await.expect(200).usage;
            println!("| {count} | {name} | {calls} | {trips} | {read_units} |");
        }
        fold
    })
}

fn measure_folding(count: usize, spread: Spread) -> Fold {
    let own = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let (_engine_runtime, engine) = engine_on_its_own_thread();
    own.block_on(async { filled(engine, count, spread).await.1 })
}

/// The engine has a thread of its own, so that its time and ours can be told apart.
fn engine_on_its_own_thread() -> (tokio::runtime::Runtime, Engine) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let engine = runtime
        .block_on(Engine::in_memory())
        .expect("the engine starts");
    (runtime, engine)
}

/// A platform with `count` clicks, a third of a second apart, all of them folded.
async fn filled(engine: Engine, count: usize, spread: Spread) -> (Verv, Fold) {
    let client = engine::client(&engine.endpoint());
    let verv = Verv::unwatched(Arc::new(engine), client.clone(), "verv", &[]).await;
    let mentors = match spread {
        Spread::OneMentor => 1,
        Spread::ManyMentors => 1_000,
    };
    let last = verv.now() - TimeDelta::minutes(5);
    for number in 0..mentors {
        let (mentor, org, code) = owner(number);
        let step = TimeDelta::milliseconds(333) * i32::try_from(mentors).expect("few");
        let clicks = seed::clicks(&mentor, &org, &code, count / mentors, last, step);
        seed::write(&client, "verv", clicks).await;
    }
    let fold = fold(&verv, verv.now(), mentors).await;
    (verv, fold)
}

async fn fold(verv: &Verv, now: DateTime<Utc>, mentors: usize) -> Fold {
    let (started, own_before) = (Instant::now(), own_seconds());
    let (run, usage) = metered(verv.app.table.aggregate(now, SAFETY_MARGIN, || false)).await;
    let run = run.expect("the engine answers");
    assert!(run.is_complete());
    Fold {
        facts: run.facts,
        mentors,
        chunks: run.chunks,
        seconds: started.elapsed().as_secs_f64(),
        own_seconds: own_seconds() - own_before,
        usage,
    }
}

/// Seconds that this thread has run on a processor, as Linux counts them.
fn own_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|n| n.parse::<f64>().ok());
    nanoseconds.unwrap_or(0.0) / 1e9
}

fn owner(number: usize) -> (MentorId, OrgId, Code) {
    let valid = "a valid id";
    (
        format!("mentor_{number}").parse().expect(valid),
        "org_1".parse().expect(valid),
        format!("CODE-{number:04}").parse().expect(valid),
    )
}
