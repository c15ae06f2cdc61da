//! What statistics cost, and how fast they are: one measurement a subcommand, each of which
//! prints its figures beside their bounds and fails where one is missed. `README.md` holds
//! what they came to.

mod ask;
mod bed;
mod day;
mod dollars;
mod fold_cost;
mod fold_one_org;
mod fold_speed;
mod hot_keys;
mod log_lines;
mod prices;
mod reads;
mod report;
mod tail_latency;

use ask::Question;
use clap::{Parser, Subcommand};
use fold_cost::Scale;
use report::Report;
use std::process::ExitCode;

/// Measures what the platform costs.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    measurement: Measurement,
}

#[derive(Subcommand)]
enum Measurement {
    /// One run over 500 mentors of one organisation, 50,000 facts, with DynamoDB's latencies
    FoldOneOrg,
    /// Units for folding a million clicks a day, over a whole virtual day
    FoldCost(Scale),
    /// Dollars for a million clicks, all in
    Dollars(Scale),
    /// Load of the hottest partition keys at 8,000 visits a second
    HotKeys {
        /// How long, in virtual time
        #[arg(long, default_value_t = 20)]
        seconds: usize,
    },
    /// Read units and memory of requests with counts, at every size
    Reads {
        /// A million facts as well
        #[arg(long)]
        million: bool,
    },
    /// Time of a total right after 40,000 clicks
    TailLatency,
    /// Facts folded a second, on an engine without latencies
    FoldSpeed,
    #[command(hide = true)]
    Ask(Question),
    #[command(hide = true)]
    LogLines,
}

fn main() -> ExitCode {
    let mut report = Report::default();
    match Arguments::parse().measurement {
        Measurement::FoldOneOrg => fold_one_org::measure(&mut report),
        Measurement::FoldCost(scale) => fold_cost::measure(&mut report, scale),
        Measurement::Dollars(scale) => dollars::measure(&mut report, scale),
        Measurement::HotKeys { seconds } => hot_keys::measure(&mut report, seconds),
        Measurement::Reads { million } => reads::measure(&mut report, million),
        Measurement::TailLatency => tail_latency::measure(&mut report),
        Measurement::FoldSpeed => fold_speed::measure(&mut report),
        Measurement::Ask(question) => ask::answer(&question),
        Measurement::LogLines => log_lines::print(),
    }
    if report.is_met() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
