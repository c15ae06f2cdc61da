//! Codes: found by code, by id and by owner; made, rotated, retired, listed.

use super::entities::{ActiveCode, CHANGE_RETENTION, CodeEntry, CodeRemoval, CodeTruth, LogItem};
use super::idempotency::{Answer, IdempotencyKey, Replay};
use super::keys::{self, LogName, View};
use super::log::{ListRequest, Listed, Log, Page, Start, Total};
use super::stats::Subject;
use super::table::{Read, Table};
use super::transaction::Transaction;
use super::{StoreError, TransactError};
use crate::domain::code_record::CodeTerms;
use crate::domain::{
    Code, CodeId, CodePrefix, CodeRecord, CodeStatus, FoldedCode, MentorId, OrgId, Timestamp,
};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use chrono::{DateTime, Utc};
use futures::try_join;

/// How often an operation that others keep overtaking starts over.
const ATTEMPTS: usize = 8;

/// What the caller wants of an answer that is kept: its key, and how it is rendered.
pub struct Keep<'a, T> {
    pub key: Option<&'a IdempotencyKey>,
    pub render: &'a (dyn Fn(&T) -> Answer + Sync),
}

/// A code as a creation answers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Issued {
    Created(CodeRecord),
    Existing(CodeRecord),
}

/// Why no code was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CreateRefusal {
    /// The pair has an active code, this one.
    PairHasActive(CodeRecord),
    /// The string, or one that folds alike, was issued before.
    CodeTaken,
    /// The idempotency key served another request.
    KeyReused,
    /// The program that it names is no longer there.
    ProgramGone,
}

/// Why a code was not retired or rotated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RetireRefusal {
    /// There is no such record, or no longer.
    NotFound,
    /// Its state does not allow it.
    Status(CodeStatus),
    /// The caller named a mentor who does not own it.
    OtherMentor,
    /// `deactivated_at` lies before the code was made.
    BeforeCreation,
}

/// A condition on the items of a code was refused: what was read is out of date.
enum Overtaken {
    /// The code changed.
    Changed,
    /// The pair's active code is another one: this code had expired and was replaced.
    PairMovedOn,
    /// The new code's string is taken.
    CodeTaken,
}

/// Which code records a list shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CodeFilter {
    pub mentor: Option<MentorId>,
    pub org: Option<OrgId>,
    pub status: Option<CodeStatus>,
    pub code: Option<FoldedCode>,
}

impl CodeFilter {
    fn matches(&self, record: &CodeRecord, now: DateTime<Utc>) -> bool {
        self.mentor
            .as_ref()
            .is_none_or(|mentor| record.mentor == *mentor)
            && self.org.as_ref().is_none_or(|org| record.org == *org)
            && self
                .status
                .is_none_or(|status| record.status(now) == status)
            && self
                .code
                .as_ref()
                .is_none_or(|code| record.code.folded() == *code)
    }

    fn subject(&self) -> Subject {
        match (self.mentor.clone(), self.org.clone()) {
            (None, None) => Subject::All,
            (None, Some(org)) => Subject::Org(org),
            (Some(mentor), None) => Subject::Mentor(mentor),
            (Some(mentor), Some(org)) => Subject::MentorInOrg(mentor, org),
        }
    }
}

impl Table {
    /// The truth about a code, read strongly, if it lies within reach. One that does not is
    /// a miss, like one that does not exist: the asker's misses are read side by side.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer, or the asker has missed too often.
    pub async fn find_code(&self, code: &FoldedCode) -> Result<Option<CodeTruth>, StoreError> {
        let key = keys::code(code);
        let (found, ()) = try_join!(self.get(&key, Read::Strong), self.check_misses())?;
        let found = found.filter(|truth: &CodeTruth| {
            let (mentor, org) = truth.owner();
            self.reach().covers(mentor, org)
        });
        if found.is_none() {
            self.count_miss().await?;
        }
        Ok(found)
    }

    /// A code's record, read strongly.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn find_code_by_id(&self, id: CodeId) -> Result<Option<CodeRecord>, StoreError> {
        match self.find_log_item(&keys::code_by_id(id)).await? {
            Some(LogItem::Code(entry)) => Ok(Some(entry.into())),
            // The log holds facts of removal too: those are no codes.
            _ => Ok(None),
        }
    }

    /// The code of a mentor in an organisation that is active at `now`, read strongly.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn find_active_code(
        &self,
        mentor: &MentorId,
        org: &OrgId,
        now: DateTime<Utc>,
    ) -> Result<Option<CodeRecord>, StoreError> {
        let active: Option<ActiveCode> = self
            .get(&keys::active_code(mentor, org), Read::Strong)
            .await?;
        let record = active.map(CodeRecord::from);
        Ok(record.filter(|record| {
            record.status(now) == CodeStatus::Active && self.reach().covers(mentor, org)
        }))
    }

    /// The pair's active code as [`Table::find_active_code`] finds it, and how many
    /// referrals it has confirmed: read of the truth, where there is a limit to compare with.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn find_counted_active_code(
        &self,
        mentor: &MentorId,
        org: &OrgId,
        now: DateTime<Utc>,
    ) -> Result<Option<(CodeRecord, i64)>, StoreError> {
        let Some(record) = self.find_active_code(mentor, org, now).await? else {
            return Ok(None);
        };
        if record.terms.max_referrals.is_none() {
            return Ok(Some((record, 0)));
        }
        let key = keys::code(&record.code.folded());
        let truth: Option<CodeTruth> = self.get(&key, Read::Strong).await?;
        let confirmed = truth.map_or(0, |truth| truth.confirmed());
        Ok(Some((record, confirmed)))
    }

    /// Whether no code was ever made in the table.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn is_empty(&self) -> Result<bool, StoreError> {
        let request = ListRequest {
            limit: 1,
            start: Start::Skip(0),
        };
        let log = Log {
            table: self,
            name: LogName::Codes,
            view: View::All,
        };
        let listed = log.list(request, Some(1), |item| Some(item.log())).await?;
        Ok(listed.records.is_empty())
    }

    /// Makes `record`'s code, with its owner's chosen string.
    ///
    /// # Errors
    /// [`CreateRefusal`] when the string is taken or the pair has an active code.
    pub async fn create_code(
        &self,
        record: &CodeRecord,
        keep: Keep<'_, CodeRecord>,
        now: DateTime<Utc>,
    ) -> Result<Answer, TransactError<CreateRefusal>> {
        let answer = (keep.render)(record);
        match self.commit_new_code(record, keep.key, &answer, now).await {
            Ok(()) => Ok(answer),
            Err(TransactError::Refused(NotCreated::Replay(replay))) => replayed(replay),
            Err(TransactError::Refused(NotCreated::Refused(refusal))) => {
                Err(TransactError::Refused(refusal))
            }
            Err(TransactError::Store(error)) => Err(error.into()),
        }
    }

    /// The pair's active code, or a new one with `prefix`, or random where there is none.
    ///
    /// # Errors
    /// [`CreateRefusal::KeyReused`] and [`CreateRefusal::ProgramGone`] alone: whoever else
    /// makes the code, it is returned.
    pub async fn get_or_create_code(
        &self,
        mentor: &MentorId,
        org: &OrgId,
        prefix: Option<&CodePrefix>,
        terms: &CodeTerms,
        keep: Keep<'_, Issued>,
        now: DateTime<Utc>,
    ) -> Result<Answer, TransactError<CreateRefusal>> {
        let (active, earlier) = try_join!(
            self.find_active_code(mentor, org, now),
            self.find_answer(keep.key, now)
        )?;
        if let Some(replay) = earlier {
            return replayed(replay);
        }
        if let Some(record) = active {
            return self.keep_existing(record, keep, now).await;
        }
        for collisions in 0..ATTEMPTS {
            let code =
                prefix.map_or_else(Code::random, |prefix| Code::with_prefix(prefix, collisions));
            let record = CodeRecord::new(mentor.clone(), org.clone(), code, terms.clone(), now);
            let answer = (keep.render)(&Issued::Created(record.clone()));
            match self.commit_new_code(&record, keep.key, &answer, now).await {
                Ok(()) => return Ok(answer),
                Err(TransactError::Refused(NotCreated::Replay(replay))) => return replayed(replay),
                Err(TransactError::Refused(NotCreated::Refused(refusal))) => match refusal {
                    CreateRefusal::PairHasActive(held) => {
                        return self.keep_existing(held, keep, now).await;
                    }
                    CreateRefusal::CodeTaken => {}
                    CreateRefusal::KeyReused | CreateRefusal::ProgramGone => {
                        return Err(TransactError::Refused(refusal));
                    }
                },
                Err(TransactError::Store(error)) => return Err(error.into()),
            }
        }
        Err(StoreError::Unavailable("every code that was drawn is taken".into()).into())
    }

    /// Answers with a code that exists already, and keeps that answer if a key asks for it.
    async fn keep_existing(
        &self,
        record: CodeRecord,
        keep: Keep<'_, Issued>,
        now: DateTime<Utc>,
    ) -> Result<Answer, TransactError<CreateRefusal>> {
        let answer = (keep.render)(&Issued::Existing(record));
        if keep.key.is_none() {
            return Ok(answer);
        }
        let kept = self
            .transaction()
            .keep_answer(keep.key, || answer.clone(), now, |replay| replay)
            .commit()
            .await;
        match kept {
            Ok(()) => Ok(answer),
            Err(TransactError::Refused(replay)) => replayed(replay),
            Err(TransactError::Store(error)) => Err(error.into()),
        }
    }

    async fn commit_new_code(
        &self,
        record: &CodeRecord,
        key: Option<&IdempotencyKey>,
        answer: &Answer,
        now: DateTime<Utc>,
    ) -> Result<(), TransactError<NotCreated>> {
        let held_by_pair = |held: Option<ActiveCode>| {
            held.map_or(NotCreated::Refused(CreateRefusal::CodeTaken), |held| {
                NotCreated::Refused(CreateRefusal::PairHasActive(held.into()))
            })
        };
        let time = AttributeValue::S(Timestamp::from(now).to_string());
        let gone = || NotCreated::Refused(CreateRefusal::ProgramGone);
        let program = match record.terms.program {
            None => None,
            Some(id) => {
                let program = self.program_to_refer_to(id, now).await?;
                Some(program.ok_or_else(|| TransactError::Refused(gone()))?)
            }
        };
        self.transaction()
            .keep_answer(key, || answer.clone(), now, NotCreated::Replay)
            .put(
                &ActiveCode::from(record),
                |put| {
                    put.condition_expression("attribute_not_exists(pk) OR expires_at <= :now")
                        .expression_attribute_values(":now", time)
                },
                held_by_pair,
            )
            .create(&CodeTruth::from(record), |_| {
                NotCreated::Refused(CreateRefusal::CodeTaken)
            })
            .create(&CodeEntry::from(record), |_| {
                NotCreated::Refused(CreateRefusal::CodeTaken)
            })
            .refer_to(program.as_ref(), gone)
            .commit()
            .await?;
        self.program_was_marked(program.as_ref());
        Ok(())
    }

    /// Replaces an active code by one with the same prefix, in one transaction.
    ///
    /// # Errors
    /// [`RetireRefusal`] when it is not there, not active, or not `mentor`'s.
    pub async fn rotate_code(
        &self,
        id: CodeId,
        mentor: &MentorId,
        now: DateTime<Utc>,
    ) -> Result<Rotation, TransactError<RetireRefusal>> {
        let mut collisions = 0;
        let mut old = self.existing(id).await?;
        for _ in 0..ATTEMPTS {
            if old.mentor != *mentor {
                return Err(TransactError::Refused(RetireRefusal::OtherMentor));
            }
            let status = old.status(now);
            if status != CodeStatus::Active {
                return Err(TransactError::Refused(RetireRefusal::Status(status)));
            }
            let new = old.rotated(collisions, now);
            let id = AttributeValue::S(old.id.to_string());
            let committed = self
                .retiring(&old, deactivation(now.into()))
                .put(
                    &ActiveCode::from(&new),
                    |put| {
                        put.condition_expression("id = :old")
                            .expression_attribute_values(":old", id)
                    },
                    |_| Overtaken::Changed,
                )
                .create(&CodeTruth::from(&new), |_| Overtaken::CodeTaken)
                .create(&CodeEntry::from(&new), |_| Overtaken::CodeTaken)
                .commit()
                .await;
            match committed {
                Ok(()) => {
                    return Ok(Rotation {
                        previous: old.code,
                        new,
                    });
                }
                Err(TransactError::Refused(Overtaken::CodeTaken)) => collisions += 1,
                Err(TransactError::Refused(Overtaken::Changed | Overtaken::PairMovedOn)) => {
                    old = self.existing(old.id).await?;
                }
                Err(TransactError::Store(error)) => return Err(error.into()),
            }
        }
        Err(overtaken_for_good())
    }

    /// Makes a code inactive as of `at`. The first deactivation's time stays.
    ///
    /// # Errors
    /// [`RetireRefusal`] when it is not there or is invalidated.
    pub async fn deactivate_code(
        &self,
        id: CodeId,
        at: Timestamp,
        now: DateTime<Utc>,
    ) -> Result<CodeRecord, TransactError<RetireRefusal>> {
        let decide = |record: &CodeRecord| match record.status(now) {
            CodeStatus::Invalidated => Err(RetireRefusal::Status(CodeStatus::Invalidated)),
            CodeStatus::Inactive => Ok(None),
            CodeStatus::Active | CodeStatus::Expired if at < record.created_at => {
                Err(RetireRefusal::BeforeCreation)
            }
            CodeStatus::Active | CodeStatus::Expired => Ok(Some(CodeRecord {
                deactivated_at: Some(at),
                ..record.clone()
            })),
        };
        self.retire(id, decide, &deactivation(at)).await
    }

    /// Makes a code invalid for good, as of `now`. The first invalidation's time stays.
    ///
    /// # Errors
    /// [`RetireRefusal::NotFound`].
    pub async fn invalidate_code(
        &self,
        id: CodeId,
        now: DateTime<Utc>,
    ) -> Result<CodeRecord, TransactError<RetireRefusal>> {
        let at = Timestamp::from(now);
        let decide = |record: &CodeRecord| {
            Ok(record.invalidated_at.is_none().then(|| CodeRecord {
                invalidated_at: Some(at),
                deactivated_at: record.deactivated_at.or(Some(at)),
                ..record.clone()
            }))
        };
        let change = move |update: UpdateBuilder| {
            update
                .update_expression(
                    "SET invalidated_at = :at, deactivated_at = if_not_exists(deactivated_at, :at)",
                )
                .condition_expression(
                    "attribute_exists(pk) AND attribute_not_exists(deleted_at) \
                     AND attribute_not_exists(invalidated_at)",
                )
                .expression_attribute_values(":at", AttributeValue::S(at.to_string()))
        };
        self.retire(id, decide, &change).await
    }

    /// Reads, decides and changes until no one is in between. `decide` gives the record as
    /// it will be, or `None` where it is so already.
    async fn retire(
        &self,
        id: CodeId,
        decide: impl Fn(&CodeRecord) -> Result<Option<CodeRecord>, RetireRefusal>,
        change: &(impl Fn(UpdateBuilder) -> UpdateBuilder + Send + Sync),
    ) -> Result<CodeRecord, TransactError<RetireRefusal>> {
        let mut frees_pair = true;
        for _ in 0..ATTEMPTS {
            let record = self.existing(id).await?;
            let Some(retired) = decide(&record).map_err(TransactError::Refused)? else {
                return Ok(record);
            };
            let transaction = self.retiring(&record, change);
            match freeing_pair(transaction, &record, frees_pair)
                .commit()
                .await
            {
                Ok(()) => return Ok(retired),
                Err(TransactError::Refused(Overtaken::PairMovedOn)) => frees_pair = false,
                Err(TransactError::Refused(Overtaken::Changed | Overtaken::CodeTaken)) => {}
                Err(TransactError::Store(error)) => return Err(error.into()),
            }
        }
        Err(overtaken_for_good())
    }

    /// Deletes a code's record. Its string stays taken.
    ///
    /// # Errors
    /// [`RetireRefusal::NotFound`], the second time too.
    pub async fn delete_code(
        &self,
        id: CodeId,
        now: DateTime<Utc>,
    ) -> Result<Timestamp, TransactError<RetireRefusal>> {
        let at = Timestamp::from(now);
        let expires = (now + CHANGE_RETENTION).timestamp();
        let mut frees_pair = true;
        for _ in 0..ATTEMPTS {
            let record = self.existing(id).await?;
            let bury = |update: UpdateBuilder| {
                update
                    .condition_expression(
                        "attribute_exists(pk) AND attribute_not_exists(deleted_at)",
                    )
                    .expression_attribute_values(":at", AttributeValue::S(at.to_string()))
            };
            let removal = CodeRemoval {
                id: CodeId::new(now),
                mentor: record.mentor.clone(),
                org: record.org.clone(),
                expires,
            };
            let transaction = self
                .transaction()
                .update(
                    &keys::code(&record.code.folded()),
                    |update| bury(update).update_expression("SET deleted_at = :at"),
                    |_: Option<CodeTruth>| Overtaken::Changed,
                )
                .update(
                    &keys::code_by_id(record.id),
                    |update| {
                        bury(update)
                            .update_expression("SET deleted_at = :at, expires = :expires")
                            .expression_attribute_values(
                                ":expires",
                                AttributeValue::N(expires.to_string()),
                            )
                    },
                    |_: Option<CodeEntry>| Overtaken::Changed,
                )
                .create(&removal, |_| Overtaken::Changed);
            match freeing_pair(transaction, &record, frees_pair)
                .commit()
                .await
            {
                Ok(()) => return Ok(at),
                Err(TransactError::Refused(Overtaken::PairMovedOn)) => frees_pair = false,
                Err(TransactError::Refused(Overtaken::Changed | Overtaken::CodeTaken)) => {}
                Err(TransactError::Store(error)) => return Err(error.into()),
            }
        }
        Err(overtaken_for_good())
    }

    async fn existing(&self, id: CodeId) -> Result<CodeRecord, TransactError<RetireRefusal>> {
        let found = self.find_code_by_id(id).await?;
        found.ok_or(TransactError::Refused(RetireRefusal::NotFound))
    }

    /// Begins a transaction that changes the truth and the log entry of `record` alike.
    fn retiring(
        &self,
        record: &CodeRecord,
        change: impl Fn(UpdateBuilder) -> UpdateBuilder,
    ) -> Transaction<'_, Overtaken> {
        self.transaction()
            .update(
                &keys::code(&record.code.folded()),
                &change,
                |_: Option<CodeTruth>| Overtaken::Changed,
            )
            .update(
                &keys::code_by_id(record.id),
                &change,
                |_: Option<CodeEntry>| Overtaken::Changed,
            )
    }

    /// The newest code records that match `filter`. Totals by status are counted no further
    /// than the page itself reads.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn list_codes(
        &self,
        filter: &CodeFilter,
        request: ListRequest,
        now: DateTime<Utc>,
    ) -> Result<Page<CodeRecord>, StoreError> {
        let owner = (filter.mentor.clone(), filter.org.clone());
        let Ok((mentor, org)) = self.reach().narrow(owner.0, owner.1) else {
            return Ok(Page::empty());
        };
        let filter = &CodeFilter {
            mentor,
            org,
            ..filter.clone()
        };
        if let Some(code) = &filter.code {
            return self.list_one_code(code, filter, request, now).await;
        }
        if filter.status.is_some() {
            let listed = self
                .read_code_list(filter, request, Some(READ_TO_COUNT), now)
                .await?;
            let total = Total {
                count: i64::try_from(listed.matched).unwrap_or(i64::MAX),
                is_lower_bound: !listed.complete,
            };
            return Ok(Page {
                records: listed.records,
                total,
                next: listed.next,
            });
        }
        let published = self.published().await?;
        let subject = filter.subject();
        let (listed, count) = try_join!(
            self.read_code_list(filter, request, None, now),
            self.count_codes(&subject, &published)
        )?;
        Ok(Page {
            records: listed.records,
            total: Total::exactly(count),
            next: listed.next,
        })
    }

    async fn read_code_list(
        &self,
        filter: &CodeFilter,
        request: ListRequest,
        first_read: Option<usize>,
        now: DateTime<Utc>,
    ) -> Result<Listed<CodeRecord>, StoreError> {
        let view = match (&filter.mentor, &filter.org) {
            (Some(mentor), _) => View::Mentor(mentor.clone()),
            (None, Some(org)) => View::Org(org.clone()),
            (None, None) => View::All,
        };
        let log = Log {
            table: self,
            name: LogName::Codes,
            view,
        };
        log.list(request, first_read, |item| match item {
            LogItem::Code(code) => {
                Some(CodeRecord::from(code)).filter(|code| filter.matches(code, now))
            }
            _ => None,
        })
        .await
    }

    /// The list of the one code that folds to `code`, if the rest of the filter matches it.
    async fn list_one_code(
        &self,
        code: &FoldedCode,
        filter: &CodeFilter,
        request: ListRequest,
        now: DateTime<Utc>,
    ) -> Result<Page<CodeRecord>, StoreError> {
        let truth: Option<CodeTruth> = self.get(&keys::code(code), Read::Strong).await?;
        let found: Vec<_> = truth
            .map(CodeRecord::from)
            .into_iter()
            .filter(|record| filter.matches(record, now))
            .collect();
        let total = Total::exactly(i64::from(!found.is_empty()));
        let records = if request.start == Start::Skip(0) {
            found
        } else {
            Vec::new()
        };
        Ok(Page {
            records,
            total,
            next: None,
        })
    }
}

/// How many records a shard gives to a list that has no roll-up to take its total from: two
/// read units' worth, so that some hundreds of records are counted exactly.
const READ_TO_COUNT: usize = 36;

/// A code and the one that replaced it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    pub previous: Code,
    pub new: CodeRecord,
}

enum NotCreated {
    Refused(CreateRefusal),
    Replay(Replay),
}

fn replayed(replay: Replay) -> Result<Answer, TransactError<CreateRefusal>> {
    match replay {
        Replay::Same(answer) => Ok(answer),
        Replay::OtherRequest => Err(TransactError::Refused(CreateRefusal::KeyReused)),
    }
}

fn deactivation(at: Timestamp) -> impl Fn(UpdateBuilder) -> UpdateBuilder + Send + Sync {
    move |update| {
        update
            .update_expression("SET deactivated_at = :at")
            .condition_expression(
                "attribute_exists(pk) AND attribute_not_exists(deleted_at) \
                 AND attribute_not_exists(deactivated_at)",
            )
            .expression_attribute_values(":at", AttributeValue::S(at.to_string()))
    }
}

/// Frees the pair for a new code, where `record` may be its active one.
fn freeing_pair<'t>(
    transaction: Transaction<'t, Overtaken>,
    record: &CodeRecord,
    frees_pair: bool,
) -> Transaction<'t, Overtaken> {
    if !frees_pair || record.deactivated_at.is_some() {
        return transaction;
    }
    let id = AttributeValue::S(record.id.to_string());
    transaction.delete(
        &keys::active_code(&record.mentor, &record.org),
        |delete| {
            delete
                .condition_expression("attribute_not_exists(pk) OR id = :id")
                .expression_attribute_values(":id", id)
        },
        |_: Option<ActiveCode>| Overtaken::PairMovedOn,
    )
}

fn overtaken_for_good<R>() -> TransactError<R> {
    StoreError::Unavailable("others kept changing the code".into()).into()
}
