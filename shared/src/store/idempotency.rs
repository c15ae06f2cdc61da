//! `Idempotency-Key`: the first answer is kept in the transaction of its effect.

use super::StoreError;
use super::entities::Entity;
use super::keys::{self, Keys};
use super::table::{Read, Table};
use super::transaction::Transaction;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodb::types::builders::PutBuilder;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// How long the first answer is kept.
pub const RETENTION: TimeDelta = TimeDelta::hours(24);

/// The answer to a request, as it is given and kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The `Location` header, where the answer has one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub location: Option<String>,
    /// The JSON body, byte for byte.
    pub body: String,
}

/// A request's idempotency key in its scope, and what the request asked for.
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

    /// What the kept answer to an earlier request with this key says of the present one.
    fn judge(&self, kept: Option<KeptAnswer>, now: DateTime<Utc>) -> Option<Replay> {
        let kept = kept.filter(|kept| kept.expires > now.timestamp())?;
        Some(if kept.request == self.request {
            Replay::Same(kept.answer)
        } else {
            Replay::OtherRequest
        })
    }
}

/// Hashes the parts, each with its length, so that no two lists of parts read alike.
pub(super) fn digest(parts: &[&[u8]]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// An earlier request used the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replay {
    /// The same request: this was its answer.
    Same(Answer),
    /// Another request: the key cannot serve both.
    OtherRequest,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct KeptAnswer {
    hash: String,
    request: String,
    answer: Answer,
    expires: i64,
}

impl Entity for KeptAnswer {
    const KIND: &'static str = "answer";

    fn keys(&self) -> Keys {
        keys::idempotency(&self.hash).into()
    }
}

impl Table {
    /// What an earlier request with `key` was answered, if there was one.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn find_answer(
        &self,
        key: Option<&IdempotencyKey>,
        now: DateTime<Utc>,
    ) -> Result<Option<Replay>, StoreError> {
        let Some(key) = key else { return Ok(None) };
        let kept = self
            .get(&keys::idempotency(&key.hash), Read::Strong)
            .await?;
        Ok(key.judge(kept, now))
    }
}

impl<'t, R: 't> Transaction<'t, R> {
    /// Keeps `answer` under `key` together with the effect, unless an earlier request has
    /// used the key: `refusal` gets what that means. Without a key, nothing is added.
    pub fn keep_answer(
        self,
        key: Option<&IdempotencyKey>,
        answer: impl FnOnce() -> Answer,
        now: DateTime<Utc>,
        refusal: impl FnOnce(Replay) -> R + Send + 't,
    ) -> Self {
        let Some(key) = key.cloned() else { return self };
        let kept = KeptAnswer {
            hash: key.hash.clone(),
            request: key.request.clone(),
            answer: answer(),
            expires: (now + RETENTION).timestamp(),
        };
        // An answer past its time may linger until DynamoDB's TTL gets to it.
        let when = move |put: PutBuilder| {
            put.condition_expression("attribute_not_exists(pk) OR expires <= :now")
                .expression_attribute_values(":now", AttributeValue::N(now.timestamp().to_string()))
        };
        self.put(&kept, when, move |held: Option<KeptAnswer>| {
            refusal(key.judge(held, now).unwrap_or(Replay::OtherRequest))
        })
    }
}
