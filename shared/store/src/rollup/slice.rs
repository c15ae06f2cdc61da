//! The facts of a slice of time, from every shard side by side and page by page.

use super::FactItem;
use crate::dynamo::{Dynamo, Order, Query, Read};
use crate::error::StoreError;
use crate::keys::{Index, Item, LogName, View};
use crate::log::sort_key;
use chrono::{DateTime, Utc};
use domain::Shard;
use domain::facts::Fact;
use futures::future::try_join_all;
use uuid::Uuid;

/// How many facts of a shard are read at once at most: about as many as fit in the megabyte
/// that one query gives.
const PAGE: usize = 2_000;

/// A span of time: its first moment, and the one that it ends before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slice {
    pub(crate) from: DateTime<Utc>,
    /// `None` is without an end.
    pub(crate) to: Option<DateTime<Utc>>,
}

/// Which logs, as whose view shows them.
#[derive(Debug, Clone)]
pub(crate) struct Logs<'a> {
    pub(crate) names: &'a [LogName],
    pub(crate) view: View,
}

impl Logs<'_> {
    /// Everything there is.
    pub(crate) const ALL: Logs<'static> = Logs {
        names: &LogName::ALL,
        view: View::All,
    };
}

/// Reads the facts of a slice in the order of their ids, shard by shard.
pub(crate) struct SliceReader<'t> {
    dynamo: &'t Dynamo,
    read: Read,
    slice: Slice,
    sources: Vec<Source>,
}

/// One shard of one log.
struct Source {
    log: LogName,
    index: Option<Index>,
    pk: String,
    /// Where reading goes on.
    start: Option<Item>,
    /// When the last fact read was made.
    last: Option<DateTime<Utc>>,
    is_exhausted: bool,
}

/// The facts of a slice, as far as they were read.
#[derive(Debug)]
pub(crate) struct Bounded {
    pub(crate) facts: Vec<Fact>,
    /// Before when the facts are complete; `None` is all of the slice.
    pub(crate) complete_to: Option<DateTime<Utc>>,
}

impl<'t> SliceReader<'t> {
    pub(crate) fn new(dynamo: &'t Dynamo, logs: &Logs<'_>, slice: Slice, read: Read) -> Self {
        let shards = |log: &LogName| {
            let log = *log;
            Shard::all().map(move |shard| (log, shard))
        };
        let sources = logs.names.iter().flat_map(shards).map(|(log, shard)| {
            let (index, pk) = logs.view.partition(log, shard);
            Source {
                log,
                index,
                pk,
                start: None,
                last: None,
                is_exhausted: slice.to.is_some_and(|to| to <= slice.from),
            }
        });
        Self {
            dynamo,
            read,
            slice,
            sources: sources.collect(),
        }
    }

    /// The next facts of every shard that has more, in no order; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<FactItem>>, StoreError> {
        if self.open() == 0 {
            return Ok(None);
        }
        self.read_on(PAGE).await.map(Some)
    }

    /// Reads until the slice is complete, or until more than `most` facts have been read.
    /// Keeps those that `is_wanted` wants.
    pub(crate) async fn read_at_most(
        mut self,
        most: usize,
        is_wanted: impl Fn(&FactItem) -> bool,
    ) -> Result<Bounded, StoreError> {
        let mut facts = Vec::new();
        let mut count = 0;
        while self.open() > 0 && count <= most {
            let share = (most - count) / self.open() + 1;
            let (dynamo, slice, read) = (self.dynamo, self.slice, self.read);
            let shares = self
                .sources
                .iter_mut()
                .filter(|source| !source.is_exhausted)
                .map(|source| source.read_share(dynamo, slice, read, share, &is_wanted));
            for (of_source, wanted) in try_join_all(shares).await? {
                count += of_source;
                facts.extend(wanted);
            }
        }
        Ok(Bounded {
            complete_to: self.complete_to(),
            facts,
        })
    }

    /// How many shards have more.
    fn open(&self) -> usize {
        let open = self.sources.iter().filter(|source| !source.is_exhausted);
        open.count()
    }

    /// Before when everything has been read; `None` is all of the slice.
    pub(crate) fn complete_to(&self) -> Option<DateTime<Utc>> {
        let open = self.sources.iter().filter(|source| !source.is_exhausted);
        // More facts of the very millisecond of the last one may follow.
        open.map(|source| source.last.unwrap_or(self.slice.from))
            .min()
    }

    /// One page of at most `limit` facts from every shard that has more.
    async fn read_on(&mut self, limit: usize) -> Result<Vec<FactItem>, StoreError> {
        let open = self
            .sources
            .iter_mut()
            .filter(|source| !source.is_exhausted);
        let pages = open.map(|source| source.read_on(self.dynamo, self.slice, self.read, limit));
        Ok(try_join_all(pages).await?.into_iter().flatten().collect())
    }
}

impl Source {
    /// Reads `share` facts, page after page without waiting for other shards. Gives how many
    /// there were, and those that `is_wanted` wants.
    async fn read_share(
        &mut self,
        dynamo: &Dynamo,
        slice: Slice,
        read: Read,
        share: usize,
        is_wanted: &impl Fn(&FactItem) -> bool,
    ) -> Result<(usize, Vec<Fact>), StoreError> {
        let mut facts = Vec::new();
        let mut count = 0;
        while !self.is_exhausted && count < share {
            let limit = (share - count).min(PAGE);
            let items = self.read_on(dynamo, slice, read, limit).await?;
            count += items.len();
            let wanted = items.into_iter().filter(is_wanted);
            for fact in wanted.map(FactItem::into_fact) {
                facts.push(fact?);
            }
        }
        Ok((count, facts))
    }

    async fn read_on(
        &mut self,
        dynamo: &Dynamo,
        slice: Slice,
        read: Read,
        limit: usize,
    ) -> Result<Vec<FactItem>, StoreError> {
        let before = |to| Uuid::from_u128(first_id(to).as_u128().saturating_sub(1));
        let query = Query {
            index: self.index,
            pk: self.pk.clone(),
            from: Some(sort_key(self.log, first_id(slice.from))),
            to: slice.to.map(|to| sort_key(self.log, before(to))),
            order: Order::Ascending,
            limit,
            read,
        };
        let attributes = Some(FactItem::ATTRIBUTES);
        let page = dynamo
            .query_page(&query, attributes, self.start.take())
            .await?;
        self.is_exhausted = page.next.is_none();
        self.start = page.next;
        let facts: Vec<_> = page
            .items
            .into_iter()
            .map(FactItem::read)
            .collect::<Result<_, _>>()?;
        if let Some(last) = facts.last() {
            self.last = Some(last.made_at()?);
        }
        Ok(facts)
    }
}

/// Before every id that is made at `at`.
fn first_id(at: DateTime<Utc>) -> Uuid {
    let millis = u128::try_from(at.timestamp_millis()).unwrap_or(0);
    Uuid::from_u128(millis << 80)
}
