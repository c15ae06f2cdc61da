//! The stack's EventBridge bus.

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::error::BoxError;
use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use domain::NamedEvent;
use web::cloud_event::{CloudEvent, SOURCE};

/// How many events a call takes.
pub const AT_MOST: usize = 10;

/// A bus, by its name.
#[derive(Debug, Clone)]
pub struct Bus {
    client: Client,
    name: String,
}

/// The bus took none of the events.
#[derive(Debug, thiserror::Error)]
#[error("EventBridge does not take events")]
pub struct BusError(#[source] BoxError);

impl Bus {
    /// The bus `name` of this account.
    pub fn new(aws: &web::lambda::SdkConfig, name: &str) -> Self {
        Self {
            client: Client::new(aws),
            name: name.to_owned(),
        }
    }

    /// Puts up to [`AT_MOST`] events on the bus, in the form of CloudEvents. Gives the positions
    /// of those that it did not take.
    ///
    /// # Errors
    /// [`BusError`] when it took none.
    pub async fn put(
        &self,
        events: impl Iterator<Item = NamedEvent>,
    ) -> Result<Vec<usize>, BusError> {
        let entries = events.map(|event| self.entry(&event.into()));
        let entries = entries.collect::<Result<Vec<_>, _>>()?;
        let sent = self.client.put_events().set_entries(Some(entries)).send();
        let answer = sent.await.map_err(|error| BusError(error.into()))?;
        let mut refused = Vec::new();
        for (at, entry) in answer.entries().iter().enumerate() {
            if let Some(code) = entry.error_code() {
                tracing::warn!(code, "the bus did not take an event");
                refused.push(at);
            }
        }
        Ok(refused)
    }

    fn entry(&self, event: &CloudEvent) -> Result<PutEventsRequestEntry, BusError> {
        let detail = serde_json::to_string(event).map_err(|error| BusError(error.into()))?;
        let time = event.time().instant().timestamp();
        Ok(PutEventsRequestEntry::builder()
            .event_bus_name(&self.name)
            .source(SOURCE)
            .detail_type(event.event_type())
            .time(DateTime::from_secs(time))
            .detail(detail)
            .build())
    }
}
