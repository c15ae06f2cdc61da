//! How far a fold is.

use super::from_millis;
use super::row::{FOLDED_TO, Row, count};
use crate::dynamo::{Dynamo, Read};
use crate::error::StoreError;
use crate::keys::{self, Generation, Item, Key};
use chrono::serde::ts_milliseconds;
use chrono::{DateTime, Utc};
use domain::rollup::Fold;
use serde::{Deserialize, Serialize};

/// The checkpoint is that of the rows of `:generation`.
pub(crate) const GENERATION: &str =
    "(attribute_not_exists(generation) OR generation = :generation)";

/// Everything made before `folded_to` is in the fold's rows, and so is a part of `pending`.
///
/// That of the summary is the row of everything and all time, too.
#[derive(Debug, Clone)]
pub(crate) struct Checkpoint {
    /// 1970 before the first round.
    pub(crate) folded_to: DateTime<Utc>,
    /// The rows that are read.
    pub(crate) generation: Generation,
    /// The round under way.
    pub(crate) pending: Option<Pending>,
    /// The rows that are to take their place.
    pub(crate) rebuilding: Option<Rebuilding>,
    item: Option<Item>,
}

/// A round whose facts are fixed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pending {
    /// The end of its slice.
    #[serde(with = "ts_milliseconds")]
    pub(crate) to: DateTime<Utc>,
    /// What its receipts are found by.
    pub(crate) round: String,
    /// In how many items they are.
    pub(crate) parts: usize,
}

/// A rebuild under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rebuilding {
    pub(crate) generation: Generation,
    #[serde(with = "ts_milliseconds")]
    pub(crate) started_at: DateTime<Utc>,
}

impl Checkpoint {
    /// The checkpoint that `item` holds; `None` is before the first round.
    pub(crate) fn from_item(item: Option<Item>) -> Result<Self, StoreError> {
        let found = item.as_ref();
        Ok(Self {
            folded_to: from_millis(found.map_or(0, |item| count(item, FOLDED_TO))),
            generation: part(found, "generation")?.unwrap_or_default(),
            pending: part(found, "pending")?,
            rebuilding: part(found, "rebuilding")?,
            item,
        })
    }

    /// Reads the one that `key` names.
    pub(crate) async fn read(dynamo: &Dynamo, key: &Key, read: Read) -> Result<Self, StoreError> {
        Self::from_item(dynamo.get_item(key, read).await?)
    }

    /// Reads those of both folds at once.
    pub(crate) async fn read_both(dynamo: &Dynamo, read: Read) -> Result<[Self; 2], StoreError> {
        let wanted = Fold::ALL.map(keys::checkpoint);
        let items = dynamo.batch_get(&wanted, read).await?;
        let [summary, detail] = wanted.map(|key| {
            let pk = |item: &&Item| {
                let pk = item.get(keys::PK).and_then(|pk| pk.as_s().ok());
                pk == Some(&key.pk)
            };
            Self::from_item(items.iter().find(pk).cloned())
        });
        Ok([summary?, detail?])
    }

    /// Whether there was a round before.
    pub(crate) fn exists(&self) -> bool {
        self.item.is_some()
    }

    /// The whole item, if there is one.
    pub(crate) fn to_item(&self) -> Option<Item> {
        self.item.clone()
    }

    /// The counts of everything.
    pub(crate) fn everything(&self) -> Row {
        self.item.clone().unwrap_or_default().into()
    }
}

fn part<T: for<'de> Deserialize<'de>>(
    item: Option<&Item>,
    name: &str,
) -> Result<Option<T>, StoreError> {
    let value = item.and_then(|item| item.get(name)).cloned();
    Ok(value.map(serde_dynamo::from_attribute_value).transpose()?)
}
