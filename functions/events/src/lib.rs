//! What the table's stream leads to: each event of the outbox goes to the stack's bus, and to a
//! delivery for each webhook of its organisation that is told of it.
//!
//! An event goes out at least once: what could not be told is reported by its place in the
//! stream, from which Lambda goes on. Receivers tell a repetition by its id.

pub mod bus;
pub mod deliveries;
pub mod stream;

use bus::{Bus, BusError};
use chrono::{DateTime, Utc};
use domain::NamedEvent;
use domain::delivery::NextAttempt;
use queue::{MARGIN, Queue};
use serde_json::Value;
use store::{StoreError, UnscopedStore};
use stream::Told;
use web::lambda::BatchFailures;

/// Nothing of a batch was told.
#[derive(Debug, thiserror::Error)]
pub enum TellError {
    /// The records that name people could not be read.
    #[error("whom the events are about cannot be read")]
    Store(#[from] StoreError),
    /// The bus took no event.
    #[error("the bus cannot be reached")]
    Bus(#[from] BusError),
}

/// Where events go.
#[derive(Debug, Clone)]
pub struct Outlets {
    /// Each of them.
    pub bus: Bus,
    /// A message for each delivery to a webhook.
    pub queue: Queue,
}

/// Begins the deliveries of the events in a batch of the stream at `now`, and puts the events on
/// the bus. Gives those that it could not do both for.
///
/// # Errors
/// [`TellError`]: Lambda tries the whole batch again, in halves.
pub async fn tell(
    store: &UnscopedStore,
    outlets: &Outlets,
    batch: &Value,
    now: DateTime<Utc>,
) -> Result<BatchFailures, TellError> {
    let Outlets { bus, queue } = outlets;
    let read = stream::read(batch);
    let mut failed = read.unreadable;
    // First, so that a bus which is out of reach holds up no webhook. Both may be repeated.
    let begun = deliveries::begin(store, &read.told, NextAttempt::sent(now, MARGIN), now).await;
    failed.extend(begun.failed);
    deliveries::send(queue, &begun.due).await;
    let told = name(store, read.told).await?;
    for events in told.chunks(bus::AT_MOST) {
        let refused = bus
            .put(events.iter().map(|(_, event)| event.clone()))
            .await?;
        failed.extend(refused.into_iter().map(|at| events[at].0.clone()));
    }
    failed.sort();
    failed.dedup();
    Ok(failed.into_iter().collect())
}

/// The events with whom they are about, each with the place of its record in the stream.
///
/// # Errors
/// [`StoreError`] when DynamoDB does not answer.
pub async fn name(
    store: &UnscopedStore,
    told: Vec<Told>,
) -> Result<Vec<(String, NamedEvent)>, StoreError> {
    let (places, events): (Vec<_>, Vec<_>) = told
        .into_iter()
        .map(|told| (told.place, told.event))
        .unzip();
    let named = store.name_events(events).await?;
    Ok(places.into_iter().zip(named).collect())
}
