//! Lists of the deliveries to a webhook: its shards, merged by the ids of events.

use crate::delivery_item::DeliveryItem;
use crate::dynamo::{Dynamo, Order, Query, Read};
use crate::entity::Entity;
use crate::error::StoreError;
use crate::keys;
use crate::merge::Merge;
use crate::page::{ListRequest, Page};
use crate::store::Store;
use domain::{Delivery, DeliveryStatus, EventId, Shard, WebhookId};
use futures::future::try_join_all;
use uuid::Uuid;

/// How many deliveries a page looks at beyond those that it shows or passes over. A status that
/// few have then gives a short page and the cursor to go on.
const EXAMINED_AT_MOST: usize = 1_000;

/// How many deliveries of a shard are read beyond its share of the page.
const MARGIN: usize = 10;

impl Store {
    /// The newest deliveries to a webhook, by when their events happened; `None` when there is no
    /// such webhook in scope. Two trips.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn list_deliveries(
        &self,
        id: WebhookId,
        status: Option<DeliveryStatus>,
        request: ListRequest,
    ) -> Result<Option<Page<Delivery>>, StoreError> {
        match self.find_webhook(id).await? {
            None => Ok(None),
            Some(_) => read_page(&self.dynamo, id, status, request).await.map(Some),
        }
    }
}

async fn read_page(
    dynamo: &Dynamo,
    webhook: WebhookId,
    status: Option<DeliveryStatus>,
    request: ListRequest,
) -> Result<Page<Delivery>, StoreError> {
    let (skip, before) = request.start.parts();
    let wanted = skip + request.limit + 1;
    let mut merge = Merge::new(Shard::all().len(), before, wanted);
    let mut read_size = wanted.div_ceil(Shard::all().len()) + MARGIN;
    let mut examined = 0;
    loop {
        let reads = merge.open().into_iter().map(|(at, before)| async move {
            let read = read_shard(dynamo, webhook, at, before, read_size).await?;
            Ok::<_, StoreError>((at, read))
        });
        for (at, read) in try_join_all(reads).await? {
            examined += read.len();
            let is_exhausted = read.len() < read_size;
            let is_wanted = |delivery: &Delivery| status.is_none_or(|is| delivery.status == is);
            let shown = read.into_iter();
            let shown = shown.map(|delivery| {
                let id = delivery.key.event.uuid();
                (id, Some(delivery).filter(is_wanted))
            });
            merge.add(at, shown.collect(), is_exhausted);
        }
        if merge.is_settled() || examined >= wanted + EXAMINED_AT_MOST {
            let mut listed = merge.page(skip, request.limit);
            listed.is_complete &= before.is_none();
            return Ok(listed.into());
        }
        read_size = (read_size * 2).min(200);
    }
}

/// The deliveries of one shard before `before`, the newest first.
async fn read_shard(
    dynamo: &Dynamo,
    webhook: WebhookId,
    shard: usize,
    before: Option<Uuid>,
    limit: usize,
) -> Result<Vec<Delivery>, StoreError> {
    let shards: Vec<Shard> = Shard::all().collect();
    let just_before = |id: Uuid| Uuid::from_u128(id.as_u128().saturating_sub(1));
    let query = Query {
        index: None,
        pk: keys::deliveries_to(webhook, shards[shard]),
        from: None,
        to: before.map(|id| EventId::from_uuid(just_before(id)).to_string()),
        order: Order::Descending,
        limit,
        read: Read::Eventual,
    };
    let mut deliveries = Vec::new();
    for item in dynamo.query(&query).await? {
        let delivery = DeliveryItem::from_item(item)?.map(Delivery::try_from);
        deliveries.extend(delivery.transpose()?);
    }
    Ok(deliveries)
}
