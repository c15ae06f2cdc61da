//! What one change of state leaves in the outbox.

use crate::entity::Entity;
use crate::error::StoreError;
use crate::keys::{self, Keys};
use crate::transaction::Transaction;
use domain::event::{Change, RETENTION};
use domain::event_data::ReachedLimit;
use domain::{Event, EventId, OrgId, OutboxEntry};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// An entry of the outbox: written once, in the transaction of its change, and never changed.
/// One kibibyte at most, so that it costs two write units.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct EventItem {
    #[serde(rename = "sk")]
    id: EventId,
    org: OrgId,
    change: Change,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    reached: Option<ReachedLimit>,
    expires: i64,
}

impl Entity for EventItem {
    const KIND: &'static str = "event";

    fn keys(&self) -> Keys {
        keys::event(self.id, &self.org).into()
    }
}

impl From<OutboxEntry> for EventItem {
    fn from(entry: OutboxEntry) -> Self {
        let Event { id, org, change } = entry.event;
        Self {
            expires: (id.made_at() + RETENTION).timestamp(),
            id,
            org,
            change,
            reached: entry.reached,
        }
    }
}

impl From<EventItem> for OutboxEntry {
    fn from(item: EventItem) -> Self {
        Self {
            event: Event {
                id: item.id,
                org: item.org,
                change: item.change,
            },
            reached: item.reached,
        }
    }
}

impl EventItem {
    /// The item in a record of the table's stream, which writes each value under its type.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for what is no event.
    pub(crate) fn read_image(image: &Value) -> Result<Self, StoreError> {
        let fields = attributes(image).ok_or_else(|| {
            StoreError::corrupt("a record of the stream whose new image cannot be read")
        })?;
        serde_json::from_value(fields).map_err(StoreError::corrupt)
    }
}

/// The attributes of an item, without their types.
fn attributes(image: &Value) -> Option<Value> {
    let mut fields = Map::new();
    for (name, typed) in image.as_object()? {
        fields.insert(name.clone(), untyped(typed)?);
    }
    Some(Value::Object(fields))
}

/// `{"S": "text"}` as `"text"`.
fn untyped(typed: &Value) -> Option<Value> {
    let (kind, value) = typed.as_object()?.iter().next()?;
    Some(match kind.as_str() {
        "S" | "BOOL" => value.clone(),
        "N" => Value::Number(value.as_str()?.parse().ok()?),
        "NULL" => Value::Null,
        "M" => attributes(value)?,
        "L" => value
            .as_array()?
            .iter()
            .map(untyped)
            .collect::<Option<Vec<_>>>()?
            .into(),
        _ => return None,
    })
}

impl<R> Transaction<'_, R> {
    /// Adds the events of the change that the transaction makes.
    pub(crate) fn emit(self, entry: OutboxEntry) -> Self {
        self.append(&EventItem::from(entry))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::Item;
    use aws_sdk_dynamodb::types::AttributeValue;
    use chrono::{DateTime, Utc};
    use domain::event_data::{CodeState, ProgramState};
    use domain::{CodeRecord, Program};
    use serde_json::json;

    fn valid<T: std::str::FromStr>(text: &str) -> T
    where
        T::Err: std::fmt::Debug,
    {
        text.parse().expect("valid")
    }

    fn change(value: Value) -> Change {
        serde_json::from_value(value).expect("a change")
    }

    fn code_created() -> Change {
        change(json!({
            "type": "code.created",
            "data": {
                "id": "rc_019ba72246807000800000000000aa03", "code": "JAN-VERV-8F3A",
                "status": "active", "user_type": 2, "max_referrals": 10,
                "created_at": "2026-01-10T09:00:00Z",
            },
        }))
    }

    fn entry(org: &str, change: Change) -> EventItem {
        let id: EventId = valid("evt_019d2a5c000070008000000000000003");
        EventItem::from(OutboxEntry {
            event: Event {
                id,
                org: valid(org),
                change,
            },
            reached: None,
        })
    }

    #[test]
    fn an_event_is_in_its_organisations_shard_and_expires() {
        let item = entry("org_1", code_created());
        let stored = item.to_item().expect("an item");
        let read: Value = serde_dynamo::from_item(stored.clone()).expect("JSON");
        let id: EventId = valid("evt_019d2a5c000070008000000000000003");
        assert_eq!(
            read,
            json!({
                "pk": "EVENT#org_1#03", "sk": "evt_019d2a5c000070008000000000000003",
                "kind": "event", "org": "org_1",
                "change": serde_json::to_value(code_created()).expect("JSON"),
                "expires": (id.made_at() + RETENTION).timestamp(),
            })
        );
        assert_eq!(EventItem::from_item(stored).ok().flatten(), Some(item));
    }

    /// The item as a record of the stream shows it.
    fn image(value: &AttributeValue) -> Value {
        match value {
            AttributeValue::S(text) => json!({"S": text}),
            AttributeValue::N(number) => json!({"N": number}),
            AttributeValue::Bool(is) => json!({"BOOL": is}),
            AttributeValue::Null(_) => json!({"NULL": true}),
            AttributeValue::L(list) => json!({"L": list.iter().map(image).collect::<Vec<_>>()}),
            AttributeValue::M(map) => json!({"M": images(map)}),
            other => panic!("{other:?}"),
        }
    }

    fn images(item: &Item) -> Value {
        let fields = item
            .iter()
            .map(|(name, value)| (name.clone(), image(value)));
        Value::Object(fields.collect())
    }

    #[test]
    fn a_record_of_the_stream_is_read_as_the_item_is() {
        for item in [entry("org_1", code_created()), entry("org_1", program(1))] {
            let shown = images(&item.to_item().expect("an item"));
            assert_eq!(EventItem::read_image(&shown).ok(), Some(item));
        }
        for broken in [
            json!({}),
            json!([]),
            json!({"sk": {"B": "AA=="}}),
            json!(null),
        ] {
            assert!(EventItem::read_image(&broken).is_err(), "{broken}");
        }
    }

    fn program(times: usize) -> Change {
        change(json!({
            "type": "program.updated",
            "data": {
                "id": "prg_019d2a5c000070008000000000000003", "name": "Å".repeat(times),
                "status": "active", "currency_id": "C".repeat(times.min(128)),
                "eligible_user_types": [2, 3, 5], "max_referrals_per_code": 1_000_000_000,
                "attribution_window_days": 3650, "code_ttl_days": 3650,
                "starts_at": "2026-01-10T09:00:00Z", "ends_at": "2026-07-01T00:00:00Z",
            },
        }))
    }

    /// As DynamoDB counts: names and values, one byte for a type, three for a map or list.
    fn size(value: &AttributeValue) -> usize {
        match value {
            AttributeValue::S(text) => text.len(),
            AttributeValue::N(number) => number.len() / 2 + 2,
            AttributeValue::L(list) => 3 + list.iter().map(|value| 1 + size(value)).sum::<usize>(),
            AttributeValue::M(map) => 3 + sizes(map) + map.len(),
            _ => 1,
        }
    }

    fn sizes(item: &Item) -> usize {
        item.iter()
            .map(|(name, value)| name.len() + size(value))
            .sum()
    }

    #[test]
    fn the_longest_event_is_no_longer_than_a_kibibyte() {
        let now: DateTime<Utc> = valid("2026-03-26T12:00:00Z");
        let mut code = match code_created() {
            Change::CodeCreated(code) => code,
            other => panic!("{other:?}"),
        };
        code.code = valid(&"C".repeat(50));
        code.referral_program_id = Some(valid("prg_019d2a5c000070008000000000000003"));
        code.expires_at = Some(now.into());
        code.deactivated_at = Some(now.into());
        code.previous = Some(domain::event_data::PreviousCode {
            id: code.id,
            code: code.code.clone(),
        });
        let confirmed = json!({
            "type": "attribution.confirmed",
            "data": {
                "id": "attr_019d0b9fe3287000800000000000bb05", "code": "C".repeat(50),
                "source": "click", "occurred_at": "2026-03-20T14:22:00Z",
                "confirmed_at": "2026-03-20T14:22:00Z",
            },
        });
        let mut confirmed = entry(&"o".repeat(128), change(confirmed));
        confirmed.reached = Some(ReachedLimit {
            id: code.id,
            code: code.code.clone(),
            limit: 1_000_000_000.try_into().expect("a limit"),
            attribution_id: valid("attr_019d0b9fe3287000800000000000bb05"),
        });
        let longest = [
            confirmed,
            entry(&"o".repeat(128), Change::CodeRotated(code)),
            entry(&"o".repeat(128), program(120)),
        ];
        for item in longest {
            let size = sizes(&item.to_item().expect("an item"));
            assert!(size <= 1024, "{size} bytes: {item:?}");
        }
    }

    #[test]
    fn states_are_read_of_records() {
        let now: DateTime<Utc> = valid("2026-03-26T12:00:00Z");
        let record = CodeRecord {
            id: valid("rc_019ba72246807000800000000000aa03"),
            mentor: valid("usr_1"),
            org: valid("org_1"),
            code: valid("JAN-VERV-8F3A"),
            terms: domain::code_record::CodeTerms {
                max_referrals: 10.try_into().ok(),
                ..Default::default()
            },
            created_at: valid("2026-01-10T09:00:00Z"),
            deactivated_at: None,
            invalidated_at: None,
        };
        assert_eq!(
            Change::CodeCreated(CodeState::new(&record, now)),
            code_created()
        );
        let Change::ProgramUpdated(state) = program(3) else {
            panic!("no program")
        };
        let program = Program {
            id: state.id,
            org: valid("org_1"),
            terms: domain::program::ProgramTerms {
                name: state.name.clone(),
                currency: state.currency_id.clone(),
                user_types: state.eligible_user_types.clone(),
                max_referrals_per_code: state.max_referrals_per_code,
                attribution_window: state.attribution_window_days,
                code_ttl: state.code_ttl_days,
                starts_at: state.starts_at,
                ends_at: state.ends_at,
            },
            archived_at: None,
            version: 1,
            is_referred: false,
        };
        assert_eq!(ProgramState::from(&program), state);
    }
}
