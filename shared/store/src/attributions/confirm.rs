//! A click that became a recruitment.

use super::{change_of, unconfirmed};
use crate::attribution_item::{AttributionChange, AttributionItem, MemberGuard};
use crate::code_item::CanonicalCode;
use crate::dynamo::Read;
use crate::error::TransactError;
use crate::expression::Update;
use crate::keys;
use crate::store::Store;
use crate::transaction::{Attempt, Conflict, refused, until_settled};
use chrono::{DateTime, Utc};
use domain::attribution::Conversion;
use domain::code_record::CodeTerms;
use domain::confirmation::{ConfirmDecision, ConfirmRefusal, Confirmation};
use domain::{Attribution, AttributionId};
use futures::try_join;
use std::sync::atomic::{AtomicBool, Ordering};

/// The click becomes a conversion.
const CONFIRM: &str = "SET new_member = :member, confirmed_at = :at REMOVE expires";

/// The click becomes a conversion that its code has counted: a deletion takes that back.
const CONFIRM_COUNTED: &str =
    "SET new_member = :member, confirmed_at = :at, is_counted = :true REMOVE expires";

/// The code has room for one more referral.
const BELOW_LIMIT: &str = "attribute_exists(pk) AND (attribute_not_exists(max_referrals) \
                           OR attribute_not_exists(confirmed) OR confirmed < max_referrals)";

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
        let is_overtaken = AtomicBool::new(false);
        until_settled("the attribution", || async {
            let (found, code) = try_join!(
                self.find_attribution(id, now),
                self.issued_code(&confirmation.code, Read::Strong)
            )?;
            let attribution = found.ok_or(refused(ConfirmRefusal::NotFound))?;
            let (terms, limit_reached) = code
                .map(|code| (code.record.terms.clone(), code.limit_reached()))
                .unwrap_or_default();
            let program = self.program_of_code(terms.program, now).await?;
            let decided = confirmation.decide(&attribution, program.as_ref(), now);
            match decided.map_err(refused)? {
                ConfirmDecision::Replay => Ok(attribution),
                ConfirmDecision::Confirm(conversion) => {
                    // Racers for the last referrals learn it by reading, not by queueing for
                    // the code's item. At first the transaction decides, which knows the
                    // member's guard as well.
                    if is_overtaken.swap(true, Ordering::Relaxed) && limit_reached {
                        return Err(refused(ConfirmRefusal::LimitReached));
                    }
                    let counting = Counting::of(&terms);
                    self.commit_conversion(&attribution, &conversion, counting, now)
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
        counting: Counting,
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
        let confirm = match counting {
            Counting::ByCode => Update::new(CONFIRM_COUNTED).bind(":true", &true),
            Counting::Nowhere => Update::new(CONFIRM),
        };
        let confirm = confirm
            .when(unconfirmed())
            .bind(":member", &conversion.member)
            .bind(":at", &conversion.confirmed_at);
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
        if counting == Counting::Nowhere {
            return transaction.commit().await;
        }
        let count = Update::new("ADD confirmed :one")
            .when(BELOW_LIMIT)
            .bind(":one", &1);
        transaction
            .update(
                &keys::code(&attribution.code.folded()),
                count,
                |_: Option<CanonicalCode>| Conflict::Refused(ConfirmRefusal::LimitReached),
            )
            .commit()
            .await
    }
}

/// Where a confirmed referral is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counting {
    /// On the code, which has a limit or may get one from its program.
    ByCode,
    /// A code with neither is not written, so that its confirmations do not meet there.
    Nowhere,
}

impl Counting {
    fn of(terms: &CodeTerms) -> Self {
        if terms.max_referrals.is_some() || terms.program.is_some() {
            Self::ByCode
        } else {
            Self::Nowhere
        }
    }
}
