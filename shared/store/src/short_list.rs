//! Lists of which an organisation has few: one partition of index 2 holds them, newest first,
//! and a page counts no further than it reads.

use crate::dynamo::{Dynamo, Order, Query, Read};
use crate::entity::Entity;
use crate::error::StoreError;
use crate::keys::BY_ORG;
use crate::page::{Cursor, ListRequest, Page, Total};
use uuid::Uuid;

/// How many records a page looks at and counts: 15 read units' worth.
const READ_TO_COUNT: usize = 150;

/// The newest records of a partition, in order.
pub(crate) struct ShortList<T> {
    read: Vec<T>,
    /// Whether there are no older ones.
    is_whole: bool,
    request: ListRequest,
}

impl<T> ShortList<T> {
    /// Reads the list in the partition `pk`, whose sort keys `sort_key` spells.
    pub(crate) async fn read<E: Entity + Into<T>>(
        dynamo: &Dynamo,
        pk: String,
        sort_key: impl Fn(Uuid) -> String,
        request: ListRequest,
    ) -> Result<Self, StoreError> {
        let (skip, before) = request.start.parts();
        let limit = READ_TO_COUNT.max(skip + request.limit + 1);
        let just_before = |id: Uuid| Uuid::from_u128(id.as_u128().saturating_sub(1));
        let query = Query {
            index: Some(BY_ORG),
            pk,
            from: None,
            to: before.map(|id| sort_key(just_before(id))),
            order: Order::Descending,
            limit,
            read: Read::Eventual,
        };
        let items = dynamo.query(&query).await?;
        let is_whole = items.len() < limit;
        let mut read = Vec::new();
        for item in items {
            read.extend(E::from_item(item)?.map(Into::into));
        }
        Ok(Self {
            read,
            is_whole,
            request,
        })
    }

    /// The page of those records that `keep` says.
    pub(crate) fn page(self, id: impl Fn(&T) -> Uuid, keep: impl Fn(&T) -> bool) -> Page<T> {
        let (skip, before) = self.request.start.parts();
        let cursor = |record: &T| Cursor(id(record));
        let oldest_read = self.read.last().map(cursor);
        let kept: Vec<T> = self.read.into_iter().filter(keep).collect();
        let count = kept.len();
        let shown = kept.into_iter().skip(skip).take(self.request.limit);
        let records: Vec<T> = shown.collect();
        let next = if skip + records.len() < count {
            records.last().map(cursor)
        } else if self.is_whole {
            None
        } else {
            oldest_read
        };
        Page {
            records,
            total: Total {
                count: i64::try_from(count).unwrap_or(i64::MAX),
                is_lower_bound: !self.is_whole || before.is_some(),
                as_of: None,
            },
            next,
        }
    }
}
