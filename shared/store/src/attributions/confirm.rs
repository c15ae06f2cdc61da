//! A click that became a recruitment.

use super::recruited::{KeptConversion, recruitment_of};
use super::tally::{Knowledge, Tally};
use super::{change_of, unconfirmed};
use crate::attribution_item::{AttributionChange, AttributionItem};
use crate::code_item::CanonicalCode;
use crate::dynamo::Read;
use crate::error::TransactError;
use crate::expression::Update;
use crate::idempotency::IdempotencyKey;
use crate::keys;
use crate::store::Store;
use crate::transaction::{Attempt, Conflict, refused, until_settled};
use chrono::{DateTime, Utc};
use domain::confirmation::{ConfirmDecision, ConfirmRefusal, Confirmation};
use domain::{Attribution, AttributionId, CodeRecord, OutboxEntry, Recruitment};
use futures::try_join;
use std::sync::atomic::{AtomicBool, Ordering};

/// The click becomes a conversion.
const CONFIRM: &str = "SET new_member = :member, confirmed_at = :at REMOVE expires";

/// The click becomes a conversion that its code has counted: a deletion takes that back.
const CONFIRM_COUNTED: &str =
    "SET new_member = :member, confirmed_at = :at, is_counted = :true REMOVE expires";

impl Store {
    /// Confirms that a click led to `confirmation.member` joining: once per member and
    /// organisation, for ever. The same confirmation again gives the first answer.
    ///
    /// # Errors
    /// [`ConfirmRefusal`].
    pub async fn confirm(
        &self,
        id: AttributionId,
        confirmation: Confirmation,
        now: DateTime<Utc>,
    ) -> Result<Attribution, TransactError<ConfirmRefusal>> {
        confirmation
            .conversion(now)
            .map_err(TransactError::Refused)?;
        let is_first = AtomicBool::new(true);
        until_settled("the attribution", || async {
            let (found, code) = try_join!(
                self.find_attribution(id, now),
                self.issued_code(&confirmation.code, Read::Strong)
            )?;
            let attribution = found.ok_or(refused(ConfirmRefusal::NotFound))?;
            let confirmed = self
                .try_confirm((attribution, code), &confirmation, None, &is_first, now)
                .await?;
            Ok(match confirmed {
                Confirmed::Now(attribution) | Confirmed::Before(attribution) => attribution,
            })
        })
        .await
    }

    /// One attempt to confirm an attribution that was read together with its code. With a key,
    /// the reply that it keeps is of the same transaction.
    pub(super) async fn try_confirm(
        &self,
        (attribution, code): (Attribution, Option<CanonicalCode>),
        confirmation: &Confirmation,
        key: Option<&IdempotencyKey>,
        is_first: &AtomicBool,
        now: DateTime<Utc>,
    ) -> Attempt<Confirmed, ConfirmRefusal> {
        let terms = code.clone().map(|code| CodeRecord::from(code).terms);
        let terms = terms.unwrap_or_default();
        let program = self.program_of_code(terms.program, now).await?;
        let decided = confirmation.decide(&attribution, program.as_ref(), now);
        let conversion = match decided.map_err(refused)? {
            ConfirmDecision::Replay => return Ok(Confirmed::Before(attribution)),
            ConfirmDecision::Confirm(conversion) => conversion,
        };
        let knowledge = match is_first.swap(false, Ordering::Relaxed) {
            true => Knowledge::First,
            false => Knowledge::Refused,
        };
        let tally = self.tally(code, program.as_ref(), knowledge, now).await?;
        // Racers for the last referrals learn it by reading, not by queueing for the code's
        // item. At first the transaction decides, which knows the member's guard as well.
        let is_full = match &tally {
            Tally::Code(code) => knowledge == Knowledge::Refused && code.is_full,
            Tally::Nowhere => false,
            Tally::TooFar => terms.limit(program.as_ref()).is_some(),
        };
        if is_full {
            return Err(refused(ConfirmRefusal::LimitReached));
        }
        let confirmed = Attribution {
            conversion: Some(conversion),
            ..attribution
        };
        let recruitment = recruitment_of(&confirmed)?;
        self.commit_conversion(&confirmed, &recruitment, &tally, key, now)
            .await?;
        Ok(Confirmed::Now(confirmed))
    }

    async fn commit_conversion(
        &self,
        attribution: &Attribution,
        recruitment: &Recruitment,
        tally: &Tally,
        key: Option<&IdempotencyKey>,
        now: DateTime<Utc>,
    ) -> Attempt<(), ConfirmRefusal> {
        let change = AttributionChange {
            sign: 1,
            attribution: Some(attribution.id),
            converted_on: Some(recruitment.confirmed_at.day()),
            ..change_of(attribution, now)
        };
        let transaction = self
            .transaction()
            .update(
                &keys::attribution(attribution.id),
                confirming(recruitment, tally),
                |_: Option<AttributionItem>| Conflict::Overtaken,
            )
            .guard(recruitment)
            .create(&change, |_| Conflict::Overtaken)
            .keep_reply(key, KeptConversion::made(attribution.id), now)
            .emit(OutboxEntry::confirmed(attribution, tally.last_of(), now));
        transaction
            .count_on(tally, ConfirmRefusal::LimitReached)
            .commit()
            .await
    }
}

/// What an attempt to confirm came to: the attribution, confirmed.
pub(super) enum Confirmed {
    Now(Attribution),
    /// By an earlier request.
    Before(Attribution),
}

/// The change that makes a click a conversion.
fn confirming(conversion: &Recruitment, tally: &Tally) -> Update {
    let confirm = match tally {
        Tally::Code(_) => Update::new(CONFIRM_COUNTED).bind(":true", &true),
        Tally::Nowhere | Tally::TooFar => Update::new(CONFIRM),
    };
    confirm
        .when(unconfirmed())
        .bind(":member", &conversion.member)
        .bind(":at", &conversion.confirmed_at)
}
