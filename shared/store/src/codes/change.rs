//! Changing the terms of a code, and making an inactive one active again.

use super::line::Line;
use crate::code_count;
use crate::code_item::{ActiveCode, CanonicalCode, CodeLogItem};
use crate::entity::Untyped;
use crate::error::{StoreError, TransactError};
use crate::expression::{Condition, EXISTS, Update};
use crate::keys;
use crate::log_item::LogItem;
use crate::store::Store;
use crate::transaction::{Attempt, Conflict, Transaction, refused, until_settled};
use chrono::{DateTime, Utc};
use domain::code_change::{ChangeRefusal, CodeChange, CountChange};
use domain::event::Change;
use domain::event_data::CodeState;
use domain::rollup::Fold;
use domain::terms::TermsRefusal;
use domain::{CodeId, CodeRecord, CodeStatus, OutboxEntry, Program, Timestamp};
use futures::try_join;

/// What becomes of a code's count.
enum Count {
    Keep,
    /// It begins with as many referrals, of all codes of the line.
    Start(i64, Line),
    Stop,
}

impl Store {
    /// Changes a code's terms, and makes it active again if that is requested. A code that gets
    /// its first limit or program begins its count with what the statistics have of its line of
    /// rotations: confirmations and deletions in flight at that moment may be missing or be there
    /// twice, and what is past the bound of their tail is missing.
    ///
    /// # Errors
    /// [`ChangeRefusal`].
    pub async fn change_code(
        &self,
        id: CodeId,
        change: &CodeChange,
        now: DateTime<Utc>,
    ) -> Result<CodeRecord, TransactError<ChangeRefusal>> {
        until_settled("the code", || async {
            let (item, program) = self.read_to_change(id, change, now).await?;
            let record = CodeRecord::from(item.clone());
            if item.replaced_by().is_some() {
                return Err(self.replaced_for_good(&record, now).await);
            }
            let changed = record.changed(change, program.as_ref(), now);
            let changed = changed.map_err(refused)?;
            if changed == record {
                return Ok(record);
            }
            let count = match record.terms.count_change(&changed.terms) {
                CountChange::Keep => Count::Keep,
                CountChange::Stop => Count::Stop,
                CountChange::Start => self.count_of_line(&item, &record, now).await?,
            };
            let program = program.filter(|program| {
                changed.terms.program == Some(program.id)
                    && record.terms.program != changed.terms.program
            });
            match self
                .commit_change(&record, &changed, &count, program.as_ref(), now)
                .await
            {
                Ok(()) => {
                    self.program_was_marked(program.as_ref());
                    Ok(changed)
                }
                Err(TransactError::Refused(ChangeConflict::Replaced)) => {
                    Err(self.replaced_for_good(&record, now).await)
                }
                Err(TransactError::Refused(ChangeConflict::Other(conflict))) => {
                    Err(TransactError::Refused(conflict))
                }
                Err(TransactError::KeyReused) => Err(TransactError::KeyReused),
                Err(TransactError::Store(error)) => Err(error.into()),
            }
        })
        .await
    }

    /// The code and the program that the change names; the checkpoint beside them where a count
    /// may begin.
    async fn read_to_change(
        &self,
        id: CodeId,
        change: &CodeChange,
        now: DateTime<Utc>,
    ) -> Attempt<(CodeLogItem, Option<Program>), ChangeRefusal> {
        let prepared = async {
            match change.may_start_count() {
                true => self.stats.prepare(Fold::Detail, now).await,
                false => Ok(()),
            }
        };
        let key = keys::code_by_id(id);
        let (found, program, ()) = try_join!(
            self.find_log_item(&key),
            self.program_for_new_code(change.named_program(), now),
            prepared
        )?;
        match found {
            Some(LogItem::Code(item)) => Ok((item, program)),
            _ => Err(refused(ChangeRefusal::NotFound)),
        }
    }

    /// How many referrals the line has confirmed, and its codes.
    async fn count_of_line(
        &self,
        item: &CodeLogItem,
        record: &CodeRecord,
        now: DateTime<Utc>,
    ) -> Result<Count, StoreError> {
        let line = self.line_before(item).await?;
        let confirmed = self.conversions_of_line(record, &line, now).await?;
        Ok(Count::Start(confirmed, line))
    }

    async fn commit_change(
        &self,
        read: &CodeRecord,
        changed: &CodeRecord,
        count: &Count,
        program: Option<&Program>,
        now: DateTime<Utc>,
    ) -> Result<(), TransactError<ChangeConflict>> {
        let update = changing(read, changed, count, now);
        let state = CodeState::new(changed, now);
        let told = match (read.deactivated_at, changed.deactivated_at) {
            (Some(_), None) => Change::CodeActivated(state),
            _ => Change::CodeUpdated(state),
        };
        let transaction = self
            .transaction()
            .update(
                &keys::code(&read.code.folded()),
                update.clone(),
                |held: Option<CanonicalCode>| match held {
                    Some(code) if code.replaced_by().is_some() => ChangeConflict::Replaced,
                    _ => OVERTAKEN,
                },
            )
            .update(
                &keys::code_by_id(read.id),
                update,
                |_: Option<CodeLogItem>| OVERTAKEN,
            )
            .refer_to(program, || {
                let gone = ChangeRefusal::Terms(TermsRefusal::ProgramNotFound);
                ChangeConflict::Other(Conflict::Refused(gone))
            })
            .hold_pair(changed, now)
            .emit(OutboxEntry::new(&changed.org, told, now));
        let (transaction, line) = match count {
            Count::Keep => return transaction.commit().await,
            Count::Stop => return transaction.reset_count(read.id).commit().await,
            Count::Start(_, line) => (transaction.reset_count(read.id), line),
        };
        transaction.mark_counted_by_heir(line).commit().await
    }

    /// The refusal to change a code that was replaced, which names the pair's active code.
    async fn replaced_for_good(
        &self,
        old: &CodeRecord,
        now: DateTime<Utc>,
    ) -> TransactError<Conflict<ChangeRefusal>> {
        match self.find_active_code(&old.mentor, &old.org, now).await {
            Ok(active) => refused(ChangeRefusal::Replaced(active.map(Box::new))),
            Err(error) => error.into(),
        }
    }
}

/// The change of both items that hold the terms of a code.
fn changing(read: &CodeRecord, changed: &CodeRecord, count: &Count, now: DateTime<Utc>) -> Update {
    let terms = &changed.terms;
    let (mut set, mut remove) = (vec!["user_type = :user_type"], Vec::new());
    match terms.program {
        Some(_) => set.push("#program = :program"),
        None => remove.push("#program"),
    }
    match terms.max_referrals {
        Some(_) => set.push("max_referrals = :limit"),
        None => remove.push("max_referrals"),
    }
    match terms.expires_at {
        Some(_) => set.push("expires_at = :end"),
        None => remove.push("expires_at"),
    }
    if changed.deactivated_at.is_none() {
        remove.push("deactivated_at");
    }
    match count {
        Count::Keep => {}
        Count::Start(..) => set.push("confirmed = :confirmed, counts_since = :now"),
        Count::Stop => remove.extend(["confirmed", "counts_since"]),
    }
    let set = set.join(", ");
    let text = match remove.is_empty() {
        true => format!("SET {set}"),
        false => format!("SET {set} REMOVE {}", remove.join(", ")),
    };
    let started = match count {
        Count::Start(confirmed, _) => Some((confirmed, Timestamp::from(now))),
        Count::Keep | Count::Stop => None,
    };
    Update::new(text)
        .when_as_read(read)
        .bind(":user_type", &terms.user_type)
        .bind_given(":program", terms.program.as_ref())
        .bind_given(":limit", terms.max_referrals.as_ref())
        .bind_given(":end", terms.expires_at.as_ref())
        .bind_given(":confirmed", started.map(|(confirmed, _)| confirmed))
        .bind_given(":now", started.as_ref().map(|(_, now)| now))
}

/// A condition of a change was refused.
enum ChangeConflict {
    /// The code was replaced.
    Replaced,
    /// It means this.
    Other(Conflict<ChangeRefusal>),
}

const OVERTAKEN: ChangeConflict = ChangeConflict::Other(Conflict::Overtaken);

impl Transaction<'_, ChangeConflict> {
    /// What the code has counted since its log entry was written is part of its new count, or of
    /// none.
    fn reset_count(self, id: CodeId) -> Self {
        let key = keys::code_count(id);
        self.update(&key, code_count::reset(), |_: Option<Untyped>| OVERTAKEN)
    }

    /// Marks the codes of `line` that count nothing: the newest one counts for them now.
    fn mark_counted_by_heir(self, line: &Line) -> Self {
        let mark = Update::new("SET has_counting_heir = :true")
            .when(EXISTS)
            .bind(":true", &true);
        line.uncounted().fold(self, |transaction, code| {
            let key = keys::code(&code);
            transaction.update(&key, mark.clone(), |_: Option<CanonicalCode>| OVERTAKEN)
        })
    }

    /// Makes `changed` its pair's active code, where it is active.
    fn hold_pair(self, changed: &CodeRecord, now: DateTime<Utc>) -> Self {
        if changed.status(now) != CodeStatus::Active {
            return self;
        }
        let free = "attribute_not_exists(pk) OR id = :id OR expires_at <= :now";
        let own_or_free = Condition::new(free)
            .bind(":id", &changed.id)
            .bind(":now", &Timestamp::from(now));
        let item = ActiveCode::from(changed);
        self.put(&item, own_or_free, |held: Option<ActiveCode>| {
            // A refusal that does not say what is there is read again.
            held.map_or(OVERTAKEN, |held| {
                let held = ChangeRefusal::PairHasActive(Box::new(held.into()));
                ChangeConflict::Other(Conflict::Refused(held))
            })
        })
    }
}
