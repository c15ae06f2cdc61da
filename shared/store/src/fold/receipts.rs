//! Receipts: which facts a round has folded. Written once, before the round changes anything;
//! a run that was killed is resumed by them, and the audit compares the facts with them.

use super::target::FoldTarget;
use crate::dynamo::{Order, Query, Read};
use crate::entity::Entity;
use crate::error::StoreError;
use crate::keys::{self, Item, Key, Keys, SK};
use crate::rollup::Pending;
use chrono::serde::ts_milliseconds;
use chrono::{DateTime, TimeDelta, Utc};
use domain::facts::Fact;
use futures::future::try_join_all;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use uuid::Uuid;

/// How long receipts are kept. Facts older than that are not audited.
pub(super) const RECEIPT_RETENTION: TimeDelta = TimeDelta::days(14);

/// How many ids one item holds: 16 bytes each, and an item holds 400 KB.
const IDS_IN_A_PART: usize = 24_000;

/// How many rounds are read at once.
const ROUNDS_AT_ONCE: usize = 200;

/// A part of the ids of a round's facts.
#[derive(Debug, Serialize, Deserialize)]
struct Receipt {
    #[serde(skip)]
    key: Option<Key>,
    /// 16 bytes each.
    ids: ByteBuf,
    expires: i64,
}

impl Entity for Receipt {
    const KIND: &'static str = "receipt";

    fn keys(&self) -> Keys {
        self.key.clone().unwrap_or_else(keys::nothing).into()
    }
}

/// A round that is certain: its receipts are those that count. Receipts without one are of a
/// run that was overtaken.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Round {
    #[serde(skip)]
    key: Option<Key>,
    /// The beginning of its slice.
    #[serde(with = "ts_milliseconds")]
    pub(super) from: DateTime<Utc>,
    /// The end of its slice, and what its receipts are found by.
    #[serde(flatten)]
    pub(super) pending: Pending,
    pub(super) facts: usize,
    expires: i64,
}

impl Entity for Round {
    const KIND: &'static str = "round";

    fn keys(&self) -> Keys {
        self.key.clone().unwrap_or_else(keys::nothing).into()
    }
}

/// That a fact which came too late is folded.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct LateReceipt {
    #[serde(skip)]
    key: Option<Key>,
    expires: i64,
}

impl Entity for LateReceipt {
    const KIND: &'static str = "late_receipt";

    fn keys(&self) -> Keys {
        self.key.clone().unwrap_or_else(keys::nothing).into()
    }
}

/// In how many items the receipts of so many facts are.
pub(super) fn parts_of(facts: usize) -> usize {
    facts.div_ceil(IDS_IN_A_PART)
}

/// The ids of each part, 16 bytes each.
fn pack(facts: &[Fact]) -> Vec<Vec<u8>> {
    let parts = facts.chunks(IDS_IN_A_PART);
    parts
        .map(|part| part.iter().flat_map(|fact| *fact.id.as_bytes()).collect())
        .collect()
}

fn unpack(ids: &[u8]) -> impl Iterator<Item = Uuid> {
    ids.chunks_exact(16)
        .filter_map(|id| Uuid::from_slice(id).ok())
}

impl FoldTarget<'_> {
    /// Writes the ids of a round that is about to begin.
    pub(super) async fn write_receipts(
        &self,
        pending: &Pending,
        facts: &[Fact],
    ) -> Result<(), StoreError> {
        let parts = pack(facts).into_iter().enumerate().map(|(part, ids)| {
            let receipt = Receipt {
                key: Some(self.receipt_key(&pending.round, part)),
                ids: ByteBuf::from(ids),
                expires: self.receipts_expire(),
            };
            async move { self.dynamo.put_new(&receipt).await }
        });
        try_join_all(parts).await?;
        Ok(())
    }

    /// Records that the round is certain. Whoever resumes it records the same.
    pub(super) async fn record_round(
        &self,
        from: DateTime<Utc>,
        pending: &Pending,
        facts: usize,
    ) -> Result<(), StoreError> {
        let round = Round {
            key: Some(keys::round(self.fold, self.generation, pending.to)),
            from,
            pending: pending.clone(),
            facts,
            expires: self.receipts_expire(),
        };
        self.dynamo.put_new(&round).await
    }

    /// The ids of a round's facts.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] where a part is missing: a round that was left pending until its
    /// receipts expired. A rebuild is the way out.
    pub(super) async fn receipted(&self, pending: &Pending) -> Result<Vec<Uuid>, StoreError> {
        let parts = (0..pending.parts).map(|part| async move {
            let key = self.receipt_key(&pending.round, part);
            let receipt: Option<Receipt> = self.dynamo.get(&key, Read::Strong).await?;
            receipt.ok_or_else(|| StoreError::corrupt("a round without its receipts"))
        });
        let parts = try_join_all(parts).await?;
        Ok(parts.iter().flat_map(|part| unpack(&part.ids)).collect())
    }

    /// The rounds whose slices overlap the time from `from` to `to`, in order.
    pub(super) async fn rounds(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<Round>, StoreError> {
        let mut rounds = Vec::new();
        let mut after = from;
        loop {
            let first = keys::round(
                self.fold,
                self.generation,
                after + TimeDelta::milliseconds(1),
            );
            let query = Query {
                index: None,
                pk: first.pk,
                from: Some(first.sk),
                to: Some(keys::ROUNDS_END.to_owned()),
                order: Order::Ascending,
                limit: ROUNDS_AT_ONCE,
                read: Read::Strong,
            };
            let found = self.dynamo.query(&query).await?;
            let is_last = found.len() < ROUNDS_AT_ONCE;
            for item in found {
                let Some(round) = Round::from_item(item)? else {
                    continue;
                };
                if round.from >= to {
                    return Ok(rounds);
                }
                after = round.pending.to;
                rounds.push(round);
            }
            if is_last {
                return Ok(rounds);
            }
        }
    }

    /// The late facts that are folded, from the id `first` to `last`.
    pub(super) async fn late(&self, first: Uuid, last: Uuid) -> Result<Vec<Uuid>, StoreError> {
        let [first, last] =
            [first, last].map(|id| keys::late_receipt(self.fold, self.generation, id));
        let query = Query {
            index: None,
            pk: first.pk,
            from: Some(first.sk),
            to: Some(last.sk),
            order: Order::Ascending,
            limit: usize::MAX,
            read: Read::Strong,
        };
        let items = self.dynamo.query(&query).await?;
        items.iter().map(late_fact).collect()
    }

    pub(super) fn late_receipt(&self, fact: &Fact) -> LateReceipt {
        LateReceipt {
            key: Some(keys::late_receipt(self.fold, self.generation, fact.id)),
            expires: self.receipts_expire(),
        }
    }

    fn receipt_key(&self, round: &str, part: usize) -> Key {
        keys::receipt(self.fold, self.generation, round, part)
    }

    fn receipts_expire(&self) -> i64 {
        (self.now + RECEIPT_RETENTION).timestamp()
    }
}

fn late_fact(item: &Item) -> Result<Uuid, StoreError> {
    let sk = item.get(SK).and_then(|sk| sk.as_s().ok());
    sk.and_then(|sk| sk.split_once('#'))
        .and_then(|(_, hex)| Uuid::try_parse(hex).ok())
        .ok_or_else(|| StoreError::corrupt("a late receipt without its fact"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fact(id: u128) -> Fact {
        Fact {
            id: Uuid::from_u128(id),
            mentor: "usr_1".parse().expect("an id"),
            org: "org_1".parse().expect("an id"),
            code: None,
            clicks: None,
            conversions: None,
            program: None,
            source: domain::Source::Click,
            codes: 1,
        }
    }

    proptest! {
        #[test]
        fn ids_are_unpacked_as_they_were_packed(ids in prop::collection::vec(any::<u128>(), 0..50)) {
            let facts: Vec<_> = ids.iter().copied().map(fact).collect();
            let unpacked: Vec<_> = pack(&facts).iter().flat_map(|part| {
                unpack(part).map(|id| id.as_u128()).collect::<Vec<_>>()
            }).collect();
            prop_assert_eq!(unpacked, ids);
        }
    }

    #[test]
    fn the_largest_round_is_split_into_items_that_dynamodb_takes() {
        let facts: Vec<_> = (0..60_001).map(fact).collect();
        let parts = pack(&facts);
        assert_eq!(parts.len(), parts_of(facts.len()));
        assert!(
            parts.iter().all(|part| part.len() < 399_000),
            "400 KB with keys and names"
        );
        let all: usize = parts.iter().map(|part| unpack(part).count()).sum();
        assert_eq!(all, facts.len());
        assert_eq!(parts_of(0), 0);
    }
}
