//! Webhooks: where an organisation wants to be told of events, of which ones, and when it is no
//! longer told.

use crate::clock::Timestamp;
use crate::event_filter::EventFilter;
use crate::event_type::EventType;
use crate::ids::{OrgId, WebhookId};
use crate::webhook_secret::WebhookSecrets;
use crate::webhook_url::{WebhookTargets, WebhookUrl};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// How many webhooks an organisation may have: each event is delivered to all of them.
pub const MOST_OF_ORG: u32 = 20;

/// For how long every delivery may fail until the webhook is disabled.
pub const FAILING_FOR: TimeDelta = TimeDelta::days(5);

/// A webhook, without its secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// The organisation whose events it is told.
    pub org: OrgId,
    /// Where they go.
    pub url: WebhookUrl,
    /// Which they are.
    pub events: EventFilter,
    /// Since when it is told nothing, and why; `None` where it is enabled.
    pub disabled: Option<Disabled>,
    /// The first failure since the last delivery that succeeded.
    pub failing_since: Option<Timestamp>,
}

/// That a webhook is told nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disabled {
    /// Why.
    pub reason: DisabledReason,
    /// Since when.
    pub at: Timestamp,
}

/// Why a webhook is disabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisabledReason {
    /// Staff, or a server with an API key, have disabled it.
    Staff,
    /// Its receiver answered 410.
    Gone,
    /// No delivery has succeeded for [`FAILING_FOR`].
    Failing,
}

/// Whether a webhook is told of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookStatus {
    /// It is.
    Enabled,
    /// It is not.
    Disabled,
}

/// A webhook with what its deliveries are signed with: for those who deliver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The webhook.
    pub webhook: Webhook,
    /// Its secrets.
    pub secrets: WebhookSecrets,
}

/// What a webhook is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewWebhook {
    /// The organisation whose events it is told.
    pub org: OrgId,
    /// Where they go.
    pub url: WebhookUrl,
    /// Which they are.
    pub events: EventFilter,
}

/// What of a webhook is to change; `None` stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WebhookChange {
    /// Where events go.
    pub url: Option<WebhookUrl>,
    /// Which they are.
    pub events: Option<EventFilter>,
    /// Whether it is told of them.
    pub status: Option<WebhookStatus>,
}

/// Why a webhook was not made or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookRefusal {
    /// The caller may not act for this organisation.
    OutOfScope,
    /// There is no such webhook.
    NotFound,
    /// The organisation has [`MOST_OF_ORG`].
    TooMany,
    /// The deployment sends by https alone.
    PlainHttp,
    /// Nothing is delivered to it.
    Disabled,
}

/// What an attempt at a delivery says of its webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiverState {
    /// It has taken the event.
    Answering,
    /// It has not.
    Failing,
    /// It has said that it is gone for good.
    Gone,
}

impl NewWebhook {
    /// The webhook, made at `now`, with a new secret.
    ///
    /// # Errors
    /// [`WebhookRefusal::PlainHttp`].
    pub fn issue(
        self,
        targets: WebhookTargets,
        now: DateTime<Utc>,
    ) -> Result<Endpoint, WebhookRefusal> {
        check(&self.url, targets)?;
        Ok(Endpoint {
            webhook: Webhook {
                id: WebhookId::new(now),
                org: self.org,
                url: self.url,
                events: self.events,
                disabled: None,
                failing_since: None,
            },
            secrets: WebhookSecrets::generate(),
        })
    }
}

fn check(url: &WebhookUrl, targets: WebhookTargets) -> Result<(), WebhookRefusal> {
    match url.is_among(targets) {
        true => Ok(()),
        false => Err(WebhookRefusal::PlainHttp),
    }
}

impl Webhook {
    /// When it was made.
    pub fn created_at(&self) -> Timestamp {
        self.id.made_at().into()
    }

    /// Whether it is told of events.
    pub fn status(&self) -> WebhookStatus {
        match self.disabled {
            None => WebhookStatus::Enabled,
            Some(_) => WebhookStatus::Disabled,
        }
    }

    /// Whether it is told of events of this type.
    pub fn is_told_of(&self, event_type: EventType) -> bool {
        self.disabled.is_none() && self.events.matches(event_type)
    }

    /// The webhook as `change` makes it at `now`. Another URL and being enabled begin anew: what
    /// has failed before does not count. One that is disabled already stays so for its reason.
    ///
    /// # Errors
    /// [`WebhookRefusal::PlainHttp`].
    pub fn changed(
        self,
        change: WebhookChange,
        targets: WebhookTargets,
        now: DateTime<Utc>,
    ) -> Result<Self, WebhookRefusal> {
        let url = change.url.unwrap_or_else(|| self.url.clone());
        check(&url, targets)?;
        let is_enabled = self.disabled.is_some() && change.status == Some(WebhookStatus::Enabled);
        let failing_since = match is_enabled || url != self.url {
            true => None,
            false => self.failing_since,
        };
        let disabled = match change.status {
            None => self.disabled,
            Some(WebhookStatus::Enabled) => None,
            Some(WebhookStatus::Disabled) => self.disabled.or(Some(Disabled {
                reason: DisabledReason::Staff,
                at: now.into(),
            })),
        };
        Ok(Self {
            url,
            events: change.events.unwrap_or(self.events),
            disabled,
            failing_since,
            ..self
        })
    }

    /// The webhook after an attempt that has ended at `now`.
    #[must_use]
    pub fn after(self, receiver: ReceiverState, now: DateTime<Utc>) -> Self {
        let since = self.failing_since.unwrap_or(now.into());
        let failing_since = match receiver {
            ReceiverState::Answering => None,
            ReceiverState::Failing | ReceiverState::Gone => Some(since),
        };
        let reason = match receiver {
            ReceiverState::Answering => None,
            ReceiverState::Gone => Some(DisabledReason::Gone),
            ReceiverState::Failing => {
                (now - since.instant() >= FAILING_FOR).then_some(DisabledReason::Failing)
            }
        };
        let at = now.into();
        let disabled = reason.map(|reason| Disabled { reason, at });
        Self {
            failing_since,
            disabled: self.disabled.or(disabled),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_774_526_400, 0).expect("in range")
    }

    fn filter(text: &str) -> Option<EventFilter> {
        serde_json::from_str(text).ok()
    }

    fn webhook() -> Webhook {
        let new = NewWebhook {
            org: "org_1".parse().expect("an id"),
            url: "https://hooks.example/verv".parse().expect("a URL"),
            events: EventFilter::All,
        };
        new.issue(WebhookTargets::Public, now())
            .expect("a webhook")
            .webhook
    }

    fn disabled(reason: DisabledReason, at: DateTime<Utc>) -> Option<Disabled> {
        let at = at.into();
        Some(Disabled { reason, at })
    }

    #[test]
    fn a_receiver_that_fails_for_five_days_or_is_gone_is_told_no_more() {
        use ReceiverState::{Answering, Failing, Gone};
        let failing = webhook().after(Failing, now());
        assert_eq!(failing.failing_since, Some(now().into()));
        assert_eq!(failing.disabled, None);
        let nearly = now() + FAILING_FOR - TimeDelta::seconds(1);
        let still = failing.clone().after(Failing, nearly);
        assert_eq!(still, failing, "the first failure stays");
        assert_eq!(
            failing.clone().after(Answering, nearly),
            webhook_like(&failing)
        );
        let end = now() + FAILING_FOR;
        let ended = failing.after(Failing, end);
        assert_eq!(ended.disabled, disabled(DisabledReason::Failing, end));
        assert!(!ended.is_told_of(EventType::CodeCreated));
        let gone = webhook().after(Gone, now());
        assert_eq!(gone.disabled, disabled(DisabledReason::Gone, now()));
        let later = gone.clone().after(Failing, end).disabled;
        assert_eq!(later, gone.disabled, "the first reason stays");
    }

    fn webhook_like(failing: &Webhook) -> Webhook {
        Webhook {
            failing_since: None,
            ..failing.clone()
        }
    }

    #[test]
    fn a_change_leaves_what_it_does_not_name() {
        let changed = |webhook: &Webhook, change| {
            let changed = webhook
                .clone()
                .changed(change, WebhookTargets::Public, now());
            changed.expect("allowed")
        };
        let status = |status| WebhookChange {
            status: Some(status),
            ..WebhookChange::default()
        };
        let failing = webhook().after(ReceiverState::Failing, now());
        assert_eq!(changed(&failing, WebhookChange::default()), failing);
        let off = changed(&failing, status(WebhookStatus::Disabled));
        assert_eq!(off.disabled, disabled(DisabledReason::Staff, now()));
        assert_eq!(off.status(), WebhookStatus::Disabled);
        assert_eq!(off.failing_since, failing.failing_since);
        let on = changed(&off, status(WebhookStatus::Enabled));
        assert_eq!(on, webhook_like(&failing), "enabling begins anew");
        let still = changed(&failing, status(WebhookStatus::Enabled));
        assert_eq!(still, failing, "an enabled one is as it was");
        let gone = webhook().after(ReceiverState::Gone, now());
        assert_eq!(changed(&gone, status(WebhookStatus::Disabled)), gone);
        let moved = changed(
            &failing,
            WebhookChange {
                url: "https://other.example/".parse().ok(),
                events: filter(r#"["code.created"]"#),
                status: None,
            },
        );
        assert_eq!(moved.failing_since, None);
        assert!(moved.is_told_of(EventType::CodeCreated));
        assert!(!moved.is_told_of(EventType::CodeRotated));
    }

    #[test]
    fn plain_http_is_refused_where_receivers_are_public() {
        let plain: WebhookUrl = "http://hooks.example/".parse().expect("a URL");
        let new = NewWebhook {
            org: "org_1".parse().expect("an id"),
            url: plain.clone(),
            events: EventFilter::All,
        };
        let refused = Err(WebhookRefusal::PlainHttp);
        assert_eq!(new.clone().issue(WebhookTargets::Public, now()), refused);
        assert!(new.issue(WebhookTargets::Any, now()).is_ok());
        let change = WebhookChange {
            url: Some(plain),
            ..WebhookChange::default()
        };
        let changed = webhook().changed(change.clone(), WebhookTargets::Public, now());
        assert_eq!(changed, Err(WebhookRefusal::PlainHttp));
        assert!(
            webhook()
                .changed(change, WebhookTargets::Any, now())
                .is_ok()
        );
    }
}
