//! What an API key's item holds.

use crate::entity::Entity;
use crate::idempotency::digest;
use crate::keys::{self, Keys};
use chrono::NaiveDate;
use domain::api_key::{ApiKeyName, KeyScopes};
use domain::{ApiKey, ApiKeyId, KeyText, OrgId, Timestamp};
use serde::{Deserialize, Serialize};

/// An API key, found by its id and listed by its organisation. The key itself is nowhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ApiKeyItem {
    #[serde(rename = "sk")]
    pub(crate) id: ApiKeyId,
    pub(crate) org: OrgId,
    name: ApiKeyName,
    scopes: KeyScopes,
    /// SHA-256 of the key's text. Without salt or stretching: 160 random bits are not guessed.
    hash: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    expires_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    revoked_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    last_used_on: Option<NaiveDate>,
}

impl ApiKeyItem {
    /// The item of `key`, which is known by `text`.
    pub(crate) fn new(key: &ApiKey, text: &KeyText) -> Self {
        Self {
            id: key.id,
            org: key.org.clone(),
            name: key.name.clone(),
            scopes: key.scopes.clone(),
            hash: hash(text),
            expires_at: key.expires_at,
            revoked_at: key.revoked_at,
            last_used_on: key.last_used_on,
        }
    }

    /// Whether `text` is the key. What comparing the hashes byte by byte tells by the time it
    /// takes is a part of a hash, which leads to no key.
    pub(crate) fn is_known_by(&self, text: &KeyText) -> bool {
        self.hash == hash(text)
    }

    /// The item once its use on `day` is noted.
    pub(crate) fn used_on(self, day: NaiveDate) -> Self {
        Self {
            last_used_on: Some(day),
            ..self
        }
    }
}

fn hash(text: &KeyText) -> String {
    digest(&[text.expose().as_bytes()])
}

impl Entity for ApiKeyItem {
    const KIND: &'static str = "api_key";

    fn keys(&self) -> Keys {
        keys::api_key_listed(self.id, &self.org)
    }
}

impl From<ApiKeyItem> for ApiKey {
    fn from(item: ApiKeyItem) -> Self {
        Self {
            id: item.id,
            org: item.org,
            name: item.name,
            scopes: item.scopes,
            expires_at: item.expires_at,
            revoked_at: item.revoked_at,
            last_used_on: item.last_used_on,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::KeyMode;
    use serde_json::{Value, json};

    #[test]
    fn a_key_is_stored_hashed_in_its_shard_and_under_its_organisation() {
        let text = json!({
            "sk": "key_019d2a5c000070008000000000000003", "org": "org_1", "name": "Sign-up",
            "scopes": ["codes:read", "clicks:write"], "hash": "00",
            "expires_at": "2027-01-01T00:00:00Z", "last_used_on": "2026-03-26",
        });
        let item: ApiKeyItem = serde_json::from_value(text.clone()).expect("a key");
        let stored = item.to_item().expect("an item");
        let read: Value = serde_dynamo::from_item(stored.clone()).expect("JSON");
        let mut expected = text;
        expected["pk"] = json!("KEY#03");
        expected["gsi2pk"] = json!("KEY#O#org_1");
        expected["gsi2sk"] = expected["sk"].clone();
        expected["kind"] = json!("api_key");
        assert_eq!(read, expected);
        assert_eq!(
            ApiKeyItem::from_item(stored).ok().flatten(),
            Some(item.clone())
        );

        let key = KeyText::generate(item.id, KeyMode::Live);
        let item = ApiKeyItem::new(&item.into(), &key);
        assert!(item.is_known_by(&key));
        assert!(!item.is_known_by(&KeyText::generate(key.id(), KeyMode::Live)));
        let stored = format!("{:?}", item.to_item().expect("an item"));
        assert!(!stored.contains(&key.expose()[41..]), "{stored}");
    }
}
