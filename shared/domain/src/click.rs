//! A click as it is to be recorded.

use crate::attribution::{Attribution, Source, UserAgent, Visitor};
use crate::caller::CallerKind;
use crate::clock::Timestamp;
use crate::code::FoldedCode;
use crate::code_record::CodeRecord;
use crate::ids::AttributionId;
use crate::usage::UsageRefusal;
use chrono::{DateTime, TimeDelta, Utc};
use std::net::IpAddr;

/// How long ago a click may have occurred that others than staff record.
pub const RECORDED_WITHIN: TimeDelta = TimeDelta::days(30);

/// A click on a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Click {
    /// The code as it was typed or followed.
    pub code: FoldedCode,
    /// Who clicked, as far as it is kept.
    pub visitor: Visitor,
    /// When; `None` is now.
    pub occurred_at: Option<Timestamp>,
    /// Who records it.
    pub recorded_by: CallerKind,
    /// How long the click is kept unless it is confirmed; `None` is for ever.
    pub retention: Option<TimeDelta>,
}

/// Why a click was not recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClickRefusal {
    /// There is no such code.
    UnknownCode,
    /// `occurred_at` is further ahead than two clocks may differ.
    InTheFuture,
    /// `occurred_at` is further back than who records it may say.
    TooLongAgo,
    /// The code exists and cannot be used.
    Unusable(UsageRefusal),
}

impl Click {
    /// When the click occurred. A moment ahead, by no more than two clocks may differ, is now.
    ///
    /// # Errors
    /// [`ClickRefusal::InTheFuture`], [`ClickRefusal::TooLongAgo`].
    pub fn occurred_at(&self, now: DateTime<Utc>) -> Result<Timestamp, ClickRefusal> {
        let at = self.occurred_at.unwrap_or(now.into());
        if at.is_ahead_of(now) {
            return Err(ClickRefusal::InTheFuture);
        }
        if !self.recorded_by.is_staff() && at.instant() < now - RECORDED_WITHIN {
            return Err(ClickRefusal::TooLongAgo);
        }
        Ok(at.min(now.into()))
    }

    /// The attribution that this click on `code` leaves.
    pub fn attribution(
        self,
        code: CodeRecord,
        occurred_at: Timestamp,
        now: DateTime<Utc>,
    ) -> Attribution {
        Attribution {
            id: AttributionId::new(now),
            source: Source::Click,
            program: code.terms.program,
            code: code.code,
            mentor: code.mentor,
            org: code.org,
            visitor: self.visitor,
            occurred_at,
            conversion: None,
            expires_at: self.retention.map(|retention| (now + retention).into()),
        }
    }
}

/// What is known of a visit: stated in a request's body, or seen of the request itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Visit {
    /// The visitor's address: `None` says nothing, `Some(None)` that it is unknown.
    pub ip_address: Option<Option<IpAddr>>,
    /// The visitor's browser, likewise.
    pub user_agent: Option<Option<UserAgent>>,
    /// When they came; `None` is now.
    pub occurred_at: Option<Timestamp>,
}

impl Visit {
    /// What is believed of a visit that a request of `caller` states, and what was seen of the
    /// request where the body says nothing. Who speaks for themself alone is the visitor: what
    /// they state of somebody else is passed over.
    #[must_use]
    pub fn believed(self, seen: Self, caller: CallerKind) -> Self {
        if caller.is_restricted() {
            return seen;
        }
        Self {
            ip_address: self.ip_address.or(seen.ip_address),
            user_agent: self.user_agent.or(seen.user_agent),
            occurred_at: self.occurred_at.or(seen.occurred_at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::tests::time;

    #[test]
    fn a_click_occurs_at_most_five_minutes_ahead_and_for_most_thirty_days_ago() {
        use CallerKind::{ApiKey, Organisation, Owner, Platform, Public};
        let now = time("2026-03-26T12:00:00Z");
        let at = |text: &str| Ok(time(text).into());
        let rows = [
            (None, Public, Ok(now.into())),
            (
                Some("2026-02-24T12:00:00Z"),
                Public,
                at("2026-02-24T12:00:00Z"),
            ),
            (
                Some("2026-02-24T11:59:59Z"),
                Public,
                Err(ClickRefusal::TooLongAgo),
            ),
            (
                Some("2026-02-24T11:59:59Z"),
                Owner,
                Err(ClickRefusal::TooLongAgo),
            ),
            (
                Some("2020-01-01T00:00:00Z"),
                ApiKey,
                at("2020-01-01T00:00:00Z"),
            ),
            (
                Some("2020-01-01T00:00:00Z"),
                Organisation,
                at("2020-01-01T00:00:00Z"),
            ),
            (Some("2026-03-26T12:05:00Z"), Public, Ok(now.into())),
            (
                Some("2026-03-26T12:05:01Z"),
                Platform,
                Err(ClickRefusal::InTheFuture),
            ),
        ];
        for (given, recorded_by, expected) in rows {
            let click = Click {
                code: "JANVERV".parse().expect("a code"),
                visitor: Visitor::default(),
                occurred_at: given.map(|at| time(at).into()),
                recorded_by,
                retention: None,
            };
            let occurred_at = click.occurred_at(now);
            assert_eq!(occurred_at, expected, "{given:?} {recorded_by:?}");
        }
    }

    #[test]
    fn a_visitor_is_taken_as_seen_and_staff_at_their_word() {
        use CallerKind::{Anonymous, ApiKey, Organisation, Owner, Platform, Public};
        let visit = |address: &str, agent: &str, at: Option<&str>| Visit {
            ip_address: Some(address.parse().ok()),
            user_agent: Some(UserAgent::shortened(agent)),
            occurred_at: at.map(|at| time(at).into()),
        };
        let stated = visit("203.0.113.7", "Stated/1", Some("2026-03-20T12:00:00Z"));
        let seen = visit("198.51.100.1", "Seen/1", None);
        for (caller, is_believed) in [
            (Public, true),
            (Organisation, true),
            (Platform, true),
            (ApiKey, true),
            (Owner, false),
            (Anonymous, false),
        ] {
            let believed = stated.clone().believed(seen.clone(), caller);
            let expected = if is_believed { &stated } else { &seen };
            assert_eq!(believed, *expected, "{caller:?}");
            let believed = Visit::default().believed(seen.clone(), caller);
            assert_eq!(believed, seen, "{caller:?} states nothing");
        }
        let unknown = Visit {
            ip_address: Some(None),
            user_agent: Some(None),
            ..Visit::default()
        };
        let believed = unknown.clone().believed(seen, ApiKey);
        assert_eq!(believed, unknown, "what is unknown is not the server's own");
    }
}
