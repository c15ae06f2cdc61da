//! Making a code, or finding that there is one.

use crate::domain::code_record::CodeTerms;
use crate::domain::{Code, CodePrefix, CodeRecord, MentorId, OrgId, Timestamp};
use crate::store::entities::{ActiveCode, CodeEntry, CodeTruth};
use crate::store::idempotency::{Answer, IdempotencyKey, Replay};
use crate::store::table::Table;
use crate::store::{StoreError, TransactError};
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, Utc};
use futures::try_join;

use super::{ATTEMPTS, Keep};

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

impl Table {
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
