//! A member: one guard, one attribution, and the answer that the click was recorded with.

use super::export::{ExportPage, ExportRecord};
use super::job::ReceiptItem;
use crate::attribution_item::{AttributionItem, MemberGuard};
use crate::dynamo::{Dynamo, Read};
use crate::error::{StoreError, TransactError};
use crate::expression::{ABSENT, Condition, Update};
use crate::idempotency::{KeptAnswer, kept_answers};
use crate::keys;
use crate::transaction::{Attempt, Conflict, Transaction, until_settled};
use chrono::{DateTime, Utc};
use domain::event::Change;
use domain::event_data::Erasure;
use domain::privacy::{Receipt, Tally};
use domain::{Attribution, MemberId, OrgId, OutboxEntry, Pseudonym};
use std::convert::Infallible;

/// The attribution counts as before, and says neither who joined nor from where.
const FORGET: &str =
    "SET new_member = :new REMOVE ip_address, user_agent, referrer_url, made_under";

/// What there is of a member.
struct Traces {
    guard: MemberGuard,
    /// `None` where it is another's, or gone.
    attribution: Option<AttributionItem>,
    answers: Vec<KeptAnswer>,
}

impl Traces {
    async fn find(
        dynamo: &Dynamo,
        member: &MemberId,
        org: &OrgId,
    ) -> Result<Option<Self>, StoreError> {
        let key = keys::member_guard(org, member);
        let Some(guard) = dynamo.get::<MemberGuard>(&key, Read::Strong).await? else {
            return Ok(None);
        };
        let key = keys::attribution(guard.attribution);
        let attribution: Option<AttributionItem> = dynamo.get(&key, Read::Strong).await?;
        let attribution = attribution.filter(|item| {
            let conversion = Attribution::from(item.clone()).conversion;
            conversion.is_some_and(|conversion| conversion.member == *member)
        });
        let made_under = attribution.as_ref().and_then(|item| {
            let hash = item.key_hash()?;
            Some((hash, item.id.to_string()))
        });
        let answers = match made_under {
            None => Vec::new(),
            Some(record) => kept_answers(dynamo, &[record]).await?,
        };
        Ok(Some(Self {
            guard,
            attribution,
            answers,
        }))
    }

    fn tally(&self) -> Tally {
        Tally {
            guards: 1,
            attributions: u64::from(self.attribution.is_some()),
            kept_answers: self.answers.len() as u64,
            ..Tally::default()
        }
    }
}

/// What the erasure of a member will be.
pub(super) async fn export(
    dynamo: &Dynamo,
    member: &MemberId,
    org: &OrgId,
) -> Result<ExportPage, StoreError> {
    let Some(traces) = Traces::find(dynamo, member, org).await? else {
        return Ok(ExportPage::default());
    };
    let tally = traces.tally();
    let attribution = traces.attribution.map(Attribution::from);
    let records = attribution
        .map(|attribution| ExportRecord::Attribution(Box::new(attribution)))
        .into_iter()
        .chain([ExportRecord::Guard {
            attribution: traces.guard.attribution,
        }])
        .chain(traces.answers.iter().map(ExportRecord::answer));
    Ok(ExportPage {
        records: records.collect(),
        tally,
        next: None,
    })
}

/// Erases a member, all at once.
pub(super) async fn erase(
    dynamo: &Dynamo,
    member: &MemberId,
    org: &OrgId,
    now: DateTime<Utc>,
) -> Result<Receipt, StoreError> {
    let erased = until_settled("the member", || try_erase(dynamo, member, org, now));
    erased.await.map_err(TransactError::into_store_error)
}

async fn try_erase(
    dynamo: &Dynamo,
    member: &MemberId,
    org: &OrgId,
    now: DateTime<Utc>,
) -> Attempt<Receipt, Infallible> {
    let Some(traces) = Traces::find(dynamo, member, org).await? else {
        return Ok(Receipt::nothing(org.clone()));
    };
    let pseudonym = Pseudonym::random();
    let receipt = Receipt {
        pseudonym: Some(pseudonym.clone()),
        org: org.clone(),
        erased: traces.tally(),
        continues_at: None,
    };
    // The guard goes over to the pseudonym: deleting the attribution looks for it there.
    let renamed = traces.guard.renamed(pseudonym.member());
    let is_same = Condition::new("attribution = :id").bind(":id", &traces.guard.attribution);
    let key = keys::member_guard(org, member);
    let mut transaction: Transaction<'_, Conflict<Infallible>> = Transaction::new(dynamo)
        .delete(&key, is_same, |_: Option<MemberGuard>| Conflict::Overtaken)
        .put(
            &ReceiptItem::new(pseudonym.clone(), &receipt, now),
            Condition::new(ABSENT),
            |_| Conflict::Overtaken,
        );
    let told = Change::MemberErased(Erasure {
        pseudonym,
        attribution_id: traces.attribution.as_ref().map(|item| item.id),
    });
    transaction = transaction.emit(OutboxEntry::new(org, told, now));
    if let Some(item) = &traces.attribution {
        transaction = transaction
            .create(&renamed, |_| Conflict::Overtaken)
            .update(
                &keys::attribution(item.id),
                renaming(member, &renamed.member),
                |_: Option<AttributionItem>| Conflict::Overtaken,
            );
    }
    for answer in &traces.answers {
        transaction = transaction.forget_answer(answer, || Conflict::Overtaken);
    }
    transaction.commit().await?;
    Ok(receipt)
}

/// The change of an attribution that names `old` so far.
fn renaming(old: &MemberId, new: &MemberId) -> Update {
    Update::new(FORGET)
        .when("new_member = :old")
        .bind(":old", old)
        .bind(":new", new)
}
