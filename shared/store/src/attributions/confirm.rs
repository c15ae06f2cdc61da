//! A click that became a recruitment.

use super::{change_of, unconfirmed};
use crate::attribution_item::{AttributionChange, AttributionItem, MemberGuard};
use crate::code_item::CanonicalCode;
use crate::dynamo::Read;
use crate::error::{StoreError, TransactError};
use crate::expression::Update;
use crate::keys;
use crate::store::Store;
use crate::transaction::{Attempt, Conflict, refused, until_settled};
use chrono::{DateTime, Utc};
use domain::attribution::Conversion;
use domain::confirmation::{ConfirmDecision, ConfirmRefusal, Confirmation};
use domain::{Attribution, AttributionId, FoldedCode, ProgramId};
use futures::try_join;

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
        confirmation.conversion(now).map_err(TransactError::Refused)?;
        until_settled("the attribution", || async {
            let (found, program) = try_join!(
                self.find_attribution(id, now),
                self.program_behind(&confirmation.code)
            )?;
            let attribution = found.ok_or(refused(ConfirmRefusal::NotFound))?;
            let program = self.program_of_code(program, now).await?;
            let decided = confirmation.decide(&attribution, program.as_ref(), now);
            match decided.map_err(refused)? {
                ConfirmDecision::Replay => Ok(attribution),
                ConfirmDecision::Confirm(conversion) => {
                    self.commit_conversion(&attribution, &conversion, now).await?;
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
        now: DateTime<Utc>,
    ) -> Attempt<(), ConfirmRefusal> {
        let guard = MemberGuard {
            org: attribution.org.clone(),
            member: conversion.member.clone(),
            attribution: attribution.id,
        };
        let change = AttributionChange {
            sign: 1,
            converted_on: Some(conversion.confirmed_at.day()),
            ..change_of(attribution, now)
        };
        let confirm = Update::new("SET new_member = :member, confirmed_at = :at REMOVE expires")
            .when(unconfirmed())
            .bind(":member", &conversion.member)
            .bind(":at", &conversion.confirmed_at);
        let count = Update::new("ADD confirmed :one")
            .when(BELOW_LIMIT)
            .bind(":one", &1);
        self.transaction()
            .update(&keys::attribution(attribution.id), confirm, |_: Option<AttributionItem>| {
                Conflict::Overtaken
            })
            .create(&guard, |held: Option<MemberGuard>| {
                held.map_or(Conflict::Overtaken, |held| {
                    Conflict::Refused(ConfirmRefusal::MemberHeld(held.attribution))
                })
            })
            .update(
                &keys::code(&attribution.code.folded()),
                count,
                |_: Option<CanonicalCode>| Conflict::Refused(ConfirmRefusal::LimitReached),
            )
            .create(&change, |_| Conflict::Overtaken)
            .commit()
            .await
    }

    /// The program that a code was made under, read beside its attribution.
    async fn program_behind(&self, code: &FoldedCode) -> Result<Option<ProgramId>, StoreError> {
        let issued = self.issued_code(code, Read::Strong).await?;
        Ok(issued.and_then(|record| record.terms.program))
    }
}
