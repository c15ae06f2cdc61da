//! A click that became a recruitment.

use super::tally::{Knowledge, Tally};
use super::{change_of, unconfirmed};
use crate::attribution_item::{AttributionChange, AttributionItem, MemberGuard};
use crate::dynamo::Read;
use crate::error::TransactError;
use crate::expression::Update;
use crate::keys;
use crate::store::Store;
use crate::transaction::{Attempt, Conflict, refused, until_settled};
use chrono::{DateTime, Utc};
use domain::attribution::Conversion;
use domain::confirmation::{ConfirmDecision, ConfirmRefusal, Confirmation};
use domain::{Attribution, AttributionId, CodeRecord};
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
            let terms = code.clone().map(|code| CodeRecord::from(code).terms);
            let terms = terms.unwrap_or_default();
            let program = self.program_of_code(terms.program, now).await?;
            let decided = confirmation.decide(&attribution, program.as_ref(), now);
            match decided.map_err(refused)? {
                ConfirmDecision::Replay => Ok(attribution),
                ConfirmDecision::Confirm(conversion) => {
                    let knowledge = match is_first.swap(false, Ordering::Relaxed) {
                        true => Knowledge::First,
                        false => Knowledge::Refused,
                    };
                    let tally = self.tally(code, program.as_ref(), knowledge, now).await?;
                    // Racers for the last referrals learn it by reading, not by queueing for
                    // the code's item. At first the transaction decides, which knows the
                    // member's guard as well.
                    let is_full = match &tally {
                        Tally::Code(code) => knowledge == Knowledge::Refused && code.is_full,
                        Tally::Nowhere => false,
                        Tally::TooFar => terms.limit(program.as_ref()).is_some(),
                    };
                    if is_full {
                        return Err(refused(ConfirmRefusal::LimitReached));
                    }
                    self.commit_conversion(&attribution, &conversion, &tally, now)
                        .await?;
                    Ok(Attribution {
                        conversion: Some(conversion),
                        ..attribution
                    })
                }
            }
        })
        .await
    }

    async fn commit_conversion(
        &self,
        attribution: &Attribution,
        conversion: &Conversion,
        tally: &Tally,
        now: DateTime<Utc>,
    ) -> Attempt<(), ConfirmRefusal> {
        let guard = MemberGuard {
            org: attribution.org.clone(),
            member: conversion.member.clone(),
            attribution: attribution.id,
        };
        let change = AttributionChange {
            sign: 1,
            attribution: Some(attribution.id),
            converted_on: Some(conversion.confirmed_at.day()),
            ..change_of(attribution, now)
        };
        let confirm = confirming(conversion, tally);
        let transaction = self
            .transaction()
            .update(
                &keys::attribution(attribution.id),
                confirm,
                |_: Option<AttributionItem>| Conflict::Overtaken,
            )
            .create(&guard, |held: Option<MemberGuard>| {
                held.map_or(Conflict::Overtaken, |held| {
                    Conflict::Refused(ConfirmRefusal::MemberHeld(held.attribution))
                })
            })
            .create(&change, |_| Conflict::Overtaken);
        transaction
            .count_on(tally, ConfirmRefusal::LimitReached)
            .commit()
            .await
    }
}

/// The change that makes a click a conversion.
fn confirming(conversion: &Conversion, tally: &Tally) -> Update {
    let confirm = match tally {
        Tally::Code(_) => Update::new(CONFIRM_COUNTED).bind(":true", &true),
        Tally::Nowhere | Tally::TooFar => Update::new(CONFIRM),
    };
    confirm
        .when(unconfirmed())
        .bind(":member", &conversion.member)
        .bind(":at", &conversion.confirmed_at)
}
