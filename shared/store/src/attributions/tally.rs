//! Where a confirmed referral is counted: on its code, or on the code that has replaced it.
//!
//! A rotation carries the count over. A click of the old code that is confirmed, or deleted,
//! after the rotation changes the count of the newest code in the line: so all codes of a line
//! confirm no more together than one of them may.
//!
//! A limit is the code's own or its program's as it is now. The counting write has the condition
//! that program and limit are as they were read, so that a change of terms is noticed, and that
//! the referral is the last one exactly if it was taken to be: so the event of a limit that is
//! reached is in the transaction of the referral that reaches it, and in no other.

use crate::attribution_item::AttributionItem;
use crate::code_count;
use crate::code_item::CanonicalCode;
use crate::codes::ROTATIONS;
use crate::dynamo::Read;
use crate::entity::Untyped;
use crate::error::StoreError;
use crate::expression::Update;
use crate::keys;
use crate::store::Store;
use crate::transaction::{Conflict, Transaction};
use chrono::{DateTime, Utc};
use domain::code_record::ReferralLimit;
use domain::{Code, CodeId, CountedCode, FoldedCode, Program, ProgramId};

/// Changes a count.
const ADD: &str = "ADD confirmed :number";

/// The code's item is there, and no rotation has carried its count away.
const COUNTS: &str = "attribute_exists(pk) AND attribute_not_exists(replaced_by)";

/// The code has a limit, or may get one from its program.
const LIMITED: &str = "(attribute_exists(max_referrals) OR attribute_exists(#program))";

/// So many referrals are confirmed, after which there is room for more still.
const HAS_ROOM_AFTER: &str = "(attribute_not_exists(confirmed) OR confirmed < :last)";

/// No referral is confirmed.
const NONE_CONFIRMED: &str = "(attribute_not_exists(confirmed) OR confirmed = :before)";

/// Where a confirmed referral is counted.
#[derive(Debug)]
pub(super) enum Tally {
    /// On this code, which has a limit or may get one from its program.
    Code(Box<CountingCode>),
    /// A code with neither is not written, so that its confirmations do not meet there.
    Nowhere,
    /// The code was rotated more often since than is followed.
    TooFar,
}

/// A code that counts its referrals.
#[derive(Debug)]
pub(super) struct CountingCode {
    code: FoldedCode,
    /// Whose count a rotation takes: none of a deleted code.
    entry: Option<CodeId>,
    /// Whether it is known to have had no room left.
    pub(super) is_full: bool,
    program: Option<ProgramId>,
    /// The code's own limit.
    own_limit: Option<ReferralLimit>,
    limit_of_program: Option<ReferralLimit>,
    /// Set where one more referral uses the limit up.
    last: Option<LastReferral>,
}

/// The referral that a code has room for, and no other one.
#[derive(Debug, Clone)]
struct LastReferral {
    /// Referrals confirmed before it.
    before: i64,
    id: CodeId,
    code: Code,
    limit: ReferralLimit,
}

impl LastReferral {
    /// That of a code with such a limit, if it comes next.
    fn of(code: &CountedCode, limit: Option<ReferralLimit>) -> Option<Self> {
        let limit = limit.filter(|limit| limit.is_next_the_last(code.confirmed))?;
        Some(Self {
            before: code.confirmed,
            id: code.record.id,
            code: code.record.code.clone(),
            limit,
        })
    }
}

impl CountingCode {
    fn new(code: CanonicalCode, program: Option<&Program>) -> Self {
        let entry = (!code.is_deleted()).then(|| code.id());
        let code = CountedCode::from(code);
        let own_limit = code.record.terms.max_referrals;
        Self {
            code: code.record.code.folded(),
            entry,
            is_full: code.limit_reached(program),
            program: code.record.terms.program,
            own_limit,
            limit_of_program: limit_of(program),
            last: LastReferral::of(&code, own_limit.or(limit_of(program))),
        }
    }

    /// The code that has replaced `code`, which was made under `program`. It is not read: the
    /// transaction finds out whether it still has that program and limit, has room for more than
    /// one referral, and was not replaced itself.
    fn replacing(code: &CanonicalCode, program: Option<&Program>) -> Option<Self> {
        let (successor, id) = code.successor()?;
        let own_limit = code.terms().max_referrals;
        Some(Self {
            code: successor.clone(),
            entry: Some(id),
            is_full: false,
            program: program.map(|program| program.id),
            own_limit,
            limit_of_program: limit_of(program),
            last: None,
        })
    }

    /// The limit in force.
    fn limit(&self) -> Option<ReferralLimit> {
        self.own_limit.or(self.limit_of_program)
    }

    /// Adds one to the count, on condition that the code has the terms that it is known with,
    /// and that this is the last referral exactly if it is taken to be.
    fn count(&self) -> Update {
        let program_is = match self.program {
            Some(_) => "#program = :program",
            None => "attribute_not_exists(#program)",
        };
        let limit_is = match self.own_limit {
            Some(_) => "max_referrals = :limit",
            None => "attribute_not_exists(max_referrals)",
        };
        let count = Update::new(ADD)
            .when(format!("{COUNTS} AND {program_is} AND {limit_is}"))
            .bind(":number", &1)
            .bind_given(":program", self.program.as_ref())
            .bind_given(":limit", self.own_limit.as_ref());
        match (&self.last, self.limit()) {
            (Some(last), _) if last.before == 0 => {
                count.and_when(NONE_CONFIRMED).bind(":before", &0)
            }
            (Some(last), _) => count
                .and_when("confirmed = :before")
                .bind(":before", &last.before),
            (None, Some(limit)) => count
                .and_when(HAS_ROOM_AFTER)
                .bind(":last", &(i64::from(u32::from(limit)) - 1)),
            (None, None) => count,
        }
    }

    /// Whether it is for want of room alone that `held` does not count a referral: it was not
    /// rotated meanwhile, nor has it another program.
    fn is_full_as(&self, held: &CanonicalCode) -> bool {
        let is_replaced = held.replaced_by().is_some();
        let terms = held.terms();
        let limit = terms.max_referrals.or(self.limit_of_program);
        let confirmed = held.confirmed().unwrap_or(0);
        let is_full = limit.is_some_and(|limit| limit.is_reached_by(confirmed));
        !is_replaced && terms.program == self.program && is_full
    }
}

/// What is known of the items that a referral is counted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Knowledge {
    /// What was read first: a code's replacement is taken to be the newest one.
    First,
    /// The transaction has found it out of date: all of it is read.
    Refused,
}

impl Tally {
    /// The code, and its limit, that the referral counted so uses up.
    pub(super) fn last_of(&self) -> Option<(CodeId, Code, ReferralLimit)> {
        let Self::Code(counting) = self else {
            return None;
        };
        let last = counting.last.clone()?;
        Some((last.id, last.code, last.limit))
    }
}

impl Store {
    /// Where a referral by `code`, which was made under `program`, is counted, under the limit
    /// as it is at `now`. One rotation since costs no trip, as long as it is the only one.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub(super) async fn tally(
        &self,
        code: Option<CanonicalCode>,
        program: Option<&Program>,
        knowledge: Knowledge,
        now: DateTime<Utc>,
    ) -> Result<Tally, StoreError> {
        let Some(code) = code else {
            return Ok(Tally::Nowhere);
        };
        if !code.may_count() {
            return Ok(Tally::Nowhere);
        }
        if knowledge == Knowledge::First
            // The limit of a code that got one later is its own to say.
            && code.terms().may_limit()
            && let Some(counting) = CountingCode::replacing(&code, program)
            // A first referral that is the last one is told with its code, which is read for it.
            && counting.limit().is_none_or(|limit| !limit.is_next_the_last(0))
        {
            return Ok(Tally::Code(Box::new(counting)));
        }
        let Some(newest) = self.newest(code).await? else {
            return Ok(Tally::TooFar);
        };
        let terms = newest.terms();
        if !terms.may_limit() {
            return Ok(Tally::Nowhere);
        }
        let program = terms.program;
        let program = self.program_of_code(program, now).await?;
        let counting = CountingCode::new(newest, program.as_ref());
        Ok(Tally::Code(Box::new(counting)))
    }

    /// The code whose count has the conversion of `item`, if it is found.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub(super) async fn counting_code(
        &self,
        item: &AttributionItem,
    ) -> Result<Option<CountingCode>, StoreError> {
        let code = self
            .issued_code(&item.code().folded(), Read::Strong)
            .await?;
        let Some(code) = code.filter(CanonicalCode::may_count) else {
            return Ok(None);
        };
        let recorded_at = item.id.made_at().into();
        Ok(self.newest(code).await?.and_then(|newest| {
            let counted = CountedCode::from(newest.clone());
            let has_counted = counted.has_counted(item.confirmed_as(), recorded_at);
            has_counted.then(|| CountingCode::new(newest, None))
        }))
    }

    /// The newest code of a line; `None` where that is more rotations away than are followed.
    async fn newest(&self, mut code: CanonicalCode) -> Result<Option<CanonicalCode>, StoreError> {
        for _ in 0..ROTATIONS {
            let Some(next) = code.replaced_by() else {
                return Ok(Some(code));
            };
            let found = self.issued_code(next, Read::Strong).await?;
            code = found
                .ok_or_else(|| StoreError::corrupt("a rotated code without its replacement"))?;
        }
        Ok(None)
    }
}

fn limit_of(program: Option<&Program>) -> Option<ReferralLimit> {
    program?.terms.max_referrals_per_code
}

impl<'t, R: Send + 't> Transaction<'t, Conflict<R>> {
    /// Counts a referral on the code that `tally` names, if that has room for it: `full` is what
    /// it means that it has none.
    pub(super) fn count_on(self, tally: &'t Tally, full: R) -> Self {
        let Tally::Code(counting) = tally else {
            return self;
        };
        let key = keys::code(&counting.code);
        self.update(
            &key,
            counting.count(),
            move |held: Option<CanonicalCode>| {
                if held.is_some_and(|code| counting.is_full_as(&code)) {
                    return Conflict::Refused(full);
                }
                // Rotated or changed meanwhile, or deleted, which the next reading tells apart.
                Conflict::Overtaken
            },
        )
        .add_to_count(counting.entry, 1)
    }

    /// Takes a counted referral back from the code that counts it.
    pub(super) fn uncount_on(self, counting: &CountingCode) -> Self {
        let uncount = Update::new(ADD)
            .when(format!("{COUNTS} AND {LIMITED}"))
            .bind(":number", &-1);
        self.update(
            &keys::code(&counting.code),
            uncount,
            |_: Option<CanonicalCode>| Conflict::Overtaken,
        )
        .add_to_count(counting.entry, -1)
    }

    fn add_to_count(self, of: Option<CodeId>, number: i64) -> Self {
        let Some(id) = of else { return self };
        self.update(
            &keys::code_count(id),
            code_count::add(number),
            |_: Option<Untyped>| Conflict::Overtaken,
        )
    }
}
