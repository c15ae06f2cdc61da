//! What requests for webhooks hold.

use domain::webhook::{NewWebhook, WebhookChange, WebhookStatus};
use domain::{DeliveryStatus, EventFilter, OrgId, WebhookUrl};
use serde::Deserialize;

/// The filter of the list of webhooks.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhookQuery {
    pub(crate) org_id: Option<OrgId>,
}

/// The filter of the list of deliveries.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeliveryQuery {
    pub(crate) status: Option<DeliveryStatus>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewWebhookBody {
    org_id: OrgId,
    url: WebhookUrl,
    events: EventFilter,
}

impl From<NewWebhookBody> for NewWebhook {
    fn from(body: NewWebhookBody) -> Self {
        Self {
            org: body.org_id,
            url: body.url,
            events: body.events,
        }
    }
}

/// A change of a webhook: a field that is left out stays.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhookChangeBody {
    url: Option<WebhookUrl>,
    events: Option<EventFilter>,
    status: Option<WebhookStatus>,
}

impl From<WebhookChangeBody> for WebhookChange {
    fn from(body: WebhookChangeBody) -> Self {
        Self {
            url: body.url,
            events: body.events,
            status: body.status,
        }
    }
}
