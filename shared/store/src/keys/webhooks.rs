//! The keys of webhooks and of deliveries to them.

use super::{Key, Keys};
use domain::delivery::DeliveryKey;
use domain::{OrgId, Shard, Timestamp, WebhookId};

/// A webhook by its id.
pub fn webhook(id: WebhookId) -> Key {
    Key::new(format!("WHK#{}", id.shard()), id)
}

/// A webhook, listed by its organisation. These are few: one partition holds them.
pub fn webhook_listed(id: WebhookId, org: &OrgId) -> Keys {
    Keys {
        primary: webhook(id),
        by_mentor: None,
        by_org: Some(Key::new(webhooks_of(org), id)),
    }
}

/// The partition of index 2 that lists an organisation's webhooks.
pub fn webhooks_of(org: &OrgId) -> String {
    format!("WHK#O#{org}")
}

/// How many webhooks an organisation has.
pub fn webhook_count(org: &OrgId) -> Key {
    Key::new(format!("WHK#O#{org}"), "COUNT")
}

/// Whose turn it is at a receiver that gets one delivery at a time.
pub fn webhook_turn(id: WebhookId) -> Key {
    Key::new(format!("WHK#{}", id.shard()), format!("{id}#TURN"))
}

/// The partition of one shard of the deliveries to a webhook: read in order of time.
pub fn deliveries_to(webhook: WebhookId, shard: Shard) -> String {
    format!("WEBHOOK#{webhook}#{shard}")
}

/// A delivery.
pub fn delivery(key: DeliveryKey) -> Key {
    Key::new(deliveries_to(key.webhook, key.event.shard()), key.event)
}

/// A delivery, and while it is pending its place among those that the schedule picks up.
pub fn delivery_due(key: DeliveryKey, pick_up_at: Option<Timestamp>) -> Keys {
    Keys {
        primary: delivery(key),
        by_mentor: None,
        by_org: pick_up_at
            .map(|at| Key::new(due_deliveries(key.event.shard()), due_place(key, at))),
    }
}

/// The partition of index 2 with one shard of the pending deliveries, in the order of when they
/// are to be picked up.
pub fn due_deliveries(shard: Shard) -> String {
    format!("DUE#{shard}")
}

fn due_place(key: DeliveryKey, pick_up_at: Timestamp) -> String {
    format!("{pick_up_at}#{}#{}", key.event, key.webhook)
}

/// The first place after that of a delivery.
pub fn due_after(key: DeliveryKey, pick_up_at: Timestamp) -> String {
    format!("{}$", due_place(key, pick_up_at))
}

/// What sorts after the deliveries that are to be picked up at `until`.
pub fn due_until(until: Timestamp) -> String {
    format!("{until}$")
}
