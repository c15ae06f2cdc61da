//! Deleting an attribution.

use super::tally::CountingCode;
use super::{change_of, unconfirmed};
use crate::attribution_item::{AttributionChange, AttributionItem, CHANGE_RETENTION, MemberGuard};
use crate::error::{StoreError, TransactError};
use crate::expression::{Condition, LIVE, Update};
use crate::keys;
use crate::store::Store;
use crate::transaction::{Attempt, Conflict, until_settled};
use chrono::{DateTime, Utc};
use domain::attribution::Conversion;
use domain::event::Change;
use domain::event_data::AttributionState;
use domain::{Attribution, AttributionId, OutboxEntry, Source, Timestamp};
use std::convert::Infallible;

/// What is left counts the click when it is folded, and names nobody.
const STRIP: &str = "SET deleted_at = :at REMOVE ip_address, user_agent, referrer_url, \
                     new_member, confirmed_at, is_counted, made_under";

/// The same of a click that was not confirmed: in time it goes together with its removal. The
/// conversion of a confirmed one is a fact of its own, so that all three stay.
const STRIP_FOR_A_WHILE: &str = "SET deleted_at = :at, expires = :expires REMOVE ip_address, \
                                 user_agent, referrer_url, made_under";

impl Store {
    /// Deletes an attribution and the reply that it was recorded with, frees its member, and
    /// takes it out of every count. `None` when it is not there, or no longer.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn delete_attribution(
        &self,
        id: AttributionId,
        now: DateTime<Utc>,
    ) -> Result<Option<Timestamp>, StoreError> {
        let at = Timestamp::from(now);
        let deleted = until_settled("the attribution", || async {
            let Some(item) = self.find_attribution_item(id, now).await? else {
                return Ok(None);
            };
            let counting = match item.is_confirmed() {
                true => self.counting_code(&item).await?,
                false => None,
            };
            self.commit_removal(item, counting.as_ref(), at, now)
                .await?;
            Ok(Some(at))
        });
        deleted.await.map_err(TransactError::into_store_error)
    }

    async fn commit_removal(
        &self,
        item: AttributionItem,
        counting: Option<&CountingCode>,
        at: Timestamp,
        now: DateTime<Utc>,
    ) -> Attempt<(), Infallible> {
        let attribution = Attribution::from(item.clone());
        let (made_under, made_at) = item.origin();
        let conversion = attribution.conversion.as_ref();
        let expires = (now + CHANGE_RETENTION).timestamp();
        let change = AttributionChange {
            sign: -1,
            clicked_on: match attribution.source {
                Source::Click => Some(attribution.occurred_at.day()),
                Source::Typed => None,
            },
            converted_on: conversion.map(|conversion| conversion.confirmed_at.day()),
            expires: conversion.is_none().then_some(expires),
            ..change_of(&attribution, now)
        };
        let strip = stripping(conversion, at, expires);
        let told = Change::AttributionDeleted(AttributionState::from(&attribution));
        let transaction = self
            .transaction()
            .update(
                &keys::attribution(attribution.id),
                strip,
                |_: Option<AttributionItem>| Conflict::Overtaken,
            )
            .create(&change, |_| Conflict::Overtaken)
            .drop_reply(made_under, made_at, now)
            .emit(OutboxEntry::new(&attribution.org, told, now));
        let Some(conversion) = conversion else {
            return transaction.commit().await;
        };
        let guard = keys::member_guard(&attribution.org, &conversion.member);
        let is_own = Condition::new("attribution = :id").bind(":id", &attribution.id);
        let transaction =
            transaction.delete(&guard, is_own, |_: Option<MemberGuard>| Conflict::Overtaken);
        let Some(counting) = counting else {
            return transaction.commit().await;
        };
        transaction.uncount_on(counting).commit().await
    }
}

/// What takes everything that names anybody out of an attribution that is as it was read.
fn stripping(conversion: Option<&Conversion>, at: Timestamp, expires: i64) -> Update {
    let strip = match conversion {
        None => Update::new(STRIP_FOR_A_WHILE)
            .when(unconfirmed())
            .bind(":expires", &expires),
        Some(_) => Update::new(STRIP).when(format!("{LIVE} AND attribute_exists(confirmed_at)")),
    };
    strip.bind(":at", &at)
}
