//! Events, read: to be polled by organisation, and as the table's stream shows them. They are
//! written by the transactions of what they tell of, with `Transaction::emit`.

mod feed;
mod names;
mod order;

pub use feed::{EventPage, EventRequest};

use crate::error::StoreError;
use crate::event_item::EventItem;
use crate::store::UnscopedStore;
use domain::{Event, NamedEvent, OutboxEntry};
use serde_json::Value;

/// The events of an entry of the outbox, as a record of the table's stream shows it.
///
/// # Errors
/// [`StoreError::Corrupt`] for what is no entry of the outbox.
pub fn read_image(image: &Value) -> Result<Vec<Event>, StoreError> {
    let entry = OutboxEntry::from(EventItem::read_image(image)?);
    Ok(entry.into_events().collect())
}

impl UnscopedStore {
    /// The events with whom they are about, as the records say now.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn name_events(&self, events: Vec<Event>) -> Result<Vec<NamedEvent>, StoreError> {
        names::name(&self.dynamo, events).await
    }
}
