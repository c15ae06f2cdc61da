//! How far an erasure is, and its receipt.

use super::sources::Position;
use crate::dynamo::{Dynamo, Order, Query, Read};
use crate::entity::Entity;
use crate::error::StoreError;
use crate::expression::Condition;
use crate::keys::{self, Keys};
use crate::transaction::Transaction;
use chrono::serde::ts_milliseconds;
use chrono::{DateTime, Utc};
use domain::privacy::{RECEIPT_RETENTION, Receipt, Tally};
use domain::{MentorId, OrgId, Pseudonym, Timestamp};
use serde::{Deserialize, Serialize};

/// How many erasures a run of the schedule goes on with.
const JOBS_AT_MOST: usize = 1_000;

/// What an erasure is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stage {
    /// Renaming facts and codes.
    Facts,
    /// Moving rows of statistics.
    Rows,
}

/// The erasure of a mentor in an organisation, under way. The only item that names both person and pseudonym.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Job {
    pub(super) mentor: MentorId,
    pub(super) org: OrgId,
    pub(super) pseudonym: Pseudonym,
    /// How many steps were made: two runs never make the same one.
    pub(super) step: u64,
    pub(super) stage: Stage,
    /// Where the next step goes on.
    pub(super) position: Position,
    /// Not before this is there anything to do.
    #[serde(with = "ts_milliseconds")]
    pub(super) continues_at: DateTime<Utc>,
    /// When the pass began, or later.
    #[serde(with = "ts_milliseconds")]
    pub(super) pass_began_at: DateTime<Utc>,
    /// When a fact was renamed last.
    #[serde(with = "ts_milliseconds")]
    pub(super) changed_at: DateTime<Utc>,
    /// Whether the pass has left facts that are not folded.
    pub(super) has_waiting: bool,
    pub(super) erased: Tally,
}

impl Entity for Job {
    const KIND: &'static str = "erasure";

    fn keys(&self) -> Keys {
        keys::erasure(&self.mentor, &self.org).into()
    }
}

/// What an erasure has done. Names nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ReceiptItem {
    pseudonym: Pseudonym,
    org: OrgId,
    erased: Tally,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    continues_at: Option<Timestamp>,
    expires: i64,
}

impl Entity for ReceiptItem {
    const KIND: &'static str = "erasure_receipt";

    fn keys(&self) -> Keys {
        keys::erasure_receipt(&self.pseudonym).into()
    }
}

impl ReceiptItem {
    /// The item of a receipt of somebody.
    pub(super) fn new(pseudonym: Pseudonym, receipt: &Receipt, now: DateTime<Utc>) -> Self {
        Self {
            pseudonym,
            org: receipt.org.clone(),
            erased: receipt.erased,
            continues_at: receipt.continues_at,
            expires: (now + RECEIPT_RETENTION).timestamp(),
        }
    }
}

impl Job {
    pub(super) fn new(mentor: MentorId, org: OrgId, now: DateTime<Utc>) -> Self {
        Self {
            mentor,
            org,
            pseudonym: Pseudonym::random(),
            step: 0,
            stage: Stage::Facts,
            position: Position::default(),
            continues_at: now,
            pass_began_at: now,
            changed_at: now,
            has_waiting: false,
            erased: Tally::default(),
        }
    }

    /// What is to be told of it now.
    pub(super) fn receipt(&self, now: DateTime<Utc>) -> Receipt {
        Receipt {
            continues_at: Some(self.continues_at.max(now).into()),
            ..self.final_receipt()
        }
    }

    /// What is to be told of it when it is done.
    pub(super) fn final_receipt(&self) -> Receipt {
        Receipt {
            pseudonym: Some(self.pseudonym.clone()),
            org: self.org.clone(),
            erased: self.erased,
            continues_at: None,
        }
    }

    fn is_at_this_step(&self) -> Condition {
        Condition::new("#step = :step").bind(":step", &self.step)
    }

    /// Begins the transaction that makes the next step, which leads to `next`; refused where
    /// another run has made it.
    pub(super) fn stepping<'t>(
        &self,
        dynamo: &'t Dynamo,
        next: Self,
        now: DateTime<Utc>,
    ) -> Transaction<'t, ()> {
        let next = Self {
            step: self.step + 1,
            ..next
        };
        let receipt = ReceiptItem::new(self.pseudonym.clone(), &next.receipt(now), now);
        Transaction::new(dynamo)
            .put(&next, self.is_at_this_step(), |_| ())
            .put(&receipt, Condition::new(ALWAYS), |_| ())
    }

    /// Begins the transaction that ends the erasure.
    pub(super) fn ending<'t>(&self, dynamo: &'t Dynamo, now: DateTime<Utc>) -> Transaction<'t, ()> {
        let key = keys::erasure(&self.mentor, &self.org);
        let receipt = ReceiptItem::new(self.pseudonym.clone(), &self.final_receipt(), now);
        Transaction::new(dynamo)
            .delete(&key, self.is_at_this_step(), |_: Option<Self>| ())
            .put(&receipt, Condition::new(ALWAYS), |_| ())
    }
}

/// A receipt is written in the transaction of its step alone, under a random key.
const ALWAYS: &str = "attribute_not_exists(pk) OR attribute_exists(pk)";

/// The receipt of an erasure.
pub(super) async fn find_receipt(
    dynamo: &Dynamo,
    pseudonym: &Pseudonym,
) -> Result<Option<Receipt>, StoreError> {
    let key = keys::erasure_receipt(pseudonym);
    let found: Option<ReceiptItem> = dynamo.get(&key, Read::Strong).await?;
    Ok(found.map(|item| Receipt {
        pseudonym: Some(item.pseudonym),
        org: item.org,
        erased: item.erased,
        continues_at: item.continues_at,
    }))
}

/// The erasures under way.
pub(super) async fn under_way(dynamo: &Dynamo) -> Result<Vec<Job>, StoreError> {
    let query = Query {
        index: None,
        pk: keys::ERASURES.to_owned(),
        from: None,
        to: None,
        order: Order::Ascending,
        limit: JOBS_AT_MOST,
        read: Read::Strong,
    };
    let items = dynamo.query(&query).await?;
    let jobs = items.into_iter().map(Job::from_item);
    jobs.filter_map(Result::transpose).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const PSEUDONYM: &str = "erased_0123456789abcdef0123456789abcdef";

    fn job() -> Job {
        let now = DateTime::from_timestamp_millis(1_774_526_400_123).expect("in range");
        Job {
            pseudonym: PSEUDONYM.parse().expect("a pseudonym"),
            erased: Tally {
                codes: 2,
                ..Tally::default()
            },
            ..Job::new(
                "usr_1".parse().expect("an id"),
                "org_1".parse().expect("an id"),
                now,
            )
        }
    }

    fn stored(entity: &impl Entity) -> Value {
        let item = entity.to_item().expect("an item");
        serde_dynamo::from_item(item).expect("JSON")
    }

    fn erased() -> Value {
        json!({
            "codes": 2, "attributions": 0, "changes": 0, "guards": 0, "kept_answers": 0,
            "statistics": 0,
        })
    }

    #[test]
    fn a_job_names_the_person_and_how_far_it_is() {
        let millis = 1_774_526_400_123_i64;
        assert_eq!(
            stored(&job()),
            json!({
                "pk": "ERASURE", "sk": "M#org_1#usr_1", "kind": "erasure", "mentor": "usr_1",
                "org": "org_1", "pseudonym": PSEUDONYM, "step": 0, "stage": "facts",
                "position": {"source": 0}, "continues_at": millis, "pass_began_at": millis,
                "changed_at": millis, "has_waiting": false, "erased": erased(),
            })
        );
    }

    #[test]
    fn a_receipt_names_the_pseudonym_alone() {
        let now = DateTime::from_timestamp(1_774_526_400, 0).expect("in range");
        let (job, pseudonym) = (job(), PSEUDONYM.parse().expect("a pseudonym"));
        let receipt = ReceiptItem::new(pseudonym, &job.final_receipt(), now);
        assert_eq!(
            stored(&receipt),
            json!({
                "pk": format!("ERASED#{PSEUDONYM}"), "sk": "RECEIPT", "kind": "erasure_receipt",
                "pseudonym": PSEUDONYM, "org": "org_1", "erased": erased(),
                "expires": 1_782_302_400,
            })
        );
        let item = receipt.to_item().expect("an item");
        let read = ReceiptItem::from_item(item).expect("readable");
        assert_eq!(read, Some(receipt));
    }
}
