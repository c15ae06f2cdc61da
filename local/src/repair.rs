//! `cargo run -p local -- verify` and `rebuild`: recounts the statistics from the facts, or
//! writes them anew, in the data of this machine or where `AWS_ENDPOINT_URL_DYNAMODB` says.

use crate::data::{DataArguments, close};
use chrono::NaiveDate;
use clap::Args;
use domain::Clock;
use indicatif::{ProgressBar, ProgressStyle};
use std::error::Error;
use store::fold::Days;

/// Recounts the statistics from the facts, and prints every row that differs.
#[derive(Debug, Args)]
pub struct VerifyArguments {
    /// The first day, such as 2026-03-01; from the beginning unless given
    #[arg(long)]
    from: Option<NaiveDate>,
    /// The last day; to the end unless given
    #[arg(long)]
    to: Option<NaiveDate>,
    #[command(flatten)]
    data: DataArguments,
}

/// Writes all statistics anew from the facts.
#[derive(Debug, Args)]
pub struct RebuildArguments {
    #[command(flatten)]
    data: DataArguments,
}

/// Recounts, and fails where a row differs.
///
/// # Errors
/// DynamoDB does not answer, or a row differs.
pub async fn verify(arguments: &VerifyArguments) -> Result<(), Box<dyn Error>> {
    let (store, engine) = arguments.data.open().await?;
    let days = Days {
        from: arguments.from,
        to: arguments.to,
    };
    let progress = facts_counted();
    let on_progress = |found: &store::fold::Verification| progress.set_position(found.facts as u64);
    let aggregator = store.aggregator();
    let found = aggregator.verify(days, Clock::system().now(), || false, on_progress);
    let found = found.await;
    progress.finish_and_clear();
    close(engine).await;
    let found = found?;
    for difference in &found.differences {
        let (recounted, held) = (&difference.recounted.counts, &difference.found.counts);
        println!(
            "{}: the facts say {} clicks and {} conversions, the row {} and {}",
            difference.row, recounted.clicks, recounted.conversions, held.clicks, held.conversions
        );
    }
    println!(
        "{} facts, {} rows, {} differ",
        found.facts, found.rows, found.differ
    );
    if found.differ > 0 {
        return Err("statistics differ from the facts: `rebuild` writes them anew".into());
    }
    Ok(())
}

/// Writes all rows anew and switches over to them.
///
/// # Errors
/// DynamoDB does not answer; the next call goes on.
pub async fn rebuild(arguments: &RebuildArguments) -> Result<(), Box<dyn Error>> {
    let (store, engine) = arguments.data.open().await?;
    let progress = facts_counted();
    let clock = Clock::system();
    let on_progress = |rebuild: &store::fold::Rebuild| progress.set_position(rebuild.facts as u64);
    let aggregator = store.aggregator();
    let rebuilt = aggregator
        .rebuild(|| clock.now(), || false, on_progress)
        .await;
    progress.finish_and_clear();
    close(engine).await;
    println!("{} facts folded anew", rebuilt?.facts);
    Ok(())
}

fn facts_counted() -> ProgressBar {
    let style = ProgressStyle::with_template("  {spinner} {pos} facts, {per_sec}");
    ProgressBar::new_spinner()
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
}
