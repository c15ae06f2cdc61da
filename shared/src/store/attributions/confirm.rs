//! A click that became a recruitment, or is deleted.

use crate::domain::attribution::Conversion;
use crate::domain::{Attribution, AttributionId, FoldedCode, MemberId, ProgramId, Timestamp};
use crate::store::entities::{
    AttributionChange, AttributionItem, CHANGE_RETENTION, CodeTruth, MemberGuard,
};
use crate::store::keys::{self};
use crate::store::table::{Read, Table};
use crate::store::{StoreError, TransactError};
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, Utc};
use futures::try_join;

/// How often an operation that others keep overtaking starts over.
const ATTEMPTS: usize = 8;

/// A recruitment as it is to be confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmation {
    pub code: FoldedCode,
    pub member: MemberId,
    pub confirmed_at: Timestamp,
}

/// Why a recruitment was not confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfirmRefusal {
    NotFound,
    /// The body's code is not the record's.
    OtherCode,
    /// The mentor names themself.
    SelfReferral,
    /// `confirmed_at` lies before the click.
    BeforeClick,
    /// `confirmed_at` lies past the attribution window of the code's program.
    OutsideWindow,
    /// The attribution is confirmed with another member.
    AlreadyConfirmed,
    /// The member is attributed already, by this attribution.
    MemberHeld(AttributionId),
    /// The code has confirmed as many referrals as it may.
    LimitReached,
}

/// A condition of a confirmation or deletion was refused.
enum Overtaken {
    Changed,
    Refused(ConfirmRefusal),
}

impl Table {
    /// Confirms that a click led to `confirmation.member` joining: once per member and
    /// organisation, for ever. The same confirmation again gives the first answer.
    ///
    /// # Errors
    /// [`ConfirmRefusal`].
    pub async fn confirm(
        &self,
        id: AttributionId,
        confirmation: &Confirmation,
        now: DateTime<Utc>,
    ) -> Result<Attribution, TransactError<ConfirmRefusal>> {
        for _ in 0..ATTEMPTS {
            let (found, program_id) = try_join!(
                self.find_attribution(id),
                self.program_behind(&confirmation.code)
            )?;
            let attribution = found.ok_or(TransactError::Refused(ConfirmRefusal::NotFound))?;
            if attribution.code.folded() != confirmation.code {
                return Err(TransactError::Refused(ConfirmRefusal::OtherCode));
            }
            match &attribution.conversion {
                Some(conversion) if conversion.member == confirmation.member => {
                    return Ok(attribution);
                }
                Some(_) => return Err(TransactError::Refused(ConfirmRefusal::AlreadyConfirmed)),
                None => {}
            }
            if confirmation.member.is(&attribution.mentor) {
                return Err(TransactError::Refused(ConfirmRefusal::SelfReferral));
            }
            if confirmation.confirmed_at < attribution.occurred_at {
                return Err(TransactError::Refused(ConfirmRefusal::BeforeClick));
            }
            let program = self.program_of_code(program_id, now).await?;
            if program.is_some_and(|program| {
                let (clicked, confirmed) = (attribution.occurred_at, confirmation.confirmed_at);
                !program.terms.attributes(clicked, confirmed)
            }) {
                return Err(TransactError::Refused(ConfirmRefusal::OutsideWindow));
            }
            match self
                .commit_conversion(&attribution, confirmation, now)
                .await
            {
                Ok(()) => {
                    let conversion = Conversion {
                        member: confirmation.member.clone(),
                        confirmed_at: confirmation.confirmed_at,
                    };
                    return Ok(Attribution {
                        conversion: Some(conversion),
                        ..attribution
                    });
                }
                Err(TransactError::Refused(Overtaken::Changed)) => {}
                Err(TransactError::Refused(Overtaken::Refused(refusal))) => {
                    return Err(TransactError::Refused(refusal));
                }
                Err(TransactError::Store(error)) => return Err(error.into()),
            }
        }
        Err(overtaken_for_good())
    }

    async fn commit_conversion(
        &self,
        attribution: &Attribution,
        confirmation: &Confirmation,
        now: DateTime<Utc>,
    ) -> Result<(), TransactError<Overtaken>> {
        let guard = MemberGuard {
            org: attribution.org.clone(),
            member: confirmation.member.clone(),
            attribution: attribution.id,
        };
        let change = AttributionChange {
            sign: 1,
            converted_on: Some(confirmation.confirmed_at.day()),
            ..change_of(attribution, now)
        };
        let member = AttributeValue::S(confirmation.member.to_string());
        let confirmed_at = AttributeValue::S(confirmation.confirmed_at.to_string());
        self.transaction()
            .update(
                &keys::attribution(attribution.id),
                |update| {
                    update
                        .update_expression(
                            "SET new_member = :member, confirmed_at = :at REMOVE expires",
                        )
                        .condition_expression(
                            "attribute_exists(pk) AND attribute_not_exists(deleted_at) \
                             AND attribute_not_exists(confirmed_at)",
                        )
                        .expression_attribute_values(":member", member)
                        .expression_attribute_values(":at", confirmed_at)
                },
                |_: Option<AttributionItem>| Overtaken::Changed,
            )
            .create(&guard, |held| {
                held.map_or(Overtaken::Changed, |held: MemberGuard| {
                    Overtaken::Refused(ConfirmRefusal::MemberHeld(held.attribution))
                })
            })
            .update(
                &keys::code(&attribution.code.folded()),
                |update| {
                    update
                        .update_expression("ADD confirmed :one")
                        .condition_expression(
                            "attribute_exists(pk) AND (attribute_not_exists(max_referrals) \
                             OR attribute_not_exists(confirmed) OR confirmed < max_referrals)",
                        )
                        .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
                },
                |_: Option<CodeTruth>| Overtaken::Refused(ConfirmRefusal::LimitReached),
            )
            .create(&change, |_| Overtaken::Changed)
            .commit()
            .await
    }

    /// Deletes an attribution, frees its member, and takes it out of every count. `None`
    /// when it is not there, or no longer.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn delete_attribution(
        &self,
        id: AttributionId,
        now: DateTime<Utc>,
    ) -> Result<Option<Timestamp>, StoreError> {
        let at = Timestamp::from(now);
        for _ in 0..ATTEMPTS {
            let Some(attribution) = self.find_attribution(id).await? else {
                return Ok(None);
            };
            match self.commit_removal(&attribution, at, now).await {
                Ok(()) => return Ok(Some(at)),
                Err(TransactError::Refused(_)) => {}
                Err(TransactError::Store(error)) => return Err(error),
            }
        }
        Err(StoreError::Unavailable(
            "others kept changing the attribution".into(),
        ))
    }

    async fn commit_removal(
        &self,
        attribution: &Attribution,
        at: Timestamp,
        now: DateTime<Utc>,
    ) -> Result<(), TransactError<Overtaken>> {
        let change = AttributionChange {
            sign: -1,
            clicked_on: Some(attribution.occurred_at.day()),
            converted_on: attribution
                .conversion
                .as_ref()
                .map(|c| c.confirmed_at.day()),
            ..change_of(attribution, now)
        };
        // What is left counts the click when it is folded, and names nobody.
        let strip = "SET deleted_at = :at, expires = :expires \
                     REMOVE ip_address, user_agent, referrer_url, new_member, confirmed_at";
        let unchanged = match attribution.conversion {
            None => {
                "attribute_exists(pk) AND attribute_not_exists(deleted_at) \
                 AND attribute_not_exists(confirmed_at)"
            }
            Some(_) => {
                "attribute_exists(pk) AND attribute_not_exists(deleted_at) \
                 AND attribute_exists(confirmed_at)"
            }
        };
        let transaction = self
            .transaction()
            .update(
                &keys::attribution(attribution.id),
                |update| {
                    update
                        .update_expression(strip)
                        .condition_expression(unchanged)
                        .expression_attribute_values(":at", AttributeValue::S(at.to_string()))
                        .expression_attribute_values(
                            ":expires",
                            AttributeValue::N(change.expires.to_string()),
                        )
                },
                |_: Option<AttributionItem>| Overtaken::Changed,
            )
            .create(&change, |_| Overtaken::Changed);
        let Some(conversion) = &attribution.conversion else {
            return transaction.commit().await;
        };
        let id = AttributeValue::S(attribution.id.to_string());
        transaction
            .delete(
                &keys::member_guard(&attribution.org, &conversion.member),
                |delete| {
                    delete
                        .condition_expression("attribution = :id")
                        .expression_attribute_values(":id", id)
                },
                |_: Option<MemberGuard>| Overtaken::Changed,
            )
            .update(
                &keys::code(&attribution.code.folded()),
                |update| {
                    update
                        .update_expression("ADD confirmed :minus_one")
                        .condition_expression("attribute_exists(pk)")
                        .expression_attribute_values(
                            ":minus_one",
                            AttributeValue::N("-1".to_owned()),
                        )
                },
                |_: Option<CodeTruth>| Overtaken::Changed,
            )
            .commit()
            .await
    }

    /// The program that a code was made under, read beside its attribution.
    async fn program_behind(&self, code: &FoldedCode) -> Result<Option<ProgramId>, StoreError> {
        let issued = self.issued_code(code, Read::Strong).await?;
        Ok(issued.and_then(|record| record.terms.program))
    }
}

/// A change of `attribution` that adds nothing yet.
fn change_of(attribution: &Attribution, now: DateTime<Utc>) -> AttributionChange {
    AttributionChange {
        id: AttributionId::new(now),
        mentor: attribution.mentor.clone(),
        org: attribution.org.clone(),
        code: attribution.code.clone(),
        sign: 0,
        clicked_on: None,
        converted_on: None,
        expires: (now + CHANGE_RETENTION).timestamp(),
    }
}

fn overtaken_for_good() -> TransactError<ConfirmRefusal> {
    StoreError::Unavailable("others kept changing the attribution".into()).into()
}
