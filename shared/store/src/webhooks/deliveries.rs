//! Deliveries: begun, claimed by an attempt, ended or tried again, picked up when they are due.

use crate::delivery_item::DeliveryItem;
use crate::dynamo::{Order, Query, Read};
use crate::entity::Entity;
use crate::error::{StoreError, TransactError};
use crate::expression::{ABSENT, Condition, UNCHANGED};
use crate::idempotency::{IdempotencyKey, IdempotentReply, find_reply};
use crate::keys::{self, BY_ORG};
use crate::put::Written;
use crate::store::{Store, UnscopedStore};
use crate::transaction::{Attempt, Conflict, refused, until_settled};
use chrono::{DateTime, Utc};
use domain::delivery::{DeliveryKey, DueDelivery};
use domain::webhook::{WebhookRefusal, WebhookStatus};
use domain::{Delivery, EventId, Shard, Webhook, WebhookId};

impl UnscopedStore {
    /// Begins a delivery, unless it is begun already, as events are told more than once. Whether
    /// this has begun it.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn begin_delivery(&self, delivery: &Delivery) -> Result<bool, StoreError> {
        let item = DeliveryItem::from(delivery);
        let written = self.dynamo.put(&item, Condition::new(ABSENT)).await?;
        Ok(written == Written::Done)
    }

    /// A delivery, read strongly.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn find_delivery(&self, key: DeliveryKey) -> Result<Option<Delivery>, StoreError> {
        let found: Option<DeliveryItem> =
            self.dynamo.get(&keys::delivery(key), Read::Strong).await?;
        found.map(Delivery::try_from).transpose()
    }

    /// Writes what a delivery has become by one of its changes. Whether it is written: it is not
    /// where somebody else has changed it since it was read.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn replace_delivery(&self, changed: &Delivery) -> Result<bool, StoreError> {
        let read = changed.version.saturating_sub(1);
        let unchanged = Condition::new(UNCHANGED).bind(":version", &read);
        let item = DeliveryItem::from(changed);
        let written = self.dynamo.put(&item, unchanged).await?;
        Ok(written == Written::Done)
    }

    /// The deliveries of a shard that are to be picked up at `until` or before, `limit` at most,
    /// the oldest first; those that are not picked up after `after` alone, which is the last one
    /// of an earlier call.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn due_deliveries(
        &self,
        shard: Shard,
        after: Option<DueDelivery>,
        until: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<DueDelivery>, StoreError> {
        let query = Query {
            index: Some(BY_ORG),
            pk: keys::due_deliveries(shard),
            from: after.map(|last| keys::due_after(last.key, last.pick_up_at)),
            to: Some(keys::due_until(until.into())),
            order: Order::Ascending,
            limit,
            read: Read::Eventual,
        };
        let mut due = Vec::new();
        for item in self.dynamo.query(&query).await? {
            let delivery = DeliveryItem::from_item(item)?.map(Delivery::try_from);
            due.extend(delivery.transpose()?.and_then(|delivery| delivery.due()));
        }
        Ok(due)
    }
}

impl Store {
    /// Has a test delivered to a webhook: it is due now, and picked up by the schedule.
    ///
    /// # Errors
    /// [`WebhookRefusal::NotFound`], [`WebhookRefusal::Disabled`].
    pub async fn test_webhook(
        &self,
        id: WebhookId,
        key: Option<&IdempotencyKey>,
        now: DateTime<Utc>,
    ) -> Result<IdempotentReply<Delivery>, TransactError<WebhookRefusal>> {
        until_settled("a test of the webhook", || async {
            if let Some(reply) = self.find_delivery_reply(key, now).await? {
                return Ok(reply);
            }
            let webhook = self.find_told_webhook(id).await?;
            let delivery = Delivery::test(&webhook, now);
            let item = DeliveryItem::from(&delivery);
            self.transaction()
                .keep_reply(key, item.clone(), now)
                .create(&item, |_| Conflict::Overtaken)
                .commit()
                .await?;
            Ok(IdempotentReply::fresh(delivery, now))
        })
        .await
    }

    /// Has an event delivered once more, whatever became of it before: it is due now, and picked
    /// up by the schedule.
    ///
    /// # Errors
    /// [`WebhookRefusal::NotFound`], [`WebhookRefusal::Disabled`].
    pub async fn replay_delivery(
        &self,
        id: WebhookId,
        event: EventId,
        key: Option<&IdempotencyKey>,
        now: DateTime<Utc>,
    ) -> Result<IdempotentReply<Delivery>, TransactError<WebhookRefusal>> {
        until_settled("the delivery", || async {
            if let Some(reply) = self.find_delivery_reply(key, now).await? {
                return Ok(reply);
            }
            let webhook = self.find_told_webhook(id).await?.id;
            let place = keys::delivery(DeliveryKey { webhook, event });
            let found = self.dynamo.get::<DeliveryItem>(&place, Read::Strong);
            let found = found.await?.map(Delivery::try_from).transpose()?;
            let found = found.filter(|delivery| now < delivery.expires_at.instant());
            let read = found.ok_or(refused(WebhookRefusal::NotFound))?;
            let unchanged = Condition::new(UNCHANGED).bind(":version", &read.version);
            let replayed = read.replayed(now);
            let item = DeliveryItem::from(&replayed);
            self.transaction()
                .keep_reply(key, item.clone(), now)
                .put(&item, unchanged, |_| Conflict::Overtaken)
                .commit()
                .await?;
            Ok(IdempotentReply::fresh(replayed, now))
        })
        .await
    }

    async fn find_delivery_reply<R>(
        &self,
        key: Option<&IdempotencyKey>,
        now: DateTime<Utc>,
    ) -> Attempt<Option<IdempotentReply<Delivery>>, R> {
        let Some(reply) = find_reply::<DeliveryItem, _>(&self.dynamo, key, now).await? else {
            return Ok(None);
        };
        let delivery = Delivery::try_from(reply.value.clone())?;
        Ok(Some(reply.map(|_| delivery)))
    }

    /// The webhook, which nothing is delivered to while it is disabled.
    async fn find_told_webhook(&self, id: WebhookId) -> Attempt<Webhook, WebhookRefusal> {
        let found = self.find_webhook(id).await?;
        let webhook = found.ok_or(refused(WebhookRefusal::NotFound))?;
        match webhook.status() {
            WebhookStatus::Enabled => Ok(webhook),
            WebhookStatus::Disabled => Err(refused(WebhookRefusal::Disabled)),
        }
    }
}
