//! The queue between what has happened and the webhooks that hear of it.
//!
//! A message says which attempt of which delivery is due, and nothing else: the delivery itself is
//! in the table, and so is when it is due. So a message may come twice, late or not at all; what
//! is overdue is queued again.
//!
//! The queue is a standard one whose messages are grouped by webhook. SQS then serves the other
//! groups first while one of them keeps its consumers busy.

use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::BoxError;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use chrono::TimeDelta;
use domain::delivery::{DeliveryKey, DueDelivery};
use serde::{Deserialize, Serialize};

/// The longest time for which a message can be put off.
pub const LONGEST_DELAY: TimeDelta = TimeDelta::minutes(15);

/// How long after it was due a message is taken for lost.
pub const MARGIN: TimeDelta = TimeDelta::minutes(2);

/// How many messages a call takes.
const AT_MOST: usize = 10;

/// An attempt that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueAttempt {
    /// Of which delivery.
    #[serde(flatten)]
    pub key: DeliveryKey,
    /// Which version of it: an attempt that has begun since is another one.
    pub version: u64,
}

impl From<DueDelivery> for DueAttempt {
    fn from(due: DueDelivery) -> Self {
        Self {
            key: due.key,
            version: due.version,
        }
    }
}

/// A queue, by its URL.
#[derive(Debug, Clone)]
pub struct Queue {
    client: Client,
    url: String,
}

/// The queue took none of the messages of a call.
#[derive(Debug, thiserror::Error)]
#[error("SQS does not take messages")]
pub struct QueueError(#[source] BoxError);

impl Queue {
    /// The queue at `url`.
    pub fn new(aws: &SdkConfig, url: &str) -> Self {
        Self {
            client: Client::new(aws),
            url: url.to_owned(),
        }
    }

    /// Sends what is due after `delay`, which is no longer than [`LONGEST_DELAY`]. What the queue
    /// does not take is logged: it is in the table as due, and queued again when it is overdue.
    ///
    /// # Errors
    /// [`QueueError`] when the queue cannot be reached; the rest is not sent.
    pub async fn send(&self, due: &[DueAttempt], delay: TimeDelta) -> Result<(), QueueError> {
        for part in due.chunks(AT_MOST) {
            let entries = part.iter().enumerate();
            let entries = entries.map(|(at, due)| entry(at, due, delay));
            let entries = entries.collect::<Result<Vec<_>, _>>()?;
            let sent = self
                .client
                .send_message_batch()
                .queue_url(&self.url)
                .set_entries(Some(entries))
                .send();
            let answer = sent.await.map_err(|error| QueueError(error.into()))?;
            for refused in answer.failed() {
                tracing::warn!(code = refused.code(), "the queue did not take a delivery");
            }
        }
        Ok(())
    }
}

fn entry(
    at: usize,
    due: &DueAttempt,
    delay: TimeDelta,
) -> Result<SendMessageBatchRequestEntry, QueueError> {
    let body = serde_json::to_string(due).map_err(|error| QueueError(error.into()))?;
    // Rounded up: an attempt is never early.
    let delay = (delay
        .clamp(TimeDelta::zero(), LONGEST_DELAY)
        .num_milliseconds()
        + 999)
        / 1_000;
    let entry = SendMessageBatchRequestEntry::builder()
        .id(at.to_string())
        .message_group_id(due.key.webhook.to_string())
        .delay_seconds(i32::try_from(delay).unwrap_or(0))
        .message_body(body)
        .build();
    entry.map_err(|error| QueueError(error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_message_names_an_attempt_and_is_grouped_by_its_webhook() {
        let due = DueAttempt {
            key: DeliveryKey {
                webhook: "whk_019d2a5c000070008000000000000003"
                    .parse()
                    .expect("an id"),
                event: "evt_019d2a5c000070008000000000000003"
                    .parse()
                    .expect("an id"),
            },
            version: 2,
        };
        let text = json!({
            "webhook": "whk_019d2a5c000070008000000000000003",
            "event": "evt_019d2a5c000070008000000000000003", "version": 2,
        });
        for (delay, seconds) in [
            (TimeDelta::zero(), 0),
            (TimeDelta::milliseconds(4_100), 5),
            (TimeDelta::minutes(15), 900),
            (TimeDelta::hours(2), 900),
            (TimeDelta::seconds(-1), 0),
        ] {
            let entry = entry(7, &due, delay).expect("an entry");
            let body: serde_json::Value = serde_json::from_str(entry.message_body()).expect("JSON");
            assert_eq!(body, text);
            assert_eq!((entry.id(), entry.delay_seconds()), ("7", Some(seconds)));
            let group = entry.message_group_id().expect("a group");
            assert_eq!(group, due.key.webhook.to_string());
        }
        assert_eq!(serde_json::from_value::<DueAttempt>(text).ok(), Some(due));
    }
}
