//! One attempt at a delivery.

use crate::Deliverer;
use crate::payload::message;
use chrono::{DateTime, TimeDelta, Utc};
use domain::attempt::{Answer, AttemptResult};
use domain::delivery::NextAttempt;
use domain::retry::{Jitter, NextStep, Outcome, is_one_at_a_time, put_off_until};
use domain::webhook::WebhookStatus;
use domain::{Delivery, DeliveryStatus, Endpoint, Webhook};
use futures::try_join;
use queue::{DueAttempt, LONGEST_DELAY, MARGIN};
use std::time::Instant;
use store::StoreError;
use web::problem::chain;

impl Deliverer {
    /// Makes the attempt that is due, unless somebody else makes it or has made it.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer: the attempt may have been made, and is made
    /// again when it is overdue.
    pub async fn attempt(&self, due: DueAttempt) -> Result<(), StoreError> {
        let now = self.clock.now();
        let (delivery, endpoint) = try_join!(
            self.store.find_delivery(due.key),
            self.store.find_endpoint(due.key.webhook),
        )?;
        let is_as_asked = |delivery: &Delivery| {
            delivery.version == due.version && delivery.status == DeliveryStatus::Pending
        };
        let Some(delivery) = delivery.filter(is_as_asked) else {
            return Ok(());
        };
        let is_told = |endpoint: &Endpoint| endpoint.webhook.status() == WebhookStatus::Enabled;
        let Some(endpoint) = endpoint.filter(is_told) else {
            self.store.replace_delivery(&delivery.given_up()).await?;
            return Ok(());
        };
        if let Some(until) = self.wait_for_turn(&endpoint.webhook, now).await? {
            let next = NextAttempt::at(until);
            self.store
                .replace_delivery(&delivery.postponed(next))
                .await?;
            return Ok(());
        }
        let Some(claimed) = delivery.claimed(now) else {
            return Ok(());
        };
        let is_ours = self.store.replace_delivery(&claimed).await?;
        if is_ours && claimed.status == DeliveryStatus::Pending {
            let (result, outcome) = self.call(&endpoint, &claimed, now).await?;
            self.conclude(&endpoint.webhook, claimed, result, outcome)
                .await?;
        }
        Ok(())
    }

    /// Until when a delivery waits whose receiver gets one at a time; `None` when it is its turn.
    async fn wait_for_turn(
        &self,
        webhook: &Webhook,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let failing_since = webhook.failing_since.map(|since| since.instant());
        let Some(since) = failing_since.filter(|_| is_one_at_a_time(failing_since, now)) else {
            return Ok(None);
        };
        let is_turn = self.store.take_turn(webhook.id, now).await?;
        Ok((!is_turn).then(|| put_off_until(since, now, Jitter::random())))
    }

    /// Calls the receiver.
    async fn call(
        &self,
        endpoint: &Endpoint,
        delivery: &Delivery,
        now: DateTime<Utc>,
    ) -> Result<(AttemptResult, Outcome), StoreError> {
        let message = message(&self.store, delivery, &endpoint.secrets, now.into()).await?;
        let begun = Instant::now();
        let url = &endpoint.webhook.url;
        let received = self.receivers.post(url, &message, now).await;
        let duration_ms = u32::try_from(begun.elapsed().as_millis()).unwrap_or(u32::MAX);
        let (answer, outcome) = match received {
            Ok(received) => (
                Answer::Status(received.status),
                Outcome::of_status(received.status, received.retry_after),
            ),
            Err(error) => (Answer::None(error), Outcome::Failed { retry_after: None }),
        };
        let result = AttemptResult {
            answer,
            duration_ms,
        };
        Ok((result, outcome))
    }

    /// Writes what has become of the delivery and of its webhook, and has it tried again.
    async fn conclude(
        &self,
        webhook: &Webhook,
        claimed: Delivery,
        result: AttemptResult,
        outcome: Outcome,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        let id = claimed.key.event;
        let attempts = claimed.attempts.len();
        let next = outcome.next_step(attempts, now, Jitter::random());
        let changed = match next {
            NextStep::Done => claimed.succeeded(result),
            NextStep::GiveUp => claimed.failed(result),
            NextStep::RetryAt(due) => claimed.retried(result, self.next_attempt(due, now)),
        };
        let is_ours = self.store.replace_delivery(&changed).await?;
        if let NextStep::RetryAt(due) = next
            && is_ours
        {
            self.send_soon(&changed, due - now).await;
        }
        let noted = self
            .store
            .note_receiver(webhook, outcome.into(), now)
            .await?;
        if let Some(reason) = noted.and_then(|webhook| webhook.disabled) {
            tracing::warn!(webhook = %webhook.id, reason = ?reason.reason, "a webhook is disabled");
        }
        if changed.status != DeliveryStatus::Delivered {
            tracing::info!(webhook = %webhook.id, event = %id, attempts, ?result, "not delivered");
        }
        Ok(())
    }

    /// An attempt at `due`: by a message, where the queue holds one for so long.
    fn next_attempt(&self, due: DateTime<Utc>, now: DateTime<Utc>) -> NextAttempt {
        // The table holds whole seconds, and an attempt is never early.
        let due_at = due + TimeDelta::milliseconds(999);
        match self.is_queued(due - now) {
            true => NextAttempt::sent(due_at, MARGIN),
            false => NextAttempt::at(due_at),
        }
    }

    /// Whether an attempt after `delay` waits in the queue.
    fn is_queued(&self, delay: TimeDelta) -> bool {
        self.queue.is_some() && delay <= LONGEST_DELAY
    }

    /// Sends the message for the next attempt, if the queue can hold it. One that cannot be sent
    /// is overdue later, and picked up.
    async fn send_soon(&self, delivery: &Delivery, delay: TimeDelta) {
        let Some(queue) = self.queue.as_ref().filter(|_| self.is_queued(delay)) else {
            return;
        };
        let due = DueAttempt {
            key: delivery.key,
            version: delivery.version,
        };
        if let Err(error) = queue.send(&[due], delay).await {
            tracing::warn!(cause = chain(&error), "a retry is not queued");
        }
    }
}
