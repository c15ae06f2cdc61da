//! What a receiver is sent.

use crate::receiver::Message;
use domain::delivery::TEST_TYPE;
use domain::signature::Signed;
use domain::{Delivery, OrgId, Timestamp, WebhookSecrets};
use serde::Serialize;
use store::{StoreError, UnscopedStore};
use web::cloud_event::{CloudEvent, EventData};

/// The body, as Standard Webhooks has it.
#[derive(Serialize)]
struct Body<T> {
    #[serde(rename = "type")]
    event_type: &'static str,
    /// When it happened, at every attempt.
    timestamp: Timestamp,
    data: T,
}

#[derive(Serialize)]
struct TestData<'a> {
    org_id: &'a OrgId,
}

/// What `delivery` says at `now`: whom its event is about is read anew for each attempt, so
/// that nobody is named who was erased.
///
/// # Errors
/// [`StoreError`] when DynamoDB does not answer.
pub(crate) async fn message(
    store: &UnscopedStore,
    delivery: &Delivery,
    secrets: &WebhookSecrets,
    now: Timestamp,
) -> Result<Message, StoreError> {
    let named = match delivery.event() {
        Some(event) => store.name_events(vec![event]).await?.pop(),
        None => None,
    };
    let body = match named {
        Some(named) => of_event(&named.into()),
        None => serde_json::to_vec(&Body {
            event_type: TEST_TYPE,
            timestamp: delivery.created_at(),
            data: TestData {
                org_id: &delivery.org,
            },
        }),
    };
    let body = body.map_err(|error| StoreError::Corrupt(Box::new(error)))?;
    let id = delivery.key.event.to_string();
    let timestamp = now.instant().timestamp();
    let signed = Signed {
        id: &id,
        timestamp,
        body: &body,
    };
    let keys = secrets.in_force(now.instant()).map(|secret| secret.key());
    Ok(Message {
        signature: signed.by(keys),
        id,
        timestamp,
        body,
    })
}

fn of_event(event: &CloudEvent) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec::<Body<&EventData>>(&Body {
        event_type: event.event_type(),
        timestamp: event.time(),
        data: event.data(),
    })
}
