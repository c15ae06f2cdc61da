//! The changes that put a pseudonym in a person's place.

use super::sources::Found;
use crate::attribution_item::AttributionItem;
use crate::code_item::{ActiveCode, CodeLogItem};
use crate::dynamo::{Dynamo, Read};
use crate::entity::Untyped;
use crate::error::StoreError;
use crate::expression::{Condition, Update};
use crate::idempotency::{KeptAnswer, kept_answers};
use crate::keys::{self, Key, LogName, View};
use crate::transaction::Transaction;
use chrono::{DateTime, Utc};
use domain::event::Change;
use domain::event_data::CodeState;
use domain::privacy::{Tally, may_rename_fact, must_end};
use domain::{CodeId, CodeRecord, MentorId, OutboxEntry, Shard, Timestamp};
use std::collections::BTreeMap;

/// An entry of a log that is the mentor's still.
const THEIRS: &str = "#mentor = :old";

/// It names the pseudonym, in the index too, and no longer the key that it was made under.
const RENAME: &str = "SET #mentor = :new, gsi1pk = :gsi1pk REMOVE made_under";

/// The guard of a recruitment's member goes with its attribution.
const RENAME_GUARD: &str = "SET #mentor = :new, gsi1pk = :gsi1pk";

/// The same of a code, which ends with it.
const RENAME_AND_END: &str = "SET #mentor = :new, gsi1pk = :gsi1pk, \
                              invalidated_at = if_not_exists(invalidated_at, :now), \
                              deactivated_at = if_not_exists(deactivated_at, :now) \
                              REMOVE made_under";

/// The code ends; it is renamed later.
const END: &str = "SET invalidated_at = if_not_exists(invalidated_at, :now), \
                   deactivated_at = if_not_exists(deactivated_at, :now)";

/// The code did not end before: others are told once.
const NOT_ENDED: &str = "attribute_not_exists(invalidated_at)";

/// The canonical item, which no index shows.
const RENAME_CANONICAL: &str = "SET #mentor = :new REMOVE made_under";

/// The same of a code that ends with it.
const RENAME_CANONICAL_AND_END: &str = "SET #mentor = :new, invalidated_at = if_not_exists(invalidated_at, :now), \
     deactivated_at = if_not_exists(deactivated_at, :now) REMOVE made_under";

/// What one step of an erasure does to facts and codes.
pub(super) struct Renaming<'t> {
    dynamo: &'t Dynamo,
    old: MentorId,
    new: MentorId,
    /// Facts made before are folded.
    folded_to: DateTime<Utc>,
    now: DateTime<Utc>,
}

/// What belongs to the items of a page.
pub(super) struct Surroundings {
    answers: Vec<KeptAnswer>,
    /// The active codes of the mentor, by their code.
    active: BTreeMap<CodeId, Key>,
}

/// What a step does, apart from its writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Done {
    pub(super) erased: Tally,
    /// Whether facts are left that are not folded yet.
    pub(super) has_waiting: bool,
}

impl<'t> Renaming<'t> {
    pub(super) fn new(
        dynamo: &'t Dynamo,
        (old, new): (MentorId, MentorId),
        folded_to: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            dynamo,
            old,
            new,
            folded_to,
            now,
        }
    }

    /// Reads what belongs to the items: the answers that they were made with, and which codes
    /// are the active ones.
    pub(super) async fn surroundings(&self, found: &[Found]) -> Result<Surroundings, StoreError> {
        let renamed = found.iter().filter(|found| self.may_rename(found));
        let made_under: Vec<_> = renamed.filter_map(Found::made_under).collect();
        let pairs = found.iter().filter_map(|found| match found {
            Found::Code(code, _) => Some(code.owner().1.clone()),
            _ => None,
        });
        let mut active_keys: Vec<Key> = pairs
            .map(|org| keys::active_code(&self.old, &org))
            .collect();
        active_keys.sort_by(|a, b| a.pk.cmp(&b.pk));
        active_keys.dedup();
        let (answers, active) = futures::try_join!(
            kept_answers(self.dynamo, &made_under),
            self.dynamo.batch_get(&active_keys, Read::Strong)
        )?;
        let active = active.into_iter().map(|item| {
            let active: ActiveCode = serde_dynamo::from_item(item)?;
            let record = CodeRecord::from(active);
            let key = keys::active_code(&record.mentor, &record.org);
            Ok::<_, StoreError>((record.id, key))
        });
        Ok(Surroundings {
            answers,
            active: active.collect::<Result<_, _>>()?,
        })
    }

    fn may_rename(&self, found: &Found) -> bool {
        let made_at = match found {
            Found::Code(code, _) => code.id().made_at(),
            Found::Attribution(click) => click.id.made_at(),
            Found::Change(change) => change.id.made_at(),
            Found::Removal(removal) => removal.id.made_at(),
            Found::Answer(_) | Found::Row(..) => return true,
        };
        may_rename_fact(made_at, self.folded_to)
    }

    /// What the step of a page comes to.
    pub(super) fn outcome(&self, found: &[Found], around: &Surroundings) -> Done {
        let mut done = Done::default();
        done.erased.kept_answers = around.answers.len() as u64;
        for found in found {
            if !self.may_rename(found) {
                done.has_waiting = true;
                continue;
            }
            let erased = &mut done.erased;
            match found {
                Found::Code(..) => erased.codes += 1,
                Found::Attribution(click) => {
                    erased.attributions += 1;
                    erased.guards += u64::from(click.guard_key().is_some());
                }
                Found::Change(_) | Found::Removal(_) => erased.changes += 1,
                Found::Answer(_) => erased.kept_answers += 1,
                Found::Row(..) => erased.statistics += 1,
            }
        }
        done
    }

    /// Adds the writes of a page to `step`.
    pub(super) fn write(
        &self,
        mut step: Transaction<'t, ()>,
        found: &[Found],
        around: &Surroundings,
    ) -> Transaction<'t, ()> {
        for answer in &around.answers {
            step = step.forget_answer(answer, || ());
        }
        for found in found {
            step = if self.may_rename(found) {
                self.rename(step, found, around)
            } else if let Found::Code(code, false) = found {
                self.end_code(self.free_pair(step, code, around), code)
            } else {
                step
            };
        }
        step
    }

    fn rename(
        &self,
        step: Transaction<'t, ()>,
        found: &Found,
        around: &Surroundings,
    ) -> Transaction<'t, ()> {
        let facts = LogName::Attributions;
        match found {
            Found::Code(code, is_deleted) => {
                self.rename_code(self.free_pair(step, code, around), code, *is_deleted)
            }
            Found::Attribution(click) => {
                let rename = self.renaming(RENAME, facts, click.id.shard());
                let step = step.update(&keys::attribution(click.id), rename, ignored::<Untyped>);
                self.rename_guard(step, click)
            }
            Found::Change(change) => {
                let rename = self.renaming(RENAME, facts, change.id.shard());
                step.update(&keys::attribution(change.id), rename, ignored::<Untyped>)
            }
            Found::Removal(removal) => {
                let rename = self.renaming(RENAME, LogName::Codes, removal.id.shard());
                step.update(&keys::code_by_id(removal.id), rename, ignored::<Untyped>)
            }
            Found::Answer(answer) => step.forget_answer(answer, || ()),
            // Rows have a stage of their own.
            Found::Row(..) => step,
        }
    }

    fn rename_guard(
        &self,
        step: Transaction<'t, ()>,
        click: &AttributionItem,
    ) -> Transaction<'t, ()> {
        let Some(key) = click.guard_key() else {
            return step;
        };
        let new = View::Mentor(self.new.clone());
        let (_, partition) = new.partition(LogName::Conversions, click.id.shard());
        let rename = Update::new(RENAME_GUARD)
            .when("attribution = :id")
            .bind(":id", &click.id)
            .bind(":new", &self.new)
            .bind(":gsi1pk", &partition);
        step.update(&key, rename, ignored::<Untyped>)
    }

    fn renaming(&self, text: &'static str, log: LogName, shard: Shard) -> Update {
        let (_, partition) = View::Mentor(self.new.clone()).partition(log, shard);
        Update::new(text)
            .when(THEIRS)
            .bind(":old", &self.old)
            .bind(":new", &self.new)
            .bind(":gsi1pk", &partition)
    }

    /// A deleted code is a fact still, and its tombstone keeps its string.
    fn rename_code(
        &self,
        step: Transaction<'t, ()>,
        code: &CodeLogItem,
        is_deleted: bool,
    ) -> Transaction<'t, ()> {
        let at = Timestamp::from(self.now);
        let (entry, canonical) = if is_deleted {
            (RENAME, RENAME_CANONICAL)
        } else {
            (RENAME_AND_END, RENAME_CANONICAL_AND_END)
        };
        let mut entry = self.renaming(entry, LogName::Codes, code.id().shard());
        let mut canonical = Update::new(canonical)
            .when("id = :id")
            .bind(":id", &code.id())
            .bind(":new", &self.new);
        let record = CodeRecord::from(code.clone());
        if !is_deleted {
            entry = entry.and_as_active_as_read(&record).bind(":now", &at);
            canonical = canonical.bind(":now", &at);
        }
        if is_deleted || !must_end(&record) {
            return step
                .update(&keys::code_by_id(code.id()), entry, ignored::<Untyped>)
                .update(&keys::code(&code.folded()), canonical, ignored::<Untyped>);
        }
        step.update(
            &keys::code_by_id(code.id()),
            entry.and_when(NOT_ENDED),
            ignored::<Untyped>,
        )
        .update(&keys::code(&code.folded()), canonical, ignored::<Untyped>)
        .emit(self.ended(&record))
    }

    fn end_code(&self, step: Transaction<'t, ()>, code: &CodeLogItem) -> Transaction<'t, ()> {
        let record = CodeRecord::from(code.clone());
        if !must_end(&record) {
            return step;
        }
        let at = Timestamp::from(self.now);
        let entry = Update::new(END)
            .when(format!("{THEIRS} AND attribute_not_exists(deleted_at)"))
            .and_when(NOT_ENDED)
            .and_as_active_as_read(&record)
            .bind(":old", &self.old)
            .bind(":now", &at);
        let canonical = Update::new(END)
            .when("id = :id AND attribute_not_exists(deleted_at)")
            .bind(":id", &code.id())
            .bind(":now", &at);
        step.update(&keys::code_by_id(code.id()), entry, ignored::<Untyped>)
            .update(&keys::code(&code.folded()), canonical, ignored::<Untyped>)
            .emit(self.ended(&record))
    }

    /// What others are told of a code that ends with its mentor's erasure.
    fn ended(&self, code: &CodeRecord) -> OutboxEntry {
        let ended = code.invalidated(self.now);
        let state = CodeState::new(ended.as_ref().unwrap_or(code), self.now);
        OutboxEntry::new(&code.org, Change::CodeInvalidated(state), self.now)
    }

    /// Ends the pair's active code where that is `code`.
    fn free_pair(
        &self,
        step: Transaction<'t, ()>,
        code: &CodeLogItem,
        around: &Surroundings,
    ) -> Transaction<'t, ()> {
        let Some(key) = around.active.get(&code.id()) else {
            return step;
        };
        let is_still = Condition::new("id = :id").bind(":id", &code.id());
        step.delete(key, is_still, ignored::<Untyped>)
    }
}

/// What refuses a write has changed: the step reads again.
fn ignored<E>(_: Option<E>) {}
