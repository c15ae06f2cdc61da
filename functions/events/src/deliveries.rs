//! A delivery for each webhook that is told of an event.

use crate::stream::Told;
use chrono::{DateTime, Utc};
use domain::delivery::NextAttempt;
use domain::{Delivery, Webhook};
use queue::{DueAttempt, Queue};
use store::{StoreError, UnscopedStore};
use web::problem::chain;

/// How many deliveries are begun side by side.
const AT_ONCE: usize = 16;

/// What became of the events of a batch.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Begun {
    /// The deliveries, begun now or before.
    pub due: Vec<DueAttempt>,
    /// The places in the stream of events of which one could not be begun.
    pub failed: Vec<String>,
}

/// Begins the deliveries of `told`, whose first attempts are to be as `next` says. One that was
/// begun before, as an event comes more than once, is left as it is.
pub async fn begin(
    store: &UnscopedStore,
    told: &[Told],
    next: NextAttempt,
    now: DateTime<Utc>,
) -> Begun {
    let mut begun = Begun::default();
    for part in told.chunks(AT_ONCE) {
        let each = part.iter().map(|told| begin_of(store, told, next, now));
        let each = futures::future::join_all(each).await;
        for (told, outcome) in part.iter().zip(each) {
            match outcome {
                Ok(due) => begun.due.extend(due),
                Err(error) => {
                    tracing::error!(cause = chain(&error), "a delivery is not begun");
                    begun.failed.push(told.place.clone());
                }
            }
        }
    }
    begun
}

/// Begins the deliveries of one event, to webhooks of its own organisation.
async fn begin_of(
    store: &UnscopedStore,
    told: &Told,
    next: NextAttempt,
    now: DateTime<Utc>,
) -> Result<Vec<DueAttempt>, StoreError> {
    let event = &told.event;
    let event_type = event.change.event_type();
    let is_told = |webhook: &&Webhook| webhook.org == event.org && webhook.is_told_of(event_type);
    let mut due = Vec::new();
    for webhook in store
        .webhooks_of(&event.org, now)
        .await?
        .iter()
        .filter(is_told)
    {
        let delivery = Delivery::new(webhook.id, event.clone(), next);
        store.begin_delivery(&delivery).await?;
        due.push(DueAttempt {
            key: delivery.key,
            version: delivery.version,
        });
    }
    Ok(due)
}

/// Queues the first attempts. What cannot be queued is in the table as due, and picked up when it
/// is overdue: the stream is not held up for it.
pub async fn send(queue: &Queue, due: &[DueAttempt]) {
    if let Err(error) = queue.send(due, chrono::TimeDelta::zero()).await {
        tracing::warn!(cause = chain(&error), "deliveries are not queued");
    }
}
