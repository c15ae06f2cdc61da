//! Where a confirmed referral is counted: on its code, or on the code that has replaced it.
//!
//! A rotation carries the count over. A click of the old code that is confirmed, or deleted,
//! after the rotation changes the count of the newest code in the line: so all codes of a line
//! confirm no more together than one of them may.
//!
//! A limit is the code's own, which the counting write compares with on the item itself, or its
//! program's as it is now, which the write is given. That the code is still of this program is a
//! condition as well, so that a change of its terms is noticed.

use crate::code_item::CanonicalCode;
use crate::dynamo::Read;
use crate::error::StoreError;
use crate::expression::Update;
use crate::keys;
use crate::store::Store;
use crate::transaction::{Conflict, Transaction};
use chrono::{DateTime, Utc};
use domain::code_record::ReferralLimit;
use domain::{CodeRecord, CountedCode, FoldedCode, Program, ProgramId};

/// How many rotations of a code are followed: each costs a trip.
const ROTATIONS: usize = 32;

/// The code's item is there, and no rotation has carried its count away.
pub(super) const COUNTS: &str = "attribute_exists(pk) AND attribute_not_exists(replaced_by)";

/// A code without a program has a limit of its own, and room for one more referral.
const ROOM_BY_OWN_LIMIT: &str = "attribute_not_exists(#program) AND attribute_exists(max_referrals) \
                                 AND (attribute_not_exists(confirmed) OR confirmed < max_referrals)";

/// A code of the program has room for one more referral, where the program limits none.
const ROOM_IN_PROGRAM: &str = "#program = :program AND (attribute_not_exists(confirmed) \
                               OR attribute_not_exists(max_referrals) \
                               OR confirmed < max_referrals)";

/// The same where the program limits those that have no limit of their own.
const ROOM_IN_LIMITED_PROGRAM: &str = "#program = :program AND (attribute_not_exists(confirmed) \
     OR (attribute_exists(max_referrals) AND confirmed < max_referrals) \
     OR (attribute_not_exists(max_referrals) AND confirmed < :limit))";

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
    pub(super) code: FoldedCode,
    /// Whether it had no room left when it was read.
    pub(super) is_full: bool,
    program: Option<ProgramId>,
    limit_of_program: Option<ReferralLimit>,
}

impl CountingCode {
    fn new(code: &CountedCode, program: Option<&Program>) -> Self {
        Self {
            code: code.record.code.folded(),
            is_full: code.limit_reached(program),
            program: code.record.terms.program,
            limit_of_program: program.and_then(|program| program.terms.max_referrals_per_code),
        }
    }

    /// Adds one to the count, if there is room.
    fn count(&self) -> Update {
        let count = Update::new("ADD confirmed :one").bind(":one", &1);
        match (self.program, self.limit_of_program) {
            (None, _) => count.when(format!("{COUNTS} AND {ROOM_BY_OWN_LIMIT}")),
            (Some(program), None) => count
                .when(format!("{COUNTS} AND {ROOM_IN_PROGRAM}"))
                .bind(":program", &program),
            (Some(program), Some(limit)) => count
                .when(format!("{COUNTS} AND {ROOM_IN_LIMITED_PROGRAM}"))
                .bind(":program", &program)
                .bind(":limit", &limit),
        }
    }

    /// Whether it is for want of room alone that `held` does not count a referral: it was not
    /// rotated meanwhile, nor has it other terms.
    fn is_full_as(&self, held: CanonicalCode) -> bool {
        let is_replaced = held.replaced_by().is_some();
        let terms = CodeRecord::from(held).terms;
        !is_replaced && terms.program == self.program && terms.may_limit()
    }
}

impl Store {
    /// Where a referral by `code` is counted, under the limit as it is at `now`.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub(super) async fn tally(
        &self,
        code: Option<CanonicalCode>,
        now: DateTime<Utc>,
    ) -> Result<Tally, StoreError> {
        let Some(code) = code else {
            return Ok(Tally::Nowhere);
        };
        if !CodeRecord::from(code.clone()).terms.may_limit() {
            return Ok(Tally::Nowhere);
        }
        let Some(newest) = self.newest(code).await? else {
            return Ok(Tally::TooFar);
        };
        let program = newest.record.terms.program;
        let program = self.program_of_code(program, now).await?;
        let counting = CountingCode::new(&newest, program.as_ref());
        Ok(Tally::Code(Box::new(counting)))
    }

    /// The code on which a referral by `code` that was counted is taken back, if it is found.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub(super) async fn counting_code(
        &self,
        code: &FoldedCode,
    ) -> Result<Option<FoldedCode>, StoreError> {
        let newest = match self.issued_code(code, Read::Strong).await? {
            None => None,
            Some(code) => self.newest(code).await?,
        };
        Ok(newest.map(|code| code.record.code.folded()))
    }

    /// The newest code of a line; `None` where that is more rotations away than are followed.
    async fn newest(&self, mut code: CanonicalCode) -> Result<Option<CountedCode>, StoreError> {
        for _ in 0..ROTATIONS {
            let Some(next) = code.replaced_by() else {
                return Ok(Some(code.into()));
            };
            let found = self.issued_code(next, Read::Strong).await?;
            code = found
                .ok_or_else(|| StoreError::corrupt("a rotated code without its replacement"))?;
        }
        Ok(None)
    }

    /// A code that was issued, whether or not its record was deleted since.
    pub(super) async fn issued_code(
        &self,
        code: &FoldedCode,
        read: Read,
    ) -> Result<Option<CanonicalCode>, StoreError> {
        let item = self.dynamo.get_item(&keys::code(code), read).await?;
        Ok(item.map(serde_dynamo::from_item).transpose()?)
    }
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
                if held.is_some_and(|code| counting.is_full_as(code)) {
                    return Conflict::Refused(full);
                }
                // Rotated or changed meanwhile, or deleted, which the next reading tells apart.
                Conflict::Overtaken
            },
        )
    }
}
