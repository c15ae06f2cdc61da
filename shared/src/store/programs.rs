//! Programs: made, changed, archived or deleted, listed, and held in memory for a moment.
//!
//! A program is never deleted once a code refers to it. The first such code marks the
//! program in the very transaction that makes the code, and a deletion is refused by that
//! mark: so neither can pass the other. Later codes find the mark and write nothing.

use super::codes::Keep;
use super::entities::Entity;
use super::idempotency::{Answer, Replay};
use super::keys::{self, BY_ORG};
use super::log::{Cursor, ListRequest, Page, Start, Total};
use super::program_item::ProgramItem;
use super::table::{Order, Query, Read, Table};
use super::transaction::Transaction;
use super::{StoreError, TransactError};
use crate::domain::{OrgId, Program, ProgramId, ProgramStatus, Timestamp};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodb::types::builders::PutBuilder;
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// How often a change that others keep overtaking starts over.
const ATTEMPTS: usize = 8;

/// How many of an organisation's programs a page looks at and counts: 15 read units' worth.
const READ_TO_COUNT: usize = 150;

/// Why a program was not made or changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProgramRefusal {
    /// There is no such program, or no longer.
    NotFound,
    /// It would end before it starts.
    NoSeason,
    /// The idempotency key served another request.
    KeyReused,
}

/// What became of a program that was to be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProgramRemoval {
    Deleted(Timestamp),
    /// Codes refer to it: it stays for them, and takes no new ones.
    Archived(Timestamp),
}

/// The program is not as it was read.
struct Changed;

impl Table {
    /// A program, read strongly, if it lies within reach.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn find_program(&self, id: ProgramId) -> Result<Option<Program>, StoreError> {
        let found: Option<ProgramItem> = self.get(&keys::program(id), Read::Strong).await?;
        let program = found.map(Program::from);
        Ok(program.filter(|program| self.reach().covers_org(&program.org)))
    }

    /// The program that a code is made under: up to ten seconds old.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn program_to_refer_to(
        &self,
        id: ProgramId,
        now: DateTime<Utc>,
    ) -> Result<Option<Program>, StoreError> {
        self.remembered_program(id, Read::Strong, now).await
    }

    /// The program of a code that is used: up to ten seconds old, or read eventually.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn program_of_code(
        &self,
        id: Option<ProgramId>,
        now: DateTime<Utc>,
    ) -> Result<Option<Program>, StoreError> {
        let Some(id) = id else { return Ok(None) };
        match self.remembered_program(id, Read::Eventual, now).await? {
            // A program that was made a moment ago may not be seen eventually.
            None => self.remembered_program(id, Read::Strong, now).await,
            found => Ok(found),
        }
    }

    async fn remembered_program(
        &self,
        id: ProgramId,
        read: Read,
        now: DateTime<Utc>,
    ) -> Result<Option<Program>, StoreError> {
        if let Some(program) = self.programs().recall(id, now) {
            return Ok(Some(program));
        }
        let found: Option<ProgramItem> = self.get(&keys::program(id), read).await?;
        let program = found.map(Program::from);
        if let Some(program) = &program {
            self.programs().keep(program, now);
        }
        Ok(program)
    }

    /// Makes a program.
    ///
    /// # Errors
    /// [`ProgramRefusal::NoSeason`], [`ProgramRefusal::KeyReused`].
    pub async fn create_program(
        &self,
        program: &Program,
        keep: Keep<'_, Program>,
        now: DateTime<Utc>,
    ) -> Result<Answer, TransactError<ProgramRefusal>> {
        if !program.terms.has_a_season() {
            return Err(TransactError::Refused(ProgramRefusal::NoSeason));
        }
        let answer = (keep.render)(program);
        let committed = self
            .transaction()
            .keep_answer(keep.key, || answer.clone(), now, |replay| replay)
            // A fresh id is no one else's: what is there already is this very write.
            .create(&ProgramItem::from(program), |_| {
                Replay::Same(answer.clone())
            })
            .commit()
            .await;
        match committed {
            Ok(()) => Ok(answer),
            Err(TransactError::Refused(Replay::Same(answer))) => Ok(answer),
            Err(TransactError::Refused(Replay::OtherRequest)) => {
                Err(TransactError::Refused(ProgramRefusal::KeyReused))
            }
            Err(TransactError::Store(error)) => Err(error.into()),
        }
    }

    /// Changes a program as `change` says, and gives it as it is then.
    ///
    /// # Errors
    /// [`ProgramRefusal::NotFound`], [`ProgramRefusal::NoSeason`].
    pub async fn update_program(
        &self,
        id: ProgramId,
        change: impl Fn(Program) -> Program,
    ) -> Result<Program, TransactError<ProgramRefusal>> {
        for _ in 0..ATTEMPTS {
            let found = self.find_program(id).await?;
            let program = found.ok_or(TransactError::Refused(ProgramRefusal::NotFound))?;
            let changed = change(program.clone());
            if !changed.terms.has_a_season() {
                return Err(TransactError::Refused(ProgramRefusal::NoSeason));
            }
            if changed == program {
                return Ok(program);
            }
            match self.replace_program(&program, changed).await {
                Ok(changed) => return Ok(changed),
                Err(TransactError::Refused(Changed)) => {}
                Err(TransactError::Store(error)) => return Err(error.into()),
            }
        }
        Err(overtaken_for_good().into())
    }

    /// Deletes a program, or archives it where codes refer to it. `None` when it is not
    /// there, or no longer.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn remove_program(
        &self,
        id: ProgramId,
        now: DateTime<Utc>,
    ) -> Result<Option<ProgramRemoval>, StoreError> {
        let at = Timestamp::from(now);
        for _ in 0..ATTEMPTS {
            let Some(program) = self.find_program(id).await? else {
                return Ok(None);
            };
            let (removal, written) = match (program.is_referred, program.archived_at) {
                (true, Some(at)) => return Ok(Some(ProgramRemoval::Archived(at))),
                (true, None) => {
                    let archived = Program {
                        archived_at: Some(at),
                        ..program.clone()
                    };
                    let written = self.replace_program(&program, archived).await.map(|_| ());
                    (ProgramRemoval::Archived(at), written)
                }
                (false, _) => {
                    let written = self.delete_program(&program).await;
                    (ProgramRemoval::Deleted(at), written)
                }
            };
            match written {
                Ok(()) => return Ok(Some(removal)),
                Err(TransactError::Refused(Changed)) => {}
                Err(TransactError::Store(error)) => return Err(error),
            }
        }
        Err(overtaken_for_good())
    }

    async fn replace_program(
        &self,
        read: &Program,
        changed: Program,
    ) -> Result<Program, TransactError<Changed>> {
        let changed = Program {
            version: read.version + 1,
            ..changed
        };
        let version = version_of(read);
        let unchanged = |put: PutBuilder| {
            put.condition_expression("#version = :version")
                .expression_attribute_names("#version", "version")
                .expression_attribute_values(":version", version)
        };
        self.transaction()
            .put(&ProgramItem::from(&changed), unchanged, |_| Changed)
            .commit()
            .await?;
        self.programs().forget(read.id);
        Ok(changed)
    }

    async fn delete_program(&self, read: &Program) -> Result<(), TransactError<Changed>> {
        let version = version_of(read);
        self.transaction()
            .delete(
                &keys::program(read.id),
                |delete| {
                    delete
                        .condition_expression("#version = :version")
                        .expression_attribute_names("#version", "version")
                        .expression_attribute_values(":version", version)
                },
                |_: Option<ProgramItem>| Changed,
            )
            .commit()
            .await?;
        self.programs().forget(read.id);
        Ok(())
    }

    /// The newest programs of an organisation. The total is counted no further than the
    /// page itself reads.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn list_programs(
        &self,
        org: &OrgId,
        status: Option<ProgramStatus>,
        request: ListRequest,
    ) -> Result<Page<Program>, StoreError> {
        if !self.reach().covers_org(org) {
            return Ok(Page::empty());
        }
        let (skip, before) = match request.start {
            Start::Skip(skip) => (skip, None),
            Start::Behind(Cursor(id)) => (0, Some(id)),
        };
        let examined = READ_TO_COUNT.max(skip + request.limit + 1);
        let query = Query {
            index: Some(BY_ORG),
            pk: keys::programs_of(org),
            from: None,
            to: before.map(|id| just_before(id).to_string()),
            order: Order::Descending,
            limit: Some(examined),
            read: Read::Eventual,
        };
        let mut read = Vec::new();
        for item in self.query(&query).await? {
            read.extend(ProgramItem::from_item(item)?.map(Program::from));
        }
        let is_lower_bound = read.len() >= examined || before.is_some();
        let is_complete = read.len() < examined;
        let oldest_read = read.last().map(|program| Cursor(program.id.uuid()));
        read.retain(|program| status.is_none_or(|status| program.status() == status));
        let count = i64::try_from(read.len()).unwrap_or(i64::MAX);
        let records: Vec<Program> = read.into_iter().skip(skip).take(request.limit).collect();
        let shown = i64::try_from(skip + records.len()).unwrap_or(i64::MAX);
        let next = if shown < count {
            records.last().map(|program| Cursor(program.id.uuid()))
        } else if is_complete {
            None
        } else {
            oldest_read
        };
        Ok(Page {
            records,
            total: Total {
                count,
                is_lower_bound,
            },
            next,
        })
    }
}

impl<'t, R: 't> Transaction<'t, R> {
    /// Marks the program that a new code refers to, unless it is marked: `gone` is what it
    /// means that the program is no longer there.
    pub(super) fn refer_to(
        self,
        program: Option<&Program>,
        gone: impl FnOnce() -> R + Send + 't,
    ) -> Self {
        let Some(program) = program.filter(|program| !program.is_referred) else {
            return self;
        };
        self.update(
            &keys::program(program.id),
            |update| {
                update
                    .update_expression("SET #referred = :true ADD #version :one")
                    .condition_expression("attribute_exists(pk)")
                    .expression_attribute_names("#referred", "referred")
                    .expression_attribute_names("#version", "version")
                    .expression_attribute_values(":true", AttributeValue::Bool(true))
                    .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            },
            |_: Option<ProgramItem>| gone(),
        )
    }
}

impl Table {
    /// Forgets a program whose stored state this process has just changed.
    pub(super) fn program_was_marked(&self, program: Option<&Program>) {
        if let Some(program) = program.filter(|program| !program.is_referred) {
            self.programs().forget(program.id);
        }
    }
}

fn version_of(program: &Program) -> AttributeValue {
    AttributeValue::N(program.version.to_string())
}

/// The greatest id that sorts before `id`.
fn just_before(id: Uuid) -> ProgramId {
    ProgramId::from_uuid(Uuid::from_u128(id.as_u128().saturating_sub(1)))
}

fn overtaken_for_good() -> StoreError {
    StoreError::Unavailable("others kept changing the program".into())
}
