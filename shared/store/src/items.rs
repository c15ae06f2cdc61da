//! Records as the table holds them, under their own ids: for imports, and for tests that fill a
//! table without the operations.

use crate::api_key_item::ApiKeyItem;
use crate::attribution_item::AttributionItem;
use crate::code_item::{ActiveCode, CanonicalCode, CodeLogItem};
use crate::delivery_item::DeliveryItem;
use crate::entity::Entity;
use crate::error::StoreError;
use crate::event_item::EventItem;
use crate::keys::Item;
use crate::program_item::ProgramItem;
use crate::webhook_item::WebhookItem;
use domain::{ApiKey, Attribution, CodeRecord, Delivery, Endpoint, KeyText, OutboxEntry, Program};

/// The items of a code: the canonical one, its log item, and the pair's active code where it
/// has not ended.
///
/// # Errors
/// [`StoreError::Corrupt`] when the record has no form in DynamoDB's types.
pub fn of_code(record: &CodeRecord) -> Result<Vec<Item>, StoreError> {
    let mut items = vec![
        CanonicalCode::from(record).to_item()?,
        CodeLogItem::from(record).to_item()?,
    ];
    if record.deactivated_at.is_none() && record.invalidated_at.is_none() {
        items.push(ActiveCode::from(record).to_item()?);
    }
    Ok(items)
}

/// The item of a click, confirmed or not; a confirmed one's member is not guarded by it.
///
/// # Errors
/// [`StoreError::Corrupt`] when the record has no form in DynamoDB's types.
pub fn of_attribution(attribution: &Attribution) -> Result<Item, StoreError> {
    AttributionItem::from(attribution).to_item()
}

/// The item of a program.
///
/// # Errors
/// [`StoreError::Corrupt`] when the record has no form in DynamoDB's types.
pub fn of_program(program: &Program) -> Result<Item, StoreError> {
    ProgramItem::from(program).to_item()
}

/// The item of an API key, which is known by `text`.
///
/// # Errors
/// [`StoreError::Corrupt`] when the record has no form in DynamoDB's types.
pub fn of_api_key(key: &ApiKey, text: &KeyText) -> Result<Item, StoreError> {
    ApiKeyItem::new(key, text).to_item()
}

/// The item of an entry of an outbox.
///
/// # Errors
/// [`StoreError::Corrupt`] when the entry has no form in DynamoDB's types.
pub fn of_event(entry: OutboxEntry) -> Result<Item, StoreError> {
    EventItem::from(entry).to_item()
}

/// The item of a webhook, which its organisation's count does not know.
///
/// # Errors
/// [`StoreError::Corrupt`] when the webhook has no form in DynamoDB's types.
pub fn of_webhook(endpoint: &Endpoint) -> Result<Item, StoreError> {
    WebhookItem::new(endpoint).to_item()
}

/// The item of a delivery.
///
/// # Errors
/// [`StoreError::Corrupt`] when the delivery has no form in DynamoDB's types.
pub fn of_delivery(delivery: &Delivery) -> Result<Item, StoreError> {
    DeliveryItem::from(delivery).to_item()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribution_item::{AttributionChange, CodeRemoval, MemberGuard};
    use domain::Recruitment;
    use domain::attribution::{Conversion, Source, Visitor};
    use domain::code_record::CodeTerms;
    use serde_json::{Value, json};

    const CODE_ID: &str = "rc_019ba72246807000800000000000aa03";
    const CLICK_ID: &str = "attr_019d0b9fe3287000800000000000bb05";
    const PROGRAM_ID: &str = "prg_019d0b9fe3287000800000000000bb05";

    fn valid<T: std::str::FromStr>(text: &str) -> T
    where
        T::Err: std::fmt::Debug,
    {
        text.parse().expect("valid")
    }

    fn code() -> CodeRecord {
        CodeRecord {
            id: valid(CODE_ID),
            mentor: valid("usr_4491"),
            org: valid("org_002"),
            code: valid("JAN-VERV-8F3A"),
            terms: CodeTerms {
                max_referrals: 10.try_into().ok(),
                expires_at: Some(valid("2026-07-01T00:00:00Z")),
                ..CodeTerms::default()
            },
            created_at: valid("2026-01-10T09:00:00Z"),
            deactivated_at: None,
            invalidated_at: None,
        }
    }

    fn click() -> Attribution {
        Attribution {
            id: valid(CLICK_ID),
            source: Source::Click,
            program: None,
            code: valid("JAN-VERV-8F3A"),
            mentor: valid("usr_4491"),
            org: valid("org_002"),
            visitor: Visitor {
                ip_address: Some([185, 12, 34, 56].into()),
                user_agent: Some(valid("Mozilla/5.0")),
                referrer_url: Some(valid("https://instagram.com")),
            },
            occurred_at: valid("2026-03-20T14:22:00Z"),
            conversion: None,
            expires_at: Some(valid("2026-04-20T14:22:01Z")),
        }
    }

    /// The whole item, as JSON.
    fn stored(entity: &impl Entity) -> Value {
        let item = entity.to_item().expect("an item");
        serde_dynamo::from_item(item).expect("JSON")
    }

    /// `fields`, and those of a record of the log of attributions under `id`.
    fn in_log(id: &str, fields: Value) -> Value {
        let shard = &id[id.len() - 2..];
        let mut item = json!({
            "pk": format!("ATTR#{shard}"), "sk": id,
            "gsi1pk": format!("ATTR#M#usr_4491#{shard}"), "gsi1sk": id,
            "gsi2pk": format!("ATTR#O#org_002#{shard}"), "gsi2sk": id,
            "mentor": "usr_4491", "org": "org_002", "code": "JAN-VERV-8F3A",
        });
        let fields = fields.as_object().expect("fields").clone();
        item.as_object_mut().expect("an object").extend(fields);
        item
    }

    #[test]
    fn a_code_is_three_items() {
        let shared = json!({
            "id": CODE_ID, "mentor": "usr_4491", "org": "org_002", "code": "JAN-VERV-8F3A",
            "user_type": 2, "max_referrals": 10, "expires_at": "2026-07-01T00:00:00Z",
            "created_at": "2026-01-10T09:00:00Z",
        });
        let with = |keys: Value| {
            let mut item = shared.clone();
            let keys = keys.as_object().expect("keys").clone();
            item.as_object_mut().expect("an object").extend(keys);
            item
        };
        assert_eq!(
            stored(&CanonicalCode::from(&code())),
            with(json!({"pk": "CODE#JANVERV8F3A", "sk": "CODE", "kind": "code"}))
        );
        assert_eq!(
            stored(&ActiveCode::from(&code())),
            with(json!({
                "pk": "MENTOR#usr_4491#ORG#org_002", "sk": "ACTIVE", "kind": "active_code",
            }))
        );
        assert_eq!(
            stored(&CodeLogItem::from(&code()).made_under(Some("hash"))),
            with(json!({
                "pk": "RC#03", "sk": CODE_ID, "kind": "code_entry", "made_under": "hash",
                "gsi1pk": "RC#M#usr_4491#03", "gsi1sk": CODE_ID,
                "gsi2pk": "RC#O#org_002#03", "gsi2sk": CODE_ID,
            }))
        );
    }

    #[test]
    fn a_click_is_one_item_and_its_conversion_changes_it() {
        let seen = json!({
            "kind": "click", "ip_address": "185.12.34.56", "user_agent": "Mozilla/5.0",
            "referrer_url": "https://instagram.com", "occurred_at": "2026-03-20T14:22:00Z",
        });
        let mut expected = in_log(CLICK_ID, seen);
        expected["expires"] = json!(1_776_694_921);
        expected["made_under"] = json!("hash");
        let item = AttributionItem::from(&click()).made_under(Some("hash"));
        assert_eq!(stored(&item), expected);

        let confirmed = Attribution {
            conversion: Some(Conversion {
                member: valid("usr_5892"),
                confirmed_at: valid("2026-03-25T10:00:00Z"),
            }),
            expires_at: None,
            ..click()
        };
        let item = AttributionItem::from(&confirmed);
        let stored = stored(&item);
        assert_eq!(stored["new_member"], "usr_5892");
        assert_eq!(stored["confirmed_at"], "2026-03-25T10:00:00Z");
        assert_eq!(stored.get("expires"), None);
        assert_eq!(Attribution::from(item), confirmed);

        let typed = Attribution {
            source: Source::Typed,
            program: Some(valid(PROGRAM_ID)),
            ..confirmed
        };
        let item = AttributionItem::from(&typed);
        assert_eq!(self::stored(&item)["source"], "typed");
        assert_eq!(self::stored(&item)["program"], PROGRAM_ID);
        assert_eq!(Attribution::from(item), typed);
    }

    #[test]
    fn what_changes_a_count_is_a_fact_of_its_own() {
        let change = AttributionChange {
            id: valid(CLICK_ID),
            mentor: valid("usr_4491"),
            org: valid("org_002"),
            code: valid("JAN-VERV-8F3A"),
            program: None,
            source: Source::Click,
            sign: -1,
            attribution: None,
            clicked_on: Some(valid("2026-03-20")),
            converted_on: None,
            expires: Some(1_776_694_921),
        };
        let expected = json!({
            "kind": "change", "sign": -1, "clicked_on": "2026-03-20", "expires": 1_776_694_921,
        });
        assert_eq!(stored(&change), in_log(CLICK_ID, expected));
        let of_typed = AttributionChange {
            source: Source::Typed,
            program: Some(valid(PROGRAM_ID)),
            clicked_on: None,
            ..change.clone()
        };
        assert_eq!(stored(&of_typed)["source"], "typed");
        assert_eq!(stored(&of_typed)["program"], PROGRAM_ID);
        let conversion = AttributionChange {
            sign: 1,
            attribution: Some(valid(CLICK_ID)),
            clicked_on: None,
            converted_on: Some(valid("2026-03-25")),
            expires: None,
            ..change
        };
        let expected = json!({
            "kind": "change", "sign": 1, "attribution": CLICK_ID, "converted_on": "2026-03-25",
        });
        assert_eq!(stored(&conversion), in_log(CLICK_ID, expected));

        let removal = CodeRemoval {
            id: valid(CODE_ID),
            mentor: valid("usr_4491"),
            org: valid("org_002"),
        };
        assert_eq!(
            stored(&removal),
            json!({
                "pk": "RC#03", "sk": CODE_ID, "kind": "code_removal",
                "gsi1pk": "RC#M#usr_4491#03", "gsi1sk": CODE_ID,
                "gsi2pk": "RC#O#org_002#03", "gsi2sk": CODE_ID,
                "mentor": "usr_4491", "org": "org_002",
            })
        );
    }

    #[test]
    fn a_member_is_guarded_in_their_organisation() {
        let recruitment = Recruitment {
            id: valid(CLICK_ID),
            source: Source::Typed,
            code: valid("JAN-VERV-8F3A"),
            mentor: valid("usr_4491"),
            org: valid("org_002"),
            member: valid("usr_5892"),
            confirmed_at: valid("2026-03-25T10:00:00Z"),
        };
        let guard = MemberGuard::from(&recruitment);
        let place = "conv_019d246fcd007000800000000000bb05";
        assert_eq!(
            stored(&guard),
            json!({
                "pk": "MEMBER#org_002#usr_5892", "sk": "MEMBER", "kind": "member",
                "gsi1pk": "CONV#M#usr_4491#05", "gsi1sk": place,
                "gsi2pk": "CONV#O#org_002#05", "gsi2sk": place,
                "org": "org_002", "member": "usr_5892", "attribution": CLICK_ID,
                "mentor": "usr_4491", "code": "JAN-VERV-8F3A", "source": "typed",
                "confirmed_at": "2026-03-25T10:00:00Z",
            })
        );
        assert_eq!(guard.recruitment(), Some(recruitment));
        let old = json!({"org": "org_002", "member": "usr_5892", "attribution": CLICK_ID});
        let old: MemberGuard = serde_json::from_value(old).expect("a guard of before");
        assert_eq!(old.recruitment(), None);
        assert_eq!(stored(&old).get("gsi1pk"), None);
    }
}
