//! A batch of the queue, as Lambda hands it on.

use crate::Deliverer;
use futures::future::join_all;
use queue::DueAttempt;
use serde_json::Value;
use web::lambda::BatchFailures;
use web::problem::chain;

impl Deliverer {
    /// Makes the attempts that the messages of a batch name, side by side: a receiver that
    /// fails is no failure of its message. Gives those that cannot be read, or whose delivery
    /// cannot be.
    pub async fn deliver(&self, batch: &Value) -> BatchFailures {
        let records = batch["Records"].as_array().map_or(&[][..], Vec::as_slice);
        let each = join_all(records.iter().map(|record| self.deliver_one(record))).await;
        each.into_iter().flatten().collect()
    }

    /// Gives the message's id where it is to come again.
    async fn deliver_one(&self, record: &Value) -> Option<String> {
        let id = record["messageId"].as_str().unwrap_or_default();
        let body = record["body"].as_str().unwrap_or_default();
        match serde_json::from_str::<DueAttempt>(body) {
            Ok(due) => match self.attempt(due).await {
                Ok(()) => return None,
                Err(error) => tracing::error!(cause = chain(&error), "no attempt could be made"),
            },
            Err(error) => tracing::error!(%error, "a message of the queue cannot be read"),
        }
        Some(id.to_owned())
    }
}
