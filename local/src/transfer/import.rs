//! Reads an organisation from a file, some records at a time, and counts it.

use super::file::{Next, Reader};
use crate::data::DataArguments;
use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use domain::{Clock, OrgId};
use futures::{StreamExt, TryStreamExt, stream};
use indicatif::{ProgressBar, ProgressStyle};
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use store::fold::FoldPace;
use store::transfer::{Import, ImportRefusal, Imported, Record};
use store::{StoreError, TransactError, UnscopedStore};

/// Records held at once.
const BATCH: usize = 512;

/// Records written at once.
const SIDE_BY_SIDE: usize = 16;

/// Reads an organisation from a file. What is there already stays as it is, so the same command
/// goes on with one that was stopped.
#[derive(Debug, Args)]
pub struct ImportArguments {
    /// The file that `export` has written
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// The organisation that it becomes; the same unless given
    #[arg(long, value_parser = |text: &str| text.parse::<OrgId>())]
    org: Option<OrgId>,
    #[command(flatten)]
    data: DataArguments,
}

/// Reads the file that `arguments` name.
///
/// # Errors
/// The file is no whole export, DynamoDB does not answer, or some records were refused: all others
/// are there.
pub async fn import(arguments: &ImportArguments) -> Result<(), Box<dyn Error>> {
    let (store, database) = arguments.data.open().await?;
    let clock = Clock::system();
    let to = arguments.org.as_ref();
    let imported = read_file(&store, &clock, &arguments.from, to, |id, refusal| {
        println!("{id} {refusal}");
    });
    let imported = imported.await;
    database.stop().await;
    let Tally {
        written,
        were_there,
        refused,
    } = imported?;
    println!("{written} records imported, {were_there} were there, {refused} refused");
    match refused {
        0 => Ok(()),
        _ => Err("some records were refused: see above".into()),
    }
}

/// How many records came to what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Written now.
    pub written: u64,
    /// There before, and left as they were.
    pub were_there: u64,
    /// Left out.
    pub refused: u64,
}

/// Reads the file `path` into `to`, or into the organisation of its own, and counts what is there
/// then. `on_refused` is called with the id of each record that is left out.
///
/// # Errors
/// The file is no whole export, or DynamoDB does not answer: the same call goes on.
pub async fn read_file(
    store: &UnscopedStore,
    clock: &Clock,
    path: &Path,
    to: Option<&OrgId>,
    on_refused: impl Fn(&str, &ImportRefusal),
) -> Result<Tally, Box<dyn Error>> {
    let broken_off = || {
        format!(
            "{}: the export broke off, go on with it first",
            path.display()
        )
    };
    let mut file = Reader::open(path)?.ok_or_else(broken_off)?;
    let from = file.org().clone();
    let import = store.import(from.clone(), to.unwrap_or(&from).clone());
    let progress = progress(fs::metadata(path)?.len());
    let (mut tally, mut batch) = (Tally::default(), Vec::new());
    loop {
        let next = match file.next()? {
            Next::Record(record) => Some(record),
            Next::End => None,
            Next::BrokenOff => return Err(broken_off().into()),
        };
        let goes_with = |record: &Record| batch.first().is_none_or(|first| record.is_like(first));
        if batch.len() >= BATCH || !next.as_ref().is_some_and(goes_with) {
            let outcomes = put(&import, std::mem::take(&mut batch)).await?;
            progress.suspend(|| tally.add(outcomes, &on_refused));
            progress.set_position(file.read_to());
        }
        match next {
            Some(record) => batch.push(record),
            None => break,
        }
    }
    progress.finish_and_clear();
    catch_up(store, clock).await?;
    Ok(tally)
}

/// What became of a record with this id.
type Outcome = (String, Result<Imported, ImportRefusal>);

/// Puts records that are alike, side by side.
async fn put(import: &Import, records: Vec<Record>) -> Result<Vec<Outcome>, StoreError> {
    let put = |record: Record| async move {
        let id = record.id().to_owned();
        match import.put(record).await {
            Ok(imported) => Ok((id, Ok(imported))),
            Err(TransactError::Refused(refusal)) => Ok((id, Err(refusal))),
            Err(TransactError::Store(error)) => Err(error),
            // An import carries no key.
            Err(TransactError::KeyReused) => Ok((id, Err(ImportRefusal::IdTaken))),
        }
    };
    let under_way = stream::iter(records).map(put);
    under_way.buffered(SIDE_BY_SIDE).try_collect().await
}

impl Tally {
    fn add(&mut self, outcomes: Vec<Outcome>, on_refused: &impl Fn(&str, &ImportRefusal)) {
        for (id, outcome) in outcomes {
            match outcome {
                Ok(Imported::Written) => self.written += 1,
                Ok(Imported::WasThere) => self.were_there += 1,
                Err(refusal) => {
                    self.refused += 1;
                    on_refused(&id, &refusal);
                }
            }
        }
    }
}

/// Does for what was imported, whose facts are older than what the scheduled work has reached,
/// what that would have done: all rows are written anew, by a rebuild that began after the last of
/// the facts was there, and visitors are forgotten from the beginning.
async fn catch_up(store: &UnscopedStore, clock: &Clock) -> Result<(), StoreError> {
    let aggregator = store.aggregator();
    aggregator.forget_visitors_anew().await?;
    // Checkpoints hold milliseconds.
    let imported_by = clock.now().timestamp_millis();
    let is_stale = |began: DateTime<Utc>| began.timestamp_millis() < imported_by;
    let rebuild = || aggregator.rebuild(|| clock.now(), || false, |_| ());
    while rebuild().await?.began_at.is_some_and(is_stale) {}
    let pace = FoldPace {
        wait: TimeDelta::zero(),
        facts: 1,
    };
    while !aggregator
        .run(clock.now(), &pace, || false)
        .await?
        .is_complete()
    {}
    Ok(())
}

fn progress(bytes: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("  {bar:40} {bytes} of {total_bytes}, {eta}");
    ProgressBar::new(bytes).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
