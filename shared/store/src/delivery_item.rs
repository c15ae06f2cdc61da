//! What the item of a delivery holds.

use crate::entity::Entity;
use crate::error::StoreError;
use crate::keys::{self, Keys};
use domain::attempt::{Answer, Attempt, AttemptError, AttemptResult};
use domain::delivery::{Content, DeliveryKey, NextAttempt};
use domain::event::Change;
use domain::{Delivery, DeliveryStatus, EventId, OrgId, Timestamp, WebhookId};
use serde::{Deserialize, Serialize};

/// A delivery, and its event, as the outbox has it: it names nobody.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct DeliveryItem {
    #[serde(rename = "sk")]
    event: EventId,
    webhook: WebhookId,
    org: OrgId,
    /// Absent for a test.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    change: Option<Change>,
    status: DeliveryStatus,
    attempts: Vec<AttemptItem>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    due_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pick_up_at: Option<Timestamp>,
    version: u64,
    expires: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct AttemptItem {
    at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    error: Option<AttemptError>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    ms: Option<u32>,
}

impl Entity for DeliveryItem {
    const KIND: &'static str = "delivery";

    fn keys(&self) -> Keys {
        let key = DeliveryKey {
            webhook: self.webhook,
            event: self.event,
        };
        keys::delivery_due(key, self.pick_up_at)
    }
}

impl From<Attempt> for AttemptItem {
    fn from(attempt: Attempt) -> Self {
        let (status, error) = attempt.answer();
        Self {
            at: attempt.at,
            status,
            error,
            ms: attempt.result.map(|result| result.duration_ms),
        }
    }
}

impl From<AttemptItem> for Attempt {
    fn from(item: AttemptItem) -> Self {
        let status = item.status.map(Answer::Status);
        let answer = status.or(item.error.map(Answer::None));
        Self {
            at: item.at,
            result: answer.map(|answer| AttemptResult {
                answer,
                duration_ms: item.ms.unwrap_or_default(),
            }),
        }
    }
}

impl From<&Delivery> for DeliveryItem {
    fn from(delivery: &Delivery) -> Self {
        Self {
            event: delivery.key.event,
            webhook: delivery.key.webhook,
            org: delivery.org.clone(),
            change: match &delivery.content {
                Content::Change(change) => Some(change.clone()),
                Content::Test => None,
            },
            status: delivery.status,
            attempts: delivery.attempts.iter().copied().map(Into::into).collect(),
            due_at: delivery.next.map(|next| next.due_at),
            pick_up_at: delivery.next.map(|next| next.pick_up_at),
            version: delivery.version,
            expires: delivery.expires_at.epoch_seconds(),
        }
    }
}

impl TryFrom<DeliveryItem> for Delivery {
    type Error = StoreError;

    fn try_from(item: DeliveryItem) -> Result<Self, StoreError> {
        let expires_at = chrono::DateTime::from_timestamp(item.expires, 0);
        let next = item.due_at.zip(item.pick_up_at);
        Ok(Self {
            key: DeliveryKey {
                webhook: item.webhook,
                event: item.event,
            },
            org: item.org,
            content: item.change.map_or(Content::Test, Content::Change),
            status: item.status,
            attempts: item.attempts.into_iter().map(Into::into).collect(),
            next: next.map(|(due_at, pick_up_at)| NextAttempt { due_at, pick_up_at }),
            version: item.version,
            expires_at: expires_at
                .ok_or_else(|| StoreError::corrupt("a delivery that is kept for ever"))?
                .into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;
    use serde_json::{Value, json};

    fn stored(delivery: &Delivery) -> Value {
        let item = DeliveryItem::from(delivery).to_item().expect("an item");
        let read = DeliveryItem::from_item(item.clone()).ok().flatten();
        let read = read.map(Delivery::try_from).expect("a delivery");
        assert_eq!(read.expect("whole"), *delivery);
        serde_dynamo::from_item(item).expect("JSON")
    }

    fn valid<T: std::str::FromStr>(text: &str) -> T
    where
        T::Err: std::fmt::Debug,
    {
        text.parse().expect("valid")
    }

    #[test]
    fn a_delivery_is_with_its_webhook_and_among_the_due_ones_while_it_is_pending() {
        let change = json!({
            "type": "code.created",
            "data": {
                "id": "rc_019ba72246807000800000000000aa03", "code": "JAN-VERV-8F3A",
                "status": "active", "user_type": 2, "created_at": "2026-01-10T09:00:00Z",
            },
        });
        let begun = valid::<Timestamp>("2026-03-26T12:00:00Z").instant();
        let delivery = Delivery {
            key: DeliveryKey {
                webhook: valid("whk_019d2a5c000070008000000000000001"),
                event: valid("evt_019d2a5c000070008000000000000003"),
            },
            org: valid("org_1"),
            content: Content::Change(serde_json::from_value(change.clone()).expect("a change")),
            status: DeliveryStatus::Pending,
            attempts: Vec::new(),
            next: Some(NextAttempt::at(begun)),
            version: 0,
            expires_at: valid("2026-04-25T12:00:00Z"),
        };
        let result = |answer| AttemptResult {
            answer,
            duration_ms: 15_000,
        };
        let retried = delivery.clone().claimed(begun).expect("pending").retried(
            result(Answer::None(AttemptError::TimedOut)),
            NextAttempt::sent(begun + TimeDelta::seconds(5), TimeDelta::minutes(2)),
        );
        let mut expected = json!({
            "pk": "WEBHOOK#whk_019d2a5c000070008000000000000001#03",
            "sk": "evt_019d2a5c000070008000000000000003",
            "gsi2pk": "DUE#03",
            "gsi2sk": "2026-03-26T12:02:05Z#evt_019d2a5c000070008000000000000003\
                       #whk_019d2a5c000070008000000000000001",
            "kind": "delivery", "webhook": "whk_019d2a5c000070008000000000000001",
            "org": "org_1", "change": change, "status": "pending",
            "attempts": [{"at": "2026-03-26T12:00:00Z", "error": "timed_out", "ms": 15_000}],
            "due_at": "2026-03-26T12:00:05Z", "pick_up_at": "2026-03-26T12:02:05Z",
            "version": 2, "expires": 1_777_118_400,
        });
        assert_eq!(stored(&retried), expected);

        let again = retried.claimed(begun + TimeDelta::seconds(5));
        let ended = again
            .expect("pending")
            .succeeded(result(Answer::Status(204)));
        let item = expected.as_object_mut().expect("an object");
        for gone in ["gsi2pk", "gsi2sk", "due_at", "pick_up_at"] {
            item.remove(gone);
        }
        expected["status"] = json!("delivered");
        expected["version"] = json!(4);
        let attempts = expected["attempts"].as_array_mut().expect("a list");
        attempts.push(json!({"at": "2026-03-26T12:00:05Z", "status": 204, "ms": 15_000}));
        assert_eq!(stored(&ended), expected);

        let test = Delivery {
            content: Content::Test,
            ..delivery
        };
        assert_eq!(stored(&test).get("change"), None);
    }
}
