//! A click on a code, recorded as a fact.

use crate::domain::attribution::Visitor;
use crate::domain::program::Season;
use crate::domain::{
    Attribution, AttributionId, CodeRecord, CodeStatus, FoldedCode, Program, Timestamp,
};
use crate::store::entities::{AttributionItem, CodeTruth};
use crate::store::idempotency::{Answer, IdempotencyKey, Replay};
use crate::store::keys::{self};
use crate::store::table::{Read, Table};
use crate::store::{StoreError, TransactError};
use chrono::{DateTime, TimeDelta, Utc};
use futures::future::join;
use futures::try_join;

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
}

fn replayed(replay: Replay) -> Result<Answer, TransactError<ClickRefusal>> {
    match replay {
        Replay::Same(answer) => Ok(answer),
        Replay::OtherRequest => Err(TransactError::Refused(ClickRefusal::KeyReused)),
    }
}
