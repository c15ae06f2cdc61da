//! The audit of a closed day: facts without a receipt came too late for their chunk. They
//! are folded now, on their own.

use super::fold::{NoEntity, Overtaken, RECEIPT_RETENTION, Receipt, chunk, ids_of};
use super::{Lane, LaneName};
use crate::domain::AttributionId;
use crate::domain::stats::Counts;
use crate::store::StoreError;
use crate::store::entities::Entity;
use crate::store::error::TransactError;
use crate::store::keys::{self, View};
use crate::store::log::{Log, sort_key};
use crate::store::stats::{CLICKS, CODES, CONVERSIONS, Fact};
use crate::store::table::{Order, Query, Read, Table};
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use std::collections::HashSet;
use uuid::Uuid;

/// A day is audited when this much of the next one has passed.
const CLOSED_AFTER: TimeDelta = TimeDelta::hours(1);

/// How many days back an audit may begin: receipts of days further back may have expired,
/// and a fact without one would be counted again.
const DAYS_BACK: Days = Days::new(3);

/// A day is audited in slices, so that one slice's facts fit in memory on the busiest day.
const SLICES_A_DAY: i64 = 24;

/// What an audit found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Audit {
    /// Days of lanes that were compared.
    pub days: usize,
    /// Facts that had come too late, and are counted now.
    pub late_facts: usize,
}

impl Table {
    /// Audits every closed day that is not audited yet, lane by lane, until `stop` says so.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer; days that were done until then stay so.
    pub async fn audit(
        &self,
        now: DateTime<Utc>,
        stop: impl Fn() -> bool,
    ) -> Result<Audit, StoreError> {
        let today = (now - CLOSED_AFTER).date_naive();
        let mut audit = Audit::default();
        for name in LaneName::all() {
            loop {
                let lane = self.read_lane(name).await?;
                let Some(at) = lane.at else { break };
                let day = lane
                    .audited_to
                    .unwrap_or(today - Days::new(1))
                    .max(today - DAYS_BACK);
                let folded_past = AttributionId::from_uuid(at).made_at().date_naive();
                if day >= today || folded_past < day || stop() {
                    break;
                }
                audit.late_facts += self.audit_day(name, &lane, day, now).await?;
                audit.days += 1;
                self.mark_audited(name, day + Days::new(1)).await?;
            }
        }
        if audit.late_facts > 0 {
            self.publish(None).await?;
        }
        Ok(audit)
    }

    /// Folds what came late on `day`; says how many facts that were.
    async fn audit_day(
        &self,
        name: LaneName,
        lane: &Lane,
        day: NaiveDate,
        now: DateTime<Utc>,
    ) -> Result<usize, StoreError> {
        let midnight = day.and_time(NaiveTime::MIN).and_utc();
        let slice = TimeDelta::days(1) / i32::try_from(SLICES_A_DAY).unwrap_or(1);
        let mut late_facts = 0;
        for at in 0..SLICES_A_DAY {
            let start = midnight + slice * i32::try_from(at).unwrap_or(0);
            let first = AttributionId::first_at(start, name.shard).uuid();
            let after = AttributionId::first_at(start + slice, name.shard).uuid();
            let last = Uuid::from_u128(after.as_u128().saturating_sub(1));
            // What the lane has not reached is not late yet.
            let Some(last) = lane.at.map(|at| at.min(last)).filter(|last| *last >= first) else {
                break;
            };
            let known = self.receipted(name, first, last).await?;
            let log = Log {
                table: self,
                name: name.log,
                view: View::All,
            };
            let before = Uuid::from_u128(first.as_u128().saturating_sub(1));
            let entries = log
                .read_up(name.shard, Some(before), Some(last), None, Read::Strong)
                .await?;
            let late = entries
                .into_iter()
                .map(Fact::from)
                .filter(|fact| !known.contains(&fact.id));
            for fact in late {
                if self.fold_late(name, fact, now).await? {
                    late_facts += 1;
                }
            }
        }
        Ok(late_facts)
    }

    /// The facts from `first` to `last` that some receipt names.
    async fn receipted(
        &self,
        name: LaneName,
        first: Uuid,
        last: Uuid,
    ) -> Result<HashSet<Uuid>, StoreError> {
        let chunk_key = |id| keys::receipt(name.log, name.shard, &sort_key(name.log, id));
        let late_key = |id| keys::late_receipt(name.log, name.shard, &sort_key(name.log, id));
        let query = |from: keys::Key, to: String, limit| Query {
            index: None,
            pk: from.pk,
            from: Some(from.sk),
            to: Some(to),
            order: Order::Ascending,
            limit,
            read: Read::Strong,
        };
        // The chunk that holds the last facts may end behind them.
        let behind = Uuid::from_u128(last.as_u128().saturating_add(1));
        let queries = [
            query(chunk_key(first), chunk_key(last).sk, None),
            query(
                chunk_key(behind),
                keys::CHUNK_RECEIPTS_END.to_owned(),
                Some(1),
            ),
            query(late_key(first), late_key(last).sk, None),
        ];
        let mut known = HashSet::new();
        for query in &queries {
            for item in self.query(query).await? {
                let ids = Receipt::from_item(item)?
                    .map(|receipt| receipt.ids)
                    .unwrap_or_default();
                known.extend(
                    ids.chunks_exact(16)
                        .filter_map(|id| Uuid::from_slice(id).ok()),
                );
            }
        }
        Ok(known)
    }

    /// Counts one late fact, unless another run has. Says whether it did.
    async fn fold_late(
        &self,
        name: LaneName,
        fact: Fact,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let facts = [fact];
        let [fact] = &facts;
        loop {
            let (rows, _) = chunk(&facts);
            let receipt = Receipt {
                key: Some(keys::late_receipt(
                    name.log,
                    name.shard,
                    &sort_key(name.log, fact.id),
                )),
                ids: ids_of(&facts),
                expires: (now + RECEIPT_RETENTION).timestamp(),
            };
            let counts = fact.counts();
            let transaction = self
                .transaction()
                .create(&receipt, |_| Overtaken::Folded)
                .update::<NoEntity>(
                    &keys::lane(name.log, name.shard),
                    |update| {
                        update
                            .update_expression(format!(
                                "ADD {CLICKS} :clicks, {CONVERSIONS} :conversions, {CODES} :codes"
                            ))
                            .set_expression_attribute_values(Some(lane_values(counts, fact.codes)))
                    },
                    |_| Overtaken::Folded,
                );
            match self
                .add_rows(transaction, &rows, None)
                .await?
                .commit()
                .await
            {
                Ok(()) => return Ok(true),
                Err(TransactError::Refused(Overtaken::Folded)) => return Ok(false),
                Err(TransactError::Refused(Overtaken::Ranking)) => {}
                Err(TransactError::Store(error)) => return Err(error),
            }
        }
    }

    async fn mark_audited(&self, name: LaneName, to: NaiveDate) -> Result<(), StoreError> {
        let marked = self
            .transaction::<()>()
            .update::<NoEntity>(
                &keys::lane(name.log, name.shard),
                |update| {
                    update
                        .update_expression("SET audited_to = :to")
                        .condition_expression(
                            "attribute_not_exists(audited_to) OR audited_to < :to",
                        )
                        .expression_attribute_values(":to", AttributeValue::S(to.to_string()))
                },
                |_| (),
            )
            .commit()
            .await;
        match marked {
            // Another run has marked it, or gone further.
            Ok(()) | Err(TransactError::Refused(())) => Ok(()),
            Err(TransactError::Store(error)) => Err(error),
        }
    }
}

fn lane_values(counts: Counts, codes: i64) -> keys::Item {
    let number = |number: i64| AttributeValue::N(number.to_string());
    keys::Item::from([
        (":clicks".to_owned(), number(counts.clicks)),
        (":conversions".to_owned(), number(counts.conversions)),
        (":codes".to_owned(), number(codes)),
    ])
}
