//! Attributions: clicks recorded as facts, confirmed once per member, deleted, listed.

use super::entities::{
    AttributionChange, AttributionItem, CHANGE_RETENTION, CodeTruth, LogItem, MemberGuard,
};
use super::idempotency::{Answer, IdempotencyKey, Replay};
use super::keys::{self, LogName, View};
use super::log::{ListRequest, Log, Page, Total};
use super::stats::Subject;
use super::table::{Read, Table};
use super::{StoreError, TransactError};
use crate::domain::attribution::{Conversion, Visitor};
use crate::domain::program::Season;
use crate::domain::stats::{Counts, Period};
use crate::domain::{
    Attribution, AttributionId, AttributionStatus, CodeRecord, CodeStatus, FoldedCode, MemberId,
    MentorId, OrgId, Program, ProgramId, Timestamp,
};
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, TimeDelta, Utc};
use futures::future::join;
use futures::try_join;

/// How often an operation that others keep overtaking starts over.
const ATTEMPTS: usize = 8;

/// A click as it is to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Click {
    pub code: FoldedCode,
    pub visitor: Visitor,
    pub occurred_at: Timestamp,
    /// How long the click is kept unless it is confirmed; `None` is for ever.
    pub retention: Option<TimeDelta>,
}

impl Click {
    /// The fact that this click on `code` leaves.
    fn on(self, code: CodeRecord, now: DateTime<Utc>) -> (Attribution, AttributionItem) {
        let attribution = Attribution {
            id: AttributionId::new(now),
            code: code.code,
            mentor: code.mentor,
            org: code.org,
            visitor: self.visitor,
            occurred_at: self.occurred_at,
            conversion: None,
        };
        let expires = self
            .retention
            .map(|retention| (now + retention).timestamp());
        let item = AttributionItem::from(&attribution).expiring(expires);
        (attribution, item)
    }
}

/// Why a click was not recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClickRefusal {
    UnknownCode,
    /// The code is there and cannot be used.
    Unusable(Unusable),
    /// The idempotency key served another request.
    KeyReused,
}

/// Why a code cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unusable {
    Inactive,
    Invalidated,
    Expired,
    /// Its program has not begun yet.
    ProgramNotStarted,
    ProgramEnded,
    LimitReached,
}

impl Unusable {
    /// What stands against using a code of `program` at `now` that has confirmed so many
    /// referrals.
    pub fn of(
        record: &CodeRecord,
        program: Option<&Program>,
        confirmed: i64,
        now: DateTime<Utc>,
    ) -> Option<Self> {
        let season = program.map_or(Season::Running, |program| program.terms.season(now));
        match record.status(now) {
            CodeStatus::Inactive => Some(Self::Inactive),
            CodeStatus::Invalidated => Some(Self::Invalidated),
            CodeStatus::Expired => Some(Self::Expired),
            CodeStatus::Active => match season {
                Season::NotStarted => Some(Self::ProgramNotStarted),
                Season::Ended => Some(Self::ProgramEnded),
                Season::Running => record
                    .terms
                    .limit_reached_by(confirmed)
                    .then_some(Self::LimitReached),
            },
        }
    }
}

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

/// Which attributions a list shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AttributionFilter {
    pub mentor: Option<MentorId>,
    pub org: Option<OrgId>,
    pub status: Option<AttributionStatus>,
    pub code: Option<FoldedCode>,
}

impl AttributionFilter {
    fn matches(&self, attribution: &Attribution) -> bool {
        self.mentor
            .as_ref()
            .is_none_or(|mentor| attribution.mentor == *mentor)
            && self.org.as_ref().is_none_or(|org| attribution.org == *org)
            && self
                .status
                .is_none_or(|status| attribution.status() == status)
            && self
                .code
                .as_ref()
                .is_none_or(|code| attribution.code.folded() == *code)
    }
}

impl Table {
    /// Records a click on a code: one eventually consistent read, one write.
    ///
    /// # Errors
    /// [`ClickRefusal`] when the code is unknown or cannot be used.
    pub async fn record_click(
        &self,
        click: Click,
        now: DateTime<Utc>,
    ) -> Result<Attribution, TransactError<ClickRefusal>> {
        let code = self.code_to_click(&click.code, now).await?;
        let (attribution, item) = click.on(code, now);
        self.put_fact(&item).await?;
        Ok(attribution)
    }

    /// Records a click as [`Table::record_click`] does, and keeps the answer in the same
    /// transaction: it touches this click and this key alone, so clicks stay apart.
    ///
    /// # Errors
    /// [`ClickRefusal`].
    pub async fn record_click_once(
        &self,
        click: Click,
        key: &IdempotencyKey,
        render: impl Fn(&Attribution) -> Answer,
        now: DateTime<Utc>,
    ) -> Result<Answer, TransactError<ClickRefusal>> {
        let earlier = self.find_answer(Some(key), now);
        let (code, earlier) = join(self.code_to_click(&click.code, now), earlier).await;
        // The first answer stands, whatever has become of the code.
        if let Some(replay) = earlier.map_err(TransactError::<ClickRefusal>::Store)? {
            return replayed(replay);
        }
        let (attribution, item) = click.on(code?, now);
        let answer = render(&attribution);
        let committed = self
            .transaction()
            .keep_answer(Some(key), || answer.clone(), now, |replay| replay)
            .create(&item, |_| Replay::OtherRequest)
            .commit()
            .await;
        match committed {
            Ok(()) => Ok(answer),
            Err(TransactError::Refused(replay)) => replayed(replay),
            Err(TransactError::Store(error)) => Err(error.into()),
        }
    }

    /// The code as a click on it needs it: read eventually, as a code that goes round the
    /// world takes more reads than one partition serves strongly.
    async fn code_to_click(
        &self,
        code: &FoldedCode,
        now: DateTime<Utc>,
    ) -> Result<CodeRecord, TransactError<ClickRefusal>> {
        let key = keys::code(code);
        let (seen, ()): (Option<CodeTruth>, ()) =
            try_join!(self.get(&key, Read::Eventual), self.check_misses())?;
        // A code that was made a moment ago may not be seen eventually; it is strongly.
        let truth = match seen {
            Some(truth) => truth,
            None => {
                let found = self.find_code(code).await?;
                found.ok_or(TransactError::Refused(ClickRefusal::UnknownCode))?
            }
        };
        let confirmed = truth.confirmed();
        let record = CodeRecord::from(truth);
        let program = self.program_of_code(record.terms.program, now).await?;
        match Unusable::of(&record, program.as_ref(), confirmed, now) {
            None => Ok(record),
            Some(reason) => Err(TransactError::Refused(ClickRefusal::Unusable(reason))),
        }
    }

    /// The code that `code` folds to, if it can be used at `now`; read as a click reads it.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn find_usable_code(
        &self,
        code: &FoldedCode,
        now: DateTime<Utc>,
    ) -> Result<Option<CodeRecord>, StoreError> {
        match self.code_to_click(code, now).await {
            Ok(record) => Ok(Some(record)),
            Err(TransactError::Refused(_)) => Ok(None),
            Err(TransactError::Store(error)) => Err(error),
        }
    }

    /// An attribution, read strongly.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn find_attribution(
        &self,
        id: AttributionId,
    ) -> Result<Option<Attribution>, StoreError> {
        match self.find_log_item(&keys::attribution(id)).await? {
            Some(LogItem::Click(click)) => Ok(Some(click.into())),
            // The log holds facts of change too: those are no attributions.
            _ => Ok(None),
        }
    }

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

    /// The newest attributions that match `filter`.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn list_attributions(
        &self,
        filter: &AttributionFilter,
        request: ListRequest,
        now: DateTime<Utc>,
    ) -> Result<Page<Attribution>, StoreError> {
        let owner = (filter.mentor.clone(), filter.org.clone());
        let Ok((mentor, org)) = self.reach().narrow(owner.0, owner.1) else {
            return Ok(Page::empty());
        };
        let filter = &AttributionFilter {
            mentor,
            org,
            ..filter.clone()
        };
        let (published, owner) =
            try_join!(self.published(), self.code_owner(filter.code.as_ref()))?;
        let subject = match (&filter.code, owner) {
            (None, _) => match (filter.mentor.clone(), filter.org.clone()) {
                (None, None) => Subject::All,
                (None, Some(org)) => Subject::Org(org),
                (Some(mentor), None) => Subject::Mentor(mentor),
                (Some(mentor), Some(org)) => Subject::MentorInOrg(mentor, org),
            },
            (Some(_), None) => return Ok(Page::empty()),
            (Some(code), Some((mentor, org))) => {
                let is_other = filter.mentor.as_ref().is_some_and(|asked| *asked != mentor)
                    || filter.org.as_ref().is_some_and(|asked| *asked != org);
                if is_other {
                    return Ok(Page::empty());
                }
                Subject::Code(code.clone(), mentor, org)
            }
        };
        let view: View = subject.view();
        let log = Log {
            table: self,
            name: LogName::Attributions,
            view,
        };
        let listing = log.list(request, None, |item| match item {
            LogItem::Click(click) => {
                Some(Attribution::from(click)).filter(|attribution| filter.matches(attribution))
            }
            _ => None,
        });
        let counting = self.count_attributions(&subject, Period::AllTime, &published, now);
        let (listed, counts) = try_join!(listing, counting)?;
        let total = Total::exactly(of_status(counts, filter.status));
        Ok(Page {
            records: listed.records,
            total,
            next: listed.next,
        })
    }

    /// Who a code belongs to, or belonged to before its record was deleted.
    async fn code_owner(
        &self,
        code: Option<&FoldedCode>,
    ) -> Result<Option<(MentorId, OrgId)>, StoreError> {
        let Some(code) = code else { return Ok(None) };
        let issued = self.issued_code(code, Read::Eventual).await?;
        Ok(issued.map(|record| (record.mentor, record.org)))
    }

    /// The program that a code was made under, read beside its attribution.
    async fn program_behind(&self, code: &FoldedCode) -> Result<Option<ProgramId>, StoreError> {
        let issued = self.issued_code(code, Read::Strong).await?;
        Ok(issued.and_then(|record| record.terms.program))
    }

    /// A code that was issued, whether or not its record was deleted since.
    async fn issued_code(
        &self,
        code: &FoldedCode,
        read: Read,
    ) -> Result<Option<CodeRecord>, StoreError> {
        let item = self.get_item(&keys::code(code), read).await?;
        let truth: Option<CodeTruth> = item.map(serde_dynamo::from_item).transpose()?;
        Ok(truth.map(CodeRecord::from))
    }
}

fn of_status(counts: Counts, status: Option<AttributionStatus>) -> i64 {
    match status {
        None => counts.clicks,
        Some(AttributionStatus::Confirmed) => counts.conversions,
        Some(AttributionStatus::Pending) => counts.clicks - counts.conversions,
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

fn replayed(replay: Replay) -> Result<Answer, TransactError<ClickRefusal>> {
    match replay {
        Replay::Same(answer) => Ok(answer),
        Replay::OtherRequest => Err(TransactError::Refused(ClickRefusal::KeyReused)),
    }
}

fn overtaken_for_good() -> TransactError<ConfirmRefusal> {
    StoreError::Unavailable("others kept changing the attribution".into()).into()
}
