//! `Idempotency-Key`: what the first request came to is kept in the transaction of its
//! effect, and given to every repetition.

use crate::dynamo::{Dynamo, Read};
use crate::entity::{Entity, Untyped};
use crate::error::{StoreError, TransactError};
use crate::expression::Condition;
use crate::keys::{self, Item, Keys};
use crate::transaction::{Attempt, Conflict, Transaction};
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, TimeDelta, Utc};
use domain::MentorId;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// How long the first reply is kept.
const RETENTION: TimeDelta = TimeDelta::hours(24);

/// What a request that may carry an `Idempotency-Key` came to.
#[derive(Debug, Clone, PartialEq)]
pub struct IdempotentReply<T> {
    /// The result, as it was when it was first given.
    pub value: T,
    /// When it was first given: what depends on the time is shown as of then.
    pub at: DateTime<Utc>,
    /// Whether an earlier request had this effect.
    pub is_replay: bool,
}

impl<T> IdempotentReply<T> {
    /// What this request itself has done, at `at`.
    pub(crate) fn fresh(value: T, at: DateTime<Utc>) -> Self {
        Self {
            value,
            at,
            is_replay: false,
        }
    }

    /// The reply around another form of its value.
    pub(crate) fn map<U>(self, change: impl FnOnce(T) -> U) -> IdempotentReply<U> {
        IdempotentReply {
            value: change(self.value),
            at: self.at,
            is_replay: self.is_replay,
        }
    }
}

/// A request's idempotency key, hashed with its caller and route, and the request's own hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    hash: String,
    request: String,
}

impl IdempotencyKey {
    /// The key `given` by `caller` on `route`, for a request with the body `body`.
    pub fn new(caller: &str, route: &str, given: &str, body: &[u8]) -> Self {
        Self {
            hash: digest(&[caller.as_bytes(), route.as_bytes(), given.as_bytes()]),
            request: digest(&[body]),
        }
    }

    /// The key of the part `index` of the request, which has an effect of its own.
    #[must_use]
    pub fn of_part(&self, index: usize) -> Self {
        let index = (index as u64).to_be_bytes();
        Self {
            hash: digest(&[self.hash.as_bytes(), &index]),
            request: self.request.clone(),
        }
    }

    /// What the table knows the key by; a record that was made under it holds this.
    pub(crate) fn hash(&self) -> &str {
        &self.hash
    }
}

/// Hashes the parts, each with its length, so that no two lists of parts read alike.
pub(crate) fn digest(parts: &[&[u8]]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    let hash = hasher.finalize();
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The reply that is kept under a key: `value` is the item's form of what it came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct KeptReply<T> {
    hash: String,
    request: String,
    value: T,
    /// Milliseconds since 1970.
    at: i64,
    expires: i64,
    /// Whom the reply is about, where no record knows its key.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    mentor: Option<MentorId>,
}

impl<T: Serialize + DeserializeOwned> Entity for KeptReply<T> {
    const KIND: &'static str = "reply";

    fn keys(&self) -> Keys {
        match &self.mentor {
            None => keys::idempotency(&self.hash).into(),
            Some(mentor) => keys::reply_about(&self.hash, mentor),
        }
    }
}

/// The reply that an earlier request with `key` got, if there was one. One trip, to be spent
/// side by side with the operation's own reads.
pub(crate) async fn find_reply<T: Serialize + DeserializeOwned, R>(
    dynamo: &Dynamo,
    key: Option<&IdempotencyKey>,
    now: DateTime<Utc>,
) -> Attempt<Option<IdempotentReply<T>>, R> {
    let Some(key) = key else { return Ok(None) };
    let kept: Option<KeptReply<T>> = dynamo
        .get(&keys::idempotency(&key.hash), Read::Strong)
        .await?;
    // A reply past its time may linger until DynamoDB's TTL gets to it.
    match kept.filter(|kept| kept.expires > now.timestamp()) {
        None => Ok(None),
        Some(kept) if kept.request == key.request => Ok(Some(IdempotentReply {
            value: kept.value,
            at: DateTime::from_timestamp_millis(kept.at).unwrap_or(now),
            is_replay: true,
        })),
        Some(_) => Err(TransactError::KeyReused),
    }
}

impl<'t, R: 't> Transaction<'t, Conflict<R>> {
    /// Keeps `value` under `key` together with the effect. Where another request has used the
    /// key in between, the operation starts over and finds that one's reply. Without a key,
    /// nothing is added.
    pub(crate) fn keep_reply<T: Serialize + DeserializeOwned>(
        self,
        key: Option<&IdempotencyKey>,
        value: T,
        now: DateTime<Utc>,
    ) -> Self {
        self.keep(None, key, value, now)
    }

    /// The same for a reply about a record that does not know the key, as it was made before:
    /// it is found by its mentor.
    pub(crate) fn keep_reply_about<T: Serialize + DeserializeOwned>(
        self,
        mentor: &MentorId,
        key: Option<&IdempotencyKey>,
        value: T,
        now: DateTime<Utc>,
    ) -> Self {
        self.keep(Some(mentor.clone()), key, value, now)
    }

    fn keep<T: Serialize + DeserializeOwned>(
        self,
        mentor: Option<MentorId>,
        key: Option<&IdempotencyKey>,
        value: T,
        now: DateTime<Utc>,
    ) -> Self {
        let Some(key) = key else { return self };
        let kept = KeptReply {
            hash: key.hash.clone(),
            request: key.request.clone(),
            value,
            at: now.timestamp_millis(),
            expires: (now + RETENTION).timestamp(),
            mentor,
        };
        let unused = Condition::new("attribute_not_exists(pk) OR expires <= :now")
            .bind(":now", &now.timestamp());
        self.put(&kept, unused, |_| Conflict::Overtaken)
    }

    /// Deletes the reply that was kept under the key that a record was made with at `made_at`:
    /// what it shows of the record goes with the record. Past its time the key may serve
    /// another record, and the reply is left to TTL.
    pub(crate) fn drop_reply(
        self,
        made_under: Option<&str>,
        made_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Self {
        match made_under {
            Some(hash) if now < made_at + RETENTION => self.discard(&keys::idempotency(hash)),
            _ => self,
        }
    }
}

/// A reply that is kept now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeptAnswer {
    hash: String,
    /// Milliseconds since 1970: tells it apart from a later one under the same key.
    at: i64,
}

impl KeptAnswer {
    /// The reply that `item` holds.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for what is no reply.
    pub(crate) fn read(item: &Item) -> Result<Self, StoreError> {
        let hash = item.get("hash").and_then(|hash| hash.as_s().ok());
        let at = item.get("at").and_then(|at| at.as_n().ok());
        hash.zip(at.and_then(|at| at.parse().ok()))
            .map(|(hash, at)| Self {
                hash: hash.clone(),
                at,
            })
            .ok_or_else(|| StoreError::corrupt("a kept reply without its hash"))
    }

    /// When it was given.
    pub(crate) fn given_at(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.at).unwrap_or_default()
    }
}

/// The replies that are kept still of records by the hash of the key that each was made
/// under. Past its time a key may have served another record: that one's reply is not found.
pub(crate) async fn kept_answers(
    dynamo: &Dynamo,
    records: &[(&str, String)],
) -> Result<Vec<KeptAnswer>, StoreError> {
    let hashes: BTreeSet<_> = records.iter().map(|(hash, _)| *hash).collect();
    let wanted: Vec<_> = hashes.into_iter().map(keys::idempotency).collect();
    let items = dynamo.batch_get(&wanted, Read::Strong).await?;
    let is_of_its_record = |item: &&Item| {
        let hash = item.get("hash").and_then(|hash| hash.as_s().ok());
        records.iter().any(|(of, id)| {
            hash.is_some_and(|hash| hash == of) && names_record(item.get("value"), id)
        })
    };
    items
        .iter()
        .filter(is_of_its_record)
        .map(KeptAnswer::read)
        .collect()
}

/// Whether a kept value is of the record `id`: its item, or one that holds it.
fn names_record(value: Option<&AttributeValue>, id: &str) -> bool {
    let Some(Ok(fields)) = value.map(AttributeValue::as_m) else {
        return false;
    };
    let is_id = |field: &str| {
        let found = fields.get(field).and_then(|found| found.as_s().ok());
        found.is_some_and(|found| found == id)
    };
    is_id("id") || is_id("sk") || fields.values().any(|inner| names_record(Some(inner), id))
}

impl<R> Transaction<'_, R> {
    /// Deletes a kept reply, unless another has taken its place.
    pub(crate) fn forget_answer(self, kept: &KeptAnswer, overtaken: fn() -> R) -> Self
    where
        R: 'static,
    {
        let is_same = Condition::new("attribute_not_exists(pk) OR #at = :at").bind(":at", &kept.at);
        let key = keys::idempotency(&kept.hash);
        self.delete(&key, is_same, move |_: Option<Untyped>| overtaken())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn a_kept_reply_names_its_request_and_expires() {
        let key = IdempotencyKey::new("public", "POST /x", "key", b"{}");
        let kept = KeptReply {
            hash: key.hash.clone(),
            request: key.request.clone(),
            value: "what came of it".to_owned(),
            at: 1_774_526_400_123,
            expires: 1_774_612_800,
            mentor: None,
        };
        let item = kept.to_item().expect("an item");
        let item: Value = serde_dynamo::from_item(item).expect("JSON");
        assert_eq!(
            item,
            json!({
                "pk": format!("IDEM#{}", key.hash), "sk": "IDEM", "kind": "reply",
                "hash": key.hash, "request": key.request, "value": "what came of it",
                "at": 1_774_526_400_123_i64, "expires": 1_774_612_800,
            })
        );
    }

    #[test]
    fn a_reply_that_no_record_knows_is_found_by_its_mentor() {
        let kept = KeptReply {
            hash: "hash".to_owned(),
            request: "request".to_owned(),
            value: (),
            at: 0,
            expires: 1,
            mentor: "usr_1".parse().ok(),
        };
        let item = kept.to_item().expect("an item");
        let item: Value = serde_dynamo::from_item(item).expect("JSON");
        assert_eq!(
            item,
            json!({
                "pk": "IDEM#hash", "sk": "IDEM", "kind": "reply", "hash": "hash",
                "request": "request", "value": null, "at": 0, "expires": 1, "mentor": "usr_1",
                "gsi1pk": "IDEM#M#usr_1", "gsi1sk": "hash",
            })
        );
    }

    #[test]
    fn a_kept_value_is_of_the_record_that_it_holds() {
        let of = |value: Value| serde_dynamo::to_attribute_value(value).expect("a value");
        for (value, expected) in [
            (json!({"sk": "attr_1", "mentor": "usr_1"}), true),
            (json!({"id": "attr_1"}), true),
            (json!({"is_new": true, "code": {"id": "attr_1"}}), true),
            (json!({"id": "attr_2"}), false),
            (json!("attr_1"), false),
        ] {
            assert_eq!(
                names_record(Some(&of(value.clone())), "attr_1"),
                expected,
                "{value}"
            );
        }
    }

    #[test]
    fn parts_of_a_key_cannot_move_between_its_fields() {
        let of = |caller, route, given| IdempotencyKey::new(caller, route, given, b"").hash;
        assert_ne!(of("a", "bc", "d"), of("ab", "c", "d"));
        assert_ne!(of("a", "b", "cd"), of("a", "bc", "d"));
        assert_eq!(of("a", "b", "c"), of("a", "b", "c"));
    }

    #[test]
    fn the_parts_of_a_request_have_keys_of_their_own() {
        let key = IdempotencyKey::new("public", "/x", "key", b"{}");
        let parts = [0, 1, 255, 256].map(|index| key.of_part(index));
        let hashes: BTreeSet<_> = parts.iter().map(IdempotencyKey::hash).collect();
        assert_eq!(hashes.len(), parts.len());
        assert!(!hashes.contains(key.hash()));
        assert!(parts.iter().all(|part| part.request == key.request));
        assert_eq!(parts[1], key.of_part(1));
    }
}
