//! Making a code, or finding that there is one.

use crate::code_item::{ActiveCode, CanonicalCode, CodeItem, CodeLogItem};
use crate::error::TransactError;
use crate::expression::Condition;
use crate::idempotency::{IdempotencyKey, IdempotentReply, find_reply};
use crate::store::Store;
use crate::transaction::{Attempt, Conflict, Transaction, refused, until_settled};
use chrono::{DateTime, Utc};
use domain::code_record::CodeTerms;
use domain::codes::{CreateRefusal, Issued, NewCode, WantedCode};
use domain::event::Change;
use domain::event_data::CodeState;
use domain::terms::{RequestedTerms, TermsRefusal};
use domain::{CodeRecord, MentorId, OrgId, OutboxEntry, Program, Timestamp};
use futures::try_join;
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicUsize, Ordering};

/// What a request for the pair's code came to, as it is kept under an idempotency key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct KeptIssued {
    is_new: bool,
    code: CodeItem,
}

impl From<&Issued> for KeptIssued {
    fn from(issued: &Issued) -> Self {
        let (is_new, record) = match issued {
            Issued::Created(record) => (true, record),
            Issued::Existing(record) => (false, record),
        };
        Self {
            is_new,
            code: record.into(),
        }
    }
}

impl From<KeptIssued> for Issued {
    fn from(kept: KeptIssued) -> Self {
        if kept.is_new {
            Self::Created(kept.code.into())
        } else {
            Self::Existing(kept.code.into())
        }
    }
}

impl Store {
    /// Makes a code with its owner's chosen string.
    ///
    /// # Errors
    /// [`CreateRefusal`] when the string is taken, the pair has an active code, or the terms
    /// cannot be.
    pub async fn create_code(
        &self,
        new: NewCode,
        key: Option<&IdempotencyKey>,
        now: DateTime<Utc>,
    ) -> Result<IdempotentReply<CodeRecord>, TransactError<CreateRefusal>> {
        self.check_owner(&new.mentor, &new.org)?;
        until_settled("a new code", || async {
            let (earlier, program) = try_join!(
                find_reply::<CodeItem, _>(&self.dynamo, key, now),
                self.program_named(&new.terms, now)
            )?;
            // The first reply holds, whatever has become of the program.
            if let Some(reply) = earlier {
                return Ok(reply.map(CodeRecord::from));
            }
            let terms = resolve(&new.terms, program.as_ref(), &new.org, now)?;
            let (mentor, org) = (new.mentor.clone(), new.org.clone());
            let record = CodeRecord::new(mentor, org, new.code.clone(), terms, now);
            self.transaction()
                .keep_reply(key, CodeItem::from(&record), now)
                .issue(&record, key, now)
                .refer_to(program.as_ref(), program_gone)
                .commit()
                .await?;
            self.program_was_marked(program.as_ref());
            Ok(IdempotentReply::fresh(record, now))
        })
        .await
    }

    /// The pair's active code, or a new one.
    ///
    /// # Errors
    /// [`CreateRefusal::OutOfScope`], [`CreateRefusal::Terms`] and
    /// [`CreateRefusal::TermsDiffer`] alone: whoever else makes the code, it is returned.
    pub async fn get_or_create_code(
        &self,
        wanted: WantedCode,
        key: Option<&IdempotencyKey>,
        now: DateTime<Utc>,
    ) -> Result<IdempotentReply<Issued>, TransactError<CreateRefusal>> {
        self.check_owner(&wanted.mentor, &wanted.org)?;
        let collisions = AtomicUsize::new(0);
        until_settled("the pair's code", || async {
            let (earlier, active, program) = try_join!(
                find_reply::<KeptIssued, _>(&self.dynamo, key, now),
                async {
                    let found = self.find_active_code(&wanted.mentor, &wanted.org, now);
                    Ok(found.await?)
                },
                self.program_named(&wanted.terms, now)
            )?;
            if let Some(reply) = earlier {
                return Ok(reply.map(Issued::from));
            }
            let resolved = resolve(&wanted.terms, program.as_ref(), &wanted.org, now);
            if let Some(record) = active {
                // A code that has the terms has them, whatever has become of its program.
                let existing = wanted.existing(record);
                if existing.is_err() {
                    resolved?;
                }
                return self.keep_existing(existing, key, now).await;
            }
            let record = wanted.drawn(collisions.load(Ordering::Relaxed), resolved?, now);
            let committed = self.commit_drawn_code(&record, program.as_ref(), key, now);
            match committed.await {
                Err(TransactError::Refused(Conflict::Refused(CreateRefusal::CodeTaken))) => {
                    collisions.fetch_add(1, Ordering::Relaxed);
                    Err(TransactError::Refused(Conflict::Overtaken))
                }
                Err(TransactError::Refused(Conflict::Refused(CreateRefusal::PairHasActive(
                    held,
                )))) => self.keep_existing(wanted.existing(*held), key, now).await,
                Err(error) => Err(error),
                Ok(()) => Ok(IdempotentReply::fresh(Issued::Created(record), now)),
            }
        })
        .await
    }

    async fn commit_drawn_code(
        &self,
        record: &CodeRecord,
        program: Option<&Program>,
        key: Option<&IdempotencyKey>,
        now: DateTime<Utc>,
    ) -> Attempt<(), CreateRefusal> {
        let kept = KeptIssued {
            is_new: true,
            code: record.into(),
        };
        self.transaction()
            .keep_reply(key, kept, now)
            .issue(record, key, now)
            .refer_to(program, program_gone)
            .commit()
            .await?;
        self.program_was_marked(program);
        Ok(())
    }

    /// Replies with a code that exists already, and keeps that reply if there is a key.
    async fn keep_existing(
        &self,
        existing: Result<Issued, CreateRefusal>,
        key: Option<&IdempotencyKey>,
        now: DateTime<Utc>,
    ) -> Attempt<IdempotentReply<Issued>, CreateRefusal> {
        let issued = existing.map_err(refused)?;
        let owner = issued.record().mentor.clone();
        if key.is_some() {
            self.transaction()
                .keep_reply_about(&owner, key, KeptIssued::from(&issued), now)
                .commit()
                .await?;
        }
        Ok(IdempotentReply::fresh(issued, now))
    }

    fn check_owner(
        &self,
        mentor: &MentorId,
        org: &OrgId,
    ) -> Result<(), TransactError<CreateRefusal>> {
        if self.scope().covers(mentor, org) {
            Ok(())
        } else {
            Err(TransactError::Refused(CreateRefusal::OutOfScope))
        }
    }

    async fn program_named<R>(
        &self,
        terms: &RequestedTerms,
        now: DateTime<Utc>,
    ) -> Attempt<Option<Program>, R> {
        Ok(self.program_for_new_code(terms.program, now).await?)
    }
}

fn resolve(
    requested: &RequestedTerms,
    program: Option<&Program>,
    org: &OrgId,
    now: DateTime<Utc>,
) -> Attempt<CodeTerms, CreateRefusal> {
    let resolved = requested.resolve(program, org, now);
    resolved.map_err(|refusal| refused(CreateRefusal::Terms(refusal)))
}

fn program_gone() -> Conflict<CreateRefusal> {
    Conflict::Refused(CreateRefusal::Terms(TermsRefusal::ProgramNotFound))
}

impl Transaction<'_, Conflict<CreateRefusal>> {
    /// Writes the three items of a new code, and its event.
    fn issue(self, record: &CodeRecord, key: Option<&IdempotencyKey>, now: DateTime<Utc>) -> Self {
        let taken = || Conflict::Refused(CreateRefusal::CodeTaken);
        let free = Condition::new("attribute_not_exists(pk) OR expires_at <= :now")
            .bind(":now", &Timestamp::from(now));
        let log_item = CodeLogItem::from(record).made_under(key.map(IdempotencyKey::hash));
        let change = Change::CodeCreated(CodeState::new(record, now));
        self.put(
            &ActiveCode::from(record),
            free,
            move |held: Option<ActiveCode>| {
                // A refusal that does not say what is there is read again.
                held.map_or(Conflict::Overtaken, |held| {
                    Conflict::Refused(CreateRefusal::PairHasActive(Box::new(held.into())))
                })
            },
        )
        .create(&CanonicalCode::from(record), move |_| taken())
        .create(&log_item, move |_| taken())
        .emit(OutboxEntry::new(&record.org, change, now))
    }
}
