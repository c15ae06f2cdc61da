//! An event as it goes out, wherever it goes: CloudEvents 1.0 in JSON.

use domain::event::Change;
use domain::event_data::{AttributionState, CodeState, Erasure, ProgramState, ReachedLimit};
use domain::{EventId, MemberId, MentorId, NamedEvent, OrgId, Timestamp};
use serde::Serialize;

/// What `source` says of every event. With `id` it tells an event from all others.
pub const SOURCE: &str = "verv";

/// An event in the form of CloudEvents 1.0.
#[derive(Debug, Clone, Serialize)]
pub struct CloudEvent {
    specversion: &'static str,
    id: EventId,
    source: &'static str,
    #[serde(rename = "type")]
    event_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    time: Timestamp,
    datacontenttype: &'static str,
    data: EventData,
}

/// What an event says of its record, and whom that names.
#[derive(Debug, Clone, Serialize)]
pub struct EventData {
    org_id: OrgId,
    #[serde(skip_serializing_if = "Option::is_none")]
    mentor_id: Option<MentorId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    new_member_id: Option<MemberId>,
    #[serde(flatten)]
    record: Record,
}

#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
enum Record {
    Code(CodeState),
    Attribution(AttributionState),
    Limit(ReachedLimit),
    Program(ProgramState),
    Erasure(Erasure),
}

impl From<Change> for Record {
    fn from(change: Change) -> Self {
        match change {
            Change::CodeCreated(code)
            | Change::CodeRotated(code)
            | Change::CodeUpdated(code)
            | Change::CodeActivated(code)
            | Change::CodeDeactivated(code)
            | Change::CodeInvalidated(code)
            | Change::CodeDeleted(code) => Self::Code(code),
            Change::AttributionConfirmed(attribution) | Change::AttributionDeleted(attribution) => {
                Self::Attribution(attribution)
            }
            Change::LimitReached(limit) => Self::Limit(limit),
            Change::ProgramCreated(program)
            | Change::ProgramUpdated(program)
            | Change::ProgramArchived(program)
            | Change::ProgramDeleted(program) => Self::Program(program),
            Change::MemberErased(erasure) => Self::Erasure(erasure),
        }
    }
}

impl From<NamedEvent> for CloudEvent {
    fn from(named: NamedEvent) -> Self {
        let NamedEvent {
            event,
            mentor,
            member,
        } = named;
        Self {
            specversion: "1.0",
            id: event.id,
            source: SOURCE,
            event_type: event.change.event_type().as_str(),
            subject: event.change.subject().map(|subject| subject.to_string()),
            time: event.id.made_at().into(),
            datacontenttype: "application/json",
            data: EventData {
                org_id: event.org,
                mentor_id: mentor,
                new_member_id: member,
                record: event.change.into(),
            },
        }
    }
}

impl CloudEvent {
    /// Its id.
    pub fn id(&self) -> EventId {
        self.id
    }

    /// What happened: `code.created`.
    pub fn event_type(&self) -> &'static str {
        self.event_type
    }

    /// When the change was requested.
    pub fn time(&self) -> Timestamp {
        self.time
    }

    /// What it says.
    pub fn data(&self) -> &EventData {
        &self.data
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Event;
    use serde_json::json;

    #[test]
    fn an_event_says_what_happened_to_what_and_whose_it_is() {
        let change = json!({
            "type": "attribution.confirmed",
            "data": {
                "id": "attr_019d0b9fe3287000800000000000bb05", "code": "JAN-VERV-8F3A",
                "source": "click", "occurred_at": "2026-03-20T14:22:00Z",
                "confirmed_at": "2026-03-25T10:00:00Z",
            },
        });
        let id: EventId = "evt_019d0b9fe3287000800000000000bb05"
            .parse()
            .expect("an id");
        let named = NamedEvent {
            event: Event {
                id,
                org: "org_002".parse().expect("an id"),
                change: serde_json::from_value(change).expect("a change"),
            },
            mentor: "usr_4491".parse().ok(),
            member: "usr_5892".parse().ok(),
        };
        let shown = serde_json::to_value(CloudEvent::from(named)).expect("JSON");
        assert_eq!(
            shown,
            json!({
                "specversion": "1.0", "id": id, "source": "verv",
                "type": "attribution.confirmed",
                "subject": "attr_019d0b9fe3287000800000000000bb05",
                "time": Timestamp::from(id.made_at()), "datacontenttype": "application/json",
                "data": {
                    "org_id": "org_002", "mentor_id": "usr_4491", "new_member_id": "usr_5892",
                    "id": "attr_019d0b9fe3287000800000000000bb05", "code": "JAN-VERV-8F3A",
                    "source": "click", "occurred_at": "2026-03-20T14:22:00Z",
                    "confirmed_at": "2026-03-25T10:00:00Z",
                },
            })
        );
    }
}
