//! A batch of the table's stream: which of its records are entries of the outbox.

use domain::Event;
use serde_json::Value;
use store::events::read_image;

/// An event with the place of its record in the stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The record's sequence number.
    pub place: String,
    /// One of its events.
    pub event: Event,
}

/// What a batch holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Batch {
    /// Its events, in the stream's order.
    pub told: Vec<Told>,
    /// The places of entries of the outbox that cannot be read.
    pub unreadable: Vec<String>,
}

/// Reads a batch as Lambda hands it on. Entries of the outbox are written once: what else there
/// is in the stream is none, nor is an entry's end.
pub fn read(batch: &Value) -> Batch {
    let mut read = Batch::default();
    for record in batch["Records"].as_array().into_iter().flatten() {
        let change = &record["dynamodb"];
        let image = &change["NewImage"];
        if record["eventName"] != "INSERT" || image["kind"]["S"] != "event" {
            continue;
        }
        let place = change["SequenceNumber"].as_str().unwrap_or_default();
        match read_image(image) {
            Ok(events) => {
                let told = events.into_iter().map(|event| Told {
                    place: place.to_owned(),
                    event,
                });
                read.told.extend(told);
            }
            Err(error) => {
                tracing::error!(place, %error, "an entry of the outbox cannot be read");
                read.unreadable.push(place.to_owned());
            }
        }
    }
    read
}
