//! Writes an organisation to a file, a page at a time.

use super::file::{Begun, Writer};
use crate::data::DataArguments;
use clap::Args;
use domain::{Clock, OrgId, Timestamp};
use indicatif::{ProgressBar, ProgressStyle};
use std::error::Error;
use std::path::{Path, PathBuf};
use store::UnscopedStore;
use store::transfer::Counts;

/// Writes an organisation to a file. One that was stopped goes on with the same command.
#[derive(Debug, Args)]
pub struct ExportArguments {
    /// The organisation
    #[arg(long, value_parser = |text: &str| text.parse::<OrgId>())]
    org: OrgId,
    /// The file, or a directory for a file with the organisation's name
    #[arg(long, value_name = "PATH")]
    to: PathBuf,
    #[command(flatten)]
    data: DataArguments,
}

/// Writes the organisation that `arguments` name.
///
/// # Errors
/// The file cannot be written or is something else, or DynamoDB does not answer: the same command
/// goes on.
pub async fn export(arguments: &ExportArguments) -> Result<(), Box<dyn Error>> {
    let path = match arguments.to.is_dir() {
        true => arguments.to.join(format!("{}.jsonl", arguments.org)),
        false => arguments.to.clone(),
    };
    let (store, database) = arguments.data.open().await?;
    let now = Clock::system().now().into();
    let exported = write_file(&store, &arguments.org, &path, now).await;
    database.stop().await;
    let Counts {
        programs,
        codes,
        attributions,
        ..
    } = exported?;
    println!(
        "{}: {programs} programs, {codes} codes, {attributions} attributions",
        path.display()
    );
    Ok(())
}

/// Writes `org` to the file `path`, or goes on with it. `now` is when an export begins.
///
/// # Errors
/// The file cannot be written or is something else, or DynamoDB does not answer: the same call
/// goes on.
pub async fn write_file(
    store: &UnscopedStore,
    org: &OrgId,
    path: &Path,
    now: Timestamp,
) -> Result<Counts, Box<dyn Error>> {
    let (mut file, last) = match Writer::begin(path, org, now)? {
        Begun::GoesOn(file, last) => (file, last),
        Begun::IsWhole(counts) => return Ok(counts),
    };
    let mut export = store.export(org, last.as_ref())?;
    let progress = progress();
    while let Some(records) = export.page().await? {
        file.add(records)?;
        progress.set_position(file.counts().total());
    }
    progress.finish_and_clear();
    Ok(file.end()?)
}

fn progress() -> ProgressBar {
    let style = ProgressStyle::with_template("  {spinner} {pos} records, {per_sec}");
    ProgressBar::new_spinner()
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
}
