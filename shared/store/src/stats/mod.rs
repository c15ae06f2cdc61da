//! Reading statistics: what is folded, and the tail that is not.
//!
//! A reader takes the fold's checkpoint, then side by side the rows (strongly) and the facts
//! since (the tail, from the index). A row says itself up to when it was folded, so a fact
//! that is folded meanwhile is counted once, on whichever side it is met. The checkpoint must
//! be read before the rows; an older one only lengthens the tail, so it is held in memory for
//! two seconds.
//!
//! The tail is bounded. Past its bound the rows alone answer, and say as of when.

mod counted;
mod parts;
mod ranking;
mod reading;
mod subject;

pub use counted::Counted;
pub use ranking::Ranking;
pub(crate) use subject::Subject;

use crate::dynamo::{Dynamo, Order, Query, Read};
use crate::error::StoreError;
use crate::keys::{self, LogName};
use crate::rollup::{Checkpoint, Logs, Row, Slice, SliceReader};
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use domain::facts::Fact;
use domain::period::Period;
use domain::rollup::Fold;
use domain::stats::{Counts, DailyCounts, Month};
use futures::try_join;
use reading::Reading;
use std::sync::{Arc, Mutex, PoisonError};
use subject::{Lookup, RowSet};

/// How long a checkpoint is held.
const HELD_FOR: TimeDelta = TimeDelta::seconds(2);

/// How many facts a total or a series reads beyond the rows: some 300 read units' worth.
const TAIL: usize = 5_000;

/// The same for the count that a code begins with, once in its life: as many as a fold holds in
/// memory.
const TAIL_OF_COUNT: usize = 50_000;

/// The same for the total of a list, which must cost no more than the page.
const TAIL_OF_LIST: usize = 500;

/// The statistics of the table, with the checkpoints that a process remembers. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Statistics {
    dynamo: Dynamo,
    held: Arc<Mutex<[Option<Held>; 2]>>,
    tail: usize,
}

/// A checkpoint, and when it was read.
#[derive(Debug, Clone)]
struct Held {
    checkpoint: Checkpoint,
    at: DateTime<Utc>,
}

impl Statistics {
    pub(crate) fn new(dynamo: Dynamo) -> Self {
        Self {
            dynamo,
            held: Arc::default(),
            tail: TAIL,
        }
    }

    /// The same for what a code's count begins with, which must miss as little as can be.
    pub(crate) fn for_counts(&self) -> Self {
        Self {
            tail: TAIL_OF_COUNT,
            ..self.clone()
        }
    }

    /// The same for the totals of lists.
    pub(crate) fn for_lists(&self) -> Self {
        Self {
            tail: TAIL_OF_LIST,
            ..self.clone()
        }
    }

    /// Reads the checkpoint of `fold`, unless it is held: beside other reads, so that the
    /// counting which follows is one trip.
    pub(crate) async fn prepare(&self, fold: Fold, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.checkpoint(fold, now).await.map(drop)
    }

    /// The subject's clicks and conversions over `period`: two trips.
    pub(crate) async fn attributions(
        &self,
        subject: &Subject,
        period: Period,
        now: DateTime<Utc>,
    ) -> Result<Counted<Counts>, StoreError> {
        let wanted = period.days(now);
        let first = wanted.first;
        let rows = match (period, first) {
            (Period::AllTime | Period::YearToDate, _) | (_, None) => RowSet::AllTime,
            (_, Some(day)) => RowSet::MonthsFrom(Month::of(day)),
        };
        let reading = self.read(LogName::Attributions, subject, rows, now).await?;
        let folded = reading.rows().map(|row| match (rows, first) {
            (RowSet::MonthsFrom(_), _) => row
                .days()
                .filter(|(day, _)| wanted.has(*day))
                .map(|(_, counts)| counts)
                .sum(),
            (_, Some(first)) => row.years_from(first.year()),
            (_, None) => row.counts(),
        });
        let unfolded = reading.unfolded_days();
        let unfolded = unfolded.filter(|(day, _)| wanted.has(*day));
        let sum: Counts = folded.chain(unfolded.map(|(_, counts)| counts)).sum();
        Ok(reading.counted(sum.at_least_zero()))
    }

    /// The subject's clicks and conversions by day from `first` on, days without any left out:
    /// two trips.
    pub(crate) async fn daily(
        &self,
        subject: &Subject,
        first: NaiveDate,
        now: DateTime<Utc>,
    ) -> Result<Counted<DailyCounts>, StoreError> {
        let rows = RowSet::MonthsFrom(Month::of(first));
        let reading = self.read(LogName::Attributions, subject, rows, now).await?;
        let mut days = DailyCounts::new();
        let folded = reading.rows().flat_map(Row::days);
        for (day, counts) in folded.chain(reading.unfolded_days()) {
            if day >= first {
                *days.entry(day).or_default() += counts;
            }
        }
        for counts in days.values_mut() {
            *counts = counts.at_least_zero();
        }
        days.retain(|_, counts| !counts.is_zero());
        Ok(reading.counted(days))
    }

    /// How many code records the subject has: two trips. They are counted by owner; of a code
    /// alone there are none.
    pub(crate) async fn codes(
        &self,
        subject: &Subject,
        now: DateTime<Utc>,
    ) -> Result<Counted<i64>, StoreError> {
        let reading = self
            .read(LogName::Codes, subject, RowSet::Codes, now)
            .await?;
        let folded: i64 = reading.rows().map(Row::codes).sum();
        let count = folded + reading.unfolded_codes();
        Ok(reading.counted(count.max(0)))
    }

    /// The checkpoint, then the rows and the tail side by side.
    async fn read(
        &self,
        log: LogName,
        subject: &Subject,
        rows: RowSet,
        now: DateTime<Utc>,
    ) -> Result<Reading, StoreError> {
        let checkpoint = self.checkpoint(subject.fold(), now).await?;
        let (rows, tail) = try_join!(
            self.rows(
                subject.lookup(rows, checkpoint.generation),
                &checkpoint,
                subject
            ),
            self.tail(log, subject, &checkpoint)
        )?;
        let as_of = tail.as_ref().map_or(checkpoint.folded_to, |_| now);
        let tail = tail.unwrap_or_default();
        Ok(Reading::new(subject, rows, tail, as_of))
    }

    /// The fold's checkpoint, at most two seconds old.
    async fn checkpoint(&self, fold: Fold, now: DateTime<Utc>) -> Result<Checkpoint, StoreError> {
        if let Some(held) = self.held(fold, now) {
            return Ok(held);
        }
        let key = keys::checkpoint(fold);
        let checkpoint = Checkpoint::read(&self.dynamo, &key, Read::Eventual).await?;
        self.hold(fold, checkpoint.clone(), now);
        Ok(checkpoint)
    }

    fn held(&self, fold: Fold, now: DateTime<Utc>) -> Option<Checkpoint> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let held = held[fold.index()].as_ref();
        held.filter(|held| (now - held.at).abs() < HELD_FOR)
            .map(|held| held.checkpoint.clone())
    }

    /// The checkpoint that was read last, however long ago.
    fn last_held(&self, fold: Fold) -> Option<Checkpoint> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let held = held[fold.index()].as_ref();
        held.map(|held| held.checkpoint.clone())
    }

    fn hold(&self, fold: Fold, checkpoint: Checkpoint, at: DateTime<Utc>) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held[fold.index()] = Some(Held { checkpoint, at });
    }

    /// The subject's rows. Strongly consistent: at least as new as the checkpoint.
    async fn rows(
        &self,
        lookup: Lookup,
        checkpoint: &Checkpoint,
        subject: &Subject,
    ) -> Result<Vec<Row>, StoreError> {
        match lookup {
            Lookup::Nothing => Ok(Vec::new()),
            Lookup::Checkpoint => Ok(vec![checkpoint.everything()]),
            Lookup::One(key) => {
                let row = self.dynamo.get_item(&key, Read::Strong).await?;
                Ok(row.map(Row::from).into_iter().collect())
            }
            Lookup::Range(pk, range) => {
                let mut rows = self.range(pk, range).await?;
                rows.retain(|row| subject.has_row(&row.name()));
                Ok(rows)
            }
        }
    }

    async fn range(
        &self,
        pk: String,
        (from, to): (String, String),
    ) -> Result<Vec<Row>, StoreError> {
        let query = Query {
            index: None,
            pk,
            from: Some(from),
            to: Some(to),
            order: Order::Ascending,
            limit: usize::MAX,
            read: Read::Strong,
        };
        let rows = self.dynamo.query(&query).await?;
        Ok(rows.into_iter().map(Row::from).collect())
    }

    /// The subject's facts since the checkpoint; `None` where they are past the bound.
    async fn tail(
        &self,
        log: LogName,
        subject: &Subject,
        checkpoint: &Checkpoint,
    ) -> Result<Option<Vec<Fact>>, StoreError> {
        let logs = Logs {
            names: &[log],
            view: subject.view(),
        };
        let since = Slice {
            from: checkpoint.folded_to,
            to: None,
        };
        let facts = SliceReader::new(&self.dynamo, &logs, since, Read::Eventual);
        let mut tail = facts.read_at_most(self.tail, |_| true).await?;
        tail.facts.retain(|fact| subject.owns(fact));
        Ok(tail.complete_to.is_none().then_some(tail.facts))
    }
}
