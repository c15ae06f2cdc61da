//! What a webhook's item holds.

use crate::entity::Entity;
use crate::error::StoreError;
use crate::keys::{self, Keys};
use chrono::{DateTime, Utc};
use domain::webhook::{Disabled, DisabledReason};
use domain::webhook_secret::PreviousSecret;
use domain::{
    Endpoint, EventFilter, OrgId, Timestamp, Webhook, WebhookId, WebhookSecrets, WebhookUrl,
};
use serde::{Deserialize, Serialize};

/// A webhook, found by its id and listed by its organisation.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct WebhookItem {
    #[serde(rename = "sk")]
    id: WebhookId,
    org: OrgId,
    url: WebhookUrl,
    events: EventFilter,
    /// Absent in a kept reply: what is kept of an answer has no secret.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    secret: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    previous_secret: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    previous_until: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    disabled_reason: Option<DisabledReason>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    disabled_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    failing_since: Option<Timestamp>,
    version: u64,
    /// The idempotency key that the webhook was made under, hashed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    made_under: Option<String>,
}

impl WebhookItem {
    /// The item of a webhook that is made.
    pub(crate) fn new(endpoint: &Endpoint) -> Self {
        Self::of(endpoint, 1, None)
    }

    fn of(endpoint: &Endpoint, version: u64, made_under: Option<String>) -> Self {
        let Endpoint { webhook, secrets } = endpoint.clone();
        let previous = secrets.previous;
        Self {
            id: webhook.id,
            org: webhook.org,
            url: webhook.url,
            events: webhook.events,
            secret: Some(secrets.current.expose()),
            previous_secret: previous.as_ref().map(|previous| previous.secret.expose()),
            previous_until: previous.map(|previous| previous.until),
            disabled_reason: webhook.disabled.map(|disabled| disabled.reason),
            disabled_at: webhook.disabled.map(|disabled| disabled.at),
            failing_since: webhook.failing_since,
            version,
            made_under,
        }
    }

    /// The item once the webhook is changed to `endpoint`.
    pub(crate) fn changed_to(&self, endpoint: &Endpoint) -> Self {
        Self::of(endpoint, self.version + 1, self.made_under.clone())
    }

    /// The item of a webhook that is made under an idempotency key.
    pub(crate) fn made_under(mut self, hash: Option<&str>) -> Self {
        self.made_under = hash.map(ToOwned::to_owned);
        self
    }

    /// The key that it was made under, hashed, and when that was.
    pub(crate) fn origin(&self) -> (Option<&str>, DateTime<Utc>) {
        (self.made_under.as_deref(), self.id.made_at())
    }

    /// The item as a kept reply holds it.
    pub(crate) fn without_secrets(&self) -> Self {
        Self {
            secret: None,
            previous_secret: None,
            previous_until: None,
            ..self.clone()
        }
    }

    pub(crate) fn org(&self) -> &OrgId {
        &self.org
    }

    pub(crate) fn version(&self) -> u64 {
        self.version
    }
}

impl Entity for WebhookItem {
    const KIND: &'static str = "webhook";

    fn keys(&self) -> Keys {
        keys::webhook_listed(self.id, &self.org)
    }
}

impl From<WebhookItem> for Webhook {
    fn from(item: WebhookItem) -> Self {
        let disabled = item.disabled_reason.zip(item.disabled_at);
        Self {
            id: item.id,
            org: item.org,
            url: item.url,
            events: item.events,
            disabled: disabled.map(|(reason, at)| Disabled { reason, at }),
            failing_since: item.failing_since,
        }
    }
}

impl TryFrom<WebhookItem> for Endpoint {
    type Error = StoreError;

    fn try_from(item: WebhookItem) -> Result<Self, StoreError> {
        let read = |text: &String| text.parse().map_err(StoreError::corrupt);
        let current = item.secret.as_ref().map(read).transpose()?;
        let previous = item.previous_secret.as_ref().map(read).transpose()?;
        let previous = previous.zip(item.previous_until);
        let secrets = WebhookSecrets {
            current: current.ok_or_else(|| StoreError::corrupt("a webhook without a secret"))?,
            previous: previous.map(|(secret, until)| PreviousSecret { secret, until }),
        };
        Ok(Self {
            webhook: item.into(),
            secrets,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn a_webhook_is_in_its_shard_and_under_its_organisation() {
        let text = json!({
            "sk": "whk_019d2a5c000070008000000000000003", "org": "org_1",
            "url": "https://hooks.example/verv", "events": ["code.created", "limit.reached"],
            "secret": "whsec_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB",
            "previous_secret": "whsec_AgICAgICAgICAgICAgICAgICAgICAgIC",
            "previous_until": "2026-03-27T12:00:00Z",
            "disabled_reason": "failing", "disabled_at": "2026-03-26T12:00:00Z",
            "failing_since": "2026-03-21T12:00:00Z", "version": 3, "made_under": "hash",
        });
        let item: WebhookItem = serde_json::from_value(text.clone()).expect("a webhook");
        let stored = item.to_item().expect("an item");
        let read: Value = serde_dynamo::from_item(stored.clone()).expect("JSON");
        let mut expected = text;
        expected["pk"] = json!("WHK#03");
        expected["gsi2pk"] = json!("WHK#O#org_1");
        expected["gsi2sk"] = expected["sk"].clone();
        expected["kind"] = json!("webhook");
        assert_eq!(read, expected);
        let found = WebhookItem::from_item(stored).ok().flatten();
        assert!(found == Some(item.clone()));

        let endpoint = Endpoint::try_from(item.clone()).expect("with secrets");
        let again = item.changed_to(&endpoint);
        assert!(again == WebhookItem { version: 4, ..item });
    }

    #[test]
    fn a_kept_reply_has_no_secret() {
        let item: WebhookItem = serde_json::from_value(json!({
            "sk": "whk_019d2a5c000070008000000000000003", "org": "org_1",
            "url": "https://hooks.example/verv", "events": ["*"], "version": 1,
            "secret": "whsec_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB",
            "previous_secret": "whsec_AgICAgICAgICAgICAgICAgICAgICAgIC",
            "previous_until": "2026-03-27T12:00:00Z",
        }))
        .expect("a webhook");
        let kept = serde_json::to_string(&item.without_secrets()).expect("JSON");
        assert!(!kept.contains("whsec_"), "{kept}");
        assert!(Endpoint::try_from(item.without_secrets()).is_err());
        assert_eq!(Webhook::from(item.without_secrets()), Webhook::from(item));
    }
}
