//! Turns at a receiver that gets one delivery at a time.

use crate::dynamo::Updated;
use crate::error::StoreError;
use crate::expression::Update;
use crate::keys;
use crate::store::UnscopedStore;
use chrono::{DateTime, TimeDelta, Utc};
use domain::WebhookId;

/// How long a turn is: an attempt is over by then.
const TURN: TimeDelta = TimeDelta::seconds(20);

/// How long an item stays that nobody needs.
const KEPT: TimeDelta = TimeDelta::days(1);

impl UnscopedStore {
    /// Takes the turn at a receiver from `now` on, for 20 seconds. Whether it is free: an answer
    /// that is lost leaves the turn to nobody.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn take_turn(
        &self,
        webhook: WebhookId,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let until = now + TURN;
        let update = Update::new("SET #until = :until, #expires = :expires")
            .when("attribute_not_exists(#until) OR #until <= :now")
            .bind(":now", &now.timestamp_millis())
            .bind(":until", &until.timestamp_millis())
            .bind(":expires", &(until + KEPT).timestamp());
        let turn = keys::webhook_turn(webhook);
        let taken = self.dynamo.update(&turn, update).await?;
        Ok(matches!(taken, Updated::Done(_)))
    }
}
