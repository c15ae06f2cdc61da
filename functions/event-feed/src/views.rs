//! What the feed answers.

use domain::EventId;
use serde::Serialize;
use store::events::EventPage;
use web::cloud_event::CloudEvent;

/// A page of events, and where to go on: always, as more will come.
#[derive(Serialize)]
pub(crate) struct FeedView {
    data: Vec<CloudEvent>,
    next_cursor: EventId,
}

impl From<EventPage> for FeedView {
    fn from(page: EventPage) -> Self {
        Self {
            data: page.events.into_iter().map(CloudEvent::from).collect(),
            next_cursor: page.next,
        }
    }
}
