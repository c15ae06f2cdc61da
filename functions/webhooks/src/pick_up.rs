//! What a schedule finds due: retries for which the queue's own delay is too short, and attempts
//! whose messages were lost.

use crate::Deliverer;
use chrono::TimeDelta;
use domain::Shard;
use domain::delivery::DueDelivery;
use futures::future::try_join_all;
use queue::{DueAttempt, Queue, QueueError};
use store::StoreError;

/// How many deliveries of a shard one run picks up: what is more waits for the next one.
const OF_SHARD: usize = 1_000;

/// What is due cannot be queued.
#[derive(Debug, thiserror::Error)]
pub enum PickUpError {
    /// It cannot be read.
    #[error("what is due cannot be read")]
    Store(#[from] StoreError),
    /// The queue does not take it.
    #[error("what is due cannot be queued")]
    Queue(#[from] QueueError),
}

impl Deliverer {
    /// What is due now, the oldest of each shard first.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn due(&self) -> Result<Vec<DueDelivery>, StoreError> {
        let now = self.clock.now();
        let of_shard = |shard| self.store.due_deliveries(shard, None, now, OF_SHARD);
        let found = try_join_all(Shard::all().map(of_shard)).await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// Queues what is due; how much that is. What is queued and waits is queued again by the next
    /// run, and attempted once.
    ///
    /// # Errors
    /// [`PickUpError`]: the next run finds what was not queued.
    pub async fn pick_up(&self, queue: &Queue) -> Result<usize, PickUpError> {
        let due: Vec<DueAttempt> = self.due().await?.into_iter().map(Into::into).collect();
        queue.send(&due, TimeDelta::zero()).await?;
        Ok(due.len())
    }
}
