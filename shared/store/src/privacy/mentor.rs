//! The erasure of a mentor, step by step.

use super::job::{Job, Stage, find_receipt};
use super::rename::Renaming;
use super::rows::Moving;
use super::sources::{PAGE, Page, Position, Reader, Source};
use crate::dynamo::{Dynamo, Read, backoff};
use crate::error::{StoreError, TransactError};
use crate::fold::RESUMED_WITHIN;
use crate::keys::{self, Generation};
use crate::rollup::{Checkpoint, to_the_millisecond};
use crate::transaction::Transaction;
use chrono::{DateTime, TimeDelta, Utc};
use domain::privacy::{AfterPass, FOLDING, Receipt, after_pass};
use domain::rollup::Fold;
use domain::{MentorId, OrgId};
use std::time::Instant;

/// After how many steps that others were first at an erasure is left to them for now.
const OVERTAKEN_AT_MOST: u32 = 6;

/// How many pages of other organisations' items are read before an erasure is begun.
const PAGES_LOOKED_AT: usize = 10;

/// The erasure of one mentor in one organisation.
pub(super) struct Eraser<'t> {
    dynamo: &'t Dynamo,
    mentor: MentorId,
    org: OrgId,
    now: DateTime<Utc>,
    /// When `now` was: a run may go on for minutes, and events are as old as they say.
    began: Instant,
}

/// What became of a step.
enum Stepped {
    /// It is made.
    Made,
    /// Something has changed since it was read.
    Overtaken,
    /// The statistics are rebuilt: the erasure waits.
    Rebuilding,
}

impl<'t> Eraser<'t> {
    pub(super) fn new(
        dynamo: &'t Dynamo,
        mentor: MentorId,
        org: OrgId,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            dynamo,
            mentor,
            org,
            now: to_the_millisecond(now),
            began: Instant::now(),
        }
    }

    /// Begins the erasure, if there is anything to erase, and goes as far as it can.
    pub(super) async fn erase(&self, stop: impl Fn() -> bool) -> Result<Receipt, StoreError> {
        if self.job().await?.is_none() {
            if !self.has_anything().await? {
                return Ok(Receipt::nothing(self.org.clone()));
            }
            let job = Job::new(self.mentor.clone(), self.org.clone(), self.now);
            // Where another request was first, its job is the one.
            self.dynamo.put_new(&job).await?;
        }
        let receipt = self.go_on(stop).await?;
        Ok(receipt.unwrap_or_else(|| Receipt::nothing(self.org.clone())))
    }

    /// Goes as far as it can. `None` where no erasure is under way.
    pub(super) async fn go_on(
        &self,
        stop: impl Fn() -> bool,
    ) -> Result<Option<Receipt>, StoreError> {
        let mut last = None;
        let mut overtaken = 0;
        loop {
            let Some(job) = self.job().await? else {
                return match last {
                    None => Ok(None),
                    Some(pseudonym) => find_receipt(self.dynamo, &pseudonym).await,
                };
            };
            let is_over = stop() || overtaken >= OVERTAKEN_AT_MOST;
            if is_over || job.continues_at > self.now {
                return Ok(Some(job.receipt(self.now)));
            }
            match self.step(&job).await? {
                Stepped::Made => overtaken = 0,
                Stepped::Overtaken => {
                    overtaken += 1;
                    tokio::time::sleep(backoff(overtaken)).await;
                }
                Stepped::Rebuilding => {
                    let receipt = job.receipt(self.now + FOLDING);
                    return Ok(Some(receipt));
                }
            }
            last = Some(job.pseudonym);
        }
    }

    async fn job(&self) -> Result<Option<Job>, StoreError> {
        let key = keys::erasure(&self.mentor, &self.org);
        self.dynamo.get(&key, Read::Strong).await
    }

    /// Whether anything names the mentor, or may do so beyond what is looked at.
    async fn has_anything(&self) -> Result<bool, StoreError> {
        let checkpoint = self.checkpoint().await?;
        let mut position = Position::default();
        let reader = self.reader(all_sources(last_generation(&checkpoint)));
        for _ in 0..PAGES_LOOKED_AT {
            let Some(page) = reader.page(position, PAGE).await? else {
                return Ok(false);
            };
            if !page.found.is_empty() {
                return Ok(true);
            }
            position = page.next;
        }
        Ok(true)
    }

    async fn checkpoint(&self) -> Result<Checkpoint, StoreError> {
        Checkpoint::read(self.dynamo, &keys::checkpoint(Fold::Detail), Read::Strong).await
    }

    fn reader(&self, sources: Vec<Source>) -> Reader<'_> {
        Reader {
            dynamo: self.dynamo,
            mentor: &self.mentor,
            org: &self.org,
            sources,
        }
    }

    /// What the time has become.
    fn by_now(&self) -> DateTime<Utc> {
        to_the_millisecond(after(self.now, self.began))
    }

    /// Makes one step.
    async fn step(&self, job: &Job) -> Result<Stepped, StoreError> {
        let checkpoint = self.checkpoint().await?;
        // A rebuild reads all facts anew: none may change its owner meanwhile.
        if is_rebuilding(&checkpoint, self.now) {
            return Ok(Stepped::Rebuilding);
        }
        let sources = match job.stage {
            Stage::Facts => Source::facts(),
            Stage::Rows => Source::rows(last_generation(&checkpoint)),
        };
        let page = self
            .reader(sources)
            .page(job.position.clone(), PAGE)
            .await?;
        let step = match (page, job.stage) {
            (Some(page), Stage::Facts) => self.rename(job, page, &checkpoint).await?,
            (Some(page), Stage::Rows) => self.move_rows(job, page, &checkpoint).await?,
            (None, Stage::Facts) => self.end_pass(job),
            (None, Stage::Rows) => job.ending(self.dynamo, self.now),
        };
        match step.commit().await {
            Ok(()) => Ok(Stepped::Made),
            Err(TransactError::Refused(()) | TransactError::KeyReused) => Ok(Stepped::Overtaken),
            Err(TransactError::Store(error)) => Err(error),
        }
    }

    async fn rename(
        &self,
        job: &Job,
        page: Page,
        checkpoint: &Checkpoint,
    ) -> Result<Transaction<'t, ()>, StoreError> {
        let pair = (self.mentor.clone(), job.pseudonym.mentor());
        let renaming = Renaming::new(self.dynamo, pair, checkpoint.folded_to, self.by_now());
        let around = renaming.surroundings(&page.found).await?;
        let done = renaming.outcome(&page.found, &around);
        let mut next = job.clone();
        next.position = page.next;
        next.erased += done.erased;
        next.has_waiting |= done.has_waiting;
        if !done.erased.is_zero() {
            next.changed_at = self.now;
        }
        let step = job.stepping(self.dynamo, next, self.now);
        Ok(renaming.write(step, &page.found, &around))
    }

    async fn move_rows(
        &self,
        job: &Job,
        page: Page,
        checkpoint: &Checkpoint,
    ) -> Result<Transaction<'t, ()>, StoreError> {
        let (pseudonym, live) = (job.pseudonym.mentor(), checkpoint.generation);
        let moving = Moving::prepare(self.dynamo, &page.found, &pseudonym, live).await?;
        let mut next = job.clone();
        next.position = page.next;
        next.erased.statistics += moving.count();
        moving.write(job.stepping(self.dynamo, next, self.now))
    }

    fn end_pass(&self, job: &Job) -> Transaction<'t, ()> {
        let mut next = job.clone();
        next.position = Position::default();
        next.has_waiting = false;
        match after_pass(job.pass_began_at, job.changed_at, job.has_waiting, self.now) {
            AfterPass::MoveRows => next.stage = Stage::Rows,
            AfterPass::Again(at) => {
                next.continues_at = at;
                next.pass_began_at = at;
            }
        }
        job.stepping(self.dynamo, next, self.now)
    }
}

/// Everything that may name a mentor.
pub(super) fn all_sources(last: Generation) -> Vec<Source> {
    let mut sources = Source::facts();
    sources.extend(Source::rows(last));
    sources
}

/// The last generation that rows may be of: the one that is read, or one that a rebuild has
/// left.
pub(super) fn last_generation(checkpoint: &Checkpoint) -> Generation {
    let rebuilt = checkpoint.rebuilding.as_ref();
    rebuilt.map_or(checkpoint.generation, |rebuilding| rebuilding.generation)
}

fn is_rebuilding(checkpoint: &Checkpoint, now: DateTime<Utc>) -> bool {
    let since = |started_at: DateTime<Utc>| -> TimeDelta { now - started_at };
    let rebuilding = checkpoint.rebuilding.as_ref();
    rebuilding.is_some_and(|rebuilding| since(rebuilding.started_at) < RESUMED_WITHIN)
}

/// The time that was `now` when it `began`.
pub(super) fn after(now: DateTime<Utc>, began: Instant) -> DateTime<Utc> {
    now + TimeDelta::from_std(began.elapsed()).unwrap_or_default()
}
