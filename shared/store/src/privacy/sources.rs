//! Where the items are that name a mentor, read in one order by export and erasure alike.
//!
//! An index says which items may be meant; what they hold is read from the table, strongly, as
//! an index may still show what has been renamed.

use crate::attribution_item::{AttributionChange, AttributionItem, CodeRemoval};
use crate::code_item::CodeLogItem;
use crate::dynamo::{Dynamo, Order, Query, Read};
use crate::entity::is_tombstone;
use crate::error::StoreError;
use crate::idempotency::KeptAnswer;
use crate::keys::{self, BY_MENTOR, Generation, Index, Item, Key, LogName, PK, RowName, SK, View};
use crate::log_item::LogItem;
use crate::rollup::Row;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::{MentorId, OrgId, Shard};
use serde::{Deserialize, Serialize};

/// How many items a step has at most: a code has four items and an event, and a transaction has
/// 100.
pub(super) const PAGE: usize = 19;

/// Sorts before whatever a key may hold, so that a key with it follows the key itself.
const NEXT: char = ' ';

/// One partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// A shard of a mentor's facts and codes.
    Log(LogName, Shard),
    /// Kept answers that no record knows.
    Answers,
    /// Rows of statistics.
    Rows(Generation),
}

impl Source {
    /// Codes first, as they are to be ended at once.
    pub(super) fn facts() -> Vec<Self> {
        let logs = [LogName::Codes, LogName::Attributions];
        let shards = |log| Shard::all().map(move |shard| Self::Log(log, shard));
        logs.into_iter()
            .flat_map(shards)
            .chain([Self::Answers])
            .collect()
    }

    /// The rows of every generation.
    pub(super) fn rows(last: Generation) -> Vec<Self> {
        last.all_up_to().map(Self::Rows).collect()
    }

    fn partition(self, mentor: &MentorId) -> (Option<Index>, String) {
        match self {
            Self::Log(log, shard) => View::Mentor(mentor.clone()).partition(log, shard),
            Self::Answers => (Some(BY_MENTOR), keys::replies_about(mentor)),
            Self::Rows(generation) => (None, keys::stats_of_mentor(mentor, generation)),
        }
    }
}

/// A place in the order of a list of sources.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Position {
    /// Which source.
    pub(super) source: usize,
    /// After this sort key; `None` is from the first.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) after: Option<String>,
}

/// An item that names the mentor.
pub(super) enum Found {
    /// A code, and whether it is deleted.
    Code(Box<CodeLogItem>, bool),
    /// A click and what became of it.
    Attribution(Box<AttributionItem>),
    /// A conversion or a deletion.
    Change(Box<AttributionChange>),
    /// The deletion of a code.
    Removal(CodeRemoval),
    /// A kept answer that no record knows.
    Answer(KeptAnswer),
    /// A row of statistics, with its item.
    Row(Generation, Row, Item),
}

/// A part of what is found.
pub(super) struct Page {
    pub(super) found: Vec<Found>,
    /// Where reading goes on.
    pub(super) next: Position,
}

/// Whose items are read.
pub(super) struct Reader<'t> {
    pub(super) dynamo: &'t Dynamo,
    pub(super) mentor: &'t MentorId,
    /// In which organisation.
    pub(super) org: &'t OrgId,
    pub(super) sources: Vec<Source>,
}

impl Reader<'_> {
    /// The next items from `position` on, at most `limit`; `None` at the end. A page may be
    /// empty where only items of other organisations were met.
    pub(super) async fn page(
        &self,
        mut position: Position,
        limit: usize,
    ) -> Result<Option<Page>, StoreError> {
        let mut found = Vec::new();
        while let Some(source) = self.sources.get(position.source) {
            let left = limit - found.len();
            let (more, after) = self.read(*source, position.after.take(), left).await?;
            found.extend(more);
            let is_end = after.is_none();
            position = Position {
                source: position.source + usize::from(is_end),
                after,
            };
            if !is_end || found.len() >= limit {
                let next = position;
                return Ok(Some(Page { found, next }));
            }
        }
        let next = position;
        Ok((!found.is_empty()).then_some(Page { found, next }))
    }

    /// Items of one source, and after which sort key it goes on; `None` at its end.
    async fn read(
        &self,
        source: Source,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Found>, Option<String>), StoreError> {
        let (index, pk) = source.partition(self.mentor);
        let query = Query {
            index,
            pk,
            from: after.map(|after| format!("{after}{NEXT}")),
            to: None,
            order: Order::Ascending,
            limit,
            read: match index {
                None => Read::Strong,
                Some(_) => Read::Eventual,
            },
        };
        let page = self.dynamo.query_page(&query, None, None).await?;
        let sort_key = index.map_or(SK, |index| index.sk);
        let last = page.items.last().and_then(|item| text(item, sort_key));
        let after = page.next.and(last).map(ToOwned::to_owned);
        let items = match index {
            None => page.items,
            Some(_) => self.as_they_are(&page.items).await?,
        };
        let items = items.into_iter().filter(|item| self.is_meant(source, item));
        let found = items.map(|item| Found::read(source, item));
        Ok((found.collect::<Result<_, _>>()?, after))
    }

    /// What the table holds of items that an index shows, in their order.
    async fn as_they_are(&self, shown: &[Item]) -> Result<Vec<Item>, StoreError> {
        let key = |item: &Item| {
            Some(Key {
                pk: text(item, PK)?.to_owned(),
                sk: text(item, SK)?.to_owned(),
            })
        };
        let wanted: Vec<Key> = shown.iter().filter_map(key).collect();
        let mut items = self.dynamo.batch_get(&wanted, Read::Strong).await?;
        items.sort_by_cached_key(|item| wanted.iter().position(|key| is_at(item, key)));
        Ok(items)
    }

    fn is_meant(&self, source: Source, item: &Item) -> bool {
        let org = match source {
            Source::Log(..) => text(item, "org"),
            Source::Answers => org_of_answer(item),
            Source::Rows(_) => text(item, SK).and_then(|sk| RowName::read(sk).org),
        };
        let is_of_mentor = match source {
            Source::Rows(_) => true,
            _ => text(item, "mentor") == Some(self.mentor.as_str()),
        };
        is_of_mentor && org == Some(self.org.as_str())
    }
}

impl Found {
    fn read(source: Source, item: Item) -> Result<Self, StoreError> {
        Ok(match source {
            Source::Answers => Self::Answer(KeptAnswer::read(&item)?),
            Source::Rows(generation) => Self::Row(generation, Row::from(item.clone()), item),
            Source::Log(..) => {
                let is_deleted = is_tombstone(&item);
                match LogItem::read(item)? {
                    LogItem::Code(code) => Self::Code(Box::new(code), is_deleted),
                    LogItem::Click(click) => Self::Attribution(Box::new(click)),
                    LogItem::Change(change) => Self::Change(Box::new(change)),
                    LogItem::CodeRemoval(removal) => Self::Removal(removal),
                    LogItem::Recruitment(_) => {
                        return Err(StoreError::corrupt("a log of facts holds a recruitment"));
                    }
                }
            }
        })
    }

    /// The key that a record was made under, hashed, and the record's id.
    pub(super) fn made_under(&self) -> Option<(&str, String)> {
        match self {
            Self::Code(code, _) => code.key_hash().map(|hash| (hash, code.id().to_string())),
            Self::Attribution(click) => click.key_hash().map(|hash| (hash, click.id.to_string())),
            Self::Change(_) | Self::Removal(_) | Self::Answer(_) | Self::Row(..) => None,
        }
    }
}

/// Whether `item` is the one at `key`.
pub(super) fn is_at(item: &Item, key: &Key) -> bool {
    text(item, PK) == Some(&key.pk) && text(item, SK) == Some(&key.sk)
}

/// A text of an item.
pub(super) fn text<'i>(item: &'i Item, name: &str) -> Option<&'i str> {
    item.get(name)?.as_s().ok().map(String::as_str)
}

/// The organisation of the code that an answer shows.
fn org_of_answer(item: &Item) -> Option<&str> {
    let value: &AttributeValue = item.get("value")?;
    text(value.as_m().ok()?.get("code")?.as_m().ok()?, "org")
}
