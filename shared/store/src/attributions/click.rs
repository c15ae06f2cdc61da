//! A click on a code, recorded as a fact.

use crate::attribution_item::AttributionItem;
use crate::code_item::CanonicalCode;
use crate::dynamo::Read;
use crate::error::{StoreError, TransactError};
use crate::idempotency::{IdempotencyKey, IdempotentReply, find_reply};
use crate::keys;
use crate::store::Store;
use crate::transaction::{Attempt, Conflict, refused, until_settled};
use chrono::{DateTime, Utc};
use domain::click::{Click, ClickRefusal};
use domain::{Attribution, AttributionId, Code, CodeRecord, FoldedCode};
use futures::future::join;
use futures::try_join;
use std::time::Duration;

/// A visit of a code's short link.
#[derive(Debug)]
pub struct RecordedVisit {
    /// The code, which can be used.
    pub code: Code,
    /// The click that was recorded, or why none was.
    pub click: Result<AttributionId, StoreError>,
}

impl Store {
    /// Records a click on a code: one eventually consistent read, one write. With a key, the
    /// write and the kept reply are one transaction, which touches this click and this key
    /// alone, so clicks stay apart.
    ///
    /// # Errors
    /// [`ClickRefusal`] when the code is unknown or cannot be used.
    pub async fn record_click(
        &self,
        click: Click,
        key: Option<&IdempotencyKey>,
        now: DateTime<Utc>,
    ) -> Result<IdempotentReply<Attribution>, TransactError<ClickRefusal>> {
        until_settled("the click", || async {
            let occurred_at = click.occurred_at(now).map_err(refused)?;
            let earlier = find_reply::<AttributionItem, _>(&self.dynamo, key, now);
            let (earlier, code) = join(earlier, self.code_to_click(&click.code, now)).await;
            // The first reply holds, whatever has become of the code.
            if let Some(reply) = earlier? {
                return Ok(reply.map(Attribution::from));
            }
            let attribution = click.clone().attribution(code?, occurred_at, now);
            let hash = key.map(IdempotencyKey::hash);
            let item = AttributionItem::from(&attribution).made_under(hash);
            if key.is_none() {
                self.dynamo.put_new(&item).await?;
            } else {
                self.transaction()
                    .keep_reply(key, item.clone(), now)
                    .create(&item, |_| Conflict::<ClickRefusal>::Overtaken)
                    .commit()
                    .await?;
            }
            Ok(IdempotentReply::fresh(attribution, now))
        })
        .await
    }

    /// Records a click of a visitor who waits for `patience` at most until it is written. One
    /// that cannot be written is lost, and the visit goes on.
    ///
    /// # Errors
    /// [`ClickRefusal`] when the code is unknown or cannot be used; [`StoreError`] when it
    /// cannot be read.
    pub async fn record_visit(
        &self,
        click: Click,
        patience: Duration,
        now: DateTime<Utc>,
    ) -> Result<RecordedVisit, TransactError<ClickRefusal>> {
        let attribution = until_settled("the visit", || async {
            let occurred_at = click.occurred_at(now).map_err(refused)?;
            let code = self.code_to_click(&click.code, now).await?;
            Ok(click.clone().attribution(code, occurred_at, now))
        })
        .await?;
        let item = AttributionItem::from(&attribution);
        let written = tokio::time::timeout(patience, self.dynamo.put_new(&item)).await;
        let written = written.unwrap_or_else(|_| Err(StoreError::too_slow(patience)));
        Ok(RecordedVisit {
            click: written.map(|()| attribution.id),
            code: attribution.code,
        })
    }

    /// The code as a click on it needs it: read eventually, as a code that goes round the
    /// world takes more reads than one partition serves strongly.
    async fn code_to_click(
        &self,
        code: &FoldedCode,
        now: DateTime<Utc>,
    ) -> Attempt<CodeRecord, ClickRefusal> {
        let lookup = self.begin_lookup().await?;
        let key = keys::code(code);
        let (seen, ()): (Option<CanonicalCode>, ()) = try_join!(
            self.dynamo.get(&key, Read::Eventual),
            self.check_misses(lookup.as_ref())
        )?;
        let seen = seen.and_then(|canonical| self.in_scope(canonical.into()));
        // A code that was made a moment ago may not be seen eventually; it is strongly. One out
        // of scope takes the same way as one that does not exist.
        let code = match seen {
            Some(code) => code,
            None => {
                let found = self.dynamo.get(&key, Read::Strong).await?;
                let found = self.in_scope_or_missed(found, lookup).await?;
                found.ok_or(refused(ClickRefusal::UnknownCode))?
            }
        };
        let program = self.program_of_code(code.record.terms.program, now).await?;
        match code.check_usable(program.as_ref(), now) {
            Ok(()) => Ok(code.record),
            Err(reason) => Err(refused(ClickRefusal::Unusable(reason))),
        }
    }

    /// The code that `code` folds to, if it can be used at `now`; read as a click reads it.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn find_usable_code(
        &self,
        code: &FoldedCode,
        now: DateTime<Utc>,
    ) -> Result<Option<CodeRecord>, StoreError> {
        match self.code_to_click(code, now).await {
            Ok(record) => Ok(Some(record)),
            Err(TransactError::Refused(_) | TransactError::KeyReused) => Ok(None),
            Err(TransactError::Store(error)) => Err(error),
        }
    }
}
