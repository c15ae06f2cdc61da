//! Requests whose parts have an effect each: the request's idempotency key is claimed first.

use crate::error::TransactError;
use crate::idempotency::{IdempotencyKey, find_reply};
use crate::store::Store;
use crate::transaction::until_settled;
use chrono::{DateTime, Utc};
use std::convert::Infallible;

impl Store {
    /// Keeps `key` for this request alone, whose parts each keep what they come to under a key
    /// of their own ([`IdempotencyKey::of_part`]): another request is refused before it has an
    /// effect. Two trips for the first request, one for a repetition, none without a key.
    ///
    /// # Errors
    /// [`TransactError::KeyReused`] when a request with another body has the key.
    pub async fn claim_key(
        &self,
        key: Option<&IdempotencyKey>,
        now: DateTime<Utc>,
    ) -> Result<(), TransactError<Infallible>> {
        if key.is_none() {
            return Ok(());
        }
        until_settled("an idempotency key", || async {
            if find_reply::<(), _>(&self.dynamo, key, now).await?.is_none() {
                let claim = self.transaction().keep_reply(key, (), now);
                claim.commit().await?;
            }
            Ok(())
        })
        .await
    }
}
