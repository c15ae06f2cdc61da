//! API keys: made, listed, revoked, and recognised.
//!
//! A key that is presented costs one read, and then none for ten seconds: so long may a
//! revoked one still open in a process that has just used it. The first use of a day in a
//! process notes the day, by a plain update.

use crate::api_key_item::ApiKeyItem;
use crate::dynamo::Read;
use crate::error::{ListOfOrgError, StoreError, TransactError};
use crate::expression::{EXISTS, Update};
use crate::idempotency::{IdempotencyKey, IdempotentReply, find_reply};
use crate::keys;
use crate::page::{ListRequest, Page};
use crate::short_list::ShortList;
use crate::store::{Store, UnscopedStore};
use crate::transaction::{Conflict, until_settled};
use chrono::{DateTime, Utc};
use domain::api_key::{ApiKeyRefusal, ApiKeyStatus, NewApiKey};
use domain::{ApiKey, ApiKeyId, KeyMode, KeyText, OrgId, OwnerFilter, Timestamp};

/// A key that was just made, or the record of it where a request is repeated.
#[derive(Debug, Clone, PartialEq)]
pub struct IssuedKey {
    /// The record.
    pub key: ApiKey,
    /// The key itself. Only the first answer has it: the table does not.
    pub text: Option<KeyText>,
}

impl UnscopedStore {
    /// The key that a caller presents as `text`, if it is active at `now`. Notes its use.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn recognise_api_key(
        &self,
        text: &KeyText,
        now: DateTime<Utc>,
    ) -> Result<Option<ApiKey>, StoreError> {
        let item = match self.api_keys.get(&text.id(), now) {
            Some(item) => item,
            None => {
                let key = keys::api_key(text.id());
                let Some(item) = self.dynamo.get::<ApiKeyItem>(&key, Read::Strong).await? else {
                    return Ok(None);
                };
                self.api_keys.insert(item.id, item.clone(), now);
                item
            }
        };
        if !item.is_known_by(text) {
            return Ok(None);
        }
        let key = ApiKey::from(item.clone());
        if key.status(now) != ApiKeyStatus::Active {
            return Ok(None);
        }
        if key.is_first_use_of_day(now) {
            self.note_use(item, now).await;
        }
        Ok(Some(key))
    }

    /// Notes the day of a key's use, once a day. A note that is lost is no reason to refuse
    /// the request.
    async fn note_use(&self, item: ApiKeyItem, now: DateTime<Utc>) {
        let today = now.date_naive();
        let note = Update::new("SET #last_used_on = :today")
            .when("attribute_exists(pk) AND (attribute_not_exists(last_used_on) OR last_used_on < :today)")
            .bind(":today", &today);
        let noted = self.dynamo.update(&keys::api_key(item.id), note).await;
        if noted.is_ok() {
            self.api_keys.insert(item.id, item.used_on(today), now);
        }
    }
}

impl Store {
    /// Makes a key.
    ///
    /// # Errors
    /// [`ApiKeyRefusal`].
    pub async fn create_api_key(
        &self,
        new: NewApiKey,
        mode: KeyMode,
        key: Option<&IdempotencyKey>,
        now: DateTime<Utc>,
    ) -> Result<IdempotentReply<IssuedKey>, TransactError<ApiKeyRefusal>> {
        if !self.scope().covers_org(&new.org) {
            return Err(TransactError::Refused(ApiKeyRefusal::OutOfScope));
        }
        let made = new.issue(now).map_err(TransactError::Refused)?;
        let text = KeyText::generate(made.id, mode);
        let item = ApiKeyItem::new(&made, &text);
        until_settled("a new API key", || async {
            // Only a racer with the same key overtakes: its reply is found then.
            if let Some(reply) = find_reply::<ApiKeyItem, _>(&self.dynamo, key, now).await? {
                return Ok(reply.map(|item| IssuedKey {
                    key: item.into(),
                    text: None,
                }));
            }
            self.transaction()
                .keep_reply(key, item.clone(), now)
                .create(&item, |_| Conflict::Overtaken)
                .commit()
                .await?;
            let issued = IssuedKey {
                key: made.clone(),
                text: Some(text.clone()),
            };
            Ok(IdempotentReply::fresh(issued, now))
        })
        .await
    }

    /// A key's record, read strongly, if it is in scope.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn find_api_key(&self, id: ApiKeyId) -> Result<Option<ApiKey>, StoreError> {
        let found: Option<ApiKeyItem> = self.dynamo.get(&keys::api_key(id), Read::Strong).await?;
        let found = found.filter(|item| self.scope().covers_org(&item.org));
        Ok(found.map(ApiKey::from))
    }

    /// Revokes a key, and gives it as it is then. The first time stays. `None` when there is
    /// no such key in scope.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn revoke_api_key(
        &self,
        id: ApiKeyId,
        now: DateTime<Utc>,
    ) -> Result<Option<ApiKey>, StoreError> {
        let Some(key) = self.find_api_key(id).await? else {
            return Ok(None);
        };
        let at = key.revoked_at.unwrap_or(Timestamp::from(now));
        let revoke = Update::new("SET #revoked_at = if_not_exists(#revoked_at, :at)")
            .when(EXISTS)
            .bind(":at", &at);
        self.dynamo.update(&keys::api_key(id), revoke).await?;
        self.api_keys.invalidate(&id);
        // A racer's time may differ, by less than the two requests took.
        Ok(Some(ApiKey {
            revoked_at: Some(at),
            ..key
        }))
    }

    /// The newest keys of an organisation: of the one that `org` names, or else of the
    /// caller's own.
    ///
    /// # Errors
    /// [`ListOfOrgError`].
    pub async fn list_api_keys(
        &self,
        org: Option<OrgId>,
        request: ListRequest,
    ) -> Result<Page<ApiKey>, ListOfOrgError> {
        let filter = OwnerFilter { mentor: None, org };
        let org = self.scope().narrow(filter)?.org;
        let pk = keys::api_keys_of(&org.ok_or(ListOfOrgError::OrgRequired)?);
        let sort_key = |id| ApiKeyId::from_uuid(id).to_string();
        let list = ShortList::read::<ApiKeyItem>(&self.dynamo, pk, sort_key, request).await?;
        Ok(list.page(|key: &ApiKey| key.id.uuid(), |_| true))
    }
}
