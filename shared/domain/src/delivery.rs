//! The delivery of one event to one webhook: attempts at it, until it succeeds or is given up.
//!
//! A delivery is changed by whoever holds its latest version: of two that make the same
//! attempt, one goes on. It holds the event as the outbox does, without naming anybody, so that
//! an attempt after an erasure names the pseudonym.

use crate::attempt::{Attempt, AttemptResult};
use crate::clock::Timestamp;
use crate::event::{Change, Event, RETENTION};
use crate::ids::{EventId, OrgId, WebhookId};
use crate::webhook::Webhook;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// How often an event is tried to be delivered, in all.
pub const MOST_ATTEMPTS: usize = 10;

/// How long after its beginning an attempt without an end is taken for lost.
pub const ABANDONED_AFTER: TimeDelta = TimeDelta::seconds(60);

/// The type of a delivery that only tries the receiver out.
pub const TEST_TYPE: &str = "webhook.test";

/// Which delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DeliveryKey {
    /// To which webhook.
    pub webhook: WebhookId,
    /// Of which event.
    pub event: EventId,
}

/// What is delivered.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// That something has changed.
    Change(Change),
    /// A test, of which no record tells.
    Test,
}

/// Where a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStatus {
    /// It is under way, or to be tried again.
    Pending,
    /// The receiver has taken it.
    Delivered,
    /// It is given up.
    Failed,
}

/// An event on its way to a webhook.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// To which webhook, of which event.
    pub key: DeliveryKey,
    /// Whose they are.
    pub org: OrgId,
    /// What is delivered.
    pub content: Content,
    /// Where it is.
    pub status: DeliveryStatus,
    /// The attempts since it was begun or replayed, oldest first: at most [`MOST_ATTEMPTS`].
    pub attempts: Vec<Attempt>,
    /// When the next attempt is to be; `None` when it is no longer pending.
    pub next: Option<NextAttempt>,
    /// Counts the changes.
    pub version: u64,
    /// Until when it is kept.
    pub expires_at: Timestamp,
}

/// When a pending delivery is to be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NextAttempt {
    /// When the attempt is due.
    pub due_at: Timestamp,
    /// From when on the schedule picks it up: when it is due, or later where a message for the
    /// attempt is on its way already.
    pub pick_up_at: Timestamp,
}

impl NextAttempt {
    /// An attempt at `due_at` that only the schedule makes.
    pub fn at(due_at: DateTime<Utc>) -> Self {
        Self {
            due_at: due_at.into(),
            pick_up_at: due_at.into(),
        }
    }

    /// An attempt at `due_at` that a message is on its way for, which is taken for lost `margin`
    /// after that.
    pub fn sent(due_at: DateTime<Utc>, margin: TimeDelta) -> Self {
        Self {
            due_at: due_at.into(),
            pick_up_at: (due_at + margin).into(),
        }
    }
}

/// A delivery that is to be tried, as the table lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueDelivery {
    /// Which one.
    pub key: DeliveryKey,
    /// Its version, which an attempt must find.
    pub version: u64,
    /// From when on it was to be picked up.
    pub pick_up_at: Timestamp,
}

impl Delivery {
    /// The delivery of `event` to `webhook`, of which nothing is tried yet.
    pub fn new(webhook: WebhookId, event: Event, next: NextAttempt) -> Self {
        Self {
            key: DeliveryKey {
                webhook,
                event: event.id,
            },
            expires_at: (event.id.made_at() + RETENTION).into(),
            org: event.org,
            content: Content::Change(event.change),
            status: DeliveryStatus::Pending,
            attempts: Vec::new(),
            next: Some(next),
            version: 0,
        }
    }

    /// A test of `webhook`, due at `now`.
    pub fn test(webhook: &Webhook, now: DateTime<Utc>) -> Self {
        Self {
            key: DeliveryKey {
                webhook: webhook.id,
                event: EventId::new(now).first(),
            },
            org: webhook.org.clone(),
            content: Content::Test,
            status: DeliveryStatus::Pending,
            attempts: Vec::new(),
            next: Some(NextAttempt::at(now)),
            version: 0,
            expires_at: (now + RETENTION).into(),
        }
    }

    /// What it tells of, as the receiver reads it.
    pub fn event_type(&self) -> &'static str {
        match &self.content {
            Content::Change(change) => change.event_type().as_str(),
            Content::Test => TEST_TYPE,
        }
    }

    /// The event that it tells of; a test tells of none.
    pub fn event(&self) -> Option<Event> {
        match &self.content {
            Content::Change(change) => Some(Event {
                id: self.key.event,
                org: self.org.clone(),
                change: change.clone(),
            }),
            Content::Test => None,
        }
    }

    /// What the schedule picks up; `None` when it is not pending.
    pub fn due(&self) -> Option<DueDelivery> {
        self.next.map(|next| DueDelivery {
            key: self.key,
            version: self.version,
            pick_up_at: next.pick_up_at,
        })
    }

    /// When its event happened.
    pub fn created_at(&self) -> Timestamp {
        self.key.event.made_at().into()
    }

    /// The delivery once an attempt has begun at `now`. One whose attempts are used up, the last
    /// of which came to no end, has failed. `None` when it is not pending.
    pub fn claimed(self, now: DateTime<Utc>) -> Option<Self> {
        if self.status != DeliveryStatus::Pending {
            return None;
        }
        if self.attempts.len() >= MOST_ATTEMPTS {
            return Some(self.ended(DeliveryStatus::Failed));
        }
        let mut attempts = self.attempts;
        attempts.push(Attempt {
            at: now.into(),
            result: None,
        });
        Some(Self {
            attempts,
            next: Some(NextAttempt::sent(now, ABANDONED_AFTER)),
            version: self.version + 1,
            ..self
        })
    }

    /// The delivery once the attempt under way has come to `result`, which is a success.
    #[must_use]
    pub fn succeeded(self, result: AttemptResult) -> Self {
        self.with_result(result).ended(DeliveryStatus::Delivered)
    }

    /// The delivery once the attempt under way has come to `result`, and no other follows.
    #[must_use]
    pub fn failed(self, result: AttemptResult) -> Self {
        self.with_result(result).ended(DeliveryStatus::Failed)
    }

    /// The delivery once the attempt under way has come to `result`, and `next` follows.
    #[must_use]
    pub fn retried(self, result: AttemptResult, next: NextAttempt) -> Self {
        self.with_result(result).postponed(next)
    }

    /// The delivery whose attempt is put off until `next`: none is counted for it.
    #[must_use]
    pub fn postponed(self, next: NextAttempt) -> Self {
        Self {
            next: Some(next),
            version: self.version + 1,
            ..self
        }
    }

    /// The delivery without any attempt to follow, as its webhook takes no more.
    #[must_use]
    pub fn given_up(self) -> Self {
        self.ended(DeliveryStatus::Failed)
    }

    /// The delivery, to be made anew at `now`, whatever has become of it before.
    #[must_use]
    pub fn replayed(self, now: DateTime<Utc>) -> Self {
        Self {
            status: DeliveryStatus::Pending,
            attempts: Vec::new(),
            next: Some(NextAttempt::at(now)),
            version: self.version + 1,
            expires_at: (now + RETENTION).into(),
            ..self
        }
    }

    fn with_result(mut self, result: AttemptResult) -> Self {
        if let Some(attempt) = self.attempts.last_mut() {
            attempt.result = Some(result);
        }
        self
    }

    fn ended(self, status: DeliveryStatus) -> Self {
        Self {
            status,
            next: None,
            version: self.version + 1,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attempt::Answer;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_774_526_400 + seconds, 0).expect("in range")
    }

    fn pending() -> Delivery {
        Delivery {
            key: DeliveryKey {
                webhook: WebhookId::new(at(0)),
                event: EventId::new(at(0)),
            },
            org: "org_1".parse().expect("an id"),
            content: Content::Test,
            status: DeliveryStatus::Pending,
            attempts: Vec::new(),
            next: Some(NextAttempt::at(at(0))),
            version: 0,
            expires_at: (at(0) + RETENTION).into(),
        }
    }

    fn result(status: u16) -> AttemptResult {
        AttemptResult {
            answer: Answer::Status(status),
            duration_ms: 12,
        }
    }

    #[test]
    fn an_attempt_that_is_lost_is_found_a_minute_later() {
        let claimed = pending().claimed(at(5)).expect("pending");
        assert_eq!(
            (claimed.version, claimed.attempts[0].result),
            (1, None),
            "{claimed:?}"
        );
        let next = claimed.next.expect("it goes on");
        assert_eq!(next.pick_up_at, at(65).into());
        let again = claimed.claimed(at(65)).expect("pending");
        assert_eq!((again.version, again.attempts.len()), (2, 2));
    }

    #[test]
    fn what_an_attempt_came_to_is_kept_with_it() {
        let claimed = || pending().claimed(at(0)).expect("pending");
        let next = NextAttempt::sent(at(300), TimeDelta::minutes(2));
        let postponed = pending().postponed(next);
        assert_eq!((postponed.version, postponed.attempts.len()), (1, 0));
        let retried = claimed().retried(result(500), next);
        assert_eq!(retried.attempts[0].result, Some(result(500)));
        assert_eq!(retried.status, DeliveryStatus::Pending);
        assert_eq!(
            retried.next.map(|next| next.pick_up_at),
            Some(at(420).into())
        );
        for (ended, status) in [
            (claimed().succeeded(result(204)), DeliveryStatus::Delivered),
            (claimed().failed(result(410)), DeliveryStatus::Failed),
            (pending().given_up(), DeliveryStatus::Failed),
        ] {
            assert_eq!((ended.status, ended.next), (status, None));
            assert!(ended.version > 0);
            assert_eq!(ended.clone().claimed(at(9)), None);
            let replayed = ended.clone().replayed(at(60));
            assert_eq!(replayed.next, Some(NextAttempt::at(at(60))));
            assert_eq!(replayed.version, ended.version + 1);
            assert!(replayed.attempts.is_empty());
            assert!(replayed.claimed(at(61)).is_some());
        }
    }

    #[test]
    fn a_delivery_whose_last_attempts_are_lost_is_given_up() {
        let mut delivery = pending();
        for _ in 0..MOST_ATTEMPTS {
            delivery = delivery.claimed(at(0)).expect("pending");
        }
        assert_eq!(delivery.status, DeliveryStatus::Pending);
        let given_up = delivery.claimed(at(60)).expect("pending");
        assert_eq!(given_up.status, DeliveryStatus::Failed);
        assert_eq!(given_up.attempts.len(), MOST_ATTEMPTS);
    }
}
