//! Webhooks as those who deliver read them, and what deliveries say of their receivers.

use crate::dynamo::{Order, Query, Read};
use crate::entity::Entity;
use crate::error::StoreError;
use crate::expression::{Condition, UNCHANGED};
use crate::keys::{self, BY_ORG};
use crate::put::Written;
use crate::store::UnscopedStore;
use crate::webhook_item::WebhookItem;
use chrono::{DateTime, Utc};
use domain::webhook::{MOST_OF_ORG, ReceiverState};
use domain::{Endpoint, OrgId, Webhook, WebhookId};
use std::sync::Arc;

/// How often what a delivery says of its receiver is noted again when others change the webhook.
const STARTS: usize = 8;

impl UnscopedStore {
    /// The webhooks of an organisation, disabled ones included: up to ten seconds old, and read
    /// eventually.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn webhooks_of(
        &self,
        org: &OrgId,
        now: DateTime<Utc>,
    ) -> Result<Arc<[Webhook]>, StoreError> {
        if let Some(held) = self.webhooks.get(org, now) {
            return Ok(held);
        }
        let query = Query {
            index: Some(BY_ORG),
            pk: keys::webhooks_of(org),
            from: None,
            to: None,
            order: Order::Descending,
            // A deleted webhook may be in the index a moment longer than in the count.
            limit: 2 * MOST_OF_ORG as usize,
            read: Read::Eventual,
        };
        let mut found = Vec::new();
        for item in self.dynamo.query(&query).await? {
            found.extend(WebhookItem::from_item(item)?.map(Webhook::from));
        }
        let found: Arc<[Webhook]> = found.into();
        self.webhooks.insert(org.clone(), Arc::clone(&found), now);
        Ok(found)
    }

    /// A webhook with its secrets, read strongly; `None` when it is deleted.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn find_endpoint(&self, id: WebhookId) -> Result<Option<Endpoint>, StoreError> {
        let found: Option<WebhookItem> = self.dynamo.get(&keys::webhook(id), Read::Strong).await?;
        found.map(Endpoint::try_from).transpose()
    }

    /// Notes what an attempt that has ended at `now` says of the receiver of `webhook`, which was
    /// read before it. Nothing is read or written where it says nothing new. Gives the webhook
    /// where this has changed it.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn note_receiver(
        &self,
        webhook: &Webhook,
        receiver: ReceiverState,
        now: DateTime<Utc>,
    ) -> Result<Option<Webhook>, StoreError> {
        if webhook.clone().after(receiver, now) == *webhook {
            return Ok(None);
        }
        for _ in 0..STARTS {
            let key = keys::webhook(webhook.id);
            let Some(item) = self.dynamo.get::<WebhookItem>(&key, Read::Strong).await? else {
                return Ok(None);
            };
            let endpoint = Endpoint::try_from(item.clone())?;
            let is_moved = endpoint.webhook.url != webhook.url;
            let changed = Endpoint {
                webhook: endpoint.webhook.clone().after(receiver, now),
                secrets: endpoint.secrets.clone(),
            };
            if is_moved || changed == endpoint {
                return Ok(None);
            }
            let unchanged = Condition::new(UNCHANGED).bind(":version", &item.version());
            let changed_item = item.changed_to(&changed);
            if self.dynamo.put(&changed_item, unchanged).await? == Written::Done {
                self.webhooks.invalidate(item.org());
                return Ok(Some(changed.webhook));
            }
        }
        Err(StoreError::retries_exhausted("a note of a receiver"))
    }
}
