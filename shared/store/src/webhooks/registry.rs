//! Webhooks as staff make, change and delete them.

use crate::dynamo::Read;
use crate::entity::Untyped;
use crate::error::{ListOfOrgError, StoreError, TransactError};
use crate::expression::{Condition, EXISTS, UNCHANGED, Update};
use crate::idempotency::{IdempotencyKey, IdempotentReply, find_reply};
use crate::keys;
use crate::page::{ListRequest, Page};
use crate::short_list::ShortList;
use crate::store::Store;
use crate::transaction::{Attempt, Conflict, refused, until_settled};
use crate::webhook_item::WebhookItem;
use chrono::{DateTime, Utc};
use domain::webhook::{MOST_OF_ORG, NewWebhook, WebhookChange, WebhookRefusal};
use domain::{
    Endpoint, OrgId, OwnerFilter, Webhook, WebhookId, WebhookSecret, WebhookSecrets, WebhookTargets,
};
use std::convert::Infallible;

/// A webhook with the secret that was just made for it.
#[derive(Debug, Clone, PartialEq)]
pub struct IssuedWebhook {
    /// The webhook.
    pub webhook: Webhook,
    /// The new secret. Only the first answer has it.
    pub secret: Option<WebhookSecret>,
}

impl IssuedWebhook {
    fn new(endpoint: &Endpoint) -> Self {
        Self {
            webhook: endpoint.webhook.clone(),
            secret: Some(endpoint.secrets.current.clone()),
        }
    }

    /// What a repeated request finds.
    fn kept(item: WebhookItem) -> Self {
        Self {
            webhook: item.into(),
            secret: None,
        }
    }
}

impl Store {
    /// Makes a webhook.
    ///
    /// # Errors
    /// [`WebhookRefusal::OutOfScope`], [`WebhookRefusal::PlainHttp`], [`WebhookRefusal::TooMany`].
    pub async fn create_webhook(
        &self,
        new: NewWebhook,
        targets: WebhookTargets,
        key: Option<&IdempotencyKey>,
        now: DateTime<Utc>,
    ) -> Result<IdempotentReply<IssuedWebhook>, TransactError<WebhookRefusal>> {
        if !self.scope().covers_org(&new.org) {
            return Err(TransactError::Refused(WebhookRefusal::OutOfScope));
        }
        let endpoint = new.issue(targets, now).map_err(TransactError::Refused)?;
        let item = WebhookItem::new(&endpoint).made_under(key.map(IdempotencyKey::hash));
        let made = until_settled("a new webhook", || async {
            // Only a racer with the same key overtakes: its reply is found then.
            if let Some(reply) = find_reply::<WebhookItem, _>(&self.dynamo, key, now).await? {
                return Ok(reply.map(IssuedWebhook::kept));
            }
            let one_more = Update::new("ADD #count :one")
                .when("attribute_not_exists(#count) OR #count < :most")
                .bind(":one", &1)
                .bind(":most", &MOST_OF_ORG);
            self.transaction()
                .keep_reply(key, item.without_secrets(), now)
                .update(
                    &keys::webhook_count(item.org()),
                    one_more,
                    |_: Option<Untyped>| Conflict::Refused(WebhookRefusal::TooMany),
                )
                .create(&item, |_| Conflict::Overtaken)
                .commit()
                .await?;
            Ok(IdempotentReply::fresh(IssuedWebhook::new(&endpoint), now))
        });
        let made = made.await?;
        self.webhooks.invalidate(&made.value.webhook.org);
        Ok(made)
    }

    /// A webhook, read strongly, if it is in scope.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn find_webhook(&self, id: WebhookId) -> Result<Option<Webhook>, StoreError> {
        let item = self.find_webhook_item(id).await?;
        Ok(item.map(Webhook::from))
    }

    async fn find_webhook_item(&self, id: WebhookId) -> Result<Option<WebhookItem>, StoreError> {
        let found: Option<WebhookItem> = self.dynamo.get(&keys::webhook(id), Read::Strong).await?;
        Ok(found.filter(|item| self.scope().covers_org(item.org())))
    }

    /// Changes a webhook as `change` says, and gives it as it is then.
    ///
    /// # Errors
    /// [`WebhookRefusal::NotFound`], [`WebhookRefusal::PlainHttp`].
    pub async fn update_webhook(
        &self,
        id: WebhookId,
        change: &WebhookChange,
        targets: WebhookTargets,
        now: DateTime<Utc>,
    ) -> Result<Webhook, TransactError<WebhookRefusal>> {
        until_settled("the webhook", || async {
            let found = self.find_webhook_item(id).await?;
            let item = found.ok_or(refused(WebhookRefusal::NotFound))?;
            let endpoint = Endpoint::try_from(item.clone())?;
            let changed = endpoint.webhook.clone();
            let changed = changed.changed(change.clone(), targets, now);
            let changed = Endpoint {
                webhook: changed.map_err(refused)?,
                ..endpoint.clone()
            };
            if changed != endpoint {
                self.replace_webhook(&item, &changed, None, now).await?;
            }
            Ok(changed.webhook)
        })
        .await
    }

    /// Gives a webhook a new secret; the one until now signs for a day still.
    ///
    /// # Errors
    /// [`WebhookRefusal::NotFound`].
    pub async fn rotate_webhook_secret(
        &self,
        id: WebhookId,
        key: Option<&IdempotencyKey>,
        now: DateTime<Utc>,
    ) -> Result<IdempotentReply<IssuedWebhook>, TransactError<WebhookRefusal>> {
        until_settled("the webhook's secret", || async {
            if let Some(reply) = find_reply::<WebhookItem, _>(&self.dynamo, key, now).await? {
                return Ok(reply.map(IssuedWebhook::kept));
            }
            let found = self.find_webhook_item(id).await?;
            let item = found.ok_or(refused(WebhookRefusal::NotFound))?;
            let Endpoint { webhook, secrets } = Endpoint::try_from(item.clone())?;
            let rotated = Endpoint {
                webhook,
                secrets: WebhookSecrets::rotated(secrets, now),
            };
            self.replace_webhook(&item, &rotated, key, now).await?;
            Ok(IdempotentReply::fresh(IssuedWebhook::new(&rotated), now))
        })
        .await
    }

    async fn replace_webhook<R>(
        &self,
        read: &WebhookItem,
        changed: &Endpoint,
        key: Option<&IdempotencyKey>,
        now: DateTime<Utc>,
    ) -> Attempt<(), R> {
        let unchanged = Condition::new(UNCHANGED).bind(":version", &read.version());
        let item = read.changed_to(changed);
        self.transaction()
            .keep_reply(key, item.without_secrets(), now)
            .put(&item, unchanged, |_| Conflict::Overtaken)
            .commit()
            .await?;
        self.webhooks.invalidate(item.org());
        Ok(())
    }

    /// Deletes a webhook, and gives it as it was. `None` when there is none in scope, or no
    /// longer. What is on its way to it is dropped at the next attempt.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn delete_webhook(
        &self,
        id: WebhookId,
        now: DateTime<Utc>,
    ) -> Result<Option<Webhook>, StoreError> {
        let deleted = until_settled::<_, Infallible, _>("the webhook", || async {
            let Some(item) = self.find_webhook_item(id).await? else {
                return Ok(None);
            };
            let one_less = Update::new("ADD #count :one").bind(":one", &-1);
            let (made_under, made_at) = item.origin();
            self.transaction()
                .delete(
                    &keys::webhook(id),
                    Condition::new(EXISTS),
                    |_: Option<WebhookItem>| Conflict::Overtaken,
                )
                .update(
                    &keys::webhook_count(item.org()),
                    one_less,
                    |_: Option<Untyped>| Conflict::Overtaken,
                )
                .drop_reply(made_under, made_at, now)
                .commit()
                .await?;
            self.webhooks.invalidate(item.org());
            Ok(Some(Webhook::from(item)))
        });
        deleted.await.map_err(TransactError::into_store_error)
    }

    /// The newest webhooks of an organisation: of the one that `org` names, or else of the
    /// caller's own.
    ///
    /// # Errors
    /// [`ListOfOrgError`].
    pub async fn list_webhooks(
        &self,
        org: Option<OrgId>,
        request: ListRequest,
    ) -> Result<Page<Webhook>, ListOfOrgError> {
        let filter = OwnerFilter { mentor: None, org };
        let org = self.scope().narrow(filter)?.org;
        let pk = keys::webhooks_of(&org.ok_or(ListOfOrgError::OrgRequired)?);
        let sort_key = |id| WebhookId::from_uuid(id).to_string();
        let list = ShortList::read::<WebhookItem>(&self.dynamo, pk, sort_key, request).await?;
        Ok(list.page(|webhook: &Webhook| webhook.id.uuid(), |_| true))
    }
}
