//! One lane, chunk by chunk.

use super::rollup::{FoldedTo, Rows};
use super::{Lane, LaneName};
use crate::domain::AttributionId;
use crate::domain::stats::Counts;
use crate::store::error::TransactError;
use crate::store::keys::{self, Item, Key, View};
use crate::store::log::{Log, sort_key};
use crate::store::stats::{CLICKS, CODES, CONVERSIONS, Fact, id_value};
use crate::store::table::{Read, Table};
use crate::store::transaction::Transaction;
use crate::store::{StoreError, entities::Entity};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Facts read for a chunk: about the megabyte that one query gives.
const FACTS_AT_ONCE: usize = 2_000;

/// A transaction holds 100 writes: the lane, the receipt, and these rows.
const ROWS_AT_MOST: usize = 98;

/// How long receipts are kept: well past the audit of their day.
pub(super) const RECEIPT_RETENTION: TimeDelta = TimeDelta::days(5);

/// What became of one lane in a run.
#[derive(Debug, Clone, Default)]
pub(super) struct FoldedLane {
    pub(super) facts: usize,
    pub(super) chunks: usize,
    pub(super) lag: TimeDelta,
}

/// A transaction of the aggregator met another run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Overtaken {
    /// The lane has moved on, or the facts have their receipt.
    Folded,
    /// A row's place in its ranking was computed from an older state.
    Ranking,
}

/// Which facts a chunk folded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Receipt {
    #[serde(skip)]
    pub(super) key: Option<Key>,
    /// The ids, 16 bytes each.
    pub(super) ids: serde_bytes::ByteBuf,
    pub(super) expires: i64,
}

impl Entity for Receipt {
    const KIND: &'static str = "receipt";

    fn keys(&self) -> keys::Keys {
        self.key.clone().unwrap_or_else(keys::nothing).into()
    }
}

impl Table {
    /// Folds the lane up to `until`, chunk by chunk, until `stop` says so.
    pub(super) async fn fold_lane(
        &self,
        name: LaneName,
        until: DateTime<Utc>,
        stop: &impl Fn() -> bool,
    ) -> Result<FoldedLane, StoreError> {
        let log = Log {
            table: self,
            name: name.log,
            view: View::All,
        };
        // Any kind of id has the same order; the last that is folded is just before `until`.
        let end = AttributionId::first_at(until, name.shard).uuid();
        let end = Uuid::from_u128(end.as_u128().saturating_sub(1));
        let mut done = FoldedLane::default();
        loop {
            let lane = self.read_lane(name).await?;
            if lane.at.is_some_and(|at| at >= end) {
                return Ok(done);
            }
            let entries = log
                .read_up(
                    name.shard,
                    lane.at,
                    Some(end),
                    Some(FACTS_AT_ONCE),
                    Read::Strong,
                )
                .await?;
            let Some(first) = entries.first().map(|entry| entry.id) else {
                return Ok(done);
            };
            if stop() {
                done.lag = (until - AttributionId::from_uuid(first).made_at())
                    .max(TimeDelta::milliseconds(1));
                return Ok(done);
            }
            let was_all = entries.len() < FACTS_AT_ONCE;
            let facts: Vec<Fact> = entries.into_iter().map(Fact::from).collect();
            let mut from = 0;
            let mut lane = lane;
            while from < facts.len() && !stop() {
                let (rows, count) = chunk(&facts[from..]);
                let folded = &facts[from..from + count];
                match self.commit_chunk(name, &lane, &rows, folded, until).await {
                    Ok(moved) => {
                        lane = moved;
                        from += count;
                        done.facts += count;
                        done.chunks += 1;
                    }
                    Err(TransactError::Refused(Overtaken::Ranking)) => {}
                    // Another run is ahead: go on from where it is.
                    Err(TransactError::Refused(Overtaken::Folded)) => break,
                    Err(TransactError::Store(error)) => return Err(error),
                }
            }
            if was_all && from == facts.len() {
                return Ok(done);
            }
        }
    }

    pub(super) async fn read_lane(&self, name: LaneName) -> Result<Lane, StoreError> {
        let item = self
            .get_item(&keys::lane(name.log, name.shard), Read::Strong)
            .await?;
        Ok(item.as_ref().map(Lane::read).unwrap_or_default())
    }

    /// Moves counts and lane together. Gives the lane as it stands then.
    async fn commit_chunk(
        &self,
        name: LaneName,
        lane: &Lane,
        rows: &Rows,
        facts: &[Fact],
        until: DateTime<Utc>,
    ) -> Result<Lane, TransactError<Overtaken>> {
        let Some(last) = facts.last().map(|fact| fact.id) else {
            return Ok(*lane);
        };
        let counts = facts
            .iter()
            .fold(Counts::default(), |sum, fact| sum + fact.counts());
        let codes = facts.iter().map(|fact| fact.codes).sum::<i64>();
        let receipt = Receipt {
            key: Some(keys::receipt(
                name.log,
                name.shard,
                &sort_key(name.log, last),
            )),
            ids: ids_of(facts),
            expires: (until + RECEIPT_RETENTION).timestamp(),
        };
        let transaction = self
            .transaction()
            .update::<NoEntity>(
                &keys::lane(name.log, name.shard),
                |update| move_lane(update, lane.at, last, counts, codes),
                |_| Overtaken::Folded,
            )
            .create(&receipt, |_| Overtaken::Folded);
        self.add_rows(transaction, rows, Some((name, last)))
            .await?
            .commit()
            .await?;
        Ok(Lane {
            at: Some(last),
            counts: lane.counts + counts,
            codes: lane.codes + codes,
            ..*lane
        })
    }

    /// Adds the rows' updates to a transaction.
    pub(super) async fn add_rows<'t>(
        &'t self,
        mut transaction: Transaction<'t, Overtaken>,
        rows: &Rows,
        folded_to: FoldedTo,
    ) -> Result<Transaction<'t, Overtaken>, StoreError> {
        let moving = rows.moving_in_rankings();
        let held = self.batch_get(&moving, Read::Strong).await?;
        for (key, delta) in rows.iter() {
            let wanted = key.to_item();
            let is_row = |item: &&Item| {
                wanted
                    .iter()
                    .all(|(name, value)| item.get(name) == Some(value))
            };
            let row = held.iter().find(is_row);
            transaction = transaction.update::<NoEntity>(
                key,
                |update| delta.apply(row, folded_to, update),
                |_| Overtaken::Ranking,
            );
        }
        Ok(transaction)
    }
}

/// As many of the facts as fit one transaction, and the rows that they change.
pub(super) fn chunk(facts: &[Fact]) -> (Rows, usize) {
    let mut rows = Rows::default();
    let count = facts
        .iter()
        .take_while(|fact| rows.add(fact, ROWS_AT_MOST))
        .count();
    (rows, count)
}

pub(super) fn ids_of(facts: &[Fact]) -> serde_bytes::ByteBuf {
    let bytes: Vec<u8> = facts.iter().flat_map(|fact| *fact.id.as_bytes()).collect();
    serde_bytes::ByteBuf::from(bytes)
}

fn move_lane(
    update: UpdateBuilder,
    from: Option<Uuid>,
    to: Uuid,
    counts: Counts,
    codes: i64,
) -> UpdateBuilder {
    let number = |number: i64| AttributeValue::N(number.to_string());
    let update = update
        .update_expression(format!(
            "SET #at = :to, #kind = :kind ADD {CLICKS} :clicks, {CONVERSIONS} :conversions, {CODES} :codes"
        ))
        .expression_attribute_names("#at", "at")
        .expression_attribute_names("#kind", keys::KIND)
        .expression_attribute_values(":kind", AttributeValue::S("lane".to_owned()))
        .expression_attribute_values(":to", id_value(to))
        .expression_attribute_values(":clicks", number(counts.clicks))
        .expression_attribute_values(":conversions", number(counts.conversions))
        .expression_attribute_values(":codes", number(codes));
    match from {
        None => update.condition_expression("attribute_not_exists(#at)"),
        Some(from) => update
            .condition_expression("#at = :from")
            .expression_attribute_values(":from", AttributeValue::B(Blob::new(*from.as_bytes()))),
    }
}

/// Lanes and rows are read by attribute, not as an entity; their refusals carry nothing.
#[derive(Serialize, Deserialize)]
pub(super) struct NoEntity {}

impl Entity for NoEntity {
    const KIND: &'static str = "none";

    fn keys(&self) -> keys::Keys {
        keys::nothing().into()
    }
}
