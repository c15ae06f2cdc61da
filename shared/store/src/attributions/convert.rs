//! Recruitments that a server reports: by the code alone, or by the click that led to them.

use super::confirm::Confirmed;
use super::recruited::{KeptConversion, recruitment_of};
use super::tally::{Knowledge, Tally};
use crate::attribution_item::{AttributionItem, MemberGuard};
use crate::code_item::CanonicalCode;
use crate::dynamo::Read;
use crate::error::{StoreError, TransactError};
use crate::idempotency::{IdempotencyKey, IdempotentReply, find_reply};
use crate::keys;
use crate::store::Store;
use crate::transaction::{Attempt, Conflict, refused, until_settled};
use chrono::{DateTime, Utc};
use domain::confirmation::{ConfirmRefusal, Confirmation};
use domain::conversion::ConvertRefusal;
use domain::{
    Attribution, AttributionId, CountedCode, MemberId, OrgId, OutboxEntry, Recruitment, Timestamp,
};
use futures::future::join;
use futures::try_join;
use std::sync::atomic::AtomicBool;

/// What a report of a recruitment came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Converted {
    /// It is confirmed now.
    New(Recruitment),
    /// The same member had been confirmed by the same code, or click, before.
    Repeated(Recruitment),
}

/// A code as it was read to be used.
struct ReadCode {
    canonical: CanonicalCode,
    counted: CountedCode,
}

impl Store {
    /// Confirms that `confirmation.member` joined by a code alone, with every promise of
    /// [`Store::confirm`]. The same member by the same code again gives the first answer,
    /// whatever has become of the code. Two trips.
    ///
    /// # Errors
    /// [`ConvertRefusal`].
    pub async fn convert_by_code(
        &self,
        confirmation: Confirmation,
        key: Option<&IdempotencyKey>,
        now: DateTime<Utc>,
    ) -> Result<IdempotentReply<Converted>, TransactError<ConvertRefusal>> {
        until_settled("the recruitment", || async {
            let earlier = find_reply(&self.dynamo, key, now);
            let (earlier, code) = join(earlier, self.code_to_convert(&confirmation)).await;
            if let Some(reply) = earlier? {
                return self.converted_before(reply, now).await;
            }
            let code = code?;
            let org = code.counted.record.org.clone();
            match self.try_by_code(code, &confirmation, key, now).await {
                // It may be a repetition of what the code has led to.
                Err(TransactError::Refused(Conflict::Refused(
                    refusal @ (ConvertRefusal::Unusable(_)
                    | ConvertRefusal::Confirm(
                        ConfirmRefusal::MemberHeld(_) | ConfirmRefusal::LimitReached,
                    )),
                ))) => {
                    let repeated = self.repeated(&confirmation, &org, refusal, now).await?;
                    self.keep_repeated(repeated, key, now).await
                }
                made => made,
            }
        })
        .await
    }

    /// Confirms that the click `id` led to `member` joining, as [`Store::confirm`] does.
    ///
    /// # Errors
    /// [`ConfirmRefusal`].
    pub async fn convert_click(
        &self,
        id: AttributionId,
        (member, confirmed_at): (MemberId, Option<Timestamp>),
        key: Option<&IdempotencyKey>,
        now: DateTime<Utc>,
    ) -> Result<IdempotentReply<Converted>, TransactError<ConfirmRefusal>> {
        let is_first = AtomicBool::new(true);
        until_settled("the recruitment", || async {
            let earlier = find_reply(&self.dynamo, key, now);
            let (earlier, found) = join(earlier, self.find_attribution(id, now)).await;
            if let Some(reply) = earlier? {
                return self.converted_before(reply, now).await;
            }
            let attribution = found?.ok_or(refused(ConfirmRefusal::NotFound))?;
            let confirmation = Confirmation {
                code: attribution.code.folded(),
                member: member.clone(),
                confirmed_at,
            };
            let code = self.issued_code(&confirmation.code, Read::Strong).await?;
            let clicked = (attribution, code);
            match self
                .try_confirm(clicked, &confirmation, key, &is_first, now)
                .await?
            {
                Confirmed::Now(attribution) => {
                    let made = Converted::New(recruitment_of(&attribution)?);
                    Ok(IdempotentReply::fresh(made, now))
                }
                Confirmed::Before(attribution) => {
                    let held = recruitment_of(&attribution)?;
                    self.keep_repeated(held, key, now).await
                }
            }
        })
        .await
    }

    /// The code, read strongly, if it is in scope; a miss otherwise.
    async fn code_to_convert(
        &self,
        confirmation: &Confirmation,
    ) -> Attempt<ReadCode, ConvertRefusal> {
        let lookup = self.begin_lookup().await?;
        let key = keys::code(&confirmation.code);
        let (found, ()): (Option<CanonicalCode>, ()) = try_join!(
            self.dynamo.get(&key, Read::Strong),
            self.check_misses(lookup.as_ref())
        )?;
        let counted = self.in_scope_or_missed(found.clone(), lookup).await?;
        let code = found.zip(counted);
        let (canonical, counted) = code.ok_or(refused(ConvertRefusal::UnknownCode))?;
        Ok(ReadCode { canonical, counted })
    }

    async fn try_by_code(
        &self,
        ReadCode { canonical, counted }: ReadCode,
        confirmation: &Confirmation,
        key: Option<&IdempotencyKey>,
        now: DateTime<Utc>,
    ) -> Attempt<IdempotentReply<Converted>, ConvertRefusal> {
        let program = counted.record.terms.program;
        let program = self.program_of_code(program, now).await?;
        let made = confirmation.without_click(&counted, program.as_ref(), now);
        let attribution = made.map_err(refused)?;
        let recruitment = recruitment_of(&attribution)?;
        let tally = self
            .tally(Some(canonical), program.as_ref(), Knowledge::First, now)
            .await?;
        let is_counted = matches!(tally, Tally::Code(_));
        let item = AttributionItem::from(&attribution).counted(is_counted);
        self.transaction()
            .guard(&recruitment)
            .create(&item, |_| Conflict::Overtaken)
            .keep_reply(key, KeptConversion::made(attribution.id), now)
            .emit(OutboxEntry::confirmed(&attribution, tally.last_of(), now))
            .count_on(&tally, ConfirmRefusal::LimitReached.into())
            .commit()
            .await?;
        Ok(IdempotentReply::fresh(Converted::New(recruitment), now))
    }

    /// What the member's guard holds, where that is what `confirmation` says; `refusal`
    /// where it holds nothing.
    async fn repeated(
        &self,
        confirmation: &Confirmation,
        org: &OrgId,
        refusal: ConvertRefusal,
        now: DateTime<Utc>,
    ) -> Attempt<Recruitment, ConvertRefusal> {
        let held = self
            .find_recruitment(org, &confirmation.member, now)
            .await?;
        match (held, refusal) {
            (Some(held), _) if confirmation.has_led_to(&held) => Ok(held),
            (Some(held), _) => Err(refused(ConfirmRefusal::MemberHeld(held.id).into())),
            // Freed since.
            (None, ConvertRefusal::Confirm(ConfirmRefusal::MemberHeld(_))) => {
                Err(TransactError::Refused(Conflict::Overtaken))
            }
            (None, refusal) => Err(refused(refusal)),
        }
    }

    /// Keeps the reply to a repetition.
    async fn keep_repeated<R>(
        &self,
        held: Recruitment,
        key: Option<&IdempotencyKey>,
        now: DateTime<Utc>,
    ) -> Attempt<IdempotentReply<Converted>, R> {
        if key.is_some() {
            self.transaction()
                .keep_reply(key, KeptConversion::repeated(held.id), now)
                .commit()
                .await?;
        }
        Ok(IdempotentReply::fresh(Converted::Repeated(held), now))
    }

    /// What an earlier report with the same key came to.
    async fn converted_before<R: From<ConfirmRefusal>>(
        &self,
        reply: IdempotentReply<KeptConversion>,
        now: DateTime<Utc>,
    ) -> Attempt<IdempotentReply<Converted>, R> {
        let found = self.find_attribution(reply.value.id, now).await?;
        let recruitment = found.as_ref().and_then(Recruitment::of);
        let recruitment = recruitment.ok_or_else(|| refused(ConfirmRefusal::NotFound.into()))?;
        Ok(reply.map(|kept| match kept.is_new {
            true => Converted::New(recruitment),
            false => Converted::Repeated(recruitment),
        }))
    }

    /// Who recruited `member`, read strongly: one trip.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub(super) async fn find_recruitment(
        &self,
        org: &OrgId,
        member: &MemberId,
        now: DateTime<Utc>,
    ) -> Result<Option<Recruitment>, StoreError> {
        let key = keys::member_guard(org, member);
        let Some(guard) = self.dynamo.get::<MemberGuard>(&key, Read::Strong).await? else {
            return Ok(None);
        };
        let held = match guard.recruitment() {
            Some(recruitment) => Some(recruitment),
            // A guard from before they held all of it.
            None => {
                let found: Option<Attribution> =
                    self.find_attribution(guard.attribution, now).await?;
                found.as_ref().and_then(Recruitment::of)
            }
        };
        Ok(held.filter(|held| self.scope().covers(&held.mentor, &held.org)))
    }
}
