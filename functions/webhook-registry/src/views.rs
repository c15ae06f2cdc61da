//! Webhooks and deliveries as they are shown.

use chrono::{DateTime, Utc};
use domain::attempt::{Attempt, AttemptError};
use domain::webhook::{DisabledReason, WebhookStatus};
use domain::{
    Delivery, DeliveryStatus, EventFilter, EventId, OrgId, Timestamp, Webhook, WebhookId,
    WebhookUrl,
};
use serde::Serialize;
use store::webhooks::IssuedWebhook;
use web::csv::Columns;

#[derive(Serialize)]
pub(crate) struct WebhookView {
    id: WebhookId,
    org_id: OrgId,
    url: WebhookUrl,
    events: EventFilter,
    status: WebhookStatus,
    disabled_reason: Option<DisabledReason>,
    disabled_at: Option<Timestamp>,
    failing_since: Option<Timestamp>,
    created_at: Timestamp,
}

impl Columns for WebhookView {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "org_id",
        "url",
        "events",
        "status",
        "disabled_reason",
        "disabled_at",
        "failing_since",
        "created_at",
    ];
}

impl From<Webhook> for WebhookView {
    fn from(webhook: Webhook) -> Self {
        Self {
            id: webhook.id,
            status: webhook.status(),
            created_at: webhook.created_at(),
            org_id: webhook.org,
            url: webhook.url,
            events: webhook.events,
            disabled_reason: webhook.disabled.map(|disabled| disabled.reason),
            disabled_at: webhook.disabled.map(|disabled| disabled.at),
            failing_since: webhook.failing_since,
        }
    }
}

/// A webhook with its new secret. A repeated request finds the webhook, and `null` for the
/// secret, which no kept answer holds.
#[derive(Serialize)]
pub(crate) struct IssuedView {
    secret: Option<String>,
    #[serde(flatten)]
    webhook: WebhookView,
}

impl From<IssuedWebhook> for IssuedView {
    fn from(issued: IssuedWebhook) -> Self {
        Self {
            secret: issued.secret.map(|secret| secret.expose()),
            webhook: issued.webhook.into(),
        }
    }
}

/// What is left of a webhook that was deleted.
#[derive(Serialize)]
pub(crate) struct DeletedView {
    id: WebhookId,
    deleted: bool,
    deleted_at: Timestamp,
}

impl DeletedView {
    pub(crate) fn new(id: WebhookId, now: DateTime<Utc>) -> Self {
        Self {
            id,
            deleted: true,
            deleted_at: now.into(),
        }
    }
}

#[derive(Serialize)]
pub(crate) struct DeliveryView {
    event_id: EventId,
    webhook_id: WebhookId,
    r#type: &'static str,
    status: DeliveryStatus,
    created_at: Timestamp,
    due_at: Option<Timestamp>,
    attempts: Vec<AttemptView>,
}

impl Columns for DeliveryView {
    const COLUMNS: &'static [&'static str] = &[
        "event_id",
        "webhook_id",
        "type",
        "status",
        "created_at",
        "due_at",
        "attempts",
    ];
}

/// An attempt: with the status that was answered, or the error why nothing was, or neither while
/// it lasts.
#[derive(Serialize)]
struct AttemptView {
    at: Timestamp,
    status: Option<u16>,
    error: Option<AttemptError>,
    duration_ms: Option<u32>,
}

impl From<Delivery> for DeliveryView {
    fn from(delivery: Delivery) -> Self {
        Self {
            event_id: delivery.key.event,
            webhook_id: delivery.key.webhook,
            r#type: delivery.event_type(),
            status: delivery.status,
            created_at: delivery.created_at(),
            due_at: delivery.next.map(|next| next.due_at),
            attempts: delivery.attempts.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Attempt> for AttemptView {
    fn from(attempt: Attempt) -> Self {
        let (status, error) = attempt.answer();
        Self {
            at: attempt.at,
            status,
            error,
            duration_ms: attempt.result.map(|result| result.duration_ms),
        }
    }
}
