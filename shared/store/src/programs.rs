//! Programs: made, changed, archived or deleted, listed.
//!
//! A program is never deleted once a code refers to it. The first such code marks the
//! program in the very transaction that makes the code, and a deletion is refused by that
//! mark: so neither can pass the other. Later codes find the mark and write nothing.

use crate::dynamo::Read;
use crate::error::{ListOfOrgError, StoreError, TransactError};
use crate::expression::{Condition, EXISTS, UNCHANGED, Update};
use crate::idempotency::{IdempotencyKey, IdempotentReply, find_reply};
use crate::keys;
use crate::page::{ListRequest, Page};
use crate::program_item::ProgramItem;
use crate::short_list::ShortList;
use crate::store::Store;
use crate::transaction::{Attempt, Conflict, Transaction, refused, until_settled};
use chrono::{DateTime, Utc};
use domain::event::Change;
use domain::event_data::ProgramState;
use domain::program::{ProgramRefusal, ProgramRemoval};
use domain::{OrgId, OutboxEntry, OwnerFilter, Program, ProgramId, ProgramStatus, Timestamp};
use std::convert::Infallible;

impl Store {
    /// A program, read strongly, if it is in scope.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn find_program(&self, id: ProgramId) -> Result<Option<Program>, StoreError> {
        let item = self.find_program_item(id).await?;
        Ok(item.map(Program::from))
    }

    async fn find_program_item(&self, id: ProgramId) -> Result<Option<ProgramItem>, StoreError> {
        let found: Option<ProgramItem> = self.dynamo.get(&keys::program(id), Read::Strong).await?;
        Ok(found.filter(|item| self.scope().covers_org(item.org())))
    }

    /// The program that a code is made under: up to ten seconds old.
    pub(crate) async fn program_for_new_code(
        &self,
        id: Option<ProgramId>,
        now: DateTime<Utc>,
    ) -> Result<Option<Program>, StoreError> {
        match id {
            None => Ok(None),
            Some(id) => self.cached_program(id, Read::Strong, now).await,
        }
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
        match self.cached_program(id, Read::Eventual, now).await? {
            // A program that was made a moment ago may not be seen eventually.
            None => self.cached_program(id, Read::Strong, now).await,
            found => Ok(found),
        }
    }

    async fn cached_program(
        &self,
        id: ProgramId,
        read: Read,
        now: DateTime<Utc>,
    ) -> Result<Option<Program>, StoreError> {
        if let Some(program) = self.programs.get(&id, now) {
            return Ok(Some(program));
        }
        let found: Option<ProgramItem> = self.dynamo.get(&keys::program(id), read).await?;
        let program = found.map(Program::from);
        if let Some(program) = &program {
            self.programs.insert(program.id, program.clone(), now);
        }
        Ok(program)
    }

    /// Makes a program.
    ///
    /// # Errors
    /// [`ProgramRefusal::OutOfScope`], [`ProgramRefusal::EndsBeforeStart`].
    pub async fn create_program(
        &self,
        program: &Program,
        key: Option<&IdempotencyKey>,
        now: DateTime<Utc>,
    ) -> Result<IdempotentReply<Program>, TransactError<ProgramRefusal>> {
        if !self.scope().covers_org(&program.org) {
            return Err(TransactError::Refused(ProgramRefusal::OutOfScope));
        }
        program.terms.check().map_err(TransactError::Refused)?;
        let item = ProgramItem::from(program).made_under(key.map(IdempotencyKey::hash));
        until_settled("a new program", || async {
            // Only a racer with the same key overtakes: its reply is found then.
            if let Some(reply) = find_reply::<ProgramItem, _>(&self.dynamo, key, now).await? {
                return Ok(reply.map(Program::from));
            }
            self.transaction()
                .keep_reply(key, item.clone(), now)
                .create(&item, |_| Conflict::Overtaken)
                .emit(told(Change::ProgramCreated, program, now))
                .commit()
                .await?;
            Ok(IdempotentReply::fresh(program.clone(), now))
        })
        .await
    }

    /// Changes a program as `change` says, and gives it as it is then.
    ///
    /// # Errors
    /// [`ProgramRefusal::NotFound`], [`ProgramRefusal::EndsBeforeStart`].
    pub async fn update_program(
        &self,
        id: ProgramId,
        change: impl Fn(Program) -> Program,
        now: DateTime<Utc>,
    ) -> Result<Program, TransactError<ProgramRefusal>> {
        until_settled("the program", || async {
            let found = self.find_program_item(id).await?;
            let item = found.ok_or(refused(ProgramRefusal::NotFound))?;
            let program = Program::from(item.clone());
            let changed = change(program.clone());
            changed.terms.check().map_err(refused)?;
            if changed == program {
                return Ok(program);
            }
            self.replace_program(&item, changed, now).await
        })
        .await
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
        let removed = until_settled::<_, Infallible, _>("the program", || async {
            let Some(item) = self.find_program_item(id).await? else {
                return Ok(None);
            };
            let program = Program::from(item.clone());
            match (program.is_referred, program.archived_at) {
                (true, Some(at)) => Ok(Some(ProgramRemoval::Archived(at))),
                (true, None) => {
                    let archived = Program {
                        archived_at: Some(at),
                        ..program
                    };
                    self.replace_program(&item, archived, now).await?;
                    Ok(Some(ProgramRemoval::Archived(at)))
                }
                (false, _) => {
                    self.delete_program(&item, now).await?;
                    Ok(Some(ProgramRemoval::Deleted(at)))
                }
            }
        });
        removed.await.map_err(TransactError::into_store_error)
    }

    async fn replace_program<R>(
        &self,
        read: &ProgramItem,
        changed: Program,
        now: DateTime<Utc>,
    ) -> Attempt<Program, R> {
        let changed = Program {
            version: read.version() + 1,
            ..changed
        };
        let unchanged = Condition::new(UNCHANGED).bind(":version", &read.version());
        let item = ProgramItem::from(&changed).made_under(read.origin().0);
        let change = match (Program::from(read.clone()).status(), changed.status()) {
            (ProgramStatus::Active, ProgramStatus::Archived) => Change::ProgramArchived,
            _ => Change::ProgramUpdated,
        };
        self.transaction()
            .put(&item, unchanged, |_| Conflict::Overtaken)
            .emit(told(change, &changed, now))
            .commit()
            .await?;
        self.programs.invalidate(&changed.id);
        Ok(changed)
    }

    async fn delete_program<R>(&self, read: &ProgramItem, now: DateTime<Utc>) -> Attempt<(), R> {
        let unchanged = Condition::new(UNCHANGED).bind(":version", &read.version());
        let (made_under, made_at) = read.origin();
        self.transaction()
            .delete(
                &keys::program(read.id()),
                unchanged,
                |_: Option<ProgramItem>| Conflict::Overtaken,
            )
            .drop_reply(made_under, made_at, now)
            .emit(told(Change::ProgramDeleted, &read.clone().into(), now))
            .commit()
            .await?;
        self.programs.invalidate(&read.id());
        Ok(())
    }

    /// The newest programs of an organisation: of the one that `org` names, or else of the
    /// caller's own. The total is counted no further than the page itself reads.
    ///
    /// # Errors
    /// [`ListOfOrgError`].
    pub async fn list_programs(
        &self,
        org: Option<OrgId>,
        status: Option<ProgramStatus>,
        request: ListRequest,
    ) -> Result<Page<Program>, ListOfOrgError> {
        let filter = OwnerFilter { mentor: None, org };
        let org = self.scope().narrow(filter)?.org;
        let org = org.ok_or(ListOfOrgError::OrgRequired)?;
        let pk = keys::programs_of(&org);
        let sort_key = |id| ProgramId::from_uuid(id).to_string();
        let list = ShortList::read::<ProgramItem>(&self.dynamo, pk, sort_key, request).await?;
        let is_wanted = |program: &Program| status.is_none_or(|status| program.status() == status);
        Ok(list.page(|program: &Program| program.id.uuid(), is_wanted))
    }

    /// Forgets a program whose stored state this process has just changed.
    pub(crate) fn program_was_marked(&self, program: Option<&Program>) {
        if let Some(program) = program.filter(|program| !program.is_referred) {
            self.programs.invalidate(&program.id);
        }
    }
}

/// What others are told of a program.
fn told(change: fn(ProgramState) -> Change, program: &Program, now: DateTime<Utc>) -> OutboxEntry {
    OutboxEntry::new(&program.org, change(program.into()), now)
}

impl<'t, R: 't> Transaction<'t, R> {
    /// Marks the program that a new code refers to, unless it is marked: `gone` is what it
    /// means that the program is no longer there.
    pub(crate) fn refer_to(
        self,
        program: Option<&Program>,
        gone: impl FnOnce() -> R + Send + 't,
    ) -> Self {
        let Some(program) = program.filter(|program| !program.is_referred) else {
            return self;
        };
        let mark = Update::new("SET #referred = :true ADD #version :one")
            .when(EXISTS)
            .bind(":true", &true)
            .bind(":one", &1);
        self.update(
            &keys::program(program.id),
            mark,
            |_: Option<ProgramItem>| gone(),
        )
    }
}
