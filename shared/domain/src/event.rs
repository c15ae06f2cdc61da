//! What others are told of: every change of state, as an event.
//!
//! An event names nobody. Who it is about is read from the record when the event goes out, so
//! that an event which is read after an erasure names the pseudonym.

use crate::Attribution;
use crate::code::Code;
use crate::code_record::ReferralLimit;
use crate::event_data::{AttributionState, CodeState, Erasure, ProgramState, ReachedLimit};
use crate::event_type::EventType;
use crate::ids::{AttributionId, CodeId, EventId, MemberId, MentorId, OrgId, ProgramId};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;

/// How long events are kept.
pub const RETENTION: TimeDelta = TimeDelta::days(30);

/// How old an event is before it is listed: longer than from the moment when its id is made to
/// its commit, which is the longest that a function runs, and clock skew. An event that is
/// committed late so never comes before one that was listed.
pub const SETTLING: TimeDelta = TimeDelta::seconds(20);

/// What happened, and to what. The data is stored as it goes out: an event is the same however
/// late it is read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum Change {
    /// A code was made.
    #[serde(rename = "code.created")]
    CodeCreated(CodeState),
    /// A code was made in the place of another, which ended.
    #[serde(rename = "code.rotated")]
    CodeRotated(CodeState),
    /// The terms of a code were changed.
    #[serde(rename = "code.updated")]
    CodeUpdated(CodeState),
    /// An inactive code was made active again.
    #[serde(rename = "code.activated")]
    CodeActivated(CodeState),
    /// A code was made inactive.
    #[serde(rename = "code.deactivated")]
    CodeDeactivated(CodeState),
    /// A code was ended for good.
    #[serde(rename = "code.invalidated")]
    CodeInvalidated(CodeState),
    /// A code's record was deleted.
    #[serde(rename = "code.deleted")]
    CodeDeleted(CodeState),
    /// Somebody joined by a code.
    #[serde(rename = "attribution.confirmed")]
    AttributionConfirmed(AttributionState),
    /// A click or recruitment was deleted.
    #[serde(rename = "attribution.deleted")]
    AttributionDeleted(AttributionState),
    /// A code has confirmed as many referrals as it may.
    #[serde(rename = "limit.reached")]
    LimitReached(ReachedLimit),
    /// A program was made.
    #[serde(rename = "program.created")]
    ProgramCreated(ProgramState),
    /// A program was changed.
    #[serde(rename = "program.updated")]
    ProgramUpdated(ProgramState),
    /// A program takes no new codes any more.
    #[serde(rename = "program.archived")]
    ProgramArchived(ProgramState),
    /// A program was deleted.
    #[serde(rename = "program.deleted")]
    ProgramDeleted(ProgramState),
    /// A member was replaced by a pseudonym.
    #[serde(rename = "member.erased")]
    MemberErased(Erasure),
}

/// The record that an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A code.
    Code(CodeId),
    /// A click or recruitment.
    Attribution(AttributionId),
    /// A program.
    Program(ProgramId),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(id) => id.fmt(f),
            Self::Attribution(id) => id.fmt(f),
            Self::Program(id) => id.fmt(f),
        }
    }
}

impl Change {
    /// What happened.
    pub fn event_type(&self) -> EventType {
        match self {
            Self::CodeCreated(_) => EventType::CodeCreated,
            Self::CodeRotated(_) => EventType::CodeRotated,
            Self::CodeUpdated(_) => EventType::CodeUpdated,
            Self::CodeActivated(_) => EventType::CodeActivated,
            Self::CodeDeactivated(_) => EventType::CodeDeactivated,
            Self::CodeInvalidated(_) => EventType::CodeInvalidated,
            Self::CodeDeleted(_) => EventType::CodeDeleted,
            Self::AttributionConfirmed(_) => EventType::AttributionConfirmed,
            Self::AttributionDeleted(_) => EventType::AttributionDeleted,
            Self::LimitReached(_) => EventType::LimitReached,
            Self::ProgramCreated(_) => EventType::ProgramCreated,
            Self::ProgramUpdated(_) => EventType::ProgramUpdated,
            Self::ProgramArchived(_) => EventType::ProgramArchived,
            Self::ProgramDeleted(_) => EventType::ProgramDeleted,
            Self::MemberErased(_) => EventType::MemberErased,
        }
    }

    /// The record that it is about, if there is one still.
    pub fn subject(&self) -> Option<Subject> {
        match self {
            Self::CodeCreated(code)
            | Self::CodeRotated(code)
            | Self::CodeUpdated(code)
            | Self::CodeActivated(code)
            | Self::CodeDeactivated(code)
            | Self::CodeInvalidated(code)
            | Self::CodeDeleted(code) => Some(Subject::Code(code.id)),
            Self::AttributionConfirmed(attribution) | Self::AttributionDeleted(attribution) => {
                Some(Subject::Attribution(attribution.id))
            }
            Self::LimitReached(limit) => Some(Subject::Code(limit.id)),
            Self::ProgramCreated(program)
            | Self::ProgramUpdated(program)
            | Self::ProgramArchived(program)
            | Self::ProgramDeleted(program) => Some(Subject::Program(program.id)),
            Self::MemberErased(erasure) => erasure.attribution_id.map(Subject::Attribution),
        }
    }
}

/// A change of state, as others are told of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Sorts by when the change was requested.
    pub id: EventId,
    /// In which organisation.
    pub org: OrgId,
    /// What happened.
    pub change: Change,
}

/// What one change of state leaves in the outbox: an event, and a second one where the change
/// has used a limit up.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboxEntry {
    /// The event of the change itself.
    pub event: Event,
    /// The limit that it has used up.
    pub reached: Option<ReachedLimit>,
}

impl OutboxEntry {
    /// What a change at `now` leaves.
    pub fn new(org: &OrgId, change: Change, now: DateTime<Utc>) -> Self {
        let event = Event {
            id: EventId::new(now).first(),
            org: org.clone(),
            change,
        };
        Self {
            event,
            reached: None,
        }
    }

    /// What the confirmation of `attribution` leaves, which may be the last one that a code
    /// with such a limit may have.
    pub fn confirmed(
        attribution: &Attribution,
        last_of: Option<(CodeId, Code, ReferralLimit)>,
        now: DateTime<Utc>,
    ) -> Self {
        let change = Change::AttributionConfirmed(attribution.into());
        Self {
            reached: last_of.map(|(id, code, limit)| ReachedLimit {
                id,
                code,
                limit,
                attribution_id: attribution.id,
            }),
            ..Self::new(&attribution.org, change, now)
        }
    }

    /// Its events, in order.
    pub fn into_events(self) -> impl Iterator<Item = Event> {
        let second = self.reached.map(|limit| Event {
            id: self.event.id.second(),
            org: self.event.org.clone(),
            change: Change::LimitReached(limit),
        });
        [self.event].into_iter().chain(second)
    }
}

/// An event as it goes out: with whom it is about, as the record says now.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedEvent {
    /// What happened.
    pub event: Event,
    /// Whose code it is, or led to it.
    pub mentor: Option<MentorId>,
    /// Who joined.
    pub member: Option<MemberId>,
}

/// Up to when events are listed at `now`: newer ones may be committed in another order still.
pub fn settled_until(now: DateTime<Utc>) -> DateTime<Utc> {
    now - SETTLING
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Pseudonym;
    use serde_json::json;
    use std::str::FromStr;

    fn valid<T: FromStr>(text: &str) -> T
    where
        T::Err: fmt::Debug,
    {
        text.parse().expect("valid")
    }

    fn now() -> DateTime<Utc> {
        valid("2026-03-26T12:00:00Z")
    }

    fn erasure(attribution: Option<&str>) -> Change {
        Change::MemberErased(Erasure {
            pseudonym: Pseudonym::random(),
            attribution_id: attribution.map(valid),
        })
    }

    #[test]
    fn a_change_is_written_under_its_type() {
        let limit = Change::LimitReached(ReachedLimit {
            id: valid("rc_019ba72246807000800000000000aa03"),
            code: valid("JAN-VERV-8F3A"),
            limit: 10.try_into().expect("a limit"),
            attribution_id: valid("attr_019d0b9fe3287000800000000000bb05"),
        });
        let text = json!({
            "type": "limit.reached",
            "data": {
                "id": "rc_019ba72246807000800000000000aa03", "code": "JAN-VERV-8F3A",
                "limit": 10, "attribution_id": "attr_019d0b9fe3287000800000000000bb05",
            },
        });
        assert_eq!(serde_json::to_value(&limit).expect("JSON"), text);
        assert_eq!(
            serde_json::from_value::<Change>(text).expect("a change"),
            limit
        );
        assert_eq!(limit.event_type().as_str(), "limit.reached");
        assert_eq!(
            limit
                .subject()
                .map(|subject| subject.to_string())
                .as_deref(),
            Some("rc_019ba72246807000800000000000aa03")
        );
    }

    #[test]
    fn a_limit_that_is_used_up_is_an_event_right_after_the_one_that_did_it() {
        let attribution = "attr_019d0b9fe3287000800000000000bb05";
        let entry = OutboxEntry {
            reached: Some(ReachedLimit {
                id: valid("rc_019ba72246807000800000000000aa03"),
                code: valid("JAN-VERV-8F3A"),
                limit: 1.try_into().expect("a limit"),
                attribution_id: valid(attribution),
            }),
            ..OutboxEntry::new(&valid("org_1"), erasure(Some(attribution)), now())
        };
        let events: Vec<_> = entry.into_events().collect();
        let [first, second] = &events[..] else {
            panic!("{events:?}")
        };
        assert_eq!(second.change.event_type(), EventType::LimitReached);
        assert_eq!(first.org, second.org);
        assert!(first.id < second.id);
        assert_eq!(second.id.first(), first.id);
        assert_eq!(first.id.shard(), second.id.shard());
    }

    #[test]
    fn a_change_without_a_limit_is_one_event() {
        let entry = OutboxEntry::new(&valid("org_1"), erasure(None), now());
        assert_eq!(entry.event.change.subject(), None);
        assert_eq!(entry.into_events().count(), 1);
    }

    #[test]
    fn events_are_listed_when_they_can_no_longer_be_overtaken() {
        assert_eq!(
            settled_until(now()),
            valid::<DateTime<Utc>>("2026-03-26T11:59:40Z")
        );
    }
}
